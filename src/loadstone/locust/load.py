"""One process's share of a load: who plays, what is counted, what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns, process_time, time
from typing import Any

import gevent

from loadstone.client.client import Client
from loadstone.errors import BadContent
from loadstone.pattern import Mix
from loadstone.run import Ending, Gauges, Header, RunWriter, Written
from loadstone.run.call import Call
from loadstone.run.tally import Phases
from loadstone.scenario.player import Player

TICK_S = 1.0


class OperationFailed(Exception):
    """What Locust shows of a failed operation."""


@dataclass(slots=True)
class Load:
    """What users of a process play with, and where their calls are counted."""

    environment: Any
    player: Player
    client: Client
    mix: Mix
    header: Header
    directory: Path
    worker: int
    machine: Mapping[str, str]
    on_second: Callable[[Phases, Gauges], None]
    _writer: RunWriter | None = None
    _ticker: Any = None
    _warm_until_ns: int = 0
    _cpu_s: float = 0.0

    def start(self) -> None:
        """Begin to record."""
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
        self._ticker = gevent.spawn(self._tick_on)

    def count(self, call: Call) -> None:
        """Record a call, and tell Locust: one event an operation, and never more."""
        if self._writer is None:
            return
        if call.intended_ns < self._warm_until_ns:
            call = call._replace(warm_up=True)
        self._writer.add(call)
        self.environment.events.request.fire(
            request_type=call.answer.operation,
            name=call.pattern,
            response_time=(call.answered_ns - call.intended_ns) / 1e6,
            response_length=len(call.answer.body),
            exception=OperationFailed(call.problem) if call.outcome == "failed" else None,
            context={},
            response=None,
        )

    def stop(self, ending: Ending) -> bool:
        """End the record of this process; whether there was one."""
        if self._writer is None:
            return False
        writer, self._writer = self._writer, None
        self._ticker.kill()
        gauges = self._gauges()
        if gauges.in_flight:
            cut = f"{gauges.in_flight} calls were cut off and are not counted"
            ending = Ending(ending.how, f"{ending.reason}; {cut}" if ending.reason else cut)
        writer.close(ending, perf_counter_ns(), gauges)
        self.client.close()
        return True

    def _tick_on(self) -> None:
        next_s = time() + TICK_S
        while self._writer is not None:
            gevent.sleep(max(0.0, next_s - time()))
            next_s += TICK_S
            if self._writer is not None:
                gauges = self._gauges()
                self.on_second(self._writer.tick(perf_counter_ns(), gauges), gauges)

    def _gauges(self) -> Gauges:
        cpu_s, self._cpu_s = process_time() - self._cpu_s, process_time()
        wrote = self.player.take_wrote().items()
        return Gauges(
            in_flight=self.client.in_flight,
            cpu_s=cpu_s,
            written={name: Written(each.items, each.first, each.stop) for name, each in wrote},
        )


def load_of(environment: Any, system: str) -> Load:
    """The load that this process takes part in."""
    host = getattr(environment, "loadstone", None)
    if host is None or system not in host.loads:
        raise BadContent(
            f"no load of {system!r} has begun: its locustfile imports loadstone.locust"
        )
    load: Load = host.loads[system]
    return load
