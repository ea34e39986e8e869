"""Whether DynamoDB takes an item: its types, its size, its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from loadstone.capacity.item_limits import MAX_ITEM_BYTES
from loadstone.capacity.units import item_size_bytes, number_size_bytes
from loadstone.contract.problem import Problem
from loadstone.entity import Entity
from loadstone.errors import BadValue
from loadstone.table import Table
from loadstone.wire import decode, encode, encode_value

#: "Service, account, and table quotas in Amazon DynamoDB": what a key and a nesting may be.
_MOST_KEY = {"partition": 2048, "sort": 1024}
_DEEPEST = 32
_NO_TTL = "as TTL it is never acted on, which goes by numbers of seconds since 1970"
_LAST_SECOND = 253_402_300_799  # of the year 9999
_TYPES = {"S": "a text", "N": "a number", "B": "bytes"}
_WORDS = {str: "a text", bool: "a flag", dict: "a map", list: "a list", type(None): "NULL"}


def item_problems(entity: Entity, items: Mapping[int, dict[str, Any]]) -> Iterator[Problem]:
    """What of an entity's items DynamoDB would refuse, one problem of a kind for an attribute."""
    seen: set[tuple[str | None, str]] = set()
    for number, item in items.items():
        for attribute, kind, says in _wrong_with(entity, item):
            if (attribute, kind) not in seen:
                seen.add((attribute, kind))
                yield Problem(
                    about=entity.name, attribute=attribute, says=f"{says} (item {number:,})"
                )


def takes(item: Mapping[str, Any]) -> bool:
    """Whether an item is no larger than DynamoDB takes; what has no size is told by itself."""
    try:
        return item_size_bytes(item) <= MAX_ITEM_BYTES
    except BadValue:
        return True


def _wrong_with(entity: Entity, item: dict[str, Any]) -> Iterator[tuple[str | None, str, str]]:
    """The attribute, which rule, and what is wrong."""
    if "" in item:
        yield None, "name", "one of its attributes has no name, and DynamoDB takes none such"
    told = [(name, *each) for name, value in item.items() for each in _value_problems(value)]
    yield from told
    if told:
        return
    if decode(encode(item)) != item:
        yield None, "wire", "it does not survive the way to DynamoDB and back"
    size = item_size_bytes(item)
    if size > MAX_ITEM_BYTES:
        largest = max(item, key=lambda name: item_size_bytes({name: item[name]}))
        yield (
            largest,
            "size",
            f"the item has {size:,} bytes and DynamoDB takes {MAX_ITEM_BYTES:,}: this attribute "
            "is its largest; make it shorter, or put it into items of its own",
        )
    if entity.table is not None:
        yield from _key_problems(entity.table, item)
        yield from _ttl_problems(entity.table, item)


def _value_problems(value: Any, depth: int = 1) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        yield "depth", f"it is nested more than {_DEEPEST} deep"
        return
    match value:
        case dict():
            for name, each in value.items():
                if not name:
                    yield "name", "an attribute within it has no name"
                yield from _value_problems(each, depth + 1)
        case list():
            for each in value:
                yield from _value_problems(each, depth + 1)
        case bool():
            return
        case int() | Decimal():
            yield from _refused("number", number_size_bytes, value)
        case _:
            yield from _refused("type", encode_value, value)


def _refused(rule: str, take: Callable[[Any], object], value: Any) -> Iterator[tuple[str, str]]:
    """What is said of a value that cannot be taken."""
    try:
        take(value)
    except BadValue as error:
        yield rule, str(error)


def _key_problems(table: Table, item: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Keys of the table and of its indexes, where the item has them."""
    for holder, keys in ((f"table {table.name}", table.key), *_index_keys(table)):
        for place, name in zip(("partition", "sort"), keys, strict=False):
            if name in item:
                for rule, says in _one_key(table, holder, place, name, item[name]):
                    yield name, rule, says


def _ttl_problems(table: Table, item: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """DynamoDB takes any value there, and deletes by numbers of seconds alone."""
    name = table.ttl
    if name is None or name not in item:
        return
    value = item[name]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        yield name, "ttl", f"{_NO_TTL}: it is {_WORDS.get(type(value), 'no number')}; see epoch(…)"
    elif value > _LAST_SECOND:
        yield name, "ttl", f"{_NO_TTL}: it looks like milliseconds; see epoch(…)"


def _index_keys(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index in table.indexes:
        yield f"index {index.name} of {table.name}", index.key


def _one_key(
    table: Table, holder: str, place: str, name: str, value: Any
) -> Iterator[tuple[str, str]]:
    wanted = table.key_type(name)
    ((kind, held),) = encode_value(value).items() if _encodes(value) else [("?", "")]
    if kind != wanted:
        told = "a number" if kind == "N" else _WORDS.get(type(value), f"of type {kind}")
        yield (
            f"key of {holder}",
            f"it is {told}, and {_TYPES[wanted]} as a key of {holder}: "
            + _how_to_turn(name, kind, wanted),
        )
        return
    size = len(str(held).encode())
    if not size:
        cure = (
            'have something before or in it, as text("pet_{n}", n=number)'
            if name in table.key
            else "leave it out with when(…)"
        )
        yield "empty", f"it is empty, and a key of {holder} never is: {cure}"
    elif size > _MOST_KEY[place] and kind == "S":
        yield (
            "long",
            f"it has {size:,} bytes, and a {place} key has {_MOST_KEY[place]:,} at most",
        )


def _how_to_turn(name: str, kind: str, wanted: str) -> str:
    if kind == "NULL":
        return "an item that is not in the index has no such attribute at all: when(…)"
    if (kind, wanted) == ("N", "S"):
        return f'say key_types={{"{name}": "N"}} of the Table, or write it as text("{{n}}", n=…)'
    if (kind, wanted) == ("S", "N"):
        return f'take "{name}" out of the Table\'s key_types, or make it a number'
    return "a key is a text or a number"


def _encodes(value: Any) -> bool:
    try:
        encode_value(value)
    except BadValue:
        return False
    return True
