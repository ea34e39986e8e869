"""One process's share of open arrivals: what an arrival plays, and one rate held for a trial."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import perf_counter_ns
from typing import Any

import gevent

from loadstone.arrivals.plan import Plan, Share
from loadstone.arrivals.schedule import Schedule
from loadstone.arrivals.stream import Flow, Stream
from loadstone.arrivals.window import Window
from loadstone.pattern import Journey, Mix
from loadstone.run.call import Call
from loadstone.scenario.player import Player

#: How long a trial's last arrivals are waited for, while more keep coming at its rate.
ANSWERED_WITHIN_S = 5.0
#: How long what is in flight is waited for before another rate is tried.
RESTED_WITHIN_S = 30.0


class Arriving:
    """Plays a mix at the instants of a plan.

    An arrival is one operation of the mix, for `--rate` is in operations a second. A journey is as
    many arrivals as it has steps: after its pause it goes on with the first arrival there is,
    before anything new is begun. A further page follows its page at once, as in the application,
    and takes the place of a later arrival. So the database gets the rate that was asked for,
    whatever the mix is made of, and the mix keeps its proportions.
    """

    def __init__(
        self,
        player: Player,
        mix: Mix,
        count: Callable[[Call], None],
        plan: Plan,
        *,
        seed: int,
        failed: Callable[[Exception], None],
    ) -> None:
        self._player, self._mix, self._count = player, mix, count
        self._plan, self._random = plan, Random(seed)
        self._schedule, self._since_ns = plan.schedule, 0
        self._share: Share | None = None
        self._warm_until_ns = 0
        self._window: Window | None = None
        self.stream = Stream(self._play, failed)

    def begin(self, share: Share | None, start_ns: int, warm_until_ns: int) -> None:
        """Arrivals begin: now, or when there is a share to take."""
        self._since_ns, self._warm_until_ns = start_ns, warm_until_ns
        self._flow = self.stream.watch()
        self._warm_up = self.stream.watch(0, warm_until_ns)
        if share is not None:
            self.take(share)

    def take(self, share: Share, elapsed_s: float | None = None) -> None:
        """Go on with another share; `elapsed_s` is how far the others are in the schedule."""
        if self._share is None and elapsed_s is not None and not self._plan.find_max:
            self._since_ns = perf_counter_ns() - int(elapsed_s * 1e9)
        self._share = share
        self._follow()

    def take_flow(self) -> tuple[Flow, int]:
        """What became of arrivals since the last time, and how many of them the warm-up asked."""
        flow, warm_up = self._flow, self._warm_up
        # Both at once: what came due between the one and the other would be in neither second.
        self.stream.unwatch(flow, warm_up)
        self._flow = self.stream.watch()
        self._warm_up = self.stream.watch(0, self._warm_until_ns)
        return flow, warm_up.asked

    def hold(self, rate: float, settle_s: float, length_s: float) -> Window:
        """Go on at another rate, and count apart what comes after it has settled.

        What the rate before left in flight is finished first: it would be read as this one's. What
        still waits for a place is left: the rate before has broken by it, and far above a limit
        there is more of it than could be played in minutes.
        """
        self.stream.rest()
        with gevent.Timeout(RESTED_WITHIN_S, False):
            while self.stream.in_flight or self.stream.waiting:
                gevent.sleep(0.01)
        now_ns = perf_counter_ns()
        self._schedule, self._since_ns = Schedule.constant(rate), now_ns
        start_ns = now_ns + int(settle_s * 1e9)
        stop_ns = start_ns + int(length_s * 1e9)
        self._window = Window(start_ns, stop_ns, self.stream.watch(start_ns, stop_ns))
        if self._share is not None:
            self._follow()
        return self._window

    def finish(self, window: Window) -> None:
        """Wait until the window has passed, and its arrivals have their answers."""
        gevent.sleep(max(0.0, (window.stop_ns - perf_counter_ns()) / 1e9))
        with gevent.Timeout(ANSWERED_WITHIN_S, False):
            while self.stream.oldest_ns < window.stop_ns:
                gevent.sleep(0.05)
        self.stream.unwatch(window.flow)
        window.undone = self.stream.undone(window.start_ns, window.stop_ns)
        self._window = None

    def stop(self) -> None:
        """No further arrival; what is in flight goes on."""
        self.stream.stop()

    def _follow(self) -> None:
        assert self._share is not None
        since_s = max(0.0, (perf_counter_ns() - self._since_ns) / 1e9)
        instants = self._plan.instants(self._schedule, self._share, self._random, since_s=since_s)
        self.stream.follow(instants, self._since_ns, self._plan.places(self._share))

    def _play(self, intended_ns: int) -> None:
        entry = self._player.choose(self._mix)
        arrivals = 1

        def pause(pause_s: float) -> int:
            nonlocal arrivals
            arrivals += 1
            return self.stream.pause(pause_s)

        calls = (
            self._player.travel(entry, intended_ns, pause)
            if isinstance(entry, Journey)
            else self._player.play(entry, intended_ns)
        )
        for call in calls:
            self._count(call)
            if self._window is not None:
                self._window.add(call)
            arrivals -= 1
            if arrivals < 0:
                arrivals = 0
                self.stream.owe(1)


def failing(environment: Any) -> Callable[[Exception], None]:
    """Tell Locust of an exception in a play, as it does of one in a task."""

    def tell(error: Exception) -> None:
        environment.events.user_error.fire(
            user_instance=None, exception=error, tb=error.__traceback__
        )

    return tell
