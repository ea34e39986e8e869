"""The options of open arrivals: one table for `loadstone run`, for Locust and for its web form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadstone.arrivals.grammar import SHAPE_HELP
from loadstone.arrivals.plan import ARRIVALS, DEFAULT_OBJECTIVES, MAX_IN_FLIGHT, Plan, plan_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """An option; its type is that of `default`, and a tuple is one that may be repeated."""

    name: str
    default: str | int | bool | tuple[str, ...]
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] | None = None

    @property
    def spelled(self) -> str:
        return f"--{self.name.replace('_', '-')}"


FLAGS = (
    Flag(
        name="rate",
        default="",
        metavar="RATE",
        help="Open arrivals, as 200ops/s, in place of users: each starts at its scheduled instant, "
        "however slow the answers are, and its latency counts from there.",
    ),
    Flag(name="shape", default="", metavar="SHAPE", help=SHAPE_HELP),
    Flag(
        name="arrivals",
        default=ARRIVALS[0],
        metavar="|".join(ARRIVALS),
        choices=ARRIVALS,
        help="Whether arrivals come at random, as those of many users do, or evenly.",
    ),
    Flag(
        name="max_in_flight",
        default=MAX_IN_FLIGHT,
        help="Calls at one time; an arrival beyond them is late, and never dropped.",
    ),
    Flag(
        name="objective",
        default=(),
        metavar="OBJECTIVE",
        help="What the run is to keep to, or --find-max, as 'p99 < 20ms', 'error_rate < 1%' or "
        "'usd_per_month < 300'; may be repeated, and goes before the scenario's own of the same "
        f"figure. --find-max: else {' and '.join(DEFAULT_OBJECTIVES)}.",
    ),
    Flag(
        name="abort_on_miss",
        default=False,
        help="End the run when an objective has been missed for 10 s on end.",
    ),
    Flag(
        name="find_max",
        default=False,
        help="Raise the rate, from --rate on, until an objective breaks; then report the highest "
        "that held.",
    ),
    Flag(name="step", default="10s", metavar="TIME", help="How long --find-max measures a rate."),
    Flag(
        name="settle",
        default="3s",
        metavar="TIME",
        help="How long --find-max leaves a rate alone before it measures.",
    ),
    Flag(name="up_to", default="", metavar="RATE", help="The highest rate that --find-max tries."),
)


def plan_from(values: Mapping[str, Any]) -> Plan | None:
    """What the options say together; None for closed users."""
    return plan_of(
        rate=values["rate"] or None,
        shape=values["shape"] or None,
        arrivals=values["arrivals"],
        max_in_flight=values["max_in_flight"],
        find_max=values["find_max"],
        objectives=[each for each in values["objective"] if each],
        step=values["step"],
        settle=values["settle"],
        up_to=values["up_to"] or None,
    )


def open_settings(options: Any) -> dict[str, Any]:
    """Of these options those that are in play, for the record."""
    values = {flag.name: getattr(options, flag.name) for flag in FLAGS}
    values["objective"] = [each for each in values["objective"] if each]
    if not values["rate"] and not values["shape"]:
        return {}
    if values["find_max"]:
        values["objective"] = list(values["objective"] or DEFAULT_OBJECTIVES)
    else:
        for name in ("find_max", "step", "settle", "up_to"):
            del values[name]
    if not values["abort_on_miss"]:
        del values["abort_on_miss"]
    return {name: value for name, value in values.items() if value not in ("", [], ())}
