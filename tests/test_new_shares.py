"""How many there are of everything in a draft of several tables: as in the tables, and not as in
samples of them; and what is told of words that are in no file."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from loadstone.cli.new import _drafted
from loadstone.dataset import Dataset
from loadstone.drafting.given import Given
from loadstone.drafting.live import Sample, _count
from loadstone.system import System
from loadstone.table import Table
from tests.drafted import NOW, drafted, given, uuid_of
from tests.test_new_table import live_table

branches = Table("branches", partition_key="branchId")
clients = Table("clients", partition_key="clientId")
events = Table("events", partition_key="clientId", sort_key="eventId")
RANDOM = Random(3)
CLIENTS = [uuid_of(RANDOM) for _ in range(200)]


def items(name: str, count: int) -> list[dict[str, Any]]:
    random = Random(7)
    return [{name: uuid_of(random), "note": "x"} for _ in range(count)]


def counts(folder: Path, *givens: Given, scale: int = 20_000) -> tuple[System, dict[str, int], str]:
    system, texts = drafted(folder, *givens)
    dataset = Dataset(system, scale=scale, as_of=NOW)
    found = {name: dataset.count(name) for name in system.entities}
    return system, found, texts["fixtures/draft.py"]


def test_tables_keep_their_proportions(tmp_path: Path) -> None:
    """Of a table with 40 items and one with a million, of which 200 were looked at, there are as
    many of each as in the tables."""
    few = given(branches, items("branchId", 40))
    many = given(clients, items("clientId", 200), count=1_000_000)
    system, found, fixtures = counts(tmp_path, few, many, scale=1_000_000)
    assert "share=" in fixtures
    assert system.entities["Branch"].share == pytest.approx(40 / 1_000_000, rel=0.05)
    assert found["Client"] / found["Branch"] == pytest.approx(25_000, rel=0.1)


def test_children_are_as_many_as_the_tables_say(tmp_path: Path) -> None:
    """A sample of 200 among 20,000 clients, and all 4 branches they name: 5,000 each, and it is
    said that their spread is not known."""
    random = Random(7)
    named = [{"branchId": f"B{place}", "city": "x"} for place in range(4)]
    theirs = [{"clientId": each, "branchId": f"B{random.randrange(4)}"} for each in CLIENTS]
    _, found, fixtures = counts(
        tmp_path, given(branches, named), given(clients, theirs, count=20_000)
    )
    assert "PerParent(5000, least=0)" in fixtures
    assert "a sample does not tell" in fixtures
    assert found["Client"] / found["Branch"] == pytest.approx(5000, rel=0.1)


def test_who_has_none_is_counted(tmp_path: Path) -> None:
    """Half of the clients have no event: with both tables known the mean is of all of them."""
    held = [
        {"clientId": client, "eventId": f"{place:03}", "note": "x"}
        for client in CLIENTS[:100]
        for place in range(4)
    ]
    _, found, fixtures = counts(
        tmp_path,
        given(clients, [{"clientId": client, "note": "y"} for client in CLIENTS]),
        given(events, held),
    )
    assert "least=0" in fixtures
    assert found["Event"] / found["Client"] == pytest.approx(2, rel=0.1)


def test_a_count_that_nobody_told_is_a_comment(tmp_path: Path) -> None:
    """Where a table has more than was read and nobody knows how much, the draft says so."""
    _, _, fixtures = counts(
        tmp_path,
        given(branches, items("branchId", 40)),
        given(clients, items("clientId", 200), count=None),
    )
    assert "How many items clients has was not told" in " ".join(fixtures.split())


def test_an_empty_table_has_no_share(tmp_path: Path) -> None:
    """Of what is in an empty table, how many there are beside others is left to its author."""
    _, _, fixtures = counts(tmp_path, given(branches, items("branchId", 40)), given(clients, []))
    assert "How many there are beside others is not known: say share=" in " ".join(fixtures.split())


@pytest.mark.parametrize(
    ("described", "whole", "count"),
    [(0, True, 2), (900, False, 900), (2, False, 2), (1, False, None), (0, False, None)],
)
def test_a_stale_count_is_none(described: int, whole: bool, count: int | None) -> None:
    """DynamoDB counts items every six hours: a count below what was read is not taken for one."""
    item = {"id": {"S": "x"}}
    sample = Sample(runs=[[item], [item]], whole=whole)
    assert _count(live_table(items=described), sample) == count


def test_what_is_put_in_place_of_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Words of an enumeration that may be somebody's are told with their stand-ins to the person
    who asks, with the flag that keeps them; the files have the stand-ins alone."""
    random = Random(7)
    held = [
        {"id": uuid_of(random), "tier": random.choice(("gold", "friendofgreg", "Heavy Metal"))}
        for _ in range(90)
    ]
    texts = _drafted("clubs", [given(Table("clubs", partition_key="id"), held)], "from clubs", [])
    told = " ".join(capsys.readouterr().err.split())
    assert "of Club.tier" in told
    assert "friendofgreg is tier-" in told
    flag = told.partition("--words ")[2].split()[0]
    assert set(flag.split(",")) == {"friendofgreg", "Heavy", "Metal"}
    assert "friendofgreg" not in "".join(texts.values())
    assert "stand-ins, 2 of 3, tier-1 and tier-2:" in texts["fixtures/clubs.py"]
    kept = _drafted(
        "clubs",
        [given(Table("clubs", partition_key="id"), held)],
        "from clubs",
        flag.split(","),
    )
    assert '"friendofgreg"' in kept["fixtures/clubs.py"]
    assert '"Heavy Metal"' in kept["fixtures/clubs.py"]
    assert not capsys.readouterr().err
