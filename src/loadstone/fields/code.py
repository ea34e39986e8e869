"""The source of a function as it comes about: lines, what is known where they stand, and branches.

An item's parts share what they are made of, often in branches of their own. What is worked out in
a branch is known again wherever the same condition holds. And a function is written twice: what
the first one works out within a branch, and again where that branch stands, the second one works
out before the branch, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

#: So many parents are remembered where siblings come in a row; and an entity of no more than so
#: many is remembered whole, where anyone's child may be asked for.
KEPT_OF_SIBLINGS, KEPT_OF_ALL = 512, 4096

#: An item and something to know of it: the item is named by its number's variable, or, in another
#: writing of the function, by the way from the first item to it.
What: TypeAlias = tuple[object, object]
#: The conditions under which lines stand, the outermost first.
Path: TypeAlias = tuple[object, ...]
#: A variable, and the number that it has where a condition holds.
Guard: TypeAlias = tuple[str, int]
#: Of what was worked out, under which conditions.
Places: TypeAlias = Mapping[What, Collection[Path]]


class Made(Protocol):
    """What a function takes its parents from."""

    def compile(self) -> None: ...


class Code:
    """The lines of a function, the constants that it uses, and what is already computed.

    `places` are those of the same function as it was written before.
    """

    def __init__(self, *, alone: bool = False, places: Places | None = None) -> None:
        self.alone = alone  # whether items far from each other are asked for
        self.kept = KEPT_OF_ALL if alone else KEPT_OF_SIBLINGS
        self.places: dict[What, set[Path]] = {}
        self.families: dict[str, Any] = {}  # by the variable of the child's number
        self._before = places or {}
        self._open = [_Lines(_Block((), ()))]
        self._ways: dict[str, object] = {}  # from the first item to others
        self._constants: dict[str, object] = {}
        self._parents: list[Made] = []
        self._names = 0

    def line(self, source: str) -> None:
        self._open[-1].lines.append(source)

    def let(self, source: str) -> str:
        """A new variable."""
        name = self.name()
        self.line(f"{name} = {source}")
        return name

    def constant(self, value: object) -> str:
        """A name for something that the function needs: a table, a function."""
        name = self.name("c")
        self._constants[name] = value
        return name

    def name(self, prefix: str = "v") -> str:
        """A name that is not in use."""
        self._names += 1
        return f"{prefix}{self._names}"

    @contextmanager
    def block(self, header: str, step: object, guards: Sequence[Guard] = ()) -> Iterator[None]:
        """Indented lines. What is computed inside is not known after them, but in blocks where the
        first of the guards holds again. `step` names the condition, whatever its variables are."""
        outer = self._open[-1]
        begins = not header.startswith("el")
        if begins:
            outer.close_branches()
        seen = [block for lines in self._open for block in lines.block.seen]
        known = [each for block in seen for guard in guards for each in block.under(guard)]
        inner = _Lines(_Block((*outer.block.path, step), known))
        if begins:
            outer.branches = len(outer.lines)
        self._open.append(inner)
        yield
        self._open.pop()
        outer.lines += [header, *(f"    {line}" for line in inner.lines or ["pass"])]
        if guards:
            outer.written.append((guards[0], inner.block))

    def known(self, what: object) -> str | None:
        return self._known(what, len(self._open))

    def learn(self, what: object, name: str) -> str:
        self._open[-1].block.known[what] = name
        return name

    def leads(self, number: str, to: str, by: object) -> None:
        """Say that from the item of one number something leads to that of another."""
        self._ways[to] = (self.way(number), by)
        self.learn((to, "number"), to)

    def way(self, number: str) -> object:
        """The way to an item, by the variable of its number: the same each time it is written."""
        return self._ways.get(number, number)

    def once(self, number: str, what: object, make: Callable[[], str]) -> str:
        """What is known of an item, or else made: here, or before the branches that this stands in
        where it is going to be needed in any case."""
        found = self.known((number, what))
        if found is None:
            named = self.way(number), what
            with self._at(self._level(number, named)):
                found = self.learn((number, what), make())
                self.places.setdefault(named, set()).add(self._open[-1].block.path)
        return found

    def takes_from(self, parents: Made) -> str:
        """A name for parents that are made by a function of their own."""
        self._parents.append(parents)
        return self.constant(parents)

    def function(self, parameters: str, result: str) -> Callable[..., Any]:
        self.line(f"return {result}")
        lines = (f"    {line}" for line in self._open[0].lines)
        return self.made([f"def made({parameters}):", *lines])

    def made(self, lines: Sequence[str]) -> Callable[..., Any]:
        for parents in self._parents:
            parents.compile()
        namespace = dict(self._constants)
        exec(compile("\n".join(lines), "<items>", "exec"), namespace)
        function: Callable[..., Any] = namespace["made"]  # type: ignore[assignment]
        return function

    def _known(self, what: object, levels: int) -> str | None:
        for lines in reversed(self._open[:levels]):
            for block in lines.block.seen:
                if what in block.known:
                    return block.known[what]
        return None

    def _level(self, number: str, named: What) -> int:
        """How far out something is worked out; not where the item's number is not known yet."""
        wanted = self._before.get(named, ())
        for level, lines in enumerate(self._open):
            if lines.block.path in wanted and (
                number not in self._ways or self._known((number, "number"), level + 1)
            ):
                return level
        return len(self._open) - 1

    @contextmanager
    def _at(self, level: int) -> Iterator[None]:
        """Lines further out, before the branches that are being written there."""
        inside = self._open
        if level == len(inside) - 1:
            yield
            return
        there = inside[level]
        self._open = [*inside[:level], _Lines(there.block)]
        yield
        self._open[-1].close_branches()
        made, self._open = self._open[-1].lines, inside
        there.lines[there.branches : there.branches] = made
        there.branches += len(made)


class _Block:
    """Where lines stand, and what is known there."""

    __slots__ = ("branches", "known", "path", "seen")

    def __init__(self, path: Path, earlier: Sequence[_Block]) -> None:
        self.path = path
        self.seen = (self, *earlier)  # earlier branches whose conditions hold here as well
        self.known: dict[object, str] = {}
        self.branches: dict[Guard, list[_Block]] = {}

    def under(self, guard: Guard) -> Sequence[_Block]:
        return self.branches.get(guard, ())


class _Lines:
    """Lines of a block, and where among them the branches begin that are being written.

    What comes before those branches must not take anything from them: they are told to the block
    when others begin.
    """

    __slots__ = ("block", "branches", "lines", "written")

    def __init__(self, block: _Block) -> None:
        self.block = block
        self.lines: list[str] = []
        self.branches = 0
        self.written: list[tuple[Guard, _Block]] = []

    def close_branches(self) -> None:
        for guard, block in self.written:
            self.block.branches.setdefault(guard, []).append(block)
        self.written.clear()
