"""Which values tell an item from every other one of its entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadstone.fields.expr import Expr
from loadstone.fields.ids import Ulid, Uuid
from loadstone.fields.links import Own
from loadstone.fields.numbers import number
from loadstone.fields.text import Join

if TYPE_CHECKING:
    from loadstone.entity import Entity


def tells_apart(value: Expr, entity: Entity) -> bool:
    """Whether no two items of an entity have the same, by what it is made of; False where that does
    not say. An identifier's chances are taken for certainty, and numbers to be of one length, as
    those of new items are: else "1" and "12" are beside each other what "11" and "2" are."""
    match value:
        case Ulid() | Uuid():
            return value.number is number
        case Join():
            return any(tells_apart(part, entity) for part, _ in value.parts)
        case Own():
            return value.entity is entity and tells_apart(value.target, entity)
    return value is number
