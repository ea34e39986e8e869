"""What limited a run: a table, an index, a hot key, the generator, or nothing that showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from loadstone.report import arrivals
from loadstone.report.numbers import duration, percent, rate
from loadstone.report.places import Cause, Place, cause_of, said_cause
from loadstone.run.figures import Figures
from loadstone.run.find_max import highest, limit
from loadstone.run.heat import HotKey, KeyHeat
from loadstone.run.record import Run

#: A key with more than this part of a pattern's calls is called hot.
HOT_SHARE = 0.05
#: A smaller part of the requests being throttled limits nothing yet.
_FEW = 0.005
#: A shorter wait before sending is the common jitter of a machine.
_WAIT_US = 10_000


class Hottest(NamedTuple):
    heat: KeyHeat
    key: HotKey

    @property
    def share(self) -> float:
        return self.heat.share(self.key)


def limited(run: Run, figures: Figures) -> Iterator[str]:
    """In sentences; what was not a limit is said too, where nothing else was."""
    if not figures.total.calls:
        return
    causes = [*_database(run, figures), *arrivals.generator(figures), *_waits(figures)]
    if causes:
        yield from causes
        return
    stood = limit(run.trials)
    if stood is not None and stood.why:
        yield (
            "Nothing was throttled, and the load generator kept up: what stood in the way of more "
            f"was {stood.why}, at {rate(stood.rate_per_s)} a second."
        )
        return
    busy = percent(figures.cpu_share_max)
    yield (
        "Nothing that was measured limited it: nothing was throttled, and the load generator was "
        f"busy {busy} of a core at most{_untried(run)}."
    )


def _waits(figures: Figures) -> Iterator[str]:
    """Calls that were late though nothing of the database's held them up."""
    latency_us, service_us = figures.latency.p99_us, figures.service.p99_us
    held_up = figures.late or figures.behind or figures.total.attempts > figures.total.calls
    if held_up or latency_us - service_us < _WAIT_US or latency_us < 2 * service_us:
        return
    yield (
        f"The load generator, or the machine that it shares, held calls up: 99 in 100 took "
        f"{duration(latency_us)} or less from their intended start, and {duration(service_us)} or "
        "less from when they were sent."
    )


def _untried(run: Run) -> str:
    if run.trials and highest(run.trials) is not None:
        return ""
    return "; what more load would meet was not tried"


def _database(run: Run, figures: Figures) -> Iterator[str]:
    if not figures.throttles:
        return
    by_cause: Counter[tuple[str, str]] = Counter()
    for row in figures.throttles:
        by_cause[row.reason, row.resource] += row.count
    (reason, resource), most = min(by_cause.items(), key=lambda item: (-item[1], item[0]))
    share = "all throttles" if len(by_cause) == 1 else f"{_share(most, by_cause)} of the throttles"
    sent = sum(row.calls * row.attempts_per_call for row in figures.patterns)
    did = "limited it" if figures.total.throttled >= _FEW * sent else "throttled a little of it"
    yield f"What {did} was {said_cause(reason, resource)}: {share} came from there."
    cause = cause_of(reason, resource)
    if cause.is_partition:
        yield _partition(run, figures, cause)


def _partition(run: Run, figures: Figures, cause: Cause) -> str:
    """A key that is asked for much makes its partition hot; capacity of a table it merely uses."""
    hot = hottest_at(run, figures, cause)
    if hot is not None and hot.share >= HOT_SHARE:
        return (
            f"A hot key did that: {hot.key.key} had {percent(hot.share)} of the calls of "
            f"{hot.heat.pattern} there."
        )
    heat = "which keys were asked for was not recorded" if not run.heat else _even(hot)
    return f"One partition was asked for more than it serves; {heat}."


def _share(part: int, counts: Counter[tuple[str, str]]) -> str:
    return percent(part / counts.total())


def _even(hot: Hottest | None) -> str:
    if hot is None:
        return "no key of it was recorded"
    return f"its most wanted key, {hot.key.key}, had {percent(hot.share)} of the calls"


def hottest_at(run: Run, figures: Figures, cause: Cause) -> Hottest | None:
    """The key with the largest part of a pattern's calls, of those that can have caused it."""
    units = {row.pattern: getattr(row, f"{cause.direction}_units") for row in figures.patterns}
    found = [
        Hottest(heat, heat.hottest[0])
        for heat in run.heat
        if heat.hottest and units.get(heat.pattern) and _is_at(run, heat, cause.place)
    ]
    return max(found, key=lambda each: (each.share, each.heat.calls), default=None)


def _is_at(run: Run, heat: KeyHeat, place: Place) -> bool:
    info = run.header.patterns.get(heat.pattern)
    index = info.index if info else None
    # A write is throttled for an index as well, by the key that it has in the table.
    return heat.table == place.table and (index in (None, place.index))
