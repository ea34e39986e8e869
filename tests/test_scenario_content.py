"""One contract over every scenario: what it declares can be played, and what it asks is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from loadstone.client.target import Target
from loadstone.contract.playing import journey_problems, pattern_problems
from loadstone.contract.scenario import unasked, unplayed
from loadstone.dataset import SCALES, Dataset
from loadstone.pattern import Journey, Pattern
from loadstone.system import System, load_system, system_names
from tests.loaded import Loaded, loaded

SYSTEMS = {name: each for name in system_names() if (each := load_system(name)).patterns}
STANDARD = {"read-heavy", "write-heavy", "balanced", "journeys"}
PLAYED = 3


@pytest.fixture(scope="module")
def target(each_target: Target) -> Target:
    """Both engines, one after the other."""
    return each_target


@pytest.fixture(scope="module", params=sorted(SYSTEMS))
def system(request: pytest.FixtureRequest) -> System:
    return SYSTEMS[request.param]


@pytest.fixture(scope="module")
def played(system: System, target: Target) -> Iterator[Loaded]:
    """The system at scale tiny, as of today, in the engine's tables."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    dataset = Dataset(system, scale=SCALES["tiny"], as_of=today)
    with loaded(dataset, target) as found:
        yield found


def test_every_pattern_has_a_source(system: System) -> None:
    """The source of a pattern, and of a journey, is the document's title and a section heading."""
    entries: list[Pattern | Journey] = [*system.patterns.values(), *system.journeys.values()]
    for entry in entries:
        title, _, heading = entry.source.partition(": ")
        assert title == system.source, entry.id
        assert heading, entry.id


def test_every_pattern_plays(played: Loaded) -> None:
    """Each pattern that stands by itself is answered rightly every time, and finds rows."""
    assert not list(pattern_problems(played.dataset.system, played.player, PLAYED))


def test_every_journey_plays_to_its_end(played: Loaded) -> None:
    """Each journey plays all of its steps, and none fails."""
    assert not list(journey_problems(played.dataset.system, played.player, PLAYED))


def test_every_table_and_index_is_asked(system: System) -> None:
    """Every table and every index serves at least one pattern."""
    assert not list(unasked(system))


def test_every_pattern_is_played_somewhere(system: System) -> None:
    """A pattern is in a journey or in a mix; one that reads a whole table may be in neither."""
    assert not list(unplayed(system))


def test_mixes_are_of_what_is_declared(system: System) -> None:
    """The standard mixes are there, and what they hold is declared in the scenario."""
    assert set(system.mixes) >= STANDARD
    known = {*system.patterns.values(), *system.journeys.values()}
    for mix in system.mixes.values():
        assert set(mix.weights) <= known
        journeys = [entry for entry in mix.weights if isinstance(entry, Journey)]
        assert {pattern for entry in journeys for pattern in entry.patterns} <= known


def test_nothing_is_put_where_all_is_read(system: System) -> None:
    """A scenario that writes says which share of its data it touches."""
    writes = [pattern.id for pattern in system.patterns.values() if pattern.writes]
    assert not writes or system.touched is not None
