"""The architecture, as sentences that a change can break.

Everything is read from the files with `ast`; nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "src" / "loadstone"

#: The rooms from the ground up. A room imports from the lines above its own, and from itself.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("advice", "amounts", "errors", "native", "starting", "tied"),
    ("folders", "mistakes"),
    ("table", "wire", "content", "documented"),
    ("naming",),
    ("fields",),
    ("fanout",),
    ("entity",),
    ("pattern",),
    ("system",),
    ("ahead",),
    ("dataset",),
    ("client",),
    ("aws", "embedded"),
    ("target",),
    ("capacity",),
    ("gate",),
    ("run",),
    ("arrivals", "scenario"),
    ("contract", "drafting"),
    ("compare", "planning"),
    ("doctor", "report", "seeding"),
    ("export", "testing"),
    ("locust",),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: What a content author meets; its parts refer to each other's types, and `loadstone` exports them.
MODEL = frozenset(room for room, floor in FLOOR.items() if floor <= FLOOR["dataset"])

#: Libraries that are one room's business.
KEPT_BY = {
    "boto3": "aws",
    "botocore": "aws",
    "s3transfer": "aws",
    "mypy_boto3_dynamodb": "aws",
    "mypy_boto3_sts": "aws",
    "locust": "locust",
    "pytest": "testing",
}

CONTENT = ("fixtures", "scenarios", "locustfiles")
#: `fixtures` is content too: a scenario is about its system's entities.
CONTENT_MAY_IMPORT = frozenset({"loadstone", "faker", "fixtures", *sys.stdlib_module_names})

SYSTEMS = frozenset({"acs", "agentserver", "cmz", "kxgen", "listbackup"})

#: Spelled in halves, so that this file can be searched too.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("crates", "io"),
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "root", "tmp")) + r")/")
NEIGHBOUR = ".." + "/shared"


class Import(NamedTuple):
    """One imported module, by its full name."""

    path: Path
    line: int
    module: str
    types_only: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def where(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def engine_files() -> list[Path]:
    return sorted(ENGINE.rglob("*.py"))


def content_files() -> list[Path]:
    return sorted(path for folder in CONTENT for path in (ROOT / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    """The module or package directly under `src/loadstone`; "" is its `__init__.py`."""
    first = path.relative_to(ENGINE).parts[0]
    return first.removesuffix(".py") if first != "__init__.py" else ""


def module_of(path: Path) -> list[str]:
    """The package that relative imports of a file start from."""
    return list(path.relative_to(ROOT / "src").parent.parts) if ENGINE in path.parents else []


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file, also inside functions; `from loadstone import x` is `loadstone.x`."""
    yield from walk_imports(path, parse(path), types_only=False)


