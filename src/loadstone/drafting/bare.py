"""An entity of which only the keys are known, and what else a template or a model declares."""

from __future__ import annotations

from loadstone.drafting.draft import DraftEntity, DraftTable, Line
from loadstone.drafting.entities import Desk
from loadstone.drafting.given import Given
from loadstone.drafting.kinds import partition_word, table_word
from loadstone.drafting.names import kebab, pascal, snake
from loadstone.drafting.words import singular

_UNTOLD = "not told what it looks like"
_OTHERS = {
    "S": 'text("value-{n}", n=whole(1, 1000))',
    "N": "whole(0, 1000)",
    "BOOL": "chance(0.5)",
    "M": "{}",
    "L": "[]",
    "NULL": "None",
}


def bare_entities(desk: Desk, given: Given, table: DraftTable) -> list[DraftEntity]:
    """The table's one kind of item, and above it whose partition it is in."""
    known, kind = table.table, pascal(singular(table_word(given)))
    entity = DraftEntity(kind, desk.names.give(snake(kind)), table)
    entity.notes.append("Of its items only the keys are known: add your attributes.")
    found = [entity]
    if known.sort_key is None:
        entity.item.append(_key(given, known.partition_key, "number", kind))
    else:
        word = partition_word(known.partition_key)
        owner_name = pascal(word) if word and word.lower() not in ("pk", "") else f"{kind}Owner"
        owner_name = f"{owner_name}Owner" if owner_name == kind else owner_name
        owner = DraftEntity(owner_name, desk.names.give(snake(owner_name)))
        owner.notes.append("Not stored: what its items have in common.")
        owner.facts.append(_key(given, known.partition_key, "number", owner_name))
        owner.unlike = frozenset({known.partition_key})
        entity.parent, entity.per_parent = owner, "PerParent(10)"
        entity.notes.append("How many there are of each is made up: 10.")
        key = f'{owner.variable}["{known.partition_key}"]'
        entity.item.append(Line(known.partition_key, key))
        entity.item.append(_key(given, known.sort_key, "position", kind))
        found.insert(0, owner)
    _others(entity, given)
    return found


def _others(entity: DraftEntity, given: Given) -> None:
    """Keys of indexes, and what is declared beside the keys."""
    table = given.table
    for name in table.key_attributes:
        if entity.has(name):
            continue
        if table.key_type(name) == "N":
            source = "whole(0, 1000)"
        else:
            source = f'text("{kebab(name)}-{{n}}", n=whole(1, 20))'
        entity.item.append(Line(name, source, (f"{_UNTOLD}: one of 20 values here",)))
    for name, kind in given.declared.items():
        if not entity.has(name):
            source = _OTHERS.get(kind, _OTHERS["S"])
            entity.item.append(Line(name, source, (_UNTOLD,)))


def _key(given: Given, name: str, number: str, kind: str) -> Line:
    if given.table.key_type(name) == "N":
        return Line(name, f"{number} + 1", (_UNTOLD,))
    return Line(name, f'text("{kebab(kind)}-{{n:06}}", n={number})', (_UNTOLD,))
