"""Waiting for the control plane: ask, and ask again less and less often."""

from __future__ import annotations

import time
from collections.abc import Callable

from loadstone.errors import Unfinished

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 2.0
PATIENCE_S = 600.0
SAY_AFTER_S = 5.0


def until(
    done: Callable[[], bool],
    *,
    what: str,
    say: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    patience_s: float = PATIENCE_S,
) -> None:
    """Until `done()`; Unfinished when that takes too long."""
    start = clock()
    pause_s = FIRST_PAUSE_S
    said = False
    while not done():
        waited_s = clock() - start
        if waited_s > patience_s:
            raise Unfinished(f"after {patience_s:.0f} s still not: {what}; run it again later")
        if waited_s > SAY_AFTER_S and not said:
            say(f"waiting until {what}")
            said = True
        sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
