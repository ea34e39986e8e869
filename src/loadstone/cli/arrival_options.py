"""The options of open arrivals on `loadstone run`, and what Locust is told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import click

from loadstone.arrivals.flags import FLAGS, plan_from
from loadstone.arrivals.grammar import seconds_of
from loadstone.arrivals.plan import refuse_long_warm_up
from loadstone.errors import BadValue

Command = TypeVar("Command", bound=Callable[..., Any])

USERS, DURATION = 20, "30s"


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
    if plan is not None and (users or load["spawn_rate"]):
        raise BadValue(
            "--users pause between their calls, --rate comes whatever happens: give one of the two"
        )
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
