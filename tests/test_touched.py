"""What a run may write: below the one entity that is touched; and how two kinds are both there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone import (
    Entity,
    Exactly,
    GetItem,
    Mix,
    Pattern,
    PerParent,
    Table,
    Touched,
    UpdateItem,
    Written,
    number,
    text,
)
from loadstone.dataset import Dataset
from loadstone.errors import BadContent
from loadstone.fields.expr import Value
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.system import load_system
from tests.systems import AS_OF, system_of


def stored(name: str, parent: Entity | None) -> Entity:
    table = Table(f"{name}-table", partition_key="k")
    spread = None if parent is None else PerParent(3)
    item: Mapping[str, Value] = {"k": text(f"{name}-{{n}}", n=number), "title": "old"}
    return Entity(name, table=table, parent=parent, per_parent=spread, item=item)


def renamed(entity: Entity) -> Pattern:
    return Pattern(
        f"rename-{entity.name}",
        UpdateItem(entity, set={"title": "new"}),
        of=entity,
        expects=Written(),
        source="x: y",
    )


def player_of(*entities: Entity, touched: Touched | None) -> tuple[Player, Mix]:
    """A player, and a mix that writes to all that is stored and reads it."""
    kept = [entity for entity in entities if entity.table]
    writes = [renamed(entity) for entity in kept]
    reads = [
        Pattern(f"one-{each.name}", GetItem(each), of=each, expects=Exactly(), source="x: y")
        for each in kept
    ]
    patterns = {each.id: each for each in (*writes, *reads)}
    system = replace(system_of(*entities), patterns=patterns, touched=touched)
    tables = {table.name: table.name for table in system.tables}
    client: Any = None
    dataset = Dataset(system, scale=600, as_of=AS_OF)
    player = Player(dataset, tables, client, Settings(), random=Random(5))
    return player, Mix("all", dict.fromkeys(patterns.values(), 1.0))


def test_what_is_not_below_what_is_touched_is_refused_with_its_cure() -> None:
    """A mix that writes to two roots does not leave one of them out in silence: which one, and
    what to do, is said."""
    book, member = stored("Book", None), stored("Member", None)
    player, mix = player_of(book, member, touched=Touched(member, share=0.5))
    with pytest.raises(BadContent, match="rename-Book: it writes for a Book") as told:
        player.playable(mix)
    assert "below a Member alone, which is Touched: give both a parent in common" in str(told.value)


def test_nothing_touched_is_refused_with_its_cure() -> None:
    """A mix that writes, in a scenario that says nothing of it, is told what to say."""
    player, mix = player_of(stored("Book", None), touched=None)
    with pytest.raises(BadContent, match=r"touched = Touched\(the_root_entity, share=0\.1\)"):
        player.playable(mix)


def test_a_parent_in_common_lets_both_be_written() -> None:
    """An entity without a table ties two kinds together: both are written below those of it that
    are touched."""
    branch = Entity("Branch", facts={"id": text("{n}", n=number)})
    book, member = stored("Book", branch), stored("Member", branch)
    player, mix = player_of(branch, book, member, touched=Touched(branch, share=0.5))
    playable, left_out = player.playable(mix)
    assert (playable.weights, left_out) == (mix.weights, [])


def test_a_second_touched_is_refused(tmp_path: Path) -> None:
    """A scenario that declares two is refused, with the line of the second, where the first alone
    would count."""
    written = {
        "fixtures": (
            "from loadstone import Entity, Table, number, text\n"
            "notes = Table('notes', partition_key='id')\n"
            "note = Entity('note', table=notes,\n"
            "              item={'id': text('n-{n}', n=number)})\n"
        ),
        "scenarios": (
            "from fixtures.notes import note\n"
            "from loadstone import Touched\n"
            "touched = Touched(note, share=0.1)\n"
            "more = Touched(note, share=0.5)\n"
        ),
    }
    for room, content in written.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "notes.py").write_text(content)
    with pytest.raises(BadContent, match=r"scenarios/notes.py:4: more is a second Touched"):
        load_system("notes", tmp_path)
    (tmp_path / "scenarios" / "notes.py").write_text(written["scenarios"].rpartition("more")[0])
    found = load_system("notes", tmp_path).touched
    assert found is not None
    assert found.share == 0.1
