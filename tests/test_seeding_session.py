"""What is settled and said before and during a load: identity, money, refusals, progress."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from loadstone.cli.seed_progress import Lines, PaceMeter, shown
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import BadValue, Refused
from loadstone.seeding.identity import (
    Asked,
    as_tags,
    check_locales,
    from_tags,
    settings_from,
    settle,
)
from loadstone.seeding.place import Place
from loadstone.seeding.places import Found, Places, refuse_untagged
from loadstone.seeding.presence import expected_counts
from loadstone.seeding.session import Session
from loadstone.seeding.tally import TableTally, Tally
from loadstone.system import load_system
from tests.seeding_fakes import TARGET, FakeTable, load

SYSTEM = load_system("cmz")
(TABLE,) = SYSTEM.tables
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place(table=TABLE, name="cmz-test", arn="arn", table_id="1")
DATASET = Dataset(SYSTEM, scale=500, as_of=AS_OF)


@given(
    st.integers(1, 10**9),
    st.sampled_from([0, 2**32 - 1]),
    st.sampled_from(["en_US", "de_DE,ja_JP"]),
)
def test_tags_hold_the_identity(scale: int, seed: int, locale: str) -> None:
    """An identity goes through the tags of a table and comes back; a tag has no comma."""
    dataset = Dataset(SYSTEM, scale=scale, seed=seed, as_of=AS_OF, locales=tuple(locale.split(",")))
    identity = dataset.identity.as_dict()
    tags = as_tags(identity)
    assert not any("," in value for value in tags.values())
    assert from_tags({**tags, "team": "zoo"}) == identity
    held = {"cmz-test": identity}
    assert settle(SYSTEM, Asked(), held, now=AS_OF).identity == dataset.identity


def test_a_first_seed_is_of_midnight() -> None:
    """Without as-of, a data set is of today 00:00 UTC; with all defaults, small and seed 1."""
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    identity = settle(SYSTEM, Asked(), {}, now=now).identity
    assert identity.as_of == "2026-03-04T00:00:00Z"
    assert (identity.scale, identity.seed, identity.locale) == (20_000, 1, "en_US")


def test_changed_content_is_told() -> None:
    """Tables filled by another version of the fixtures hold another data set."""
    held = {**DATASET.identity.as_dict(), "content": "0" * 16}
    with pytest.raises(Refused, match="cmz-test holds another data set: content 0000"):
        settle(SYSTEM, Asked(), {"cmz-test": held}, now=AS_OF)


def test_settings_come_from_the_environment() -> None:
    """A documented setting is honoured, and one that is no number is said."""
    assert settings_from(SYSTEM, {"CONVERSATION_TTL_DAYS": "30"}) == {"CONVERSATION_TTL_DAYS": 30}
    assert settings_from(SYSTEM, {}) == {}
    with pytest.raises(BadValue, match="CONVERSATION_TTL_DAYS is 'many'"):
        settings_from(SYSTEM, {"CONVERSATION_TTL_DAYS": "many"})


def test_unknown_locales_are_said_early() -> None:
    """A locale that Faker lacks is known to be wrong before a table is looked at."""
    with pytest.raises(BadValue, match="xx_YY"):
        check_locales(SYSTEM, Asked(locales=("xx_YY",)))


def test_expected_counts_are_those_of_the_items() -> None:
    """Columns count what a look at every item counts, rejected ones apart."""
    items = {n: DATASET.item("Message", n) for n in range(DATASET.count("Message"))}
    now_s = sorted(int(item["ttl"]) for item in items.values())[120]
    rejected = {0, 33, 400}
    there = [item for n, item in items.items() if n not in rejected]
    keys = [TABLE.key, *(index.key for index in TABLE.indexes)]
    found = expected_counts(DATASET, TABLE, [("Message", n) for n in rejected], now_s=now_s)
    for key, expected in zip(keys, found, strict=True):
        present = [item for item in there if all(name in item for name in key)]
        assert expected.items == len(present)
        assert expected.expired == sum(int(item["ttl"]) <= now_s for item in present)


def session() -> Session:
    found = Found(place=PLACE, live=None, held=None)
    control: Places = object.__new__(Places)  # not asked
    target: Target = replace(TARGET, kind="aws")
    return Session(dataset=DATASET, tables=[found], target=target, control=control, ledgers=Path())


def test_untagged_tables_on_aws_need_a_word() -> None:
    """A table that is not seen to be ours is refused by name, and allowed by name."""
    with pytest.raises(Refused, match="--allow-untagged cmz-test"):
        refuse_untagged(session().tables, "cmz", ("another",))
    refuse_untagged(session().tables, "cmz", ("cmz-test",))


def test_pace_is_of_the_last_seconds() -> None:
    """The pace is that of the window, and the time left follows from it."""
    meter = PaceMeter(window_s=10)
    done = 0
    assert meter.read(0.0, 10_000, done, 0.0).left_s is None
    for second in range(1, 21):
        done += 100 if second <= 10 else 300
        pace = meter.read(float(second), 10_000, done, 1000.0 * second)
    assert (pace.items_per_s, pace.units_per_s) == (300.0, 1000.0)
    assert pace.left_s == (10_000 - 4_000) / 300


@pytest.mark.parametrize(("width", "whole"), [(80, False), (120, True), (200, True)])
def test_bars_fit_the_terminal(width: int, whole: bool) -> None:
    """A bar for each table and a total, no wider than the terminal and no further from its name
    than need be; where there is no room for a name, the numbers stay."""
    names = ["short", "a-table-that-has-a-rather-long-name"]
    tables = {name: TableTally(asked=2_000_000, done=1_234_567, throttled=89) for name in names}
    tally = Tally(asked=4_000_000, before=2_469_134, tables=tables)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    with shown(console, lambda _: None) as bars:
        bars.show(tally)
    head, *rows, troubles = _lines(screen)
    assert len(rows) == 3
    assert all(len(line) <= min(width, 135) for line in (head, *rows, troubles))
    assert (names[1] in rows[1]) == whole
    assert all("1,234,567" in row and " 61% " in row for row in rows[:2])
    assert "2,469,134" in rows[2]
    assert "0 throttles · 0 errors" in troubles


def _lines(screen: io.StringIO) -> list[str]:
    """What was drawn last."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    drawn = [line.rstrip() for line in plain.replace("\r", "\n").splitlines() if line.strip()]
    begin = max(n for n, line in enumerate(drawn) if "items/s" in line)
    return drawn[begin:]


def test_lines_say_what_a_log_needs(tmp_path: Path) -> None:
    """Without a terminal a load ends with a line that has items, pace and throttles."""
    said: list[str] = []
    shown = Lines(said.append, lambda tally: Decimal(tally.written) / 100)
    load(DATASET, FakeTable(PLACE), tmp_path, progress=shown)
    assert said[-1].startswith("500 of 500 items · ")
    assert "items/s" in said[-1]
    assert "WCU/s" in said[-1]
    assert "0 throttles · 0 errors · 5.00 USD" in said[-1]
