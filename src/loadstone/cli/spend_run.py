"""What a run will cost: estimated from its mix, said and asked about before Locust starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from loadstone.advice import advised
from loadstone.arrivals.flags import plan_from
from loadstone.arrivals.grammar import seconds_of
from loadstone.capacity.readings import Reading
from loadstone.capacity.spend import evenly
from loadstone.cli.options import say
from loadstone.cli.sessions import session_of, wanted_of
from loadstone.cli.spend import Deed, Spending, agreed, clock, is_asked_about
from loadstone.errors import Refused
from loadstone.naming import Naming
from loadstone.system import System
from loadstone.target import Where, opened_target, refuse_production

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted
    from loadstone.capacity.spend import Estimate
    from loadstone.client.target import Target
    from loadstone.seeding.session import Session

LOAD = Deed(done="sent", question="Send them?", things="operations")
#: Nobody knows before how far a search goes: what an hour at its first rate takes.
SEARCH_S = 3600.0


def agreed_to_run(
    systems: Sequence[System],
    where: Where,
    naming: Naming,
    load: Mapping[str, Any],
    spending: Spending,
    *,
    allow_production: Sequence[str] = (),
    allow_untagged: Sequence[str] = (),
    as_json: bool,
) -> bool:
    """Whether to go on: False when telling was all. Nothing is asked for a local engine, and
    nobody is asked about what will be refused. Several systems share the load evenly."""
    target = _target_of(systems, where)
    if target is None or target.kind != "aws":
        _say_out_of_play(spending, target)
    if not spending.dry_run and (target is None or not is_asked_about(target)):
        return True
    with opened_target(where, documented_region=systems[0].region, say=say) as opened:
        plans = []
        for system in systems:
            writes = any(pattern.writes for pattern in system.mix(load["mix"]).patterns)
            session = _allowed(
                system,
                opened.target,
                where,
                naming,
                allow_production=allow_production if writes and not spending.dry_run else None,
                allow_untagged=allow_untagged if writes and not spending.dry_run else None,
            )
            plans.append(_forecast(session, load))
        plan, lasts = evenly([each for each, _ in plans]), plans[0][1]
        limits = spending
        if load["find_max"]:
            limits = replace(spending, budget_usd=None)
        return agreed(plan, opened.target, limits, LOAD, as_json=as_json, lasts=lasts)


def _target_of(systems: Sequence[System], where: Where) -> Target | None:
    from loadstone.aws.target import resolve_target

    targets = [
        resolve_target(
            endpoint=where.endpoint,
            region=where.region,
            profile=where.profile,
            documented_region=each.region,
        )
        for each in systems
    ]
    regions = {each.region: None for each in targets if each is not None and each.kind == "aws"}
    if len(regions) > 1:
        raise Refused(
            f"these systems are in several regions, {', '.join(regions)}, which are not loaded and "
            "priced together: say which one with --region, or run them one by one"
        )
    return targets[0]


def _allowed(
    system: System,
    target: Target,
    where: Where,
    naming: Naming,
    *,
    allow_production: Sequence[str] | None,
    allow_untagged: Sequence[str] | None,
) -> Session:
    """The data set that is there, unless it may not be written to; None is no writing at all."""
    from loadstone.seeding.places import refuse_untagged

    wanted = wanted_of(system, naming)
    if allow_production is not None:
        refuse_production(
            target,
            say=lambda _: None,  # the run itself says it
            profile=where.profile,
            naming=naming,
            tables=[each.name for each in wanted],
            allowed=allow_production,
        )
    session = _session(system, wanted, target, where)
    if allow_untagged is not None and target.kind == "aws":
        refuse_untagged(session.tables, system.id, allow_untagged)
    return session


def _say_out_of_play(spending: Spending, target: Target | None) -> None:
    if spending.budget_usd is not None:
        say(f"--budget is not in play: AWS sends no bill for {target or 'the embedded engine'}")


def _session(system: System, wanted: list[Wanted], target: Target, where: Where) -> Session:
    from loadstone.seeding.identity import Asked

    session = session_of(system, wanted, target, Asked(), where)
    if not session.held:
        raise Refused(
            f"the tables of {system.id} hold no data set that is known here: "
            f"`{advised('seed', system.id)}` loads one"
        )
    return session


def _forecast(session: Session, load: Mapping[str, Any]) -> tuple[Estimate, str]:
    from loadstone.scenario.forecast import Amount, forecast
    from loadstone.seeding.estimate import as_found

    tables = [as_found(found) for found in session.tables]
    arrivals, searching = plan_from(load), bool(load["find_max"])
    duration_s = SEARCH_S if searching else seconds_of(load["duration"], "--duration")
    operations = None
    if arrivals is not None and arrivals.find_max is not None:
        operations = arrivals.find_max.start * duration_s
    elif arrivals is not None:
        operations = arrivals.schedule.count(duration_s)
    plan = forecast(
        session.dataset.system.mix(load["mix"]),
        session.dataset,
        {each.table.name: each.name for each in tables},
        {(each.name, arm): held for each in tables for arm, held in each.capacity.items()},
        Amount(users=load["users"], duration_s=duration_s, operations=operations),
        skew=load["skew"],
        reading=Reading.of(load.get("reading", ())),
    )
    assumed = tuple(each.assumed for each in tables if each.assumed)
    lasts = clock(duration_s)
    if searching:
        lasts = "not known before; this is an hour at the first rate"
    return replace(plan, assumed=(*assumed, *plan.assumed)), lasts
