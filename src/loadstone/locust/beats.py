"""What each process did in the last second: shown where the run is reported, else told there."""

from __future__ import annotations

from dataclasses import fields, replace
from time import perf_counter, process_time
from typing import Any

from locust.runners import MasterRunner, WorkerRunner

from loadstone.locust.console import Console
from loadstone.run import Gauges
from loadstone.run.tally import Phases, Tally

SECOND = "loadstone-second"
#: Of the gauges those that a line on the terminal is made of.
TOLD = tuple(each.name for each in fields(Gauges) if each.name != "written")


class Beats:
    """One for each process of a run."""

    def __init__(self, runner: Any, console: Console) -> None:
        self._runner, self._console = runner, console
        self._run = ""
        self._simulated = False
        self._counted_s = self._cpu_s = 0.0
        if isinstance(runner, MasterRunner):
            runner.register_message(SECOND, self._hear)

    def begin(self, run: str, *, simulated: bool) -> None:
        """A test starts; `simulated`: it is throttled by a gate of ours."""
        self._run, self._simulated = run, simulated
        self._counted_s, self._cpu_s = perf_counter(), process_time()
        self._console.restart()
        self._console.simulated = simulated

    def count(self, phases: Phases, gauges: Gauges) -> None:
        """A second of this process, or of one of the systems that it plays."""
        everything, warm_up = phases.all(), bool(phases.warm_up)
        now_s = perf_counter()
        span_s, self._counted_s = now_s - self._counted_s, now_s
        # Each system's gauges have all of the process's time.
        cpu_s, self._cpu_s = process_time() - self._cpu_s, process_time()
        gauges = replace(gauges, cpu_s=cpu_s)
        if not isinstance(self._runner, WorkerRunner):
            self._console.show(everything, gauges, span_s=span_s, warm_up=warm_up)
            return
        told = {
            "run": self._run,
            "simulated": self._simulated,
            "span_s": span_s,
            "warm_up": warm_up,
            "gauges": {name: getattr(gauges, name) for name in TOLD},
            "all": everything.to_json(),
        }
        self._runner.send_message(SECOND, told)

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        told = msg.data
        if told["run"] != self._run:
            return
        self._console.simulated = self._console.simulated or told["simulated"]
        self._console.show(
            Tally.merged([told["all"]]),
            Gauges(**told["gauges"]),
            span_s=told["span_s"],
            worker=self._runner.get_worker_index(msg.node_id),
            warm_up=told["warm_up"],
        )
