"""What patterns are expected to consume, recorded before a run and compared after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from math import hypot, sqrt
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import pytest

from loadstone import (
    Entity,
    Index,
    PerParent,
    Table,
    below,
    either,
    equal,
    number,
    position,
    text,
    when,
)
from loadstone.capacity.consumption import pages
from loadstone.capacity.units import item_size_bytes, read_units
from loadstone.client.answer import Units
from loadstone.client.target import Target
from loadstone.pattern import (
    BatchGetItem,
    Every,
    Exactly,
    GetItem,
    Operation,
    Pattern,
    Query,
    Some,
    TransactGetItems,
    answered,
)
from loadstone.pattern.declared import Expected
from loadstone.report.json_report import render_json
from loadstone.report.markdown import render_markdown
from loadstone.report.view import view
from loadstone.run import Run
from loadstone.run.expectation import (
    AVERAGED_CALLS,
    LEAST_CALLS,
    UnitsCompared,
    units_compared,
)
from loadstone.scenario.costing import Costing
from loadstone.scenario.expected import expectations
from tests import shop
from tests.loaded import Loaded, loaded
from tests.synthetic import PATTERNS, call, finished
from tests.systems import dataset_of

TIMES = 150
SKEW = 0.99
DATASET = shop.shop_dataset(1500)
EXPECTED = expectations(shop.PATTERNS.values(), DATASET, SKEW)
#: What the data set knows all rows of, and writes that succeed, without an earlier step.
NEVER = {"ship", "order-never", "refused"}
TRIED: list[Pattern] = [
    pattern
    for pattern in shop.PATTERNS.values()
    if not pattern.needs
    and pattern.id not in NEVER
    and (
        pattern.writes
        or (isinstance(pattern.operation, Query) and isinstance(pattern.expects, Every))
        or isinstance(pattern.operation, BatchGetItem | GetItem | TransactGetItems)
    )
]


@pytest.fixture(scope="module")
def place(target: Target) -> Iterator[Loaded]:
    with loaded(DATASET, target) as found:
        yield found


@pytest.mark.parametrize("pattern", TRIED, ids=lambda pattern: pattern.id)
def test_what_is_tried_is_what_is_consumed(place: Loaded, pattern: Pattern) -> None:
    """A write, and a query whose rows are known, consume a call what is expected, up to the chance
    that the expectation itself tells."""
    player = place.player(sampled=0.0)
    calls = [made for _ in range(TIMES) for made in player.play(pattern, perf_counter_ns())]
    metered = [made for made in calls if made.answer.units]
    consumed = sum(each.read + each.write for made in metered for each in made.answer.units)
    found = EXPECTED[pattern.id]
    assert found.assumed == ""
    expected = found.read_units + found.write_units
    chance = 4 * hypot(found.spread / sqrt(len(metered)), found.error)
    assert consumed / len(metered) == pytest.approx(expected, abs=chance + 1e-9)
    assert chance < 0.6 * expected


def test_every_pattern_has_an_expectation() -> None:
    """Also what cannot be tried has one, as it is forecast, with what that takes for granted."""
    assert EXPECTED.keys() == shop.PATTERNS.keys()
    assert all(each.read_units + each.write_units > 0 for each in EXPECTED.values())
    for pattern in shop.PATTERNS.values():
        if pattern not in TRIED and not pattern.writes:
            costing = Costing(DATASET, SKEW)
            units = costing.units(pattern)
            found = EXPECTED[pattern.id]
            forecast = sum(units.read.values()) / units.requests
            assert found.read_units == pytest.approx(forecast, rel=0.35)
            assert found.assumed == "; ".join(costing.assumed)


shelf = Entity("Shelf", facts={"id": text("shelf_{n}", n=number)})
books = Table(
    "books",
    partition_key="shelf",
    sort_key="n",
    indexes=(Index("short", partition_key="shelf", sort_key="rare", projection="KEYS_ONLY"),),
)
book = Entity(
    "Book",
    table=books,
    parent=shelf,
    per_parent=PerParent(8),
    item={
        "shelf": shelf["id"],
        "n": text("{n:02}", n=position),
        "text": "x" * 3000,
        "rare": when(equal(position, 3), "yes"),
    },
)
LIBRARY = dataset_of(shelf, book, scale=200)


@pytest.mark.parametrize(
    ("asked", "units"),
    [
        ({}, 3.0),  # 24,264 bytes of 4 KB blocks, each half a unit
        ({"consistent": True}, 6.0),
        ({"filter": {"text": "nothing"}}, 3.0),
        ({"projection": ("n",)}, 3.0),
        ({"limit": 2}, 1.0),
        ({"limit": 2, "pages": None}, 0.9),  # four full pages, and one that is empty
        ({"key": {"shelf": shelf["id"], "n": below("04")}}, 1.5),
        ({"index": "short"}, 0.5),
    ],
)
def test_what_a_query_evaluates_is_what_counts(asked: dict[str, Any], units: float) -> None:
    """Filters and projections take nothing away; limits, narrowed keys and indexes do."""
    pattern = Pattern(
        "books-of-shelf",
        Query(books, **{"key": {"shelf": shelf["id"]}, **asked}),
        of=shelf,
        expects=Every(book),
        source="test",
    )
    assert expectations([pattern], LIBRARY, SKEW)[pattern.id].read_units == pytest.approx(units)


memos = Table(
    "memos",
    partition_key="writer",
    sort_key="n",
    indexes=(
        Index("all", partition_key="n"),
        Index("few", partition_key="n", projection="KEYS_ONLY"),
    ),
)
memo = Entity(
    "Memo",
    table=memos,
    parent=shelf,
    per_parent=PerParent(2),
    item={
        "writer": shelf["id"],
        "n": text("{n:04}", n=number),
        "text": either((position % 2).equals(0), "short", "x" * 4500),
    },
)
MEMOS = dataset_of(shelf, memo, scale=400)


@pytest.mark.parametrize(
    ("operation", "of", "units"),
    [
        (GetItem(memo), memo, 0.75),
        (GetItem(memo, consistent=True), memo, 1.5),
        (GetItem(memo, projection=("n",)), memo, 0.75),
        (GetItem(memo, key={"writer": memo["writer"], "n": memo["n"]}), memo, 0.75),
        (TransactGetItems([GetItem(memo)]), memo, 3.0),
        (BatchGetItem(memo), shelf, 1.5),
        (BatchGetItem(memo, consistent=True), shelf, 3.0),
        (Query(memos, index="all", key={"n": memo["n"]}), memo, 0.75),
        (Query(memos, index="few", key={"n": memo["n"]}), memo, 0.5),
    ],
)
def test_each_item_that_is_read_is_rounded_alone(
    operation: Operation, of: Entity, units: float
) -> None:
    """Of items of which half take one block of 4 KB and half take two, the mean item takes one:
    what is expected is what they take, not what the mean item does."""
    expects: Expected = Every(memo) if of is shelf else Exactly()
    if isinstance(operation, GetItem) and operation.key is not None:
        expects = Some()
    pattern = Pattern("read", operation, of=of, expects=expects, source="test")
    found = expectations([pattern], MEMOS, 0.0)[pattern.id]
    assert found.read_units == pytest.approx(units, rel=0.02)
    assert found.assumed == ""


def test_what_an_earlier_step_names_is_forecast_as_its_kind_takes() -> None:
    """Where only an answer tells which item is read, what its kind takes on average stands."""
    first = Pattern("first", GetItem(memo), of=memo, expects=Exactly(), source="test")
    key = {"writer": answered(first, "writer"), "n": answered(first, "n")}
    then = Pattern("then", GetItem(memo, key=key), of=memo, expects=Some(), source="test")
    found = expectations([then], MEMOS, 0.0)["then"]
    assert found.read_units == pytest.approx(0.75, rel=0.05)


asker = Entity("Asker", facts={"id": text("asker_{n}", n=number)})
turns = Table("turns", partition_key="asker", sort_key="n")
turn = Entity(
    "Turn",
    table=turns,
    parent=asker,
    per_parent=PerParent(400),
    item={
        "asker": asker["id"],
        "n": text("{n:05}", n=position),
        "text": either((position % 2).equals(0), "why?", "x" * 7000),
    },
)


@pytest.mark.parametrize("askers", [1, 50])
def test_rows_that_take_turns_are_expected_as_they_are(askers: int) -> None:
    """A look at some of many rows sees short and long ones as often as they come, of a popular
    subject and of others; and a page holds so many of them as go into 1 MB."""
    dataset = dataset_of(asker, turn, scale=400 * askers)
    pattern = Pattern(
        "turns-of-asker",
        Query(turns, key={"asker": asker["id"]}, pages=None),
        of=asker,
        expects=Every(turn),
        source="test",
    )
    found = expectations([pattern], dataset, SKEW)[pattern.id]
    sizes = [item_size_bytes(item) for item in dataset.items(turn, 0, 400)]
    exact = [read_units(sum(page), "eventual") for page in pages(sizes, None)]
    assert len(exact) == 2
    assert found.read_units == pytest.approx(sum(exact) / len(exact), rel=0.06)
    assert found.spread / found.read_units < 0.3


def compared(tmp_path: Path, expected: dict[str, Any], calls: int = 200) -> Run:
    """A run whose calls consume half a unit each, and one whose answer tells nothing."""
    info = replace(PATTERNS["session-messages"], **expected)
    made = [call() for _ in range(calls)]
    made.append(call(units=(), code="ConditionalCheckFailedException", outcome="refused"))
    path = finished(tmp_path, [made], patterns={"session-messages": info})
    return Run.load(path)


@pytest.mark.parametrize(
    ("read_units", "difference", "differs"),
    [(0.5, 0.0, False), (0.46, 0.087, False), (0.45, 0.111, True), (1.0, -0.5, True)],
)
def test_what_differs_by_more_than_a_tenth_is_flagged(
    tmp_path: Path, read_units: float, difference: float, differs: bool
) -> None:
    """More or less than 10 % over the expected units is flagged; errors, which tell no units,
    are left out of the average."""
    run = compared(tmp_path, {"expected_read_units": read_units, "expected_write_units": 0.0})
    (row,) = units_compared(run)
    assert (row.calls, row.consumed, row.expected) == (200, 0.5, read_units)
    assert row.difference == pytest.approx(difference, abs=1e-3)
    assert row.differs is differs


@pytest.mark.parametrize(
    ("spread", "error", "differs"),
    [(0.2, 0.0, True), (0.4, 0.0, False), (0.0, 0.015, True), (0.0, 0.03, False)],
)
def test_what_chance_may_do_is_not_flagged(
    tmp_path: Path, spread: float, error: float, differs: bool
) -> None:
    """Of subjects that differ much, few calls say little: three standard errors raise no flag."""
    units = {"expected_read_units": 0.44, "expected_write_units": 0.0}
    info = units | {"expected_spread": spread, "expected_error": error}
    (row,) = units_compared(compared(tmp_path, info))
    assert row.difference == pytest.approx(0.136, abs=1e-3)
    assert row.chance == pytest.approx(3 * max(spread / 200**0.5, error) / 0.44)
    assert row.differs is differs


def test_few_calls_raise_no_flag(tmp_path: Path) -> None:
    """An average of a few calls is shown, and is no reason for a flag."""
    wrong = {"expected_read_units": 5.0, "expected_write_units": 0.0}
    (row,) = units_compared(compared(tmp_path / "few", wrong, AVERAGED_CALLS - 1))
    assert not row.differs
    (row,) = units_compared(compared(tmp_path / "enough", wrong, AVERAGED_CALLS))
    assert row.differs


@pytest.mark.parametrize(
    ("calls", "units", "spread", "differs"),
    [
        (LEAST_CALLS - 1, 3.0, 0.0, False),
        (LEAST_CALLS, 3.0, 0.0, True),
        (LEAST_CALLS, 3.0, 0.05, True),
        (LEAST_CALLS, 3.0, 0.2, False),
        (LEAST_CALLS, 2.1, 0.0, False),
        (AVERAGED_CALLS, 3.0, 0.2, True),
    ],
)
def test_few_writes_that_cost_the_same_are_enough(
    tmp_path: Path, calls: int, units: float, spread: float, differs: bool
) -> None:
    """Where hardly any write is expected to cost more or less than another, ten that do are no
    chance; where they differ, an average needs more."""
    info = replace(
        PATTERNS["write-message"],
        expected_read_units=0.0,
        expected_write_units=units,
        expected_spread=spread,
    )
    made = [call("write-message", units=(Units("t", None, 0.0, 2.0),)) for _ in range(calls)]
    run = Run.load(finished(tmp_path, [made], patterns={"write-message": info}))
    (row,) = units_compared(run)
    assert row.differs is differs


def test_a_record_without_expectations_compares_nothing(tmp_path: Path) -> None:
    """A run that was recorded before there were expectations has no comparison."""
    run = compared(tmp_path, {})
    assert list(units_compared(run)) == []
    assert "as expected from item sizes" not in render_markdown(view(run))


def test_indexes_are_in_what_is_consumed(tmp_path: Path) -> None:
    """A write's units on its indexes count with those of its table."""
    info = replace(PATTERNS["write-message"], expected_read_units=0.0, expected_write_units=2.0)
    units = (Units("t", None, 0.0, 1.0), Units("t", "i", 0.0, 1.0))
    made = [call("write-message", units=units) for _ in range(50)]
    run = Run.load(finished(tmp_path, [made], patterns={"write-message": info}))
    (row,) = units_compared(run)
    assert row == UnitsCompared(
        pattern="write-message",
        calls=50,
        expected=2.0,
        consumed=2.0,
        difference=0.0,
        chance=0.0,
        differs=False,
        assumed="",
    )


