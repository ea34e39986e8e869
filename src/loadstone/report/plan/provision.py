"""What a plan would set, table by table and index by index: the answer, and the other ways."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import DIRECTIONS, Direction, OnDemand, Provisioned
from loadstone.capacity.simulation import AutoScaled, Setting
from loadstone.planning.modes import MODES, Mode, Way
from loadstone.planning.plan import Plan
from loadstone.report.blocks import Block, Column, Table
from loadstone.report.numbers import count
from loadstone.report.places import Place


def settings(plan: Plan) -> Iterator[Block]:
    """The answer's, and then those of the ways to pay that are not the answer."""
    yield Table(
        "What to provision",
        "What to provision, in units a second; auto scaling as minimum to maximum, and its target: "
        "a maximum leaves room for twice what is planned, which costs nothing until it is used",
        (Column("table or index", "text"), Column("paid", "text"), Column("read"), Column("write")),
        [
            (str(Place(*place)), way.mode, *(_said(setting, kind) for kind in DIRECTIONS))
            for _, way in sorted(plan.best.ways.items())
            for place, setting in _places(way)
        ],
    )
    yield from _other_ways(plan)


def _other_ways(plan: Plan) -> Iterator[Block]:
    """Of each mode with capacity that the answer does not have for every table."""
    chosen = [way.mode for way in plan.best.ways.values()]
    modes = [mode for mode in MODES if mode != "on demand" and set(chosen) != {mode}]
    columns = [Column(f"{mode}, {kind}") for mode in modes for kind in DIRECTIONS]
    yield Table(
        "What the other ways provision",
        f"What it would be with {' or with '.join(map(_with, modes))} for every table, in units a "
        "second",
        (Column("table or index", "text"), *columns),
        [
            (str(Place(*place)), *_side_by_side(place, [ways[mode] for mode in modes]))
            for _, ways in sorted(plan.ways.items())
            for place, _ in _places(ways[modes[0]])
        ],
    )


def _side_by_side(place: Resource, ways: list[Way]) -> Iterator[str]:
    for way in ways:
        yield from (_said(way.settings[place], kind) for kind in DIRECTIONS)


def _places(way: Way) -> list[tuple[Resource, Setting]]:
    """The table before its indexes."""
    return sorted(way.settings.items(), key=lambda each: each[0].index or "")


def _with(mode: Mode) -> str:
    return "a fixed capacity" if mode == "fixed" else mode


def _said(setting: Setting, direction: Direction) -> str:
    match setting:
        case OnDemand():
            return "as asked"
        case Provisioned():
            return count(setting.units(direction))
        case AutoScaled():
            held = setting.side(direction)
            if held.minimum == held.maximum:
                return count(held.minimum)
            return f"{held.minimum:,} to {held.maximum:,} at {held.target:.0%}"
