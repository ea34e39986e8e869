"""Items that name one of another entity: any of them, or in each partition different ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from loadstone.drafting.draft import Line
from loadstone.drafting.names import pascal, plain
from loadstone.drafting.pieces import Made, as_text
from loadstone.drafting.references import Told, any_of, referred
from loadstone.drafting.templates import Part, parts_in, together

if TYPE_CHECKING:
    from loadstone.drafting.entities import Sheet

#: An entity has at least so many items at any scale worth loading.
_FIRST, _FEW = 100, 10
_USUAL = 20_000  # items, of all tables together
#: There are so many times as many to choose from as one partition has, or more.
_ROOM = 4
#: Pairs of equal ones that chance alone would have made.
_EXPECTED = 3
#: Each is named once at most, by this share of them.
_MOST_NAMED = 0.8
_ONCE = ("PerParent(1)", "most=1)")


def choose(sheet: Sheet, part: Part) -> tuple[str, ...] | None:
    """Have the part of a sort key that tells items apart name those that it was seen to name. None
    where it can, and otherwise what is to be said of it."""
    named = referred(part, sheet.desk.told, sheet.entity)
    if named is None or sheet.desk.only.get(named.entity) is sheet.entity:
        return ()
    if not named.entity.knows(named.attribute):
        return ()
    if named.entity in sheet.entity.line and _most(sheet, part) < 2:
        return ()  # the ancestor itself, as far as anybody can tell
    source = _choice(sheet, part, named)
    if source is None:
        return (f"names a {named.entity.name}, which is not one of those that are drafted",)
    sheet.known[part] = source
    return None


def one_of_named(sheet: Sheet, part: Part) -> Made | None:
    """Any of another entity, where a part is called as those are."""
    named = sheet.desk.named.get(plain(part.name))
    if named is None or named.entity is sheet.entity or part.numeric:
        return None
    entity, attribute = named.entity, named.attribute
    if attribute and entity in sheet.entity.line:
        return Made(f'{entity.variable}["{attribute}"]')
    if attribute and entity.knows(attribute):
        return Made(f'any_of({entity.variable})["{attribute}"]')
    if named.template is None:
        return None
    count = max(_FEW, min(len(set(part.present)), _FIRST))
    note = f"names one of the first {count} of {entity.name}"
    return as_text(named.template, [note], n=f"whole(0, {count - 1})")


def _choice(sheet: Sheet, part: Part, named: Told) -> str | None:
    """An expression for the one that an item names; None where they are too few to be different
    ones in each partition."""
    held, known = len(part.present), len(named.values)
    is_root = named.entity.parent is None
    if len(set(part.present)) == held and held * held > 2 * _EXPECTED * known:
        if held > _MOST_NAMED * known or not is_root:
            return None
        return f'{named.entity.variable}.at(number)["{named.attribute}"]'
    if sheet.entity.per_parent.endswith(_ONCE):
        return any_of(named, part.present).source
    if _most(sheet, part) * _ROOM > _to_choose_from(sheet, known) or not is_root:
        return None
    return _different(sheet, part, named)


def _to_choose_from(sheet: Sheet, known: int) -> int:
    """How many there are at a usual scale, where partitions do not grow with it."""
    samples = sheet.desk.samples
    if not samples or "giants" in sheet.entity.per_parent:
        return known
    return known * _USUAL // samples


def _most(sheet: Sheet, part: Part) -> int:
    """How many different ones are named in the largest partition, or beside the same parent."""
    assert sheet.entity.table is not None
    key = sheet.templates[sheet.entity.table.table.partition_key]
    beside = together([each for each in parts_in(key) if each is not part])
    pairs = set(zip(beside or [""] * len(part.texts), part.texts, strict=True))
    return max(Counter(other for other, _ in pairs).values())


def _different(sheet: Sheet, part: Part, named: Told) -> str:
    """From one that the parent names downwards, and then those above it: never the same twice, and
    as long as there are enough never one that is not there."""
    parent, chosen = sheet.entity.parent, named.entity
    assert parent is not None
    written = sheet.desk.written
    variable = chosen.variable
    if parent in written[: written.index(chosen)]:
        variable = f"lambda: {variable}"
    fact = base = f"first{pascal(chosen.name)}"
    count = 1
    while parent.knows(fact):
        count += 1
        fact = f"{base}{count}"
    any_one = any_of(named, part.present).source.rpartition("[")[0]
    any_one = any_one.replace(f"any_of({chosen.variable}", f"any_of({variable}", 1)
    parent.facts.append(Line(fact, f"{any_one}.number"))
    first = f'{parent.variable}["{fact}"]'
    place = sheet.variable(f"{chosen.name}_number")
    source = f"either(position <= {first}, {first} - position, position)"
    sheet.entity.before.append(Line(place, source, ("no two of one parent name the same",)))
    return f'{chosen.variable}.at({place})["{named.attribute}"]'
