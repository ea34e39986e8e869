"""What stands in the way of comparing two runs: everything that differs beside what was changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadstone.compare.spread import FEWEST
from loadstone.run.behind import worker_loads
from loadstone.run.evidence import prices_of
from loadstone.run.figures import Figures, figures
from loadstone.run.header import Header
from loadstone.run.record import Run

#: Settings by which a load does not differ.
OF_NO_WEIGHT = frozenset({"objective", "abort_on_miss", "stage", "table_prefix", "budget"})
#: What a longer run changes is its confidence.
MINOR = frozenset({"run_time", "sampled"})
BUSY_SHARE = 0.8
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What differs, or spoils one of the runs, the other being "". Where it is `serious`, a
    difference in the figures may be this one's."""

    what: str
    base: str
    new: str
    serious: bool = True


def obstacles(base: Run, new: Run) -> Iterator[Obstacle]:
    """What is serious first."""
    found = [*_of_headers(base.header, new.header), *_of_machines(base, new)]
    found += [*_of_records(base, new)]
    yield from (each for each in found if each.serious)
    yield from (each for each in found if not each.serious)


def _of_headers(base: Header, new: Header) -> Iterator[Obstacle]:
    yield from _differing("system", base.system, new.system)
    for what, old, now in _pairs(base.dataset, new.dataset):
        yield from _differing(f"data set: {what}", old, now)
    yield from _differing("engine", _engine(base), _engine(new))
    yield from _differing("region", base.region, new.region)
    yield from _differing("warm-up", f"{base.warm_up_s:g} s", f"{new.warm_up_s:g} s")
    yield from _differing("simulated", _joined(base.simulated), _joined(new.simulated))
    yield from _differing("units counted by", base.units_from, new.units_from)
    for what, old, now in _pairs(base.configuration, new.configuration):
        if what not in OF_NO_WEIGHT:
            words = what.replace("_", " ")
            yield from _differing(f"setting: {words}", old, now, serious=what not in MINOR)
    yield from _differing("prices", _prices(base), _prices(new), serious=False)
    for what, old, now in _pairs(base.versions, new.versions):
        yield from _differing(f"version: {what}", old, now, serious=False)


def _of_machines(base: Run, new: Run) -> Iterator[Obstacle]:
    yield from _differing("processes", base.header.workers, new.header.workers)
    yield from _differing("machine", _machines(base), _machines(new))


def _of_records(base: Run, new: Run) -> Iterator[Obstacle]:
    """What spoils one of the runs by itself."""
    sides = [(run, figures(run)) for run in (base, new)]
    ends = [str(run.ending) if run.ending.how != "completed" else "" for run, _ in sides]
    yield from _spoilt("not completed", *ends)
    yield from _spoilt("not whole", *(_joined(run.problems) for run, _ in sides))
    yield from _spoilt("the generator was the limit", *(_generator(*side) for side in sides))
    yield from _spoilt("too short to tell anything", *(_short(found) for _, found in sides))
    searched = ["a search for the highest rate" if run.trials else "" for run, _ in sides]
    yield from _spoilt("several rates in one run", *searched)


def _differing(what: str, base: Any, new: Any, *, serious: bool = True) -> Iterator[Obstacle]:
    if base != new:
        yield Obstacle(what=what, base=_said(base), new=_said(new), serious=serious)


def _spoilt(what: str, base: str, new: str) -> Iterator[Obstacle]:
    if base or new:
        yield Obstacle(what=what, base=base, new=new)


def _pairs(base: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*base, *new)):
        yield name, base.get(name), new.get(name)


def _said(value: Any) -> str:
    match value:
        case None | "" | [] | ():
            return "none"
        case list() | tuple():
            return ", ".join(map(str, value))
    return str(value)


def _joined(texts: tuple[str, ...]) -> str:
    return " ".join(texts)


def _engine(header: Header) -> str:
    """An address on the machine itself differs from run to run, and nothing with it."""
    kinds = {"embedded": "the embedded engine", "aws": "DynamoDB on AWS"}
    local = any(f"//{host}" in header.target for host in _LOCAL)
    return kinds.get(header.target_kind) or ("on this machine" if local else header.target)


def _prices(header: Header) -> str:
    """Of units on demand, which costs are made of."""
    of_region = {price.dimension: price.usd for price in prices_of(header).of_region(header.region)}
    wanted = ("read_request_million", "write_request_million")
    return " and ".join(f"{of_region[each]} USD" for each in wanted if each in of_region)


def _machines(run: Run) -> str:
    each = dict.fromkeys(" ".join(worker.info.machine.values()) for worker in run.workers)
    return ", ".join(text for text in each if text)


def _generator(run: Run, found: Figures) -> str:
    behind = sum(each.stop_s - each.start_s for each in found.behind)
    if behind:
        return f"it was behind for {behind:,.0f} s"
    loads = worker_loads(second for second in run.seconds if run.is_measured(second))
    busiest = max((load.cpu_share for load in loads), default=0.0)
    return f"busy {busiest:.0%} of a core" if busiest >= BUSY_SHARE else ""


def _short(found: Figures) -> str:
    if not found.total.calls:
        return "no call was made"
    return f"{found.measured_s:.1f} s" if found.measured_s < FEWEST else ""
