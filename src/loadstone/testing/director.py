"""Which tables and data sets a test asks for, under which names; made once in a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from loadstone.dataset import SCALES, Dataset
from loadstone.errors import BadValue, UnknownName
from loadstone.naming import DEFAULT_STAGE, Naming
from loadstone.seeding.identity import Asked, settings_from, settle
from loadstone.system import NO_PROJECT, System, load_system
from loadstone.testing.asked import DEFAULT_SCALE
from loadstone.testing.database import Seeded
from loadstone.testing.scene import Scene
from loadstone.testing.stage import Stage

OF_YOUR_OWN = (
    "for your own, name the folder that holds fixtures/ with loadstone_project in pytest's "
    "settings, seen from the rootdir, or with LOADSTONE_PROJECT"
)

#: A test's items are in memory twice, in its process and in its engine: this is some gigabytes.
MOST_ITEMS = SCALES["medium"]

SetVariable = Callable[[str, str], None]


class Shelf:
    """Systems, data sets and requests: what takes time to make, and is the same in every test."""

    def __init__(self, project: Path | None) -> None:
        self._project = project
        # One instant: the data sets of a session are the same on either side of midnight.
        self._now = datetime.now(UTC)
        self._systems: dict[str, System] = {}
        self._datasets: dict[Hashable, Dataset] = {}
        self._scenes: dict[Hashable, Scene] = {}

    def system(self, name: str) -> System:
        if name not in self._systems:
            try:
                self._systems[name] = load_system(name, self._project)
            except UnknownName as unknown:
                raise UnknownName(str(unknown).replace(NO_PROJECT, OF_YOUR_OWN)) from None
        return self._systems[name]

    def dataset(self, name: str, asked: Asked) -> Dataset:
        system = self.system(name)
        settings = settings_from(system, os.environ)
        wanted = replace(asked, settings=settings)
        key = (name, repr(wanted))
        if key not in self._datasets:
            self._datasets[key] = settle(system, wanted, {}, now=self._now)
        return self._datasets[key]

    def scene(self, key: Hashable, make: Callable[[], Scene]) -> Scene:
        if key not in self._scenes:
            self._scenes[key] = make()
        return self._scenes[key]


class Director:
    """What one test has asked for."""

    def __init__(
        self, stage: Stage, shelf: Shelf, *, region: str, set_variable: SetVariable
    ) -> None:
        self._stage, self._shelf, self._region, self._set = stage, shelf, region, set_variable
        self._names: dict[tuple[str, Naming], dict[str, str]] = {}
        self._held: dict[tuple[str, str], Dataset] = {}  # by its system and its tables' names

    def tables(
        self, system: str, *, stage: str = DEFAULT_STAGE, prefix: str = ""
    ) -> dict[str, str]:
        """Have a system's tables, as its document describes them; their names by the documented
        ones. The environment variables that the document names say them too."""
        names = self._named(system, stage, prefix)
        tables = self._shelf.system(system).tables
        self._have(("tables", system, repr(names)), lambda: Scene(tables, names))
        return dict(names)

    def seeded(
        self,
        system: str,
        scale: int | str = DEFAULT_SCALE,
        *,
        seed: int = 1,
        as_of: datetime | None = None,
        locales: tuple[str, ...] | None = None,
        stage: str = DEFAULT_STAGE,
        prefix: str = "",
    ) -> Seeded:
        """Have a system's tables with a data set of about `scale` items in them.

        The same arguments are the same items, today; `as_of` holds their times still, too.
        """
        names = self._named(system, stage, prefix)
        asked = _asked(scale, seed, as_of, locales)
        dataset = self._shelf.dataset(system, asked)
        held = self._held.setdefault((system, repr(names)), dataset)
        if held.identity.fingerprint != dataset.identity.fingerprint:
            raise BadValue(_holds_others(held, dataset))
        self._have(
            ("data", dataset.identity.fingerprint, repr(names)),
            lambda: Scene(dataset.system.tables, names, dataset),
        )
        return Seeded(dataset, names)

    def physical(self, table: str) -> set[str]:
        """A table's names in the engine, for the one in its document."""
        return {names[table] for names in self._names.values() if table in names}

    def _have(self, key: Hashable, make: Callable[[], Scene]) -> None:
        self._stage.build(key, self._shelf.scene(key, make))

    def _named(self, name: str, stage: str, prefix: str) -> dict[str, str]:
        """Found out once in a test: the variables that are set here would be taken for others'."""
        system = self._shelf.system(name)
        naming = _naming(system, stage, prefix)
        key = (name, naming)
        if key not in self._names:
            names = self._names[key] = naming.names(system.tables)
            settings = settings_from(system, os.environ)
            for variable, value in system.variables(names, self._region, settings).items():
                self._set(variable, value)
        return self._names[key]


def _naming(system: System, stage: str, prefix: str) -> Naming:
    """How its tables are called; BadValue for a stage that none of their names has."""
    for word, value in (("stage", stage), ("prefix", prefix)):
        if not isinstance(value, str):
            raise BadValue(f"{word}={value!r}: a text, or leave it out")
    naming = Naming(stage=stage, prefix=prefix)
    staged = any("{stage}" in (table.physical or table.name) for table in system.tables)
    if stage != DEFAULT_STAGE and not staged:
        raise BadValue(
            f"stage={stage!r}: the names of {system.id}'s tables have no stage; "
            f"prefix='{stage}-' sets them apart"
        )
    return naming


def _holds_others(held: Dataset, asked: Dataset) -> str:
    """What is said where a test wants two data sets in the same tables."""
    before, now = held.identity.as_dict(), asked.identity.as_dict()
    other = next(name for name in before if before[name] != now[name])
    return (
        f"seeded({asked.system.id!r}) with {other} {now[other]}: in this test its tables hold the "
        f"items of {other} {before[other]}, and some would be written over; seed once, or beside "
        "them with prefix='other-'"
    )


def _asked(
    scale: int | str, seed: int, as_of: datetime | None, locales: tuple[str, ...] | None
) -> Asked:
    """What a test asks for; a BadValue says what it may be."""
    items = SCALES.get(scale) if isinstance(scale, str) else scale
    if type(items) is not int or not 1 <= items <= MOST_ITEMS:
        named = ", ".join(name for name, size in SCALES.items() if size <= MOST_ITEMS)
        raise BadValue(
            f"seeded(scale={scale!r}): a scale is a number of items from 1 to {MOST_ITEMS:,}, as "
            f"many as memory takes, or {named}"
        )
    if type(seed) is not int or seed < 0:
        raise BadValue(f"seeded(seed={seed!r}): a seed is a whole number from 0 on")
    if as_of is not None and (not isinstance(as_of, datetime) or as_of.tzinfo is None):
        raise BadValue(
            f"seeded(as_of={as_of!r}): an instant with its time zone, as "
            "datetime(2026, 6, 1, tzinfo=UTC)"
        )
    if locales is not None and (isinstance(locales, str) or not locales):
        raise BadValue(
            f"seeded(locales={locales!r}): one locale or more, as ('en_US', 'de_DE'), or leave it "
            "out"
        )
    return Asked(scale=items, seed=seed, as_of=as_of, locales=tuple(locales) if locales else None)
