"""Machine code of what runs for every call: taken while it is of these sources, and never else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from loadstone import native
from loadstone.doctor import machine
from tools import native as tool
from tools.native import GROUP, hot_sources, seen_by

ROOT = Path(__file__).resolve().parent.parent
MODULES = [f"{GROUP}.{source[:-3].replace('/', '.')}" for source in hot_sources()]
LOOK = """
import sys
from importlib import import_module
from loadstone.native import INTERPRETED
print(INTERPRETED, {import_module(name).__file__.rpartition(".")[2] for name in sys.argv[1:]})
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, compiled as the checkout is."""
    if os.environ.get(native.PURE):
        pytest.skip(f"{native.PURE} is set")
    if not os.environ.get("LOADSTONE_REQUIRE_NATIVE") and not native.COMPILED.is_dir():
        pytest.skip("nothing is compiled: `python tools/native.py`")
    leave = shutil.ignore_patterns("__pycache__", "_native")
    copy = Path(shutil.copytree(native.PACKAGE, tmp_path / "src" / "loadstone", ignore=leave))
    manifest = json.loads((native.COMPILED / native.MANIFEST).read_bytes())
    for name in (native.MANIFEST, *(file for file, _ in manifest["modules"].values())):
        named = copy / native.COMPILED.relative_to(native.PACKAGE) / name
        named.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(native.COMPILED / name, named)
    return copy


def looked(package: Path, **environ: str) -> str:
    """Why it is interpreted, and what the modules are."""
    kept = {name: value for name, value in os.environ.items() if name != native.PURE}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *MODULES],
        cwd=package.parent,
        env={**kept, **environ, "PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_every_hot_module_is_machine_code(package: Path) -> None:
    """Compiled from the sources that are there, all modules that are meant are extensions."""
    assert looked(package) == "{'so'}"


@pytest.mark.parametrize("changed", ["client/http.py", "wire.py"])
def test_after_a_change_the_sources_are_read(changed: str, package: Path) -> None:
    """A change of a compiled module, or of one that it imports, and none of them is compiled: what
    a developer writes is what runs."""
    assert changed in seen_by(hot_sources())
    with (package / changed).open("a", encoding="utf-8") as source:
        source.write("# another line\n")
    assert looked(package) == "compiled from other sources than these {'py'}"


def test_a_change_elsewhere_leaves_them(package: Path) -> None:
    """What no compiled module imports may change."""
    elsewhere = "report/summary.py"
    assert elsewhere not in seen_by(hot_sources())
    with (package / elsewhere).open("a", encoding="utf-8") as source:
        source.write("# another line\n")
    assert looked(package) == "{'so'}"


def test_python_is_read_where_it_is_asked_for(package: Path) -> None:
    """LOADSTONE_PURE has the modules read as Python."""
    assert looked(package, LOADSTONE_PURE="1") == "LOADSTONE_PURE is set {'py'}"


def test_nothing_compiled_is_no_problem(package: Path) -> None:
    """Without machine code, or with a manifest that is none, the modules are read."""
    there = package / native.COMPILED.relative_to(native.PACKAGE)
    for wrong in (
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"sources": ["gone.py"]}',
        b'{"sources": ["\\u0000"]}',
    ):
        (there / native.MANIFEST).write_bytes(wrong)
        why = looked(package)
        assert why.startswith("what was compiled cannot be read: ")
        assert why.endswith("{'py'}")
    shutil.rmtree(there)
    assert looked(package) == "not compiled for this Python {'py'}"


def test_what_is_not_whole_is_not_taken(package: Path) -> None:
    """Machine code that is gone, was cut off, or does not load here leaves all to the sources."""
    (shared,) = package.rglob(f"{native.SHARED}.*")
    whole = shared.read_bytes()
    shared.write_bytes(whole[:1000])
    assert re.match(r"what was compiled cannot be read: .* {'py'}$", looked(package))
    shared.write_bytes(b"\0" * len(whole))
    assert re.match(r"what was compiled cannot be loaded: .* {'py'}$", looked(package))
    shared.unlink()
    assert re.match(r"what was compiled cannot be read: .* {'py'}$", looked(package))


@pytest.fixture
def compiler(package: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The tool on the copy, with a compiler that writes no code; what it is to change meanwhile."""
    changed: list[Path] = []

    def compiled(sources: list[str], into: Path) -> dict[str, Path]:
        (into / "loadstone").mkdir(parents=True)
        (into / "loadstone" / "made.so").write_text("code", encoding="utf-8")
        for path in changed:
            path.write_text("# changed\n", encoding="utf-8")
        return {"made": Path("loadstone/made.so")}

    monkeypatch.setattr(tool, "PACKAGE", package)
    monkeypatch.setattr(tool, "SOURCE", package.parent)
    monkeypatch.setattr(tool, "compiled", compiled)
    monkeypatch.delenv(native.PURE, raising=False)
    return changed


