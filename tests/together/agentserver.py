"""AI Agent Server: what its sessions and messages say of each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from operator import itemgetter

from tests.together import AS_OF, Items, differ, grouped, instant


def a_session_holds_its_messages(items: Items) -> Iterator[object]:
    messages = grouped(items["Message"], "sessionId")
    for session in items["Session"]:
        own = sorted(messages[session["id"]], key=itemgetter("timestamp"))
        yield from differ(
            session["id"],
            last=(session["updatedAt"], own[-1]["timestamp"]),
            tenant=({session["tenantId"]}, {each["tenantId"] for each in own}),
            user=({session["userId"]}, {each["userId"] for each in own}),
            times=(len({each["timestamp"] for each in own}), len(own)),
        )
        if own[0]["timestamp"] < session["createdAt"]:
            yield session["id"], "a message before it began"
        roles = zip((each["role"] for each in own), cycle(("user", "agent")), strict=False)
        if len(own) % 2 or any(role != due for role, due in roles):
            yield session["id"], "no turns"


def a_user_and_a_location_are_one_tenants(items: Items) -> Iterator[object]:
    located = [session for session in items["Session"] if "locationId" in session]
    for sessions in (grouped(items["Session"], "userId"), grouped(located, "locationId")):
        for who, own in sessions.items():
            if len({each["tenantId"] for each in own}) > 1:
                yield who


def only_a_session_of_late_is_active(items: Items) -> Iterator[object]:
    for session in items["Session"]:
        idle = AS_OF - instant(session["updatedAt"])
        if session["isActive"] and idle > timedelta(days=14):
            yield session["id"], idle
        if not session["isActive"] and idle < timedelta(days=1):
            yield session["id"], idle
