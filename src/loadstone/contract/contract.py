"""The whole contract: a system's items, tables, scenario; and where each problem is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from loadstone.amounts import amount
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.contract.alike import alike_problems, process_problems
from loadstone.contract.crowding import crowding_problems
from loadstone.contract.documents import documented_problems
from loadstone.contract.finding import finding_problems
from loadstone.contract.fitting import fitting_problems
from loadstone.contract.instants import created_problems
from loadstone.contract.keys import index_problems, key_problems
from loadstone.contract.legal import item_problems, takes
from loadstone.contract.loading import tables_with
from loadstone.contract.making import unmade
from loadstone.contract.places import Places
from loadstone.contract.playing import (
    journey_problems,
    pattern_problems,
    player_for,
    plays_in_words,
)
from loadstone.contract.problem import Problem
from loadstone.contract.reach import reach_problems
from loadstone.contract.references import reference_problems
from loadstone.contract.sample import MOST, items_of, numbers_of
from loadstone.contract.scenario import scenario_problems
from loadstone.contract.small import small_problems
from loadstone.contract.tables import table_problems, ttl_problems
from loadstone.dataset import SCALES, Dataset
from loadstone.documented import Documented
from loadstone.entity import Entity
from loadstone.errors import BadContent, LoadstoneError
from loadstone.naming import Naming
from loadstone.scenario.player import Player
from loadstone.scenario.settings import Settings
from loadstone.system import System
from loadstone.table import Table

SCALE = 20_000
KEYS_SCALE = 1_000_000


def content_problems(system: System, *, say: Callable[[str], None]) -> Iterator[Problem]:
    """What is wrong with a system as it is written: nothing is sent anywhere."""
    places = Places(system)
    for problem in _content(system, say):
        yield _placed(problem, places)


def played_problems(
    system: System, target: Target, *, say: Callable[[str], None]
) -> Iterator[Problem]:
    """What comes of playing its scenario on a target, in tables that are gone afterwards."""
    places = Places(system)
    dataset = Dataset(system, scale=SCALES["tiny"], as_of=today())
    patterns = amount(len(system.patterns), "pattern")
    say(f"playing {patterns} and {amount(len(system.journeys), 'journey')}")
    played: dict[str, int] = {}
    with (
        Client(target) as client,
        tables_with(dataset, target, client, Naming(prefix="check-"), say=lambda _: None) as names,
    ):

        def made(random: Random, run: str) -> Player:
            settings = Settings(sampled=1.0, run=run, skew=0)
            return Player(dataset, names, client, settings, random=random)

        player = player_for(made)
        for problem in pattern_problems(system, player, tell=played.__setitem__):
            yield _placed(problem, places)
        for problem in journey_problems(system, player, tell=played.__setitem__):
            yield _placed(problem, places)
    if played:
        say(plays_in_words(system, dataset.scale, played))


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _placed(problem: Problem, places: Places) -> Problem:
    return replace(problem, place=places.of(problem.about, problem.attribute))


def _content(system: System, say: Callable[[str], None]) -> Iterator[Problem]:
    dataset = Dataset(system, scale=SCALE, as_of=today())
    many = Dataset(system, scale=KEYS_SCALE, as_of=today())
    yield from table_problems(dataset)
    unfit = set()
    for entity in system.entities.values():
        if entity.table is None:
            yield from reference_problems(dataset, entity, range(min(MOST, dataset.count(entity))))
            continue
        say(f"{entity.name}: its items")
        problems, fit = _of_entity(dataset, entity)
        unfit |= set() if fit else {entity.table}
        yield from problems
    for name in set(system.documented) - set(system.entities):
        yield Problem(about=name, says=f"it is documented, and no entity: {list(system.entities)}")
    for table in system.tables:
        if table not in unfit:
            say(f"{table.name}: its keys")
            yield from _key_problems(many, dataset, table)
            yield from index_problems(dataset, table)
            yield from ttl_problems(dataset, table)
            yield from crowding_problems(dataset, many, table)
    if not unfit:
        yield from small_problems(dataset)
        yield from fitting_problems(dataset)
        yield from process_problems(system)
        yield from finding_problems(dataset)
    yield from scenario_problems(system)


def _key_problems(many: Dataset, fewer: Dataset, table: Table) -> list[Problem]:
    """Of many items; of fewer, where so many cannot be made, which is told of the items."""
    try:
        return list(key_problems(many, table))
    except (LoadstoneError, ArithmeticError, LookupError):
        return list(key_problems(fewer, table))


def _of_entity(dataset: Dataset, entity: Entity) -> tuple[list[Problem], bool]:
    """What is wrong with its items; and whether there is something to go on with: items that can be
    made, of a size that a table takes."""
    found: list[Problem] = []
    try:
        items = items_of(dataset, entity)
        found += item_problems(entity, items)
        if found and not all(map(takes, items.values())):
            return found, False
        found += reach_problems(entity, items)
        found += created_problems(dataset, entity, items)
        found += reference_problems(dataset, entity, items)
        as_of = datetime.fromtimestamp(dataset.as_of_ms / 1000, UTC)
        found += (unlike := list(alike_problems(dataset.system, entity, as_of=as_of)))
        if any(problem.wrong for problem in unlike):
            return found, False
    except Exception as error:
        attribute, why = unmade(dataset, entity, numbers_of(dataset, entity), error)
        says = f"its items cannot be made: {why}"
        return [*found, Problem(about=entity.name, attribute=attribute, says=says)], False
    documented = dataset.system.documented.get(entity.name)
    if documented is not None:
        found += documented_problems(dataset, entity, _checked(documented, entity), items)
    return found, True


def _checked(says: object, entity: Entity) -> Documented:
    if not isinstance(says, Documented):
        raise BadContent(f"DOCUMENTED[{entity.name!r}] is a Documented(…), not {says!r}")
    return says
