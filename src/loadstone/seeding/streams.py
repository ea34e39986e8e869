"""Streams of dynoxide, off while a table is loaded.

For each record of a stream this engine looks through all that it has kept, so that loading a table
takes time with the square of its items: 20,000 took 85 s with the stream on, 7 s with it off. So it
is at an address that somebody gives, too, and requests that wait for long end in time-outs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from loadstone.aws.control import Control
from loadstone.client.target import Target
from loadstone.embedded.engines import engine_at
from loadstone.errors import LoadstoneError
from loadstone.seeding.place import Place

SLOW = "dynoxide"
PLAIN = "http://"


def streams_are_slow(target: Target) -> bool:
    """Whether that engine is what answers there, be it ours or somebody's own."""
    return target.kind != "aws" and target.url.startswith(PLAIN) and engine_at(target.url) == SLOW


@contextmanager
def streams_off(
    control: Control, places: Sequence[Place], say: Callable[[str], None]
) -> Iterator[None]:
    """Every documented stream is on afterwards, also where an earlier load left it off."""
    streamed = [place for place in places if place.table.stream]
    for place in streamed:
        live = control.read(place.name)
        if live is not None and live.stream:
            say(f"{place.name}: its stream is off meanwhile, which {SLOW} would be slow with")
            control.update(place.name, StreamSpecification={"StreamEnabled": False})
    try:
        yield
    except BaseException:
        with suppress(LoadstoneError):
            _switch_on(control, streamed)
        raise
    _switch_on(control, streamed)


def _switch_on(control: Control, places: Sequence[Place]) -> None:
    for place in places:
        view = place.table.stream
        control.update(
            place.name, StreamSpecification={"StreamEnabled": True, "StreamViewType": view}
        )
