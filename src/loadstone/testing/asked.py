"""What the fixtures are, for annotations: `def test_x(seeded: Seed, throttled: Throttled)`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from loadstone.naming import DEFAULT_STAGE
from loadstone.testing.database import Database, Seeded
from loadstone.testing.throttling import Throttling

__all__ = ["Database", "LoadstoneTables", "Seed", "Seeded", "Throttled", "Throttling"]

DEFAULT_SCALE = 200


class LoadstoneTables(Protocol):
    """`loadstone_tables`."""

    def __call__(
        self, system: str, *, stage: str = DEFAULT_STAGE, prefix: str = ""
    ) -> dict[str, str]: ...


class Seed(Protocol):
    """`seeded`. A scale is about how many items there are in all tables together: `len(ds)` says
    how many there are, and `len(ds.lead)` of a kind."""

    def __call__(
        self,
        system: str,
        scale: int | str = DEFAULT_SCALE,
        *,
        seed: int = 1,
        as_of: datetime | None = None,
        locales: tuple[str, ...] | None = None,
        stage: str = DEFAULT_STAGE,
        prefix: str = "",
    ) -> Seeded: ...


class Throttled(Protocol):
    """`throttled`."""

    def __call__(
        self,
        reason: str | None = None,
        *,
        times: int | None = None,
        table: str | None = None,
        index: str | None = None,
    ) -> Throttling: ...
