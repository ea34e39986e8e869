"""The parts of requests that write: each made for one item, noted before it is sent, and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from loadstone.client.answer import Answer
from loadstone.pattern import Pattern, PutItem
from loadstone.scenario.journal import Journal
from loadstone.scenario.request import Part
from loadstone.scenario.template import Fields
from loadstone.scenario.touch import Recent
from loadstone.scenario.trip import Trip

_SECOND_MS = 1000


class Made(NamedTuple):
    """A part of a request, for one item."""

    part: Part
    table: str
    fields: Fields
    token: int  # the journal's
    ordinal: int
    now_ms: int


class Making:
    """Makes parts for one process of a run. `number` gives the number of a new item and its
    ordinal, `tell` hears of those that were written."""

    def __init__(
        self,
        random: Random,
        journal: Journal,
        *,
        number: Callable[[], tuple[int, int]],
        tell: Callable[[Pattern, int], None],
    ) -> None:
        self._random, self._journal, self._number, self._tell = random, journal, number, tell
        self._recent = Recent()

    def make(self, part: Part, table: str, trip: Trip, now_ms: int) -> Made:
        """A part of a request; a new item gets a number and a key that nobody else has."""
        subject = trip.find(part.about)
        put = part.new
        if put is None:
            drawn = self._random.getrandbits(62)
            fields = part.make(subject, drawn, trip.line, now_ms, trip)
            token = self._journal.begin(part.entry, subject, fields)
            return Made(part, table, fields, token, 0, now_ms)
        number, ordinal = self._number()
        trip.line = trip.line or number
        number = trip.number_of_new(put.new, number)
        fields = part.make(subject, number, trip.line, now_ms, trip)
        table_name = put.table.name
        while not (part.own_key or self._recent.takes((table_name, part.new_key(fields)), now_ms)):
            # A key that holds its instant would be written twice: it is a second later then.
            # One that does not is the pattern's own: it may mean to meet what is there.
            now_ms += _SECOND_MS
            later = part.make(subject, number, trip.line, now_ms, trip)
            if part.new_key(later) == part.new_key(fields):
                break
            fields = later
        token = self._journal.begin(part.entry, subject, fields)
        return Made(part, table, fields, token, ordinal, now_ms)

    def settle(self, pattern: Pattern, trip: Trip, made: Sequence[Made], answer: Answer) -> None:
        """What later steps and the record are to know of it."""
        well, first = answer.ok, True
        for part, _, fields, token, ordinal, _ in made:
            self._journal.end(token, answer)
            if not well:
                continue
            if part.new is not None:
                self._tell(pattern, ordinal)
            if first and isinstance(part.operation, PutItem):
                trip.keep_item(pattern.id, fields["Item"])
                first = False
