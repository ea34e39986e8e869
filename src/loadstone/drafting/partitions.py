"""Which kinds of items share the partitions of a table or an index, and who can be asked for what
is in one: an order for itself, its lines and its invoice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from loadstone.drafting.draft import DraftEntity
from loadstone.drafting.python import split_arguments
from loadstone.table import Index, Table

_SLOT = re.compile(r"=(\w+\W)")
_TEXT = re.compile(r'text\((?P<template>"(?:[^"\\]|\\.)*"), (?P<values>.*)\)')
_HEAD = re.compile(r'(?:text\()?"((?:[^"\\{]|\\.)*)')


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Partitions of `searched`: `asked` has one each, whose key is `source`. `members` are the
    kinds in it, and `beside` those which may be in it as far as anybody can tell."""

    searched: Table | Index
    asked: DraftEntity
    source: str
    members: Sequence[DraftEntity]
    beside: Sequence[DraftEntity]

    @property
    def others(self) -> list[DraftEntity]:
        return [each for each in self.members if each is not self.asked]

    @property
    def is_own(self) -> bool:
        return self.asked in self.members


def partitions_of(searched: Table | Index, entities: Sequence[DraftEntity]) -> list[Partition]:
    """Of the entities that a table or one of its indexes has."""
    held = [each for each in entities if all(map(each.has, searched.key))]
    found: dict[tuple[DraftEntity, str], list[DraftEntity]] = {}
    sources: dict[tuple[DraftEntity, str], str] = {}
    heads: dict[DraftEntity, str] = {}
    for entity in held:
        asked, source = _asked_for(entity, searched.partition_key)
        whole = _whole(asked, source)
        found.setdefault((asked, whole), []).append(entity)
        sources.setdefault((asked, whole), source)
        if asked is entity:
            sources[asked, whole] = f'{entity.variable}["{searched.partition_key}"]'
        head = _HEAD.match(whole)
        heads[entity] = head[1] if head else ""

    def may_be_beside(other: DraftEntity, members: Sequence[DraftEntity]) -> bool:
        theirs, ours = heads[other], heads[members[0]]
        return other not in members and (theirs.startswith(ours) or ours.startswith(theirs))

    return [
        Partition(
            searched=searched,
            asked=asked,
            source=sources[asked, whole],
            members=members,
            beside=[each for each in held if may_be_beside(each, members)],
        )
        for (asked, whole), members in found.items()
    ]


def is_sparse(entity: DraftEntity, name: str) -> bool:
    """Whether some of its items lack an attribute."""
    return entity.source(name).startswith("when(")


def _asked_for(entity: DraftEntity, name: str) -> tuple[DraftEntity, str]:
    """Whose attributes tell a key, and how: the furthest ancestor that they tell apart; itself
    where they are its own."""
    source = _present(entity, name)
    owner = entity.parent
    if owner is None or not _is_of(owner, source) or not _tells(owner, source):
        return entity, source
    while owner.parent is not None:
        further = _whole(owner, source)
        if not _is_of(owner.parent, further) or not _tells(owner.parent, further):
            break
        owner, source = owner.parent, further
    return owner, source


def _present(entity: DraftEntity, name: str) -> str:
    """What makes an attribute where it is there."""
    source = entity.source(name)
    if source.startswith("when(") and "\n" not in source:
        source = split_arguments(source.removeprefix("when(")[:-1])[1]
    shared = {line.name: line.source for line in entity.before}
    return shared.get(source, source)


def _is_of(owner: DraftEntity, source: str) -> bool:
    """Whether a value is made of its owner's alone."""
    if not source.startswith("text("):
        return re.fullmatch(rf'{owner.variable}\["[^"]+"\]', source) is not None
    return set(_SLOT.findall(source)) == {f"{owner.variable}["}


def _tells(owner: DraftEntity, source: str) -> bool:
    """Whether a value of an owner's is another for each."""
    named = set(re.findall(rf'\b{owner.variable}\["([^"]+)"\]', source))
    return bool(named & owner.unlike) or (bool(owner.identity) and owner.identity <= named)


def _whole(owner: DraftEntity, source: str) -> str:
    """A value with what the owner makes of its own in it, however its slots are called."""
    for line in (*owner.facts, *owner.item):
        source = source.replace(f'{owner.variable}["{line.name}"]', line.source)
    source = _unnamed(source)
    for line in reversed(owner.before):
        source = re.sub(rf'(?<![\w"]){line.name}(?![\w"=])', line.source, source)
    return _unnamed(source)


def _unnamed(source: str) -> str:
    found = _TEXT.fullmatch(source)
    if found is None:
        return source
    template, values = found["template"], []
    for place, value in enumerate(split_arguments(found["values"])):
        name, _, held = value.partition("=")
        template = re.sub(rf"\{{{name}(?=[:}}])", f"{{_{place}", template)
        values.append(f"_{place}={held}")
    return f"text({template}, {', '.join(values)})"
