"""Whether items are as their document says, where a fixtures module says that apart."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from loadstone.contract.problem import Problem
from loadstone.contract.values import epoch_of, short, values_at
from loadstone.dataset import Dataset
from loadstone.documented import AS_OF, Documented, Shape
from loadstone.entity import Entity

Items = Mapping[int, dict[str, Any]]

_PROSE, _SHORT_REPLY = 10_000, 40
#: What nobody writes: a slot that was not filled, filler, a blank too many.
_ODD = re.compile(r"[Ll]orem ipsum|\{|\A\s|\s\Z|[a-z][a-z,]  (?! )")


def documented_problems(
    dataset: Dataset, entity: Entity, says: Documented, items: Items
) -> Iterator[Problem]:
    """Everything in which items differ from their document."""
    yield from attribute_problems(entity, says, items)
    yield from sparse_problems(entity, says, items)
    yield from value_problems(entity, says, items)
    yield from link_problems(dataset, entity, says, items)
    yield from order_problems(dataset, entity, says, items)
    yield from rule_problems(entity, says, items)
    yield from prose_problems(dataset, entity, says)


def attribute_problems(entity: Entity, says: Documented, items: Items) -> Iterator[Problem]:
    """Every documented attribute is there with its type, and no other attribute is."""
    seen: set[str] = set()
    for number, item in items.items():
        for path, what in mismatches(item, says.attributes) if says.attributes else []:
            if path not in seen:
                seen.add(path)
                yield Problem(
                    about=entity.name, attribute=path, says=f"it {what} (item {number:,})"
                )


def sparse_problems(entity: Entity, says: Documented, items: Items) -> Iterator[Problem]:
    """An attribute that may be absent is absent somewhere and present somewhere."""
    seen = Counter(name for item in items.values() for name in item)
    for documented in says.attributes:
        name = documented.rstrip("?")
        if documented.endswith("?") and seen[name] in (0, len(items)) and len(items) > 1:
            where = "always" if seen[name] else "never"
            yield Problem(
                about=entity.name,
                attribute=name,
                says=f"it may be absent, as documented, and is {where} there",
            )


def value_problems(entity: Entity, says: Documented, items: Items) -> Iterator[Problem]:
    """Enumerated attributes have the documented values, all of them, and formats hold."""
    for path, wanted in says.enumerations.items():
        found = {value for item in items.values() for value in values_at(item, path)}
        for told, values in (("has", found - wanted), ("never has", wanted - found)):
            if values:
                yield Problem(
                    about=entity.name,
                    attribute=path,
                    says=f"it {told} {', '.join(sorted(map(repr, values)))}; documented are "
                    f"{', '.join(sorted(wanted))}",
                )
    for path, form in says.formats.items():
        wrong = next(
            (
                value
                for item in items.values()
                for value in values_at(item, path)
                if not re.fullmatch(form, value)
            ),
            None,
        )
        if wrong is not None:
            yield Problem(about=entity.name, attribute=path, says=f"{short(wrong)} is not {form}")


def link_problems(
    dataset: Dataset, entity: Entity, says: Documented, items: Items
) -> Iterator[Problem]:
    """Every reference names an item that exists."""
    for path, other, name in says.links:
        target = dataset.system.entity(other)
        value = dataset.compile(target, target[name])
        known = {value(number) for number in range(dataset.count(target))}
        for number, item in items.items():
            lost = [each for each in values_at(item, path) if each not in known]
            if lost:
                yield Problem(
                    about=entity.name,
                    attribute=path,
                    says=f"{short(lost[0])} names no {other}: none has it as its {name} "
                    f"(item {number:,}); take it from there, as {other.lower()}[{name!r}]",
                )
                break


def order_problems(
    dataset: Dataset, entity: Entity, says: Documented, items: Items
) -> Iterator[Problem]:
    """What comes later in the document's order of things is not earlier."""
    for line in says.in_order:
        for number, item in items.items():
            instants = [
                (path, dataset.as_of_ms / 1000 if path == AS_OF else epoch_of(value))
                for path in line
                for value in (["-"] if path == AS_OF else values_at(item, path))
            ]
            late = next(
                ((one, other) for one, other in itertools.pairwise(instants) if one[1] > other[1]),
                None,
            )
            if late is not None:
                yield Problem(
                    about=entity.name,
                    attribute=late[0][0],
                    says=f"it is later than {late[1][0]} (item {number:,})",
                )
                break


def rule_problems(entity: Entity, says: Documented, items: Items) -> Iterator[Problem]:
    """What the document says of every item is true of every item."""
    for sentence, holds in says.rules.items():
        for number, item in items.items():
            if not holds(item):
                yield Problem(about=entity.name, says=f"not so: {sentence} (item {number:,})")
                break


def prose_problems(dataset: Dataset, entity: Entity, says: Documented) -> Iterator[Problem]:
    """Of 10,000 consecutive texts none stands twice, short replies apart."""
    count = dataset.count(entity)
    for path, start in itertools.product(says.prose, sorted({0, max(0, count - _PROSE) // 2})):
        seen = Counter(
            value
            for item in dataset.items(entity, start, min(start + _PROSE, count))
            for value in values_at(item, path)
            if len(value) > _SHORT_REPLY
        )
        twice = next((text for text, times in seen.items() if times > 1), None)
        odd = next((text for text in seen if _ODD.search(text)), None)
        if twice is not None:
            yield Problem(about=entity.name, attribute=path, says=f"{short(twice)} stands twice")
        if odd is not None:
            yield Problem(
                about=entity.name, attribute=path, says=f"{short(odd)} is no text of people's"
            )


def mismatches(value: Any, shape: Shape, path: str = "") -> list[tuple[str, str]]:
    """Where a value is not of its shape: the path, and what is wrong there."""
    if isinstance(shape, tuple):
        found = [mismatches(value, option, path) for option in shape]
        return [] if [] in found else found[0]
    if isinstance(shape, dict):
        return _in_map(value, shape, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [(path, "is no list")]
        return [problem for each in value for problem in mismatches(each, shape[0], f"{path}[]")]
    if shape is None:
        return [] if value is None else [(path, "is not null")]
    if shape is Decimal:
        right = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    else:
        right = type(value) is shape
    return [] if right else [(path, f"is {short(value)}, no {shape.__name__}")]


def _in_map(value: Any, shape: Mapping[str, Shape], path: str) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return [(path, "is no map")]
    named = {name.rstrip("?"): option for name, option in shape.items()}

    def within(name: str) -> str:
        return f"{path}.{name}" if path else name

    return [
        *((within(n), "is missing") for n in shape if not n.endswith("?") and n not in value),
        *((within(name), "is not documented") for name in value if name not in named),
        *(
            problem
            for name, option in named.items()
            if name in value
            for problem in mismatches(value[name], option, within(name))
        ),
    ]
