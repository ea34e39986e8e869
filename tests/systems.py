"""Systems made of a few entities, for tests that need no files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from loadstone import Entity, Setting, Table
from loadstone.dataset import Dataset
from loadstone.system import System

AS_OF = datetime(2026, 5, 1, tzinfo=UTC)

things = Table("things", partition_key="id")


def system_of(*entities: Entity, settings: tuple[Setting, ...] = ()) -> System:
    tables = dict.fromkeys(entity.table for entity in entities if entity.table)
    return System(
        id="made",
        source="a test",
        region=None,
        tables=tuple(tables),
        entities={entity.name: entity for entity in entities},
        patterns={},
        journeys={},
        mixes={},
        touched=None,
        settings={setting.name: setting.default for setting in settings},
        fingerprint="0",
        project=Path(),
    )


def dataset_of(*entities: Entity, scale: int = 5000, seed: int = 1) -> Dataset:
    return Dataset(system_of(*entities), scale=scale, as_of=AS_OF, seed=seed)
