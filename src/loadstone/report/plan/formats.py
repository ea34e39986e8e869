"""A plan as a page, as a part of one, as Markdown, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import DIRECTIONS, OnDemand, Provisioned
from loadstone.capacity.simulation import Setting
from loadstone.planning.modes import Way
from loadstone.planning.plan import Plan
from loadstone.planning.reserved import Reserved
from loadstone.planning.solutions import Solution
from loadstone.report.numbers import rate, steady
from loadstone.report.plan.answer import answer, points
from loadstone.report.plan.sections import plan_sections
from loadstone.report.templates import environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a report's templates say at its head, of a plan."""

    title: str
    started: str
    target: str
    ending: str
    throttled_by: str = ""


def page_of(plan: Plan, on: date) -> Page:
    return Page(
        title=f"{plan.load.system}: capacity plan",
        started=f"{on:%Y-%m-%d}",
        target=f"{_asked(plan)}{plan.terms.shape}, in {plan.terms.region}",
        ending=f"from {plan.load.source}",
    )


def _asked(plan: Plan) -> str:
    if plan.load.timeline is not None:
        return ""
    return f"{rate(round(plan.load.peak_per_s, 6))} operations a second at the peak, "


def plan_html(plan: Plan, on: date) -> str:
    """One file that needs nothing beside it."""
    templates = environment(autoescape=True)
    templates.filters |= {"inline": str, "kind": _kind}
    return templates.get_template("report.html.j2").render(
        view=page_of(plan, on), sections=plan_sections(plan, on), drawings={}, vega=""
    )


def plan_markdown(plan: Plan, on: date) -> str:
    templates = environment(autoescape=False)
    templates.filters |= {"cell": _cell, "kind": _kind}
    return templates.get_template("report.md.j2").render(
        view=page_of(plan, on), sections=plan_sections(plan, on)
    )


def plan_json(plan: Plan, on: date) -> str:
    """Every number, to twelve digits."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(steady(_content(plan, on)), option=options).decode()


def _content(plan: Plan, on: date) -> dict[str, Any]:
    load, terms = plan.load, plan.terms
    return {
        "system": load.system,
        "answer": answer(plan),
        "points": list(points(plan)),
        "holds": plan.holds,
        "basis": load.basis,
        "source": load.source,
        "region": terms.region,
        "shape": terms.shape,
        "growth": plan.growth,
        "peak_per_s": load.peak_per_s,
        "objectives": [each.text for each in terms.objectives],
        "best": plan.best.name,
        "usd_per_month": float(plan.best.usd),
        "storage_usd_per_month": float(plan.storage_usd),
        "total_usd_per_month": float(plan.best.total_usd),
        "throttle_rate": plan.best.throttled,
        "ways": [_solution(each) for each in plan.solutions],
        "throttled": [
            each._asdict() | {"resource": _place(each.resource)} for each in plan.best.episodes
        ],
        "otherwise": {each.name: dict(each.throttled) for each in plan.stressed},
        "tables": {
            name: {
                "best": plan.best.ways[name].mode,
                "ways": {mode: _way(way) for mode, way in ways.items()},
                "reserved": {term: _reserved(held) for term, held in plan.reserved[name].items()},
            }
            for name, ways in plan.ways.items()
        },
        "patterns": [_row(each) for each in plan.patterns],
        "indexes": [
            _row(each)
            | {
                "usd_per_month": float(each.usd_per_month),
                "smaller": [_row(one) | {"net_usd": float(one.net_usd)} for one in each.smaller],
            }
            for each in plan.indexes
        ],
        "hot_keys": [
            _row(each) | {"side": str(each.side), "over": each.over, "near": each.near}
            for each in plan.hot
        ],
        "scans": [
            _row(each)
            | {
                "index": {"name": each.index.name, "key": list(each.index.key)},
                "pays_from_per_month": each.pays_from_per_month,
            }
            for each in plan.scans
        ],
        "designs": [
            {
                "mix": each.mix,
                "tables": list(each.tables),
                "indexes": each.indexes,
                "peak_per_s": each.peak_per_s,
                "read_units_per_s": each.read_units_per_s,
                "write_units_per_s": each.write_units_per_s,
                "storage_usd_per_month": float(each.storage_usd),
                "on_demand_usd_per_month": float(each.on_demand.total_usd),
                "best": each.best.name,
                "total_usd_per_month": float(each.best.total_usd),
                "throttle_rate": each.best.throttled,
            }
            for each in plan.designs
        ],
        "storage": [_row(each) for each in plan.storage],
        "free_tier": bool(terms.free),
        "table_classes": [
            _row(each)
            | {
                "saves_usd": float(each.saves_usd),
                "ratio": each.ratio,
                "pays_from": each.pays_from,
            }
            for each in plan.classes
        ],
        "replicas": [_row(each) | {"usd": float(each.usd)} for each in plan.replicas],
        "extras": [_row(each) for each in plan.extras],
        "documented_prices": [_row(each) for each in plan.documented],
        "break_even_utilization": dict(plan.break_even),
        "above_quota": list(plan.above_quota),
        "measured": list(load.measured),
        "assumed": list(load.assumed),
        "simulated": list(plan.simulated),
        "prices": [price.to_json() | {"age_days": price.age_days(on)} for price in plan.prices],
    }


def _solution(solution: Solution) -> dict[str, Any]:
    return {
        "name": solution.name,
        "usd_per_month": float(solution.usd),
        "total_usd_per_month": float(solution.total_usd),
        "throttle_rate": solution.throttled,
        "holds": solution.holds,
        "missed": [each.text for each in solution.missed],
        "tables": {name: way.mode for name, way in solution.ways.items()},
        "reserved": {term: _reserved(held) for term, held in solution.reserved.items()},
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "usd_per_month": float(way.usd),
        "throttle_rate": way.throttled,
        "holds": way.holds,
        "utilization": way.used,
        "flips_at": way.flips_at,
        "throttled_by": way.why,
        "settings": {_place(place): _setting(each) for place, each in way.settings.items()},
    }


def _reserved(held: Reserved) -> dict[str, Any]:
    return {
        "units": dict(held.units),
        "usd_per_month": None if held.missing else float(held.usd),
        "upfront_usd": float(held.upfront_usd),
        "missing": held.missing,
    }


def _setting(setting: Setting) -> dict[str, Any]:
    match setting:
        case OnDemand():
            return {"billing": "PAY_PER_REQUEST"}
        case Provisioned():
            return {"billing": "PROVISIONED", "read": setting.read, "write": setting.write}
    return {
        "billing": "PROVISIONED",
        **{
            kind: {
                "minimum": setting.side(kind).minimum,
                "maximum": setting.side(kind).maximum,
                "target": setting.side(kind).target,
            }
            for kind in DIRECTIONS
        },
    }


def _place(place: Resource) -> str:
    return f"{place.table}/{place.index}" if place.index else place.table


def _row(row: Any) -> dict[str, Any]:
    """The fields of a row, money as numbers."""
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in fields.items()
    }


def _kind(block: object) -> str:
    return type(block).__name__


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
