"""The answer of a plan, in sentences that whoever pays understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from loadstone.capacity.break_even import YEARS
from loadstone.planning.indexes import IndexRow
from loadstone.planning.modes import MODES, Mode
from loadstone.planning.plan import Plan
from loadstone.planning.solutions import TERMS, Solution, best_reserved, commitment_that_holds
from loadstone.report.blocks import Block, Caution, Points, Tile, Tiles, Verdict
from loadstone.report.numbers import percent, rate, usd

_NAMED = 3
_CENT = Decimal("0.01")
_VERBS: dict[Mode, str] = {
    "on demand": "pay on demand for {}",
    "fixed": "provision a fixed capacity for {}",
    "auto scaling": "provision {} with auto scaling",
}


def answer_blocks(plan: Plan) -> Iterator[Block]:
    yield Verdict(answer(plan), "good" if plan.holds else "bad")
    if plan.best.throttles_too_much:
        yield Caution("No capacity keeps this load to its objective", tuple(_why_not(plan)))
    yield Tiles(tuple(_tiles(plan)))
    yield Points(tuple(points(plan)))


def answer(plan: Plan) -> str:
    """What to provision, and what it costs a month."""
    best = plan.best
    cost = f"about {usd(best.total_usd)} a month in {plan.terms.region}"
    stored = f", {_cents(plan.storage_usd)} of it for storage" if plan.storage_usd else ""
    if best.replicas:
        regions = " and ".join(each.region for each in best.replicas)
        stored += f", and {usd(best.everywhere_usd)} with {regions}"
    what = what_to_do(best)
    if plan.holds:
        return f"{what}: {cost}{stored}.{_both_designs(plan)}"
    missed = " and ".join(f"{each}" for each in best.missed)
    nearest = f"What comes nearest: {_lowered(what)}; {cost}{stored}."
    committed = commitment_that_holds(plan.solutions, plan.terms)
    if committed is None:
        return f"Nothing keeps to {missed}. {nearest}"
    term, spent = committed
    return (
        f"Nothing keeps to {missed} without a commitment; who reserves capacity for "
        f"{_years(YEARS[term])} keeps to it, at {usd(spent)} a month in all. {nearest}"
    )


def _years(years: int) -> str:
    return "a year" if years == 1 else f"{years} years"


def _both_designs(plan: Plan) -> str:
    """Where the load asks both of two designs, the answer pays for both."""
    if not plan.designs or not all(set(each.tables) <= set(plan.ways) for each in plan.designs):
        return ""
    names = " and ".join(each.mix for each in plan.designs)
    best = min(plan.designs, key=lambda each: (not each.best.holds, each.best.total_usd))
    return (
        f" That pays for two designs of the same work, {names}; the cheaper, {best.mix} alone, is "
        f"about {usd(best.best.total_usd)} a month for {rate(best.peak_per_s)} operations a second."
    )


def what_to_do(solution: Solution) -> str:
    """By mode, the tables."""
    said = []
    for mode in MODES:
        tables = sorted(name for name, way in solution.ways.items() if way.mode == mode)
        if tables:
            said.append(_VERBS[mode].format(_few(tables, len(solution.ways))))
    text = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return text[0].upper() + text[1:]


def points(plan: Plan) -> Iterator[str]:
    """What the answer is for, what it would cost otherwise, and what would change it."""
    load, terms, best = plan.load, plan.terms, plan.best
    known = "No run was looked at: it works" if load.basis == "declared" else "It works"
    if load.timeline is not None:
        yield (
            f"It works from {load.source}{_grown(plan)}: {rate(_units(plan, 'read') / 1e6)} "
            f"million read units and {rate(_units(plan, 'write') / 1e6)} million write units a "
            "month."
        )
    else:
        yield (
            f"{known} from {load.source}, for {rate(round(load.peak_per_s, 6))} operations a "
            f"second at the peak of a day in the shape {terms.shape}{_grown(plan)}: "
            f"{rate(_per_month(plan) / 1e6)} million operations a month."
        )
    yield (
        f"{_against(best.throttled, terms.allowed)} of the calls would be throttled, as simulated; "
        f"at most {percent(terms.allowed)} may be."
    )
    yield from _otherwise(plan)
    others = [each for each in plan.solutions if each is not best]
    said = [f"{each.name} {usd(each.total_usd)}{_throttles(each)}" for each in others]
    yield f"Otherwise a month would be: {'; '.join(said)}."
    for term in TERMS:
        found = best_reserved(plan.solutions, term)
        if found is None:
            continue
        solution, held = found
        units = " and ".join(
            f"{count:,} {kind} units" for kind, count in held.units.items() if count
        )
        yield (
            f"Who commits for {_years(held.years)} pays "
            f"{usd(held.usd + plan.storage_usd)} a month: "
            f"{_lowered(what_to_do(solution))}, and reserve {units}, "
            f"{usd(held.upfront_usd)} of it upfront. It cannot be cancelled."
        )
    yield from _flips(plan)
    yield from _choices(plan)
    yield from _warnings(plan)


def _otherwise(plan: Plan) -> Iterator[str]:
    """What the answer risks, beside the way that risks least."""
    held = next(each for each in plan.stressed if each.name == plan.best.name)
    worst = max(held.throttled.values())
    if worst <= plan.terms.allowed:
        yield f"It would stand {' and '.join(held.throttled)} too."
        return
    said = ", ".join(f"{name} {_part(share)}" for name, share in held.throttled.items())
    least = min(plan.stressed, key=lambda each: max(each.throttled.values()))
    beside = ""
    if least is not held:
        beside = f"; {least.name}, {_part(max(least.throttled.values()))} at most"
    yield f"If the day comes otherwise, this would be throttled: of {said}{beside}."


def _choices(plan: Plan) -> Iterator[str]:
    """What was chosen beside the way to pay, and what could be."""
    if plan.terms.free:
        yield (
            "AWS's free tier is taken off: 25 GB, and 18,600 hours of a read and of a write unit "
            "that are provisioned. An account has it once a month for all of its tables."
        )
    for replica in plan.replicas:
        yield (
            f"As global tables in {replica.region} too: {usd(replica.usd)} a month more, "
            f"{usd(plan.best.total_usd + replica.usd)} in all, without what is read there."
        )
    rarely = [row for row in plan.classes if row.saves_usd >= _CENT]
    if rarely:
        saved = sum((row.saves_usd for row in rarely), Decimal(0))
        yield (
            f"Table class Standard-IA for {_few([row.table for row in rarely], 0)} would save "
            f"{usd(saved)} a month."
        )


def _cents(amount: Decimal) -> str:
    return f"${amount:,.2f}" if amount >= _CENT else "less than a cent"


def _flips(plan: Plan) -> Iterator[str]:
    read, write = (plan.break_even[f"{kind} provisioned"] for kind in ("read", "write"))
    least, most = sorted((read, write))
    at = percent(round(least, 4))
    if round(least, 4) != round(most, 4):
        at += f" (reads and writes differ: to {percent(round(most, 4))})"
    dearest = max(plan.ways.values(), key=lambda ways: ways["on demand"].usd)
    cheapest = min((way for way in dearest.values() if way.levels), key=lambda way: way.usd)
    yield (
        f"Provisioned capacity is cheaper than on demand where more than {at} of it is used: of "
        f"{cheapest.table}, the dearest, {percent(round(cheapest.used or 0, 4))} would be with "
        f"{'a fixed capacity' if cheapest.mode == 'fixed' else 'auto scaling'}."
    )


def _warnings(plan: Plan) -> Iterator[str]:
    hot = [row for row in plan.hot if row.near]
    for row in hot[:_NAMED]:
        yield (
            f"Hot key: {row.key} has {percent(round(row.share, 4))} of the {row.side}, most of it "
            f"by {row.pattern}; its partition is full at {rate(row.limit_at_per_s)} operations a "
            f"second, {'below' if row.over else 'near'} this peak. More capacity does not help."
        )
    if plan.above_quota:
        yield (
            "Above the default quota of 40,000 units a second: "
            f"{', '.join(plan.above_quota)}; ask AWS for more first."
        )
    unused = [row for row in plan.indexes if not row.used_by]
    if unused:
        yield f"No declared pattern asks {_indexes(unused)}."
    again = [row for row in plan.indexes if row.used_by and row.repeats_key]
    if again:
        yield (
            f"Repeating a key that is there already: {_indexes(again)}; a Query of the table would "
            "do."
        )


def _indexes(rows: Sequence[IndexRow]) -> str:
    """Which, and what it would save to be without them."""
    named = [f"{row.table}/{row.index}" for row in rows]
    said = f"{len(named)} indexes" if len(named) > _NAMED else ", ".join(named)
    spent = sum((row.usd_per_month for row in rows), Decimal(0))
    return f"{said}, {usd(spent)} a month at on-demand prices"


def _why_not(plan: Plan) -> Iterator[str]:
    """Of the tables that throttle too much."""
    for name, way in sorted(plan.best.ways.items()):
        if not way.holds:
            yield (
                f"{name}: {percent(way.throttled)} of its calls would be throttled "
                f"{_with(way.mode)}, most for {way.why}."
            )
    if any(row.over for row in plan.hot):
        yield (
            "A partition serves 3,000 read or 1,000 write units a second, whatever is paid: "
            "spread the hot key over more partition keys, or cache what is read of it."
        )


def _with(mode: Mode) -> str:
    said = {"on demand": "on demand", "fixed": "with a fixed capacity"}
    return said.get(mode, f"with {mode}")


def _tiles(plan: Plan) -> Iterator[Tile]:
    on_demand = plan.solutions[0]
    yield Tile("a month", usd(plan.best.total_usd), f"in {plan.terms.region}")
    yield Tile("all on demand", usd(on_demand.total_usd), "a month")
    yield Tile("throttled", _share(plan.best.throttled), "simulated")
    found = best_reserved(plan.solutions, "1y")
    if found is not None:
        yield Tile("reserved for a year", usd(found[1].usd + plan.storage_usd), "a month")
    yield Tile("storage", usd(plan.storage_usd), "a month, part of all of these")


def _units(plan: Plan, kind: str) -> float:
    """Of a month."""
    return plan.terms.peak_s_per_month * sum(
        each.per_s * units
        for each in plan.load.work
        for side, units in each.units.items()
        if side.direction == kind
    )


def _per_month(plan: Plan) -> float:
    return plan.load.peak_per_s * plan.terms.peak_s_per_month


def _grown(plan: Plan) -> str:
    return f", {plan.growth:g} times today's load and data" if plan.growth != 1 else ""


def _throttles(solution: Solution) -> str:
    """Said of what is no choice."""
    return f" (throttles {percent(solution.throttled)})" if solution.throttles_too_much else ""


def _share(share: float) -> str:
    said = percent(round(share, 9)) if share else "None"
    return said[0].upper() + said[1:]


def _against(share: float, allowed: float) -> str:
    """With as many digits as it takes to tell it from what is allowed."""
    said = _share(share)
    return f"{share:.4%}".replace("%", " %") if said == percent(allowed) else said


def _part(share: float) -> str:
    return percent(round(share, 9)) if share else "nothing"


def _few(names: Sequence[str], of: int) -> str:
    """Their names, or how many they are."""
    if of > 1 and len(names) == of:
        return f"all {of} tables"
    if len(names) > _NAMED:
        return f"{len(names)} tables" + (f" of {of}" if of else "")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]
