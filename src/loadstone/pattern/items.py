"""The item that a PutItem writes: what its entity says, and what the pattern says instead."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.entity import Entity
from loadstone.errors import BadContent
from loadstone.fields.expr import Expr, lift
from loadstone.fields.links import Own, Reference
from loadstone.fields.shapes import Map, When
from loadstone.pattern.conditions import names_in
from loadstone.pattern.operations import PutItem


def item_of(put: PutItem, *, written_over: bool) -> Map:
    """Its attributes: of a new item, or of one that the data set has and that is written over."""
    entity = put.new
    values = {
        name: entity[name] if written_over else entity.value(name)
        for name in entity.item
        if name not in put.without
    }
    for path, value in put.values.items():
        name, *deeper = names_in(path)
        values[name] = _placed(entity, name, values[name], deeper, lift(value))
    return Map(values)


def _placed(entity: Entity, where: str, whole: Expr, path: Sequence[str], value: Expr) -> Expr:
    """A value with another one somewhere inside it."""
    if not path:
        return value
    if isinstance(whole, When):
        return When(whole.condition, _placed(entity, where, whole.value, path, value))
    owned = isinstance(whole, Reference)
    inside = whole
    while isinstance(inside, Reference):
        inside = inside.target
    if not isinstance(inside, Map):
        raise BadContent(f"{where} of {entity.name} is no map: give the whole of it a value")
    attributes = dict(inside.attributes)
    if owned:
        attributes = {
            name: _own(entity, f"{where}.{name}", part) for name, part in attributes.items()
        }
    first, *deeper = path
    if deeper and first not in attributes:
        raise BadContent(f"{where} of {entity.name} has no {first!r}")
    inner = (
        _placed(entity, f"{where}.{first}", attributes[first], deeper, value) if deeper else value
    )
    return Map({**attributes, first: inner})


def _own(entity: Entity, name: str, part: Expr) -> Expr:
    if isinstance(part, When):
        return When(Own(entity, name, part.condition), Own(entity, name, part.value))
    return Own(entity, name, part)
