"""How many there are of something, in words."""

from __future__ import annotations


def amount(number: int, one: str, many: str = "") -> str:
    """`1 table`, `1,200 tables`, `2 indexes`; `many` where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