def test_what_changes_while_it_is_compiled_is_not_taken(
    compiler: list[Path], package: Path
) -> None:
    """Sources that change meanwhile are not said to be those that were compiled."""
    hot = package / "client/http.py"
    hot.write_text("# before\n", encoding="utf-8")
    compiler.append(hot)
    with pytest.raises(tool.Cannot, match="sources have changed meanwhile"):
        tool.make()
    compiler.clear()
    tool.make()
    assert tool.is_current(tool.loading(), hot_sources(), f"mypyc {version('mypy')}")


def test_what_runs_keeps_what_it_runs_on(compiler: list[Path], package: Path) -> None:
    """Compiling anew leaves the files that were named before, which a process may still import."""
    before = set(package.rglob("*.so"))
    (package / "client/http.py").write_text("# changed\n", encoding="utf-8")
    tool.make()
    assert before < set(package.rglob("*.so"))


def test_where_nothing_can_be_written_the_tool_says_so(compiler: list[Path], package: Path) -> None:
    """What the system refuses is a reason, and no traceback."""
    shutil.rmtree(package / "_native")
    (package / "_native").write_text("a file", encoding="utf-8")
    with pytest.raises(tool.Cannot, match=r"cannot compile: .*_native"):
        tool.make()


def test_a_build_without_the_other_packages_can_compile(tmp_path: Path) -> None:
    """mypy finds nothing wrong with the modules where no package is installed: pip builds a wheel
    before any of them is there."""
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(tool.CONFIGURATION, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-site-packages", "--config-file"]
    command += [str(configuration), "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, *(f"loadstone/{source}" for source in hot_sources())],
        cwd=tool.SOURCE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_cause_is_told_in_a_line() -> None:
    """Of what a compiler says, what is missing, and not what it was called with."""
    said = "gcc -I/a\nx.c:1:10: fatal error: Python.h: No such file\nerror: Command '['gcc'...\n"
    assert tool.cause(said) == "x.c:1:10: fatal error: Python.h: No such file"
    assert tool.cause("") == "no reason given"


def test_what_is_current_is_not_compiled_again(package: Path) -> None:
    """The tool does nothing where it has been, and without mypyc, or asked for Python alone, it
    says so and ends with 3."""
    shutil.copytree(ROOT / "tools", package.parent.parent / "tools")
    path = package.parent.parent / "tools" / "native.py"
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*.so")}
    kept = {name: value for name, value in os.environ.items() if name != native.PURE}

    def run(*flags: str, **environ: str) -> tuple[int, str]:
        command = [sys.executable, *flags, str(path)]
        done = subprocess.run(
            command, env={**kept, **environ}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr.strip()

    assert run() == (0, "")
    assert before == {path: path.stat().st_mtime_ns for path in package.rglob("*.so")}
    assert len(before) == len(MODULES) + 1
    assert run(LOADSTONE_PURE="1") == (3, "LOADSTONE_PURE is set: nothing is compiled")
    assert run("-S") == (3, "cannot compile: mypy is missing, whose mypyc does it")


def test_without_a_compiler_the_tool_says_so(package: Path) -> None:
    """Where sources have changed and there is no C compiler, it ends with 3 and one line, and what
    was there stays."""
    shutil.copytree(ROOT / "tools", package.parent.parent / "tools")
    with (package / "client/http.py").open("a", encoding="utf-8") as source:
        source.write("# another line\n")
    done = subprocess.run(
        [sys.executable, str(package.parent.parent / "tools" / "native.py")],
        env={**os.environ, "CC": "/nowhere/cc", "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert re.fullmatch(r"compiling .*\ncannot compile: .*\n", done.stderr)
    assert (package / native.COMPILED.relative_to(native.PACKAGE) / native.MANIFEST).exists()
    assert looked(package) == "compiled from other sources than these {'py'}"


def test_the_doctor_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is compiled, and if not why, and what to do."""
    monkeypatch.setattr(machine, "INTERPRETED", "")
    assert machine.speed().state == "ok"
    monkeypatch.setattr(machine, "INTERPRETED", "not compiled for this Python")
    monkeypatch.delenv(native.PURE, raising=False)
    found = machine.speed()
    assert found.state == "note"
    assert "not compiled for this Python" in found.found
    assert "tools/native.py" in found.do
    monkeypatch.setenv(native.PURE, "1")
    assert machine.speed().do == "unset LOADSTONE_PURE"