def walk_imports(path: Path, node: ast.AST, *, types_only: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(path, node.lineno, alias.name, types_only)
    elif isinstance(node, ast.ImportFrom):
        package = module_of(path)
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            name = f"{base}.{alias.name}" if base == "loadstone" else base
            yield Import(path, node.lineno, name, types_only)
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for statement in node.body:
            yield from walk_imports(path, statement, types_only=True)
        for statement in node.orelse:
            yield from walk_imports(path, statement, types_only=types_only)
    else:
        for child in ast.iter_child_nodes(node):
            yield from walk_imports(path, child, types_only=types_only)


def words_of(text: str) -> set[str]:
    """The words of a name or a text: `CmzTable`, `cmz_table` and `a cmz table` all have `cmz`."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return {word.lower() for word in re.findall(r"[A-Za-z0-9]+", apart)}


def names_and_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier and every string that is no docstring, with its line."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str | bytes) and id(node) not in docstrings:
                text = node.value
                yield line, text if isinstance(text, str) else text.decode("latin-1")
        else:
            for field in ("id", "attr", "arg", "name", "asname", "module"):
                value = getattr(node, field, None)
                if isinstance(value, str):
                    yield line, value


def committed_texts() -> Iterator[tuple[str, str]]:
    """Every text file that git has or would take, by its path in the checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: no list of committed files")
    for name in sorted(filter(None, listed.decode().split("\0"))):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def written_tests() -> Iterator[tuple[str, str]]:
    """Where each test is, and its docstring."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(parse(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test"):
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                yield where, ast.get_docstring(node) or ""


def test_every_room_has_a_floor() -> None:
    """Every module and package of the engine has its place in the table of floors."""
    assert {room_of(path) for path in engine_files()} - {""} <= FLOOR.keys()


def test_the_tests_run_without_locust() -> None:
    """No test imports Locust into its own process, which patches the standard library for all that
    come after it: threads would be greenlets, and a lock that one waits for would stop them all."""
    found = [
        f"{each.path.relative_to(ROOT)}:{each.line}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for each in imports_of(path)
        if f"{each.module}.".startswith(("locust.", "loadstone.locust."))
    ]
    assert found == []


def test_imports_go_down() -> None:
    """No module of the engine imports from a room on its own floor or above.

    What only a type checker reads may point anywhere inside the model.
    """
    wrong = []
    for path in engine_files():
        room = room_of(path)
        floor = FLOOR["dataset"] + 1 if room == "" else FLOOR.get(room, len(FLOORS))
        for found in imports_of(path):
            if found.top != "loadstone":
                continue
            target = f"{found.module}.".split(".")[1]
            inside = target == room or (found.types_only and {room, target} <= MODEL)
            # What is no room is a name that `loadstone` itself exports.
            if not inside and not FLOOR.get(target, FLOOR["dataset"]) < floor:
                wrong.append(f"{found.where} {room or 'loadstone'} imports {found.module}")
    assert not wrong, "\n".join(wrong)


def test_libraries_have_one_room() -> None:
    """boto3 is imported in `aws/` alone, and Locust in `locust/` alone."""
    wrong = [
        f"{found.where} imports {found.module}, which is {KEPT_BY[found.top]}/'s business"
        for path in engine_files()
        for found in imports_of(path)
        if found.top in KEPT_BY and KEPT_BY[found.top] != room_of(path)
    ]
    assert not wrong, "\n".join(wrong)


def test_content_imports_little() -> None:
    """Fixtures, scenarios and locustfiles import `loadstone`, Faker, the standard library, and
    what stands in their own room."""
    wrong = [
        f"{found.where} imports {found.module}"
        for path in content_files()
        for found in imports_of(path)
        if found.top not in CONTENT_MAY_IMPORT and found.top != path.relative_to(ROOT).parts[0]
    ]
    assert not wrong, "\n".join(wrong)


def test_engine_imports_no_content() -> None:
    """The engine loads content by path and imports none of it."""
    wrong = [
        f"{found.where} imports {found.module}"
        for path in engine_files()
        for found in imports_of(path)
        if found.top in {*CONTENT, "reports"}
    ]
    assert not wrong, "\n".join(wrong)


def test_engine_names_no_system() -> None:
    """No identifier and no string of the engine is the name of a system.

    Docstrings and comments may give an example; help texts of commands are docstrings.
    """
    wrong = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in engine_files()
        for line, text in names_and_texts(parse(path))
        if words_of(text) & SYSTEMS
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_knows_this_machine() -> None:
    """No committed file names a package registry's host or a path of somebody's machine."""
    wrong = []
    for name, text in committed_texts():
        for number, line in enumerate(text.splitlines(), 1):
            lowered = line.lower()
            if any(host in lowered for host in REGISTRIES):
                wrong.append(f"{name}:{number} names a registry: {line.strip()[:100]}")
            if MACHINE_PATHS.search(line) or NEIGHBOUR in line:
                wrong.append(f"{name}:{number} names a path: {line.strip()[:100]}")
    assert not wrong, "\n".join(wrong)


def test_tests_state_what_they_check() -> None:
    """Every test has a docstring that opens with a sentence."""
    wrong = []
    for where, docstring in written_tests():
        opening = docstring.partition("\n\n")[0]
        if not opening.endswith(".") or len(opening.split()) < 3:
            wrong.append(f"{where}: {opening!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CmzTable", True),
        ("cmz_table", True),
        ("systems/cmz.py", True),
        ("facs", False),
        ("acceptance", False),
    ],
)
def test_a_system_is_found_as_a_word(text: str, found: bool) -> None:
    """A system's name counts in names and texts as a word, and not as a part of one."""
    assert bool(words_of(text) & SYSTEMS) is found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd /" + "tmp/x", True),
        ('"/' + 'work/main"', True),
        ("https://example.com/" + "work/", False),
        ("a/" + "tmp/b", False),
        ("the framework/ folder", False),
    ],
)
def test_a_machine_path_is_found_at_its_root(line: str, found: bool) -> None:
    """A path counts where it starts at the root, and not where it is a part of another."""
    assert bool(MACHINE_PATHS.search(line)) is found
