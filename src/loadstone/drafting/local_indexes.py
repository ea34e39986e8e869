"""What a draft says of a local secondary index, which no table of content declares."""

from __future__ import annotations


def left_out(name: str) -> str:
    return (
        f"Its local index {name} is left out, as tables declare global ones alone: a write of an "
        "item that is in it costs the table its entry as well, so a plan without a run comes to "
        "less than the bill; `plan --run` and `plan --cloudwatch` have it in."
    )
