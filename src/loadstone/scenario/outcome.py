"""What an answer comes to: how many rows it has, and what a failed condition means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from loadstone.client.answer import Answer

FAILED_CONDITION = "ConditionalCheckFailedException"
CANCELLED = "TransactionCanceledException"

# Within an item a name is followed by an object, and a text's quotes are escaped: only the answer's
# own count has a bare number after it.
_COUNT = b'"Count"'
_NUMBER = re.compile(rb"\s*:\s*(\d+)").match
_MORE = b'"LastEvaluatedKey"'
_ITEM = b'"Item"'
_COLON = re.compile(rb"\s*:").match
#: The answer's own count stands at its head or its end: to look for it in between takes long.
_HEAD_BYTES = 64


class Seen(NamedTuple):
    """What an answer holds, read without decoding it where that can be."""

    rows: int
    more: bool


def seen(answer: Answer, parts: int = 1) -> Seen:
    """How many rows a good answer has, and whether more follow; `parts` is what a write wrote."""
    match answer.operation:
        case "Query" | "Scan":
            return Seen(*counted(answer.body))
        case "GetItem":
            return Seen(int(has_item(answer.body)), False)
        case "BatchGetItem" | "TransactGetItems":
            return Seen(sum(1 for _ in rows_in(answer)), False)
        case _:
            return Seen(parts, False)


def has_item(body: bytes) -> bool:
    """Whether a good answer to a GetItem has the item."""
    return _has(body, _ITEM)


def counted(body: bytes) -> tuple[int, bool]:
    """How many rows a page has, and whether more follow."""
    return _count(body), _has(body, _MORE)


def _count(body: bytes) -> int:
    at, end = body.find(_COUNT, 0, _HEAD_BYTES), len(body)
    while at < 0 or (found := _NUMBER(body, at + len(_COUNT))) is None:
        at = end = body.rfind(_COUNT, 0, end)
        if at < 0:
            return 0
    return int(found[1])


def _has(body: bytes, name: bytes) -> bool:
    """Whether it has a member of that name; an attribute's value may hold the name too."""
    # From its end: there CPython looks for a text of this length three times as fast.
    at = body.rfind(name)
    while at >= 0:
        if _COLON(body, at + len(name)):
            return True
        at = body.rfind(name, 0, at)
    return False


def rows_in(answer: Answer) -> Iterator[Any]:
    """The rows of a good answer, as they are on the wire: objects, if the server is sane."""
    body = answer.json
    match answer.operation:
        case "GetItem":
            found = body.get("Item")
            yield from [found] if found else []
        case "BatchGetItem":
            for of_table in body.get("Responses", {}).values():
                yield from of_table
        case "TransactGetItems":
            yield from (each["Item"] for each in body.get("Responses", []) if each.get("Item"))
        case "Query" | "Scan":
            yield from body.get("Items", [])
        case _:
            found = body.get("Attributes")
            yield from [found] if found else []


def reasons_in(answer: Answer) -> list[str]:
    """Why a transaction was cancelled, for each part that is a reason."""
    try:
        reasons = orjson.loads(answer.body).get("CancellationReasons") or []
        return [each["Code"] for each in reasons if each.get("Code", "None") != "None"]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return []


def failed_by_condition(answer: Answer) -> bool:
    """Whether nothing but a condition that did not hold stood in the way."""
    if answer.code == CANCELLED:
        reasons = reasons_in(answer)
        return bool(reasons) and set(reasons) == {"ConditionalCheckFailed"}
    return answer.code == FAILED_CONDITION


def problem_of(answer: Answer) -> str | None:
    """The error code; of a cancelled transaction, with what cancelled it."""
    if answer.code == CANCELLED and (reasons := reasons_in(answer)):
        return f"{answer.code}: {', '.join(dict.fromkeys(reasons))}"
    return answer.code
