"""Where in the files of a system something is declared: file:line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from loadstone.system import System

_ROOMS = ("fixtures", "scenarios")


class Places:
    """The declarations of a system, found in its files and in those that they import."""

    def __init__(self, system: System) -> None:
        self._project, self._id = system.project, system.id

    def of(self, name: str, attribute: str | None = None) -> str:
        """Of what is declared under a name, or of an attribute of that; "" when it is not found."""
        found = self._declared.get(name)
        if found is None:
            return ""
        path, call = found
        top = (attribute or "").partition(".")[0]
        line = next(_keys(call, top), call.lineno) if top else call.lineno
        return f"{self._shown(path)}:{line}"

    @cached_property
    def _declared(self) -> dict[str, tuple[Path, ast.Call]]:
        """Calls by their first argument, where that is a text: Entity("Order", …)."""
        found: dict[str, tuple[Path, ast.Call]] = {}
        for room in _ROOMS:
            for path in self._files(room):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    name = _first_text(node)
                    if name is not None and isinstance(node, ast.Call):
                        found.setdefault(name, (path, node))
        return found

    def _files(self, room: str) -> Iterator[Path]:
        folder = self._project / room
        own = folder / f"{self._id}.py"
        if own.is_file():
            yield own
        yield from sorted(folder.glob(f"_{self._id}*.py"))

    def _shown(self, path: Path) -> Path:
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path


def _first_text(node: ast.AST) -> str | None:
    """The text that a declaration begins with."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.func, ast.Name):
        return None
    first = node.args[0]
    declares = node.func.id[:1].isupper()
    if declares and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return None


def _keys(call: ast.Call, name: str) -> Iterator[int]:
    """The lines of a name among the keys of a declaration's dictionaries, or of its arguments."""
    for node in ast.walk(call):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == name:
                    yield key.lineno
    for keyword in call.keywords:
        if keyword.arg == name:
            yield keyword.value.lineno
    for node in ast.walk(call):
        if isinstance(node, ast.Constant) and node.value == name:
            yield node.lineno
