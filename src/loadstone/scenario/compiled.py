"""A pattern's expressions as functions: of the item that is asked for, or of a new one under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fanout import PerParent
from loadstone.fields.code import Code
from loadstone.fields.draws import derive, mix
from loadstone.fields.expr import Expr
from loadstone.fields.links import Own
from loadstone.fields.scope import Scope
from loadstone.pattern import PRESENT, TRIP
from loadstone.scenario.trip import Trip

_PARAMETERS = "subject, n, line, now, trip"


class Make(Protocol):
    """Values for the item `subject`: `n` is a number that nobody else has, `line` one that all new
    items of a trip share, `now` the present in milliseconds."""

    def __call__(self, subject: int, n: int, line: int, now: int, trip: Trip) -> Any: ...


def compile_call(dataset: Dataset, pattern: str, of: Entity, expr: Expr) -> Make:
    """A pattern's values for an item of an entity; what it draws itself is drawn for each call."""
    # As if a call were a child of what is asked for: then it sees what a child does.
    call = Entity(f"call of {pattern}", parent=of, per_parent=PerParent(1))
    code = _code()
    scope = Scope(code, dataset, call, "n")
    scope.bind_place("subject", "0", "1")
    # Not a variable: most calls draw nothing of their own.
    code.learn(("n", "mixed"), f"{code.constant(mix)}(n, {derive(dataset.seed, pattern)})")
    return code.function(_PARAMETERS, scope.of(expr))


def compile_new(dataset: Dataset, entity: Entity, under: Entity, position: int, expr: Expr) -> Make:
    """Values for an item that the data set does not hold, under an ancestor that it does.

    What stands between the two is new as well, and holds nothing yet but the new item and what was
    put before it. `position` is that among its siblings: of the nearest of the new line that may
    have any. Whatever is new comes into being in the present.
    """
    if entity.created is None:
        raise BadContent(f"{entity.name} does not say when it is created")
    code = _code()
    levels: list[Scope] = [Scope(code, dataset, entity, "n")]
    while levels[-1].entity.parent_entity is not under:
        levels.append(levels[-1].at(levels[-1].entity.parent_entity, code.let("line")))
    placed = _level_with_siblings(dataset, levels)
    for level, parent in zip(
        levels, [*(each.number for each in levels[1:]), "subject"], strict=True
    ):
        place = position if level is placed else 0
        level.bind_place(parent, str(place), str(place + 1))
    _bind_children(dataset, levels)
    for level in levels:
        if level.entity.created is not None:
            _bind_present(level, level.entity.created, {each.entity: each for each in levels})
    return code.function(_PARAMETERS, levels[0].of(expr))


def _code() -> Code:
    code = Code()
    code.learn(PRESENT, "now")
    code.learn(TRIP, "trip")
    return code


def _level_with_siblings(dataset: Dataset, levels: list[Scope]) -> Scope:
    """Of what repeats its parent one for one, the position is the parent's."""
    for level in levels:
        if dataset.fan_out(level.entity).even != 1:
            return level
    return levels[0]


def _bind_children(dataset: Dataset, levels: list[Scope]) -> None:
    """What a new item holds: of its own line what is new, of anything else nothing."""
    code = levels[0].code
    nothing = code.constant(range(0))
    for depth, level in enumerate(levels):
        below = {each.entity: each for each in levels[:depth]}
        for entity in dataset.system.entities.values():
            if level.entity not in entity.ancestors:
                continue
            held = nothing
            if entity in below:
                number = below[entity].number
                _, position, _ = below[entity].place()
                held = code.let(f"range({number} - {position}, {number} + 1)")
            code.learn((level.number, (entity, "children")), held)


def _bind_present(scope: Scope, created: Expr, new: Mapping[Entity, Scope]) -> None:
    """An item is created now; where it takes the instant from another new item, so is that."""
    scope.bind(created, "now")
    if isinstance(created, Own) and created.entity in new:
        _bind_present(new[created.entity], created.target, new)
