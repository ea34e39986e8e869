"""What runs for every call, as machine code, where it was compiled from the very sources here.

`tools/native.py` compiles the modules as they are and puts the outcome into `_native/`. Where that
is not there, or was made from other sources, Python reads the modules themselves: that is slower,
and nothing else. So is what LOADSTONE_PURE, set to anything, asks for: a debugger and a profiler
see into Python alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from json import loads
from pathlib import Path
from types import ModuleType

PURE = "LOADSTONE_PURE"
PACKAGE = Path(__file__).resolve().parent
#: For this Python on this kind of machine; a checkout may have several.
COMPILED = PACKAGE / "_native" / EXTENSION_SUFFIXES[0].split(".")[1]
MANIFEST = "manifest.json"
#: The one extension that has all of the code; each module's own refers to it.
SHARED = "loadstone__mypyc"
#: What a manifest can be that is none.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)


def digest(sources: Iterable[str]) -> str:
    """Of modules and what they import, by their paths in the package."""
    found = sha256()
    for source in sources:
        found.update(source.encode() + b"\0")
        found.update((PACKAGE / source).read_bytes() + b"\0")
    return found.hexdigest()


def places(manifest: Mapping[str, Mapping[str, tuple[str, int]]]) -> dict[str, Path]:
    """Where each module's code lies; OSError where it is gone, or was cut off."""
    found = {}
    for name, (file, size) in manifest["modules"].items():
        found[name] = COMPILED / file
        if found[name].stat().st_size != size:
            raise OSError(f"{found[name]} is not what was compiled")
    return found


class _Finder(MetaPathFinder):
    """Finds compiled modules by their names, before anybody looks for sources."""

    def __init__(self, known: Mapping[str, Path]) -> None:
        self._known = known

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        place = self._known.get(name)
        return None if place is None else spec_from_file_location(name, place)


def _prefer() -> str:
    """Take the compiled modules; why not, if so."""
    if os.environ.get(PURE):
        return f"{PURE} is set"
    if not (COMPILED / MANIFEST).exists():
        return "not compiled for this Python"
    try:
        manifest = loads((COMPILED / MANIFEST).read_bytes())
        if digest(manifest["sources"]) != manifest["digest"]:
            return "compiled from other sources than these"
        finder = _Finder(places(manifest))
    except UNREADABLE as error:
        return f"what was compiled cannot be read: {error}"
    sys.meta_path.insert(0, finder)
    try:
        import_module(SHARED)
    except ImportError as error:
        sys.meta_path.remove(finder)
        return f"what was compiled cannot be loaded: {error}"
    return ""


#: Why Python reads the modules that could be machine code; empty where they are.
INTERPRETED = _prefer()
