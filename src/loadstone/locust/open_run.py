"""What is particular to a run with open arrivals, in a process of Locust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from locust.runners import WorkerRunner

from loadstone.arrivals.flags import plan_from
from loadstone.arrivals.plan import Plan, Share, refuse_long_warm_up
from loadstone.errors import BadValue
from loadstone.locust.load import Load
from loadstone.locust.quitting import stop_soon
from loadstone.locust.recording import Recording
from loadstone.locust.shares import Shares
from loadstone.locust.trials import Trials
from loadstone.run.evidence import Evidence


class OpenRun:
    """Shares of the arrivals and the search for the highest rate; one for each process."""

    def __init__(
        self,
        environment: Any,
        runner: Any,
        loads: Mapping[str, Recording],
        say: Callable[[str], None],
    ) -> None:
        self._environment, self._runner, self._loads = environment, runner, loads
        self._shares = Shares(runner, self._take, say)
        self._trials = Trials(
            runner, lambda: next(iter(loads.values()), None), lambda: self._shares.members, say
        )
        environment.events.test_stopping.add_listener(self._stopping)

    @property
    def found_all(self) -> bool:
        """Whether a search came to its end, which ends the run as well."""
        return self._trials.done

    def plan(self, systems: int) -> Plan | None:
        """What the options ask for, those of a web form too; refused where it cannot be."""
        return planned(self._environment.parsed_options, systems)

    def begin(self, plan: Plan | None, evidence: Evidence) -> None:
        """Before the loads of this process start. `evidence` is what a search knows before."""
        self._trials.done = False
        if plan is None or isinstance(self._runner, WorkerRunner):
            return
        options = self._environment.parsed_options
        self._shares.begin(options)
        if plan.find_max is not None:
            self._trials.begin(plan.find_max, options.warm_up, self._found, evidence)

    def start(self, load: Recording, number: int, systems: int) -> None:
        """Begin to record, and to take a share; several systems share the rate evenly."""
        if load.plan is None or not isinstance(load, Load):
            load.start()
            return
        options = self._environment.parsed_options
        share = self._shares.own(options)
        load.start(share and _of_systems(share, number, systems))
        if share is None and (missed := self._shares.missed(options.run_name)) is not None:
            self._take(*missed)

    def end(self) -> None:
        """A test ends: nobody is told anything any more."""
        self._shares.end()
        self._trials.stop()

    def _take(self, share: Share, elapsed_s: float) -> None:
        for number, load in enumerate(self._loads.values()):
            if load.arriving is not None:
                load.arriving.take(_of_systems(share, number, len(self._loads)), elapsed_s)

    def _stopping(self, **_: Any) -> None:
        for load in self._loads.values():
            if load.arriving is not None:
                load.arriving.stop()

    def _found(self) -> None:
        """The search is over: end as when the time is over."""
        self._environment.process_exit_code = 0 if self._trials.found else 1
        stop_soon(self._environment, self._runner)


def planned(options: Any, systems: int) -> Plan | None:
    """What options ask of the arrivals of so many systems; refused where it cannot be."""
    plan = plan_from(vars(options))
    refuse_long_warm_up(options.warm_up, getattr(options, "run_time", None))
    if plan is not None and plan.find_max is not None and systems > 1:
        raise BadValue("--find-max loads one system at a time: choose one with --class-picker")
    return plan


def _of_systems(share: Share, number: int, systems: int) -> Share:
    return Share(index=share.index * systems + number, count=share.count * systems)