def test_the_report_says_what_differs(tmp_path: Path) -> None:
    """The flag is in the summary, in the table, and in JSON; what was guessed is called that, and
    is no finding."""
    expected = {"expected_read_units": 1.0, "expected_write_units": 0.0}
    found = view(compared(tmp_path / "sure", expected))
    sentence = (
        "1 of 1 patterns consumed other units than the item sizes foretell, by more than 10 % and "
        "more than chance: session-messages (0.500 units a call, expected 1.00)."
    )
    assert sentence in found.summary
    text = render_markdown(found)
    assert sentence in text
    assert "| session-messages | 200 | 1.00 | 0.500 | -50 % | differs |" in text
    (row,) = json.loads(render_json(found))["figures"]["expected"]
    assert (row["differs"], row["difference"], row["expected"]) == (True, -0.5, 1.0)
    guess = {"assumed": "session-messages is taken to find 50 rows"}
    guessed = view(compared(tmp_path / "guess", expected | guess))
    told = render_markdown(guessed)
    assert "item sizes foretell" not in told
    assert (
        "| session-messages | 200 | 1.00 | 0.500 | -50 % | a guess: session-messages is taken to "
        "find 50 rows |" in told
    )
    (row,) = json.loads(render_json(guessed))["figures"]["expected"]
    assert (row["differs"], row["difference"]) == (False, -0.5)


def test_the_report_says_how_old_its_prices_are(tmp_path: Path) -> None:
    """The age of the oldest price is told as of the day of the run."""
    said = " ".join(view(compared(tmp_path, {})).limits)
    assert "The oldest of the prices is of 2026-05" in said
    assert "Database Savings Plans" in said
