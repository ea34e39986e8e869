"""One process's record of a load: calls are counted, told to Locust, and written every second."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns, process_time, time
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from loadstone.arrivals.plan import Plan, Share
from loadstone.arrivals.turns import GivingWay
from loadstone.client.sender import Sender
from loadstone.gate.gate import Gate
from loadstone.locust.arriving import Arriving
from loadstone.run import Ending, Gauges, Header, RunWriter
from loadstone.run.call import Call
from loadstone.run.tally import Pause, Phases

TICK_S = 1.0
#: So many more objects than before, and garbage is looked for: what is in flight comes and goes by
#: hundreds, and at Python's own 700 each look holds up calls for milliseconds, to find nothing.
NEW_OBJECTS = 10_000


class OperationFailed(Exception):
    """What Locust shows of a failed operation."""


@dataclass(kw_only=True, eq=False)
class Recording:
    """What users of a process send with, and where their calls are counted."""

    environment: Any
    client: Sender
    header: Header
    directory: Path
    worker: int
    machine: Mapping[str, str]
    on_second: Callable[[Phases, Gauges], None]
    gate: Gate | None = None
    plan: Plan | None = None
    arriving: Arriving | None = None
    _writer: RunWriter | None = field(default=None, init=False)
    _ticker: Any = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)
    _given_up: bool = field(default=False, init=False)
    _warm_until_ns: int = field(default=0, init=False)
    _cpu_s: float = field(default=0.0, init=False)
    _fire: Callable[..., None] = field(init=False)
    _ticking: BoundedSemaphore = field(default_factory=BoundedSemaphore, init=False)
    _messages: dict[tuple[str, str], str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._fire = self.environment.events.request.fire

    def start(self, share: Share | None = None) -> None:
        """Begin to record, and where arrivals are open, to take a share of them."""
        self._make_ready()
        now_ns = perf_counter_ns()
        self._warm_until_ns = now_ns + int(self.header.warm_up_s * 1e9)
        self._cpu_s = process_time()
        self._writer = RunWriter.start(
            self.directory,
            self.header,
            self.worker,
            now_ns=now_ns,
            unix_ms=int(time() * 1000),
            machine=self.machine,
        )
        self._begin(share, now_ns)
        # What is there now stays to the end: looking through it again and again costs a tenth.
        gc.freeze()
        if 0 < gc.get_threshold()[0] < NEW_OBJECTS:
            gc.set_threshold(NEW_OBJECTS)
        self._ticker = gevent.spawn(self._tick_on)

    @property
    def ended(self) -> bool:
        """Whether nothing is counted any more."""
        return self._writer is None

    def note(self, kind: str, values: Mapping[str, Any]) -> None:
        """Put a line of its own into the record."""
        if self._writer is not None:
            self._writer.note(kind, values, perf_counter_ns())

    def count(self, call: Call, context: Mapping[str, Any] | None = None) -> None:
        """Record a call, and tell Locust: one event an operation, and never more."""
        if self._writer is None:
            return
        if call.intended_ns < self._warm_until_ns:
            call = call._replace(warm_up=True)
        self._writer.add(call)
        answer = call.answer
        self._fire(
            request_type=answer.operation,
            name=call.pattern,
            response_time=(call.answered_ns - call.intended_ns) / 1e6,
            response_length=len(answer.body),
            exception=self._shown(call) if call.outcome == "failed" else None,
            context=context or {},
            response=None,
        )

    def _shown(self, call: Call) -> OperationFailed:
        """Of a failed call; a throttle that a gate simulated is called that."""
        problem, answer = call.problem or "", call.answer
        if answer.attempts[-1].throttles:
            return OperationFailed(f"{problem} (simulated)" if self._simulated else problem)
        if problem != answer.code or not answer.message:
            return OperationFailed(problem)
        # Locust keeps each text apart, and a message may name what it met: the first is for all.
        message = self._messages.setdefault((call.pattern, problem), answer.message)
        return OperationFailed(f"{problem}: {message}")

    @property
    def _simulated(self) -> bool:
        return bool(self.header.simulated_throttling)

    def stop(self, ending: Ending) -> bool:
        """End the record of this process; whether there was one."""
        if self._writer is None or self._stopping:
            return False
        self._stopping = True
        waiting = self._finish()
        with self._ticking:  # a second that is being written is written to its end
            writer, self._writer = self._writer, None
        self._ticker.kill(block=False)  # an answer that came meanwhile would be in no count
        gauges = self._gauges()
        cut = f"{gauges.in_flight} calls were cut off and are not counted"
        if waiting:
            cut = f"{waiting} arrivals were still waiting for a free place, " + cut
        if gauges.in_flight or waiting:
            ending = Ending(ending.how, f"{ending.reason}; {cut}" if ending.reason else cut)
        self._close()
        now_ns = perf_counter_ns()
        self.on_second(writer.tick(now_ns, gauges), gauges)
        writer.close(ending, now_ns)
        self._heed(writer.problem or self._problem)
        self.client.close()
        return True

    def _tick_on(self) -> None:
        next_s = time() + TICK_S
        while self._writer is not None:
            gevent.sleep(max(0.0, next_s - time()))
            next_s += TICK_S
            with self._ticking:
                if self._writer is not None:
                    # Calls go on meanwhile: what stands still would be read as the database's time.
                    pause = GivingWay().pause
                    self._each_second(pause)
                    pause()
                    gauges = self._gauges()
                    phases = self._writer.tick(perf_counter_ns(), gauges, pause=pause)
                    pause()
                    self.on_second(phases, gauges)
                    self._heed(self._writer.problem or self._problem)

    def _heed(self, problem: str) -> None:
        """A load that cannot be recorded ends."""
        if problem and not self._given_up:
            self._given_up = True
            self.environment.loadstone.fail(
                f"{problem}; what was recorded until then stays, and `loadstone report "
                f"{self.directory}` reads it"
            )

    def _gauges(self) -> Gauges:
        cpu_s, self._cpu_s = process_time() - self._cpu_s, process_time()
        return Gauges(in_flight=self.client.in_flight, cpu_s=cpu_s, **self._seen())

    def _make_ready(self) -> None:
        """Do now what would hold up calls later."""
        # Locust looks where it was stopped from, which the first time reads through all modules.
        inspect.stack()

    # What a kind of load has beside its calls.

    def _begin(self, share: Share | None, now_ns: int) -> None:
        """The record has begun."""

    def _each_second(self, pause: Pause) -> None:
        """A second is about to be written; `pause` is called in the midst of long work."""

    def _seen(self) -> dict[str, Any]:
        """More gauges of the second that ends."""
        return {}

    @property
    def _problem(self) -> str:
        """Why no more can be kept beside the record, if so."""
        return ""

    def _finish(self) -> int:
        """Let what is in flight come to its end; how many arrivals had not begun."""
        return 0

    def _close(self) -> None:
        """Nothing more will come."""
