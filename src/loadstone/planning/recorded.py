"""A load from a run's record: rates, units and hot keys as they were measured."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.capacity.admission import Resource
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.errors import BadValue
from loadstone.planning.load import Load, Stored, Work
from loadstone.run.demand import profiles_of_run
from loadstone.run.figures import figures
from loadstone.run.record import Run
from loadstone.run.silent import FAILED_CONDITION

#: A run that is shorter has seen little of what a load does.
_SHORT_S = 60


def recorded(run: Run, reading: Reading = CONSERVATIVE) -> Load:
    """Every pattern at the rate that it had after the warm-up."""
    header = run.header
    work = tuple(
        Work(
            pattern=each.name,
            operation=header.patterns[each.name].operation if each.name in header.patterns else "",
            table=next(iter(each.units)).resource.table,
            index=header.patterns[each.name].index if each.name in header.patterns else None,
            per_s=each.per_s,
            units=each.units,
            heat={each.keyed: each.hot} if each.keyed else {},
        )
        for each in profiles_of_run(run, reading)
        if each.units
    )
    if not work:
        raise BadValue(
            f"run {header.name} consumed no units after its warm-up: there is nothing to plan for; "
            "name another (`loadstone runs` lists them), or a system"
        )
    return Load(
        system=header.system,
        basis="measured",
        source=f"run {header.name}",
        work=work,
        stored={
            Resource(each.table, each.index): Stored(each.items, each.size_bytes)
            for each in header.stored
        },
        documented=dict(header.documented),
        measured=tuple(_measured(run)),
        assumed=tuple(_assumed(run, reading)),
    )


def _measured(run: Run) -> Iterator[str]:
    found = figures(run)
    yield (
        f"rates and units of {len(found.patterns)} patterns over {found.measured_s:,.0f} s, "
        f"{found.per_s:,.1f} operations a second, against {run.header.target}"
    )
    if run.heat:
        yield "which partition keys were asked for, and how often"


def _assumed(run: Run, reading: Reading) -> Iterator[str]:
    seconds = figures(run).measured_s
    if seconds < _SHORT_S:
        yield f"{seconds:,.0f} s stand for the peak of every day: a longer run would say more"
    if not run.heat:
        yield "the record says nothing of partition keys: they are taken to be asked for evenly"
    if not run.header.stored:
        yield "the record says nothing of what is stored: storage is left out"
    failed = sum(each.counts.attempt_errors[FAILED_CONDITION] for each in run.measured.values())
    if failed:
        (said,) = reading.said("failed_condition")
        yield f"{failed:,} writes whose condition failed told no units; {said}"
    if run.header.target_kind != "aws":
        yield "units were not counted by AWS, but by the engine that the run was against"
