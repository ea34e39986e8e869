"""Texts that no format is known of: the kinds of characters in them, one run after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Characters: TypeAlias = Literal["digits", "capitals", "small", "letters", "literal"]

_RUNS = re.compile(r"[0-9]+|[^\W\d_]+|[^0-9A-Za-z]")
_MOST_RUNS = 9
_LONGEST_WORD = 12


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one kind, from `low` to `high` of them; `literal` is a sign that all have."""

    kind: Characters
    low: int
    high: int
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The runs that all texts are made of."""

    runs: tuple[Run, ...]

    @property
    def numbered(self) -> tuple[str, Run, str] | None:
        """The one number in it, and the signs before and behind; None where there is more."""
        places = [place for place, run in enumerate(self.runs) if not run.literal]
        if len(places) != 1 or self.runs[places[0]].kind != "digits":
            return None
        before, number, behind = (
            self.runs[: places[0]],
            self.runs[places[0]],
            self.runs[places[0] + 1 :],
        )
        return "".join(run.literal for run in before), number, "".join(r.literal for r in behind)

    @property
    def longest(self) -> int:
        return sum(run.high for run in self.runs)

    def __str__(self) -> str:
        """99/99/9999: a sign for each character, as many as there are at the most."""
        signs = {"digits": "9", "capitals": "A", "small": "a", "letters": "x"}
        return "".join(run.literal or signs[run.kind] * run.high for run in self.runs)


def shape_of(texts: Sequence[str], writes: Callable[[str], bool]) -> Shape | None:
    """The shape of texts with digits in them, where it is the same for all: 05/01/2024. Prose and
    random characters have none. A word that all have is a sign like others, where a draft
    `writes` it."""
    rows = [_RUNS.findall(text) for text in texts]
    if not rows or not 0 < len(rows[0]) <= _MOST_RUNS:
        return None
    if any("".join(row) != text for row, text in zip(rows, texts, strict=True)):
        return None
    if any(len(row) != len(rows[0]) for row in rows):
        return None
    if not any(run[0].isdigit() for run in rows[0]):
        return None
    runs = [_run(column, writes) for column in zip(*rows, strict=True)]
    found = tuple(run for run in runs if run is not None)
    if len(found) < len(runs) or any(
        run.kind != "digits" and run.high > _LONGEST_WORD for run in found
    ):
        return None
    spaced = any(run.literal.isspace() for run in found)
    worded = any(run.kind in ("small", "letters") for run in found)
    return None if spaced and worded else Shape(found)


def _run(texts: Sequence[str], writes: Callable[[str], bool]) -> Run | None:
    if len(set(texts)) == 1 and texts[0].isalpha() and writes(texts[0]):
        return Run("literal", len(texts[0]), len(texts[0]), texts[0])
    low, high = min(map(len, texts)), max(map(len, texts))
    if all(text.isascii() and text.isdigit() for text in texts):
        return Run("digits", low, high)
    if all(text.isalpha() for text in texts):
        if all(text.isupper() for text in texts):
            return Run("capitals", low, high)
        return Run("small" if all(text.islower() for text in texts) else "letters", low, high)
    return Run("literal", 1, 1, texts[0]) if len(set(texts)) == 1 else None
