"""What commands about a data set begin with: its tables, which one it is, and Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from loadstone.cli.options import say
from loadstone.naming import Naming
from loadstone.system import System
from loadstone.target import Where

if TYPE_CHECKING:
    from gevent.event import Event

    from loadstone.aws.tables import Wanted
    from loadstone.client.target import Target
    from loadstone.seeding.identity import Asked
    from loadstone.seeding.session import Session


def say_unheeded(systems: Iterable[System], naming: Naming) -> None:
    """A stage that no table's name has is not passed over in silence."""
    if line := naming.unheeded(table for system in systems for table in system.tables):
        say(line)


def wanted_of(system: System, naming: Naming) -> list[Wanted]:
    """The system's tables under their physical names."""
    from loadstone.aws.tables import wanted_tables

    return wanted_tables(system.tables, naming.names(system.tables), system=system.id)


def session_of(
    system: System,
    wanted: list[Wanted],
    target: Target,
    asked: Asked,
    where: Where,
    only: Collection[str] | None = None,
    *,
    partly: bool = False,
    supposing: bool = False,
) -> Session:
    """The data set that is asked for, or that the tables hold. `partly`: some may be missing;
    `supposing`: they may hold another."""
    from loadstone.seeding.identity import settings_from
    from loadstone.seeding.session import open_session

    return open_session(
        system,
        wanted,
        target,
        replace(asked, settings=settings_from(system, os.environ)),
        ledgers=where.state / "ledgers",
        only=only,
        partly=partly,
        supposing=supposing,
        say=say,
    )


@contextmanager
def interruptible() -> Iterator[Event]:
    """Ctrl-C asks for an end, and a second one insists."""
    from gevent.event import Event

    stop = Event()

    def interrupted(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
