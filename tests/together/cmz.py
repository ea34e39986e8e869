"""CMZ: what the messages of its one table say of each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from operator import itemgetter

from tests.together import Items, grouped


def a_session_is_one_childs_with_one_animal(items: Items) -> Iterator[object]:
    for session, messages in grouped(items["Message"], "sessionId").items():
        who = {(each["userId"], each["animalId"], each.get("parentUserId")) for each in messages}
        if len(who) > 1:
            yield session, who


def questions_and_answers_take_turns(items: Items) -> Iterator[object]:
    for session, messages in grouped(items["Message"], "sessionId").items():
        in_turn = sorted(messages, key=itemgetter("timestamp"))
        kinds = [each["messageType"] for each in in_turn]
        if any(kind != due for kind, due in zip(kinds, cycle(("user", "assistant")), strict=False)):
            yield session, kinds
        if len({each["timestamp"] for each in messages}) < len(messages):
            yield session, "two at one time"


def a_child_has_one_parent(items: Items) -> Iterator[object]:
    for child, messages in grouped(items["Message"], "userId").items():
        if len({each.get("parentUserId") for each in messages}) > 1:
            yield child
