"""What a load is to keep to: known before it, watched while it goes on, judged at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from loadstone.arrivals.plan import DEFAULT_OBJECTIVES, Plan
from loadstone.errors import BadValue, LoadstoneError
from loadstone.locust.prepare import asked_mix
from loadstone.locust.recording import Recording
from loadstone.locust.spending import prices_of
from loadstone.naming import Naming
from loadstone.run import Run
from loadstone.run.evidence import Evidence
from loadstone.run.judged import judged
from loadstone.run.live import Part
from loadstone.run.objectives import Kept, Objective, Scope, judge, kept_to, objective
from loadstone.run.tally import Tally
from loadstone.system import System

#: So long an objective is missed by all that was measured, until a run that may be is ended.
MISSED_FOR_S = 10.0
#: Figures that only grow: what is more than a limit later is not missed before.
GROWING = frozenset({"calls", "failed", "throttled"})
#: Figures of a failed call: where one is limited, failed calls alone do not fail the run.
OF_FAILURES = frozenset({"error_rate", "failed"})


class Keeping:
    """One for each process of a run. `stop` ends the run where it is reported, with a reason."""

    def __init__(
        self, environment: Any, say: Callable[[str], None], stop: Callable[[str], None]
    ) -> None:
        self._environment, self._say, self._stop = environment, say, stop
        self.systems: dict[str, System | None] = {}
        self._kept: dict[str, tuple[Objective, ...]] = {}
        self._watches = False
        self._seen: dict[str, dict[str, Tally]] = {}
        self._missed_s: dict[tuple[str, str], float] = {}
        self._measures_from_s = 0.0

    def prepare(
        self, systems: Mapping[str, System | None], plan: Plan | None, *, tell: bool = False
    ) -> None:
        """What each of the systems is held to; None stands for tasks that were written by hand.

        What is asked of nothing that is there is refused.
        """
        self.systems = dict(systems)
        options = self._environment.parsed_options
        given = [objective(text) for text in options.objective if text]
        scopes = {name: _scope(system, options, plan) for name, system in systems.items() if system}
        if scopes and len(scopes) == len(systems):
            first, *others = scopes.values()
            for other in others:
                first = first.joined(other)
            first.refuse(given)
        self._kept = {}
        for name, system in systems.items():
            kept = Kept(tuple(given))
            if system is not None:
                fit = [each for each in given if scopes[name].unfit(each) is None]
                kept = kept_to(fit, list(map(objective, system.objectives)), scopes[name])
            self._kept[name] = kept.objectives
            for each in kept.left_out if tell else ():
                self._say(f"loadstone: not held to {each}")
        self._refuse_abort(plan)

    def _refuse_abort(self, plan: Plan | None) -> None:
        options = self._environment.parsed_options
        self._watches = options.abort_on_miss
        if not self._watches:
            return
        if plan is not None and plan.find_max is not None:
            raise BadValue("--abort-on-miss: --find-max goes on where an objective is missed")
        if not any(self._kept.values()):
            raise BadValue("--abort-on-miss: there is no objective to miss; give an --objective")

    def settle(self, plan: Plan | None) -> Plan | None:
        """A search keeps to what is given, to what the scenario declares, or to the usual."""
        if plan is None or plan.find_max is None:
            return plan
        kept = [
            each
            for objectives in self._kept.values()
            for each in objectives
            if each.figure != "highest_rate"
        ]
        asked = tuple(kept or map(objective, DEFAULT_OBJECTIVES))
        return replace(plan, find_max=replace(plan.find_max, objectives=asked))

    def hold(self, name: str, load: Recording, plan: Plan | None) -> None:
        """Write into a load's header what it is held to."""
        held = list(self._kept[name])
        if plan is not None and plan.find_max is not None:
            found = [each for each in held if each.figure == "highest_rate"]
            held = [*plan.find_max.objectives, *found]
        if held:
            told = {**load.header.configuration, "objective": [each.text for each in held]}
            load.header = replace(load.header, configuration=told)

    def evidence(self, region: str) -> Evidence:
        """What is known of a load before any call of it."""
        options = self._environment.parsed_options
        documented = {
            physical: name
            for system in self.systems.values()
            if system is not None
            for name, physical in _naming(options).names(system.tables).items()
        }
        return Evidence(region=region, prices=prices_of(options), documented=documented)

    def begin(self) -> None:
        """A test starts."""
        self._seen, self._missed_s = {}, {}
        self._measures_from_s = perf_counter() + self._environment.parsed_options.warm_up

    def hear(self, part: Part) -> None:
        """What a process did in a while, where the run is reported."""
        if not self._watches:
            return
        seen = self._seen.setdefault(part.system, {})
        for pattern, tally in part.phases.measured.items():
            seen.setdefault(pattern, Tally()).merge(tally)
        now_s = perf_counter()
        if seen and now_s > self._measures_from_s:
            self._look(part, seen, now_s)

    def _look(self, part: Part, seen: Mapping[str, Tally], now_s: float) -> None:
        measured_s = now_s - self._measures_from_s
        evidence = replace(self.evidence(part.about.region), tallies=seen, measured_s=measured_s)
        for verdict in judge(_watched(self._kept.get(part.system, ())), evidence):
            key = (part.system, verdict.objective.text)
            if verdict.met or verdict.value is None:
                self._missed_s.pop(key, None)
                continue
            if now_s - self._missed_s.setdefault(key, now_s) >= MISSED_FOR_S:
                self._watches = False
                self._stop(f"objective missed for {MISSED_FOR_S:g} s: {verdict}")
                return

    def judge(self, record: Path) -> None:
        """Say what a record lacks and a run did not meet, and let the process end with that."""
        run = Run.load(record)
        for problem in run.problems:
            self._say(f"loadstone: {problem}")
        if any(worker.ending is None for worker in run.workers):  # it was lost
            self._environment.process_exit_code = self._environment.process_exit_code or 1
        held = self._kept.get(run.header.system, ())
        if not held:
            return
        try:
            found = judged(run)
        except LoadstoneError as error:
            self._say(f"loadstone: {error}")
            self._environment.process_exit_code = error.exit_code
            return
        for verdict in found.unmet:
            self._say(f"loadstone: objective {verdict.outcome}: {verdict}")
        if not found.passed:
            self._environment.process_exit_code = 1
        elif self._environment.process_exit_code is None and any(
            each.figure in OF_FAILURES for each in held
        ):
            self._environment.process_exit_code = 0


def _watched(objectives: Sequence[Objective]) -> list[Objective]:
    """Those that can be missed before the end."""
    return [
        each for each in objectives if not (each.figure in GROWING and each.sign.startswith(">"))
    ]


def _scope(system: System, options: Any, plan: Plan | None) -> Scope:
    """What objectives of a system's load can be about, before there is any of it."""
    names = _naming(options).names(system.tables)
    places = [
        f"{name}/{index}" if index else name
        for table in system.tables
        for name in (table.name, names[table.name])
        for index in (None, *(index.name for index in table.indexes))
    ]
    return Scope(
        patterns=tuple(pattern.id for pattern in asked_mix(system, options).patterns),
        places=tuple(dict.fromkeys(places)),
        asks=plan is not None,
        searches=plan is not None and plan.find_max is not None,
    )


def _naming(options: Any) -> Naming:
    return Naming(stage=options.stage, prefix=options.table_prefix)
