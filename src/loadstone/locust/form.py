"""What the page's form asks for: read as Locust reads it, and refused before anything starts."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, MutableMapping
from typing import Any

from werkzeug.datastructures import MultiDict

from loadstone.errors import BadValue
from loadstone.locust.handmade import Handmade, refuse_arrivals
from loadstone.locust.keeping import Keeping
from loadstone.locust.open_run import planned
from loadstone.locust.prepare import Prepared, check_asked, refuse_taken
from loadstone.locust.spending import budget_of, prices_of
from loadstone.system import System

Form = MultiDict[str, str]


def classes_in(form: Form, environment: Any) -> list[type]:
    """The users that are picked; where there is nothing to pick, all of them."""
    there = environment.available_user_classes or {}
    picked = [there[name] for name in form.getlist("user_classes") if name in there]
    return picked or list(environment.user_classes)


def asked_for(form: Form, options: Any) -> Namespace:
    """The options with what the form says, each of the kind that it is. Locust reads its own, which
    are not among those that come as text here."""
    asked = vars(options).copy()
    for name, text in form.items():
        before = asked.get(name)
        if isinstance(before, bool):
            asked[name] = text == "true"
        elif isinstance(before, int | float):
            asked[name] = _number(name, text, type(before))
        elif isinstance(before, list):
            asked[name] = text.split(",")
        elif isinstance(before, str):
            asked[name] = text
    return Namespace(**asked)


def refuse(
    form: Form,
    options: Any,
    systems: Mapping[str, System | None],
    prepared: MutableMapping[str, Prepared | Handmade],
    opened: str,
    *,
    named: str,
) -> None:
    """Refused where a test of these systems cannot begin with what the form says. Where none of
    them is `prepared`, as on a master, what is in the tables is for the workers to find out.

    `named` is the name that the last run was given by nobody: it stays where the form says none,
    and the next run gets another."""
    asked = asked_for(form, options)
    refuse_other_host(form.get("host") or opened, opened)
    check_asked(asked)
    if asked.run_name != named:
        refuse_taken(asked.run_name)
    budget_of(asked)
    prices_of(asked)
    plan = planned(asked, len(systems))
    Keeping(Namespace(parsed_options=asked), lambda _: None, lambda _: None).prepare(systems, plan)
    for name, system in systems.items():
        if system is None:
            refuse_arrivals(name, plan)
        if name in prepared:
            prepared[name] = prepared[name].as_told(asked)


def refuse_other_host(host: str, opened: str) -> None:
    """A process loads what it has opened, and no other."""
    if host != opened:
        raise BadValue(
            f"this process has opened {opened}: to load {host}, start Locust with that --host"
        )


def _number(name: str, text: str, kind: type[int | float]) -> int | float:
    try:
        return kind(text)
    except ValueError:
        which = "a whole number" if kind is int else "a number"
        raise BadValue(f"--{name.replace('_', '-')} {text}: it takes {which}") from None
