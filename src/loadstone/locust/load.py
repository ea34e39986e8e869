"""One process's share of a scenario's load: who plays, and what of it the record keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from loadstone.arrivals.plan import Share
from loadstone.errors import BadContent
from loadstone.fields.draws import derive
from loadstone.locust.arriving import Arriving, failing
from loadstone.locust.recording import Recording
from loadstone.pattern import Mix
from loadstone.run import Written
from loadstone.run.tally import Pause, no_pause
from loadstone.run.written import Kind, NewItemsWriter
from loadstone.scenario.player import Player

#: What a crash can lose of which keys were asked for.
HEAT_EVERY_S = 10
#: How long an answer is thought to take, before there is any: so many calls are in flight at first.
EXPECTED_S = 0.01
#: Locust still starts its users then: an arrival that is meant for that time would begin late.
LEAD_NS = 50_000_000


@dataclass(kw_only=True, eq=False)
class Load(Recording):
    """What users of a process play with, and where their calls are counted."""

    player: Player
    mix: Mix
    _new_items: NewItemsWriter | None = field(default=None, init=False)
    _seconds: int = field(default=0, init=False)

    def _make_ready(self) -> None:
        super()._make_ready()
        if self.plan is not None:
            in_flight = min(self.plan.schedule.peak * EXPECTED_S, self.plan.max_in_flight)
            self.client.open_ahead(round(in_flight / max(1, self.header.workers)))

    def _begin(self, share: Share | None, now_ns: int) -> None:
        self._new_items = NewItemsWriter(self.directory, self.worker)
        if self.plan is not None:
            seed = derive(self.header.dataset.get("seed"), "arrivals", self.worker)
            self.arriving = Arriving(
                self.player,
                self.mix,
                self.count,
                self.plan,
                seed=seed,
                failed=failing(self.environment),
            )
            self.arriving.begin(share, now_ns + LEAD_NS, self._warm_until_ns)

    def _finish(self) -> int:
        waiting = 0
        if self.arriving is not None:
            self.arriving.stop()
            self.arriving.stream.drain(self.environment.stop_timeout or 0)
            waiting = self.arriving.stream.waiting
        self.player.keys.fold()
        self.note("heat", self.player.keys.to_json())
        return waiting

    def _each_second(self, pause: Pause) -> None:
        self._keep_new_items(self.player.journal.take(), pause)
        self.player.keys.fold()
        self._seconds += 1
        if self._seconds % HEAT_EVERY_S == 0:
            pause()
            self.note("heat", self.player.keys.to_json())

    @property
    def _problem(self) -> str:
        return self._new_items.problem if self._new_items else ""

    def _close(self) -> None:
        self._keep_new_items(self.player.journal.take_all())
        if self._new_items is not None:
            self._new_items.close()

    def _keep_new_items(
        self, noted: Iterable[tuple[Kind, list[bytes]]], pause: Pause = no_pause
    ) -> None:
        assert self._new_items is not None
        for kind, rows in noted:
            self._new_items.add(kind, rows, pause)

    def _seen(self) -> dict[str, Any]:
        wrote = self.player.take_wrote().items()
        written = {name: Written(each.items, each.first, each.stop) for name, each in wrote}
        return {"written": written, **self._arrived()}

    def _arrived(self) -> dict[str, int]:
        if self.arriving is None:
            return {}
        flow, warm_up = self.arriving.take_flow()
        return {
            "asked": flow.asked,
            "asked_warm_up": warm_up,
            "late": flow.late,
            "behind": flow.behind,
            "delay_max_us": flow.delay_max_ns // 1000,
        }


def load_of(environment: Any, system: str) -> Load:
    """The load that this process takes part in."""
    found = recording_of(environment, system)
    assert isinstance(found, Load)
    return found


def recording_of(environment: Any, name: str) -> Recording:
    """The record of a system's load, or of tasks by hand, that this process takes part in."""
    host = getattr(environment, "loadstone", None)
    if host is None or name not in host.loads:
        raise BadContent(f"no load of {name!r} has begun: its locustfile imports loadstone.locust")
    found: Recording = host.loads[name]
    return found
