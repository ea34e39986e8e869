"""A load from CloudWatch: what live tables were asked for, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from loadstone.capacity.admission import Resource
from loadstone.capacity.simulation import Demand, Flow, Side, demand_of_minutes
from loadstone.errors import BadValue
from loadstone.planning.load import Load, Stored, Work
from loadstone.planning.terms import Terms

_MINUTES_A_DAY = 24 * 60


def observed(
    system: str,
    minutes: Mapping[Side, Sequence[float]],
    stored: Mapping[Resource, Stored],
    documented: Mapping[str, str],
    *,
    start_unix_s: int,
) -> Load:
    """`minutes` are the units that were asked for in each, by side: those of throttled requests
    among them. It has no patterns: CloudWatch counts by table and index."""
    asked = {side: sums for side, sums in minutes.items() if any(sums)}
    if not asked:
        raise BadValue(
            "CloudWatch counted no units of these tables in that time: ask for more days, or name "
            "the tables with --stage or --table-prefix"
        )
    demand = demand_of_minutes(asked, start_unix_s=start_unix_s)
    days = len(next(iter(asked.values()))) / _MINUTES_A_DAY
    began = datetime.fromtimestamp(start_unix_s, UTC)
    return Load(
        system=system,
        basis="measured",
        source=f"CloudWatch's figures of {days:g} day{'s' * (days != 1)} from "
        f"{began:%Y-%m-%d %H:%M} UTC",
        work=tuple(map(_work, demand.flows)),
        stored=stored,
        documented=documented,
        measured=(
            f"units and throttled requests of {len({s.resource.table for s in asked})} tables, by "
            "the minute, as AWS counted them",
            "what the tables and indexes hold, as DescribeTable said: some six hours old",
        ),
        assumed=(
            *demand.notes,
            "partition keys are asked for evenly: CloudWatch says nothing of them (Contributor "
            "Insights does)",
        ),
        timeline=demand,
    )


def terms_of_timeline(terms: Terms, demand: Demand) -> Terms:
    """The days are those that were measured."""
    return replace(
        terms,
        day=np.ones(demand.seconds),
        shape="as CloudWatch counted",
        start_unix_s=demand.start_unix_s,
    )


def _work(flow: Flow) -> Work:
    """A flow at its mean, so that a month of it is as much as was measured."""
    calls = float(flow.calls.sum())
    side = next(iter(flow.units))
    return Work(
        pattern=flow.name,
        operation="",
        table=side.resource.table,
        index=side.resource.index if side.direction == "read" else None,
        per_s=calls / len(flow.calls),
        units={each: float(flow.asked(each).sum()) / calls for each in flow.units},
    )
