"""`--find-max` in Locust: the master says which rate is held, workers say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gevent
from gevent.queue import Empty, Queue
from locust.runners import MasterRunner

from loadstone.arrivals.plan import FindMax
from loadstone.locust.arriving import ANSWERED_WITHIN_S, RESTED_WITHIN_S
from loadstone.locust.recording import Recording
from loadstone.run.evidence import Evidence
from loadstone.run.find_max import CONFIRMED, Search, Trial, highest
from loadstone.run.objectives import judge
from loadstone.run.tally import Tally
from loadstone.run.trial_outcome import Seen, outcome_of

TRIAL, TRIED, NOTE = "loadstone-trial", "loadstone-tried", "loadstone-note"
BEGUN_WITHIN_S = 60.0
SPARE_S = 10.0
CONFIRMED_BY = "and so confirmed: a higher rate had used up what is kept for a burst"
NOT_CONFIRMED = (
    "which is not confirmed: where there is a capacity a burst may have carried it, for no "
    "throttle right before shows one used up"
)
SUMMED = ("asked", "undone", "late", "behind")


class Trials:
    """One for each process of a run: holds rates where it plays, and searches where it reports."""

    def __init__(
        self,
        runner: Any,
        load: Callable[[], Recording | None],
        members: Callable[[], list[str]],
        say: Callable[[str], None],
    ) -> None:
        self._runner, self._load, self._members, self._say = runner, load, members, say
        self._tried: Queue = Queue()
        self._searching: Any = None
        self.done = False
        self.found: Trial | None = None
        for message, listener in ((TRIAL, self._try_soon), (TRIED, self._hear), (NOTE, self._note)):
            runner.register_message(message, listener)

    def begin(
        self, asked: FindMax, warm_up_s: float, end: Callable[[], None], evidence: Evidence
    ) -> None:
        """Where the run is reported: search, and call `end` when it is over. `evidence` is what
        each trial adds its calls to."""
        self.done, self.found = False, None
        self._searching = gevent.spawn(self._search, asked, warm_up_s, end, evidence)

    def stop(self) -> None:
        if self._searching is not None and gevent.getcurrent() is not self._searching:
            self._searching.kill()
        self._searching = None

    # Where the run is reported.

    def _search(
        self, asked: FindMax, warm_up_s: float, end: Callable[[], None], evidence: Evidence
    ) -> None:
        search = Search(asked.start, asked.ceiling)
        trials: list[Trial] = []
        kept = ", ".join(map(str, asked.objectives))
        self._say(f"loadstone: looking for the highest rate with {kept}")
        while (rate := search.rate) is not None:
            settle_s = asked.settle_s + (0 if trials else warm_up_s)
            length_s = asked.step_s * (CONFIRMED if search.confirming else 1)
            parts, asked_of = self._parts(len(trials), rate, settle_s, length_s)
            seen = replace(evidence, measured_s=length_s)
            found = _trial(len(trials), rate, asked, parts, seen, lost=asked_of - len(parts))
            trial = replace(found, confirms=search.proves)
            trials.append(trial)
            self._say(f"loadstone: {said(trial, confirming=search.confirming)}")
            self._write("trial", trial.to_json())
            search.tried(trial.outcome, trial.served_per_s, spent=trial.spent)
        self.found, self.done = highest(trials), True
        self._write("found", {"rate_per_s": self.found and self.found.rate_per_s})
        end()

    def _parts(
        self, number: int, rate: float, settle_s: float, length_s: float
    ) -> tuple[list[dict[str, Any]], int]:
        """What the workers say of a trial, and how many were asked."""
        order = {"number": number, "rate": rate, "settle_s": settle_s, "length_s": length_s}
        workers = self._workers()
        for worker in workers:
            self._runner.send_message(TRIAL, order, worker)
        parts: list[dict[str, Any]] = []
        within_s = settle_s + length_s + ANSWERED_WITHIN_S + RESTED_WITHIN_S + SPARE_S
        with suppress(Empty), gevent.Timeout(within_s + BEGUN_WITHIN_S * (not number), Empty):
            while len(parts) < len(workers):
                part = self._tried.get()
                if part["number"] == number:
                    parts.append(part)
        return parts, len(workers)

    def _workers(self) -> list[str | None]:
        if isinstance(self._runner, MasterRunner):
            return [*self._members()]
        return [None]

    def _write(self, kind: str, values: Mapping[str, Any]) -> None:
        """Evidence goes into the record as it comes; the first worker's part takes it."""
        for worker in self._workers()[:1]:
            self._runner.send_message(NOTE, {"kind": kind, "values": dict(values)}, worker)

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        self._tried.put(msg.data)

    # Where the load is played.

    def _try_soon(self, environment: Any, msg: Any, **_: Any) -> None:
        gevent.spawn(self._try, msg.data)

    def _try(self, order: Mapping[str, Any]) -> None:
        with gevent.Timeout(BEGUN_WITHIN_S, False):
            while self._load() is None:
                gevent.sleep(0.05)
        load = self._load()
        if load is None or load.arriving is None:
            return
        window = load.arriving.hold(order["rate"], order["settle_s"], order["length_s"])
        load.arriving.finish(window)
        flow, phases = window.flow, window.seconds.fold()
        part = {
            "number": order["number"],
            "asked": flow.asked,
            "undone": window.undone,
            "late": flow.late,
            "behind": flow.behind,
            "delay_max_us": flow.delay_max_ns // 1000,
            "served": window.served,
            "throttled": window.throttled,
            "spent": window.spent,
            "patterns": {name: tally.to_json() for name, tally in phases.measured.items()},
        }
        self._runner.send_message(TRIED, part)

    def _note(self, environment: Any, msg: Any, **_: Any) -> None:
        load = self._load()
        if load is not None:
            load.note(msg.data["kind"], msg.data["values"])


