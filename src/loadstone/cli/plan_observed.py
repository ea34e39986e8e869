"""The load of `loadstone plan SYSTEM --cloudwatch DAYS`: what its live tables were asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

from loadstone.advice import advised
from loadstone.amounts import amount
from loadstone.cli.options import say
from loadstone.cli.sessions import say_unheeded
from loadstone.errors import BadValue

if TYPE_CHECKING:
    from pathlib import Path

    from loadstone.capacity.readings import Reading
    from loadstone.client.target import Target
    from loadstone.naming import Naming
    from loadstone.planning import Load
    from loadstone.planning.plan import Known

MOST_DAYS = 14
_DAY_S = 86_400
#: The newest minutes are not whole yet.
_LATE_S = 300


def observed_load(
    name: str,
    days: int,
    naming: Naming,
    *,
    region: str | None,
    profile: str | None,
    project: Path | None,
    reading: Reading,
) -> tuple[Load, Known, str]:
    """With the region, from CloudWatch and DescribeTable; nothing is written."""
    from loadstone.aws.cloudwatch import read_metrics
    from loadstone.aws.sizes import sizes
    from loadstone.aws.target import resolve_target
    from loadstone.capacity.admission import Resource
    from loadstone.capacity.simulation import Side
    from loadstone.planning.load import Stored
    from loadstone.planning.observed import observed
    from loadstone.planning.plan import Known
    from loadstone.scenario.settings import Settings
    from loadstone.seeding.identity import Asked, settings_from, settle
    from loadstone.system import load_system

    system = load_system(name, project)
    say_unheeded([system], naming)
    names = naming.names(system.tables)
    target = resolve_target(
        endpoint="aws",
        region=region,
        profile=profile,
        documented_region=system.region,
        why=f"--cloudwatch reads what AWS counted of the {amount(len(names), 'table')} of "
        f"{system.id} in {amount(days, 'day')}, and writes nothing; "
        f"`{advised('permissions', system.id, 'plan')}` prints what that needs",
    )
    assert target is not None
    held = sizes(target, names.values())
    _say_where(target, names, held)
    now_unix_s = time()
    end = int(now_unix_s - _LATE_S) // 60 * 60
    measured = read_metrics(
        target,
        {table: [index for index in indexes if index] for table, indexes in held.items()},
        start_unix_s=end - days * _DAY_S,
        end_unix_s=end,
        now_unix_s=now_unix_s,
    )
    load = observed(
        system.id,
        {
            Side(Resource(*place), direction): sums
            for (place, direction), sums in measured.asked_units().items()
        },
        {
            Resource(table, index): Stored(*each)
            for table, indexes in held.items()
            for index, each in indexes.items()
        },
        {live: documented for documented, live in names.items()},
        start_unix_s=measured.start_unix_s,
    )
    asked = Asked(settings=settings_from(system, os.environ))
    dataset = settle(system, asked, {}, now=datetime.now(UTC))
    return load, Known(dataset=dataset, skew=Settings().skew, reading=reading), target.region


def _say_where(target: Target, names: Mapping[str, str], held: Mapping[str, Any]) -> None:
    say(f"CloudWatch: {target.region}")
    missing = sorted(set(names.values()) - set(held))
    if not held:
        raise BadValue(
            f"{target.region} has none of the tables {', '.join(missing)}: name them with --stage "
            "or --table-prefix, or another --region or --profile"
        )
    if missing:
        say(f"not there, and left out: {', '.join(missing)}")
