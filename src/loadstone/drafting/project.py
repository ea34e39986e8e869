"""A system's files in a project: written together, and never over others."""

from __future__ import annotations

import keyword
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from loadstone.errors import BadValue
from loadstone.folders import make_folder, unwritable
from loadstone.system import STEM, project_root, system_names

_RESERVED = frozenset({"all", "last"})
_LONGEST = 40
_TABLE = "[tool.loadstone]\n"


def check_name(name: str, project: Path | None) -> None:
    """Whether a new system may be called so."""
    if keyword.iskeyword(name):
        raise BadValue(
            f"{name!r} is a word of Python's, and fixtures/{name}.py could not be imported: choose "
            f"another name, such as {name}_data"
        )
    if not STEM.fullmatch(name) or len(name) > _LONGEST:
        raise BadValue(
            f"{name!r} is no name of a system: letters a-z, digits and _, a letter first, "
            f"{_LONGEST} at most; it becomes fixtures/NAME.py"
        )
    if name in _RESERVED:
        raise BadValue(f"{name!r} means something else on a command line: choose another name")
    if name in system_names(project) and not _own(name, project):
        raise BadValue(f"{name!r} comes with Loadstone: choose another name")


def _own(name: str, project: Path | None) -> bool:
    root = project_root(project)
    return root is not None and (root / "fixtures" / f"{name}.py").exists()


def write_files(
    texts: Mapping[str, str], project: Path | None, *, say: Callable[[str], None]
) -> list[Path]:
    """Texts by their paths in the project: all of them, or none where one is there already."""
    root = project_root(project) or Path.cwd()
    paths = {root / name: text for name, text in texts.items()}
    there = [path for path in paths if path.exists()]
    if there:
        raise BadValue(
            f"{', '.join(str(_shown(path)) for path in there)} "
            f"{'is' if len(there) == 1 else 'are'} there already, and nothing was written: choose "
            "another name, or move what is there away"
        )
    for folder in sorted({path.parent for path in paths}):
        make_folder(folder)
    try:
        for path, text in paths.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)
        raise unwritable(root, error) from error
    if project_root(project) is None:
        say(_mark(root))
    return [_shown(path) for path in paths]


def _mark(root: Path) -> str:
    """Have the folder found as a project from now on."""
    settings = root / "pyproject.toml"
    if not settings.exists():
        settings.write_text(_TABLE, encoding="utf-8")
        return f"made pyproject.toml with {_TABLE.strip()}, by which this folder is found"
    text = settings.read_text(encoding="utf-8")
    tomllib.loads(text)
    settings.write_text(text.rstrip("\n") + f"\n\n{_TABLE}", encoding="utf-8")
    return f"added {_TABLE.strip()} to pyproject.toml, by which this folder is found"


def _shown(path: Path) -> Path:
    """As it is found from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