def _trial(
    number: int,
    rate: float,
    asked: FindMax,
    parts: list[dict[str, Any]],
    evidence: Evidence,
    *,
    lost: int,
) -> Trial:
    names = {name for part in parts for name in part["patterns"]}
    tallies = {
        name: Tally.merged(part["patterns"][name] for part in parts if name in part["patterns"])
        for name in names
    }
    whole = Tally.total(tallies.values())
    seen = Seen(
        **{name: sum(part[name] for part in parts) for name in SUMMED},
        delay_max_us=max((part["delay_max_us"] for part in parts), default=0),
    )
    seen_so = replace(evidence, tallies=tallies, asked=seen.asked)
    verdicts = judge(asked.objectives, seen_so)
    outcome, why = outcome_of(verdicts, seen, lost=lost)
    p50_us, p99_us = whole.latency.percentile_us(50, 99)
    throttled, served = (sum(part[name] for part in parts) for name in ("throttled", "served"))
    return Trial(
        number=number,
        rate_per_s=rate,
        achieved_per_s=whole.counts.calls / evidence.measured_s,
        measured_s=evidence.measured_s,
        asked=seen.asked,
        calls=whole.counts.calls,
        p50_us=p50_us,
        p99_us=p99_us,
        throttled=whole.counts.throttled,
        failed=whole.counts.failed,
        late=seen.late,
        delay_max_us=seen.delay_max_us,
        outcome=outcome,
        why=why,
        served_per_s=served / evidence.measured_s if throttled else None,
        spent=any(part["spent"] for part in parts),
        patterns={name: tally.to_json() for name, tally in tallies.items()},
    )


def said(trial: Trial, *, confirming: bool) -> str:
    """A trial in a line; `confirming` is one that was held to show whether it lasts."""
    outcome = {"held": "held", "broke": "broke", "generator": "the generator was the limit"}
    line = (
        f"{trial.rate_per_s:,.1f} ops/s for {trial.measured_s:g} s: {trial.achieved_per_s:,.1f} "
        f"done, p50 {trial.p50_us / 1000:.2f} ms, p99 {trial.p99_us / 1000:.2f} ms, "
        f"{trial.throttled:,} throttled, {trial.failed:,} failed: {outcome[trial.outcome]}"
    )
    if confirming and trial.outcome == "held":
        line += f", {CONFIRMED_BY if trial.confirms else NOT_CONFIRMED}"
    return f"{line} ({trial.why})" if trial.why else line
