"""Which of a locustfile's users are ours, and whether they say what they play."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loadstone.errors import BadContent
from loadstone.locust.dynamo_user import DynamoUser
from loadstone.locust.recorded import RecordedUser
from loadstone.locust.user import ScenarioUser


def ours(classes: Iterable[type]) -> list[type[RecordedUser]]:
    return [user for user in classes if issubclass(user, RecordedUser)]


def systems_of(classes: Iterable[type]) -> list[str]:
    """The systems that are named, each once."""
    return sorted({name for user in ours(classes) if (name := _system(user))})


def played_by(classes: Sequence[type], names: Iterable[str], handmade: str) -> list[str]:
    """Of the loads of a process those that users of these classes play; `handmade` is the name of
    what is played by tasks of their own."""
    found = set(systems_of(classes))
    if any(issubclass(user, DynamoUser) for user in classes):
        found.add(handmade)
    return [name for name in names if name in found]


def refuse_idle(classes: Iterable[type]) -> None:
    """BadContent for a user that would play nothing."""
    for user in ours(classes):
        if issubclass(user, ScenarioUser) and not _system(user):
            raise BadContent(
                f'{user.__name__} names no system: give it one, as in `system = "NAME"`; a user '
                "with tasks of its own alone is a DynamoUser"
            )
        if issubclass(user, DynamoUser) and not user.tasks:
            raise BadContent(f"{user.__name__} has no task: mark a method of it with @task")


def _system(user: type[RecordedUser]) -> str:
    named = getattr(user, "system", None)
    return named if isinstance(named, str) else ""
