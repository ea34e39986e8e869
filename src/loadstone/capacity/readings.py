"""Where the sources on DynamoDB's accounting disagree: which of them is followed, by name.

The defaults never come to less than the other choice of their switch, which is a field of Reading.
One source stands alone, with what a put costs that fails where there is no item: it is followed
only where that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Self

from loadstone.errors import BadValue

#: How long a number is.
Numbers = Literal["base-100", "by-parts"]
#: What a write costs whose condition does not hold.
FailedCondition = Literal["larger", "stored", "attempted"]
#: Whether an index entry changes where a number is written in another way: 1, then 1.0.
Respelled = Literal["change", "same"]

#: What each field of Reading is about.
ABOUT: Mapping[str, str] = {
    "numbers": "how long a number is",
    "failed_condition": "what a write costs whose condition fails",
    "respelled": "whether an index is written where 1 becomes 1.0",
}
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
        "attempted": "the larger of both, and the new item where none is stored, which is a unit "
        "with the others (AWS's agent toolkit)",
    },
    "respelled": {
        "change": "the entry is written again (nobody has reported either)",
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

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """As people write it: numbers=by-parts; what is not named is as it is by default."""
        chosen: dict[str, str] = {}
        for text in texts:
            name, equals, choice = text.partition("=")
            if name not in CHOICES or not equals or choice not in CHOICES[name]:
                known = "; ".join(f"{each}={'|'.join(some)}" for each, some in CHOICES.items())
                raise BadValue(f"no reading is called {text!r}; there are {known}")
            if chosen.setdefault(name, choice) != choice:
                raise BadValue(f"{name} is read as {chosen[name]} and as {choice}: leave one out")
        return cls(**chosen)  # type: ignore[arg-type]

    @property
    def chosen(self) -> tuple[str, ...]:
        """What differs from the defaults, as it is written."""
        return tuple(
            f"{name}={choice}"
            for name, choice in asdict(self).items()
            if choice != next(iter(CHOICES[name]))
        )

    def said(self, *names: str) -> Iterator[str]:
        """A sentence for each of these disagreements: what is followed, and what would not be."""
        for name in names or CHOICES:
            followed = getattr(self, name)
            others = " or ".join(f"{name}={each}" for each in CHOICES[name] if each != followed)
            yield (
                f"sources disagree on {ABOUT[name]}: {followed} is followed, "
                f"{CHOICES[name][followed]}; --reading {others} is the other"
            )


CONSERVATIVE = Reading()
