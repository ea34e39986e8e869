"""The options of open arrivals on `loadstone run`, and what Locust is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any, TypeVar

import click

from loadstone.arrivals.flags import FLAGS, plan_from
from loadstone.arrivals.grammar import seconds_of
from loadstone.arrivals.plan import refuse_long_warm_up
from loadstone.errors import BadValue

Command = TypeVar("Command", bound=Callable[..., Any])

USERS, DURATION = 20, "30s"
#: What says nothing where there is no rate, and what where none is looked for.
_OF_A_RATE, _OF_A_SEARCH = ("arrivals", "max_in_flight"), ("step", "settle", "up_to")


def arrival_options(command: Command) -> Command:
    for flag in reversed(FLAGS):
        about: dict[str, Any] = {"default": flag.default, "help": flag.help}
        if isinstance(flag.default, bool):
            about["is_flag"] = True
        elif isinstance(flag.default, tuple):
            about |= {"multiple": True, "metavar": flag.metavar}
        else:
            about |= {"metavar": flag.metavar, "show_default": bool(flag.default)}
        command = click.option(flag.spelled, **about)(command)
    return command


def settled(load: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked for, with what follows from it; what cannot be is refused here."""
    plan = plan_from(load)
    searching = plan is not None and plan.find_max is not None
    users, duration = load["users"], load["duration"]
    _refuse_spawn_rate(load["spawn_rate"])
    if plan is not None and (users or load["spawn_rate"]):
        given = "--users" if users else "--spawn-rate is of users, who"
        raise BadValue(
            f"{given} pause between their calls, --rate comes whatever happens: give one of the two"
        )
    _refuse_alone(load, rate=plan is not None, search=searching)
    if duration is None and not searching:
        duration = DURATION
    refuse_long_warm_up(load["warm_up"], duration and seconds_of(duration, "--duration"))
    # Locust wants a user; where arrivals are open it has nothing to do.
    users = 1 if plan else users or USERS
    return {
        **load,
        "users": users,
        "spawn_rate": load["spawn_rate"] or users,
        "duration": duration,
    }


def _refuse_spawn_rate(users_per_s: float | None) -> None:
    if users_per_s is not None and not 0 < users_per_s < inf:
        raise BadValue(
            f"--spawn-rate {users_per_s:g}: users come at more than 0 a second; without it they "
            "all come at once"
        )


def _refuse_alone(load: Mapping[str, Any], *, rate: bool, search: bool) -> None:
    """BadValue for an option that would change nothing, as what it goes with was not given."""
    for flag in FLAGS:
        said = f"{flag.spelled} {load[flag.name]}"
        if load[flag.name] == flag.default:
            continue
        if flag.name in _OF_A_RATE and not rate:
            raise BadValue(f"{said} goes with a rate: add --rate 200ops/s, or leave it out")
        if flag.name in _OF_A_SEARCH and not search:
            raise BadValue(f"{said} goes with a search: add --find-max, or leave it out")


def arguments(load: Mapping[str, Any]) -> Iterator[str]:
    """Of these options those that differ from their defaults, as Locust takes them."""
    for flag in FLAGS:
        value = load[flag.name]
        if isinstance(flag.default, bool):
            if value:
                yield flag.spelled
        elif isinstance(flag.default, tuple):
            for each in value:
                yield from (flag.spelled, each)
        elif value != flag.default:
            yield from (flag.spelled, str(value))
