"""What an operation of a DynamoUser comes back with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from loadstone.client.answer import Answer, Throttle, Units
from loadstone.scenario.batch import as_one, undone_in
from loadstone.scenario.outcome import problem_of, rows_in
from loadstone.scenario.plain import as_plain
from loadstone.wire import decode


class Reply(Mapping[str, Any]):
    """The answer in DynamoDB's own words, `reply["Items"]`, with plain values; decoded when asked.

    Of several pages, or of the parts of a batch, the words are those of the last, and `rows` those
    of all. What went wrong is in `problem`: an error code, or what was not as expected.
    """

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = answers
        # With segments, the last page need not be the one that failed.
        self._failed = next((each for each in answers if not each.ok), None)
        self.problem: str | None = problem_of(self._failed) if self._failed else None
        if self.problem is None and undone_in(answers[-1]):
            self.problem = "some of the batch is undone"

    @property
    def ok(self) -> bool:
        return self.problem is None

    @property
    def code(self) -> str | None:
        """The error code, None when it went well."""
        return self._failed.code if self._failed else None

    @property
    def message(self) -> str | None:
        return self._failed.message if self._failed else None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The items that came back, of all pages."""
        good = (answer for answer in self._answers if answer.ok)
        return [decode(row) for answer in good for row in rows_in(answer)]

    @property
    def row(self) -> dict[str, Any] | None:
        """The first of them, or None."""
        return next(iter(self.rows), None)

    @property
    def units(self) -> tuple[Units, ...]:
        """What it consumed, per table and index."""
        return as_one(list(self._answers)).units

    @property
    def throttles(self) -> tuple[Throttle, ...]:
        return as_one(list(self._answers)).throttles

    @cached_property
    def _decoded(self) -> dict[str, Any]:
        return as_plain((self._failed or self._answers[-1]).json)

    def __getitem__(self, name: str) -> Any:
        return self._decoded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded)

    def __len__(self) -> int:
        return len(self._decoded)

    def __bool__(self) -> bool:
        """Whether it went well."""
        return self.ok
