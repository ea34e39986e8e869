"""Compiles what runs for every call: python tools/native.py

mypyc, which comes with mypy, makes machine code of typed modules as they are, and
src/loadstone/native.py takes it for as long as the sources are the same. Nothing is done where that
is so already. Exit 3, with the reason, where it cannot be done, as without a C compiler: Loadstone
then runs all the same, and slower.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from time import time
from types import ModuleType

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = SOURCE / "loadstone"
GROUP = "loadstone"
CANNOT = 3
#: Another build goes when it is so old: a process may still run on it.
KEPT_S = 86_400
#: Where a profile of calls finds Python of ours. More takes longer to compile, and gains little.
HOT = {
    "client": "accounting answer client connection http outcome pool signing tls",
    "run": "call heat tally writer written",
    "scenario": "asking check journal making outcome player popularity prepared template touch "
    "trip",
}
#: What is missing where only a build is done may be of any type.
CONFIGURATION = """\
[mypy]
mypy_path = .
explicit_package_bases = true
follow_imports = silent
ignore_missing_imports = true
"""


class Cannot(Exception):
    """Nothing is compiled, and why."""


def hot_sources() -> list[str]:
    """The modules to compile, by their paths in the package."""
    return [f"{room}/{name}.py" for room, names in HOT.items() for name in names.split()]


def seen_by(sources: list[str]) -> list[str]:
    """These, and all of ours that they import: what is compiled knows their types and constants."""
    found: set[Path] = set()
    left = [PACKAGE / source for source in sources]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left.extend(_imported(path))
    return sorted(path.relative_to(PACKAGE).as_posix() for path in found)


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        for name in names:
            place = SOURCE.joinpath(*name.split("."))
            for module in (place.with_suffix(".py"), place / "__init__.py"):
                if module.is_relative_to(PACKAGE) and module.is_file():
                    yield module


def loading() -> ModuleType:
    """src/loadstone/native.py by its path: the package needs what a build may not have."""
    spec = spec_from_file_location("loadstone_native", PACKAGE / "native.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled(sources: list[str], into: Path) -> dict[str, Path]:
    """The extensions of these modules, by their names, in a directory."""
    command = [sys.executable, __file__, str(into), *sources]
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Cannot(f"cannot compile: {cause(done.stdout + done.stderr)}")
    found = {}
    for path in sorted(into.rglob("*.so")):
        inside = path.relative_to(into)
        found[".".join([*inside.parent.parts, inside.name.partition(".")[0]])] = inside
    return found


def cause(said: str) -> str:
    """The first line that a compiler calls an error, and not what it was called with."""
    lines = [line for line in said.splitlines() if "rror: " in line]
    fatal = [line for line in lines if "fatal error: " in line]
    return (fatal or lines or [said.strip() or "no reason given"])[0][:300]


def compile_here(into: Path, sources: list[str]) -> None:
    """In a process of its own, as setuptools changes the one that it works in."""
    from mypyc.build import mypycify
    from setuptools import setup

    with tempfile.TemporaryDirectory() as name:
        configuration = Path(name, "mypy.ini")
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        paths = [f"{PACKAGE.name}/{source}" for source in sources]
        options = ["--config-file", str(configuration), "--cache-dir", str(Path(name, "cache"))]
        extensions = mypycify(
            [*options, *paths], opt_level="3", debug_level="0", group_name=GROUP, target_dir=name
        )
        directories = ["--build-lib", str(into), "--build-temp", str(Path(name, "objects"))]
        setup(
            name=GROUP,
            packages=[],
            ext_modules=extensions,
            script_args=["build_ext", *directories],
        )


def make() -> None:
    """Compile, unless what is there is of these sources; Cannot says why not."""
    native = loading()
    if os.environ.get(native.PURE):
        raise Cannot(f"{native.PURE} is set: nothing is compiled")
    try:
        maker = f"mypyc {version('mypy')}"
    except PackageNotFoundError:
        raise Cannot("cannot compile: mypy is missing, whose mypyc does it") from None
    hot = hot_sources()
    if not is_current(native, hot, maker):
        try:
            replace(native, hot, maker)
        except OSError as error:
            raise Cannot(f"cannot compile: {error}") from error


def is_current(native: ModuleType, hot: list[str], maker: str) -> bool:
    """Whether what is there is whole, and was made by this compiler of the modules as they are."""
    try:
        old = json.loads((native.COMPILED / native.MANIFEST).read_bytes())
        native.places(old)
        same: bool = native.digest(old["sources"]) == old["digest"]
        return same and (old["hot"], old["maker"]) == (hot, maker)
    except native.UNREADABLE:
        return False


def replace(native: ModuleType, hot: list[str], maker: str) -> None:
    """Compile into a folder of its own, and have the manifest name it: whoever runs on what was
    there until now may import more of it."""
    there: Path = native.COMPILED
    sources = seen_by(hot)
    digest = native.digest(sources)
    build = f"{digest[:16]}-{os.getpid()}"
    there.mkdir(parents=True, exist_ok=True)
    print("compiling what runs for every call (half a minute)", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        made = Path(name, "made")
        files = compiled(hot, made)
        if native.digest(sources) != digest:
            raise Cannot("cannot compile: sources have changed meanwhile")
        modules = {
            module: (f"{build}/{file.as_posix()}", (made / file).stat().st_size)
            for module, file in files.items()
        }
        shutil.copytree(made, there / build)
    manifest = {"maker": maker, "hot": hot, "sources": sources, "digest": digest}
    unfinished = there / f"{build}.json"
    text = json.dumps({**manifest, "modules": modules}, indent=1)
    unfinished.write_text(f"{text}\n", encoding="utf-8")
    unfinished.replace(there / native.MANIFEST)
    for old in there.iterdir():
        if old.is_dir() and old.name != build and time() - old.stat().st_mtime > KEPT_S:
            shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    if sys.argv[1:]:
        compile_here(Path(sys.argv[1]), sys.argv[2:])
        return 0
    try:
        make()
    except Cannot as error:
        print(error, file=sys.stderr)
        return CANNOT
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
