"""Where the sources on DynamoDB's accounting disagree: which of them is followed, by name.

The defaults never come to less than the other choice of their switch, which is a field of Reading.
There is no switch for a failed put under a key that has no item: it is one unit here, and one
source charges the size of the item that it would have made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from loadstone.errors import BadValue

#: How long a number is.
Numbers = Literal["base-100", "by-parts"]
#: What a write costs whose condition does not hold.
FailedCondition = Literal["larger", "stored"]
#: Whether an index entry changes where a number is written in another way: 1, then 1.0.
Respelled = Literal["change", "same"]

#: For each field of Reading its choices, the default first, and what speaks for each.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "numbers": {
        "base-100": "pairs of digits aligned on the decimal point, as dynalite and the DynamoDB "
        "calculator have it: 120 takes 3 bytes",
        "by-parts": "pairs of digits before the point and after it, as dynoxide has it: 120 takes "
        "2 bytes; one byte less for about one number in seven, else the same",
    },
    "failed_condition": {
        "larger": 'the larger of the stored and the new item ("DynamoDB read and write '
        'operations", and what was captured of BatchExecuteStatement)',
        "stored": 'the stored item alone ("Working with items and attributes")',
    },
    "respelled": {
        "change": "the entry is written again: nobody has reported either",
        "same": "nothing is written, as the values are equal",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One choice for each disagreement."""

    numbers: Numbers = "base-100"
    failed_condition: FailedCondition = "larger"
    respelled: Respelled = "change"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise BadValue(
                    f"{name} is read as {' or '.join(choices)}, not {getattr(self, name)!r}"
                )


CONSERVATIVE = Reading()
