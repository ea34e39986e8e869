"""Instants, in milliseconds since 1970: when things happen, and how that is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from typing import Literal

from loadstone.errors import BadContent
from loadstone.fields.distributions import TABLE_BITS, TABLE_SIZE
from loadstone.fields.draws import DRAW_BITS
from loadstone.fields.expr import Expr, Numbers, Pieces, lift
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw, as_of, column_of
from loadstone.fields.scope import Scope

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_FINE_BITS = 8
_DAY_BITS = TABLE_BITS + _FINE_BITS
_EPOCH = date(1970, 1, 1)


class Moment(Expr):
    """An instant within `days` days, at the hours of the day that people keep.

    Siblings come one after the other: each has its own part of the span, and a place within it.
    """

    kind = "whole"

    def __init__(self, days: Expr, hours: tuple[int, ...], in_order: bool) -> None:
        self.days, self.hours, self.in_order, self.draw = days, hours, in_order, Draw()

    def one(self, scope: Scope) -> str:
        along = self.draw.one(scope)
        if self.in_order:
            _, place, count = scope.place()
            along = f"(({place} << {DRAW_BITS}) + {along}) // {count}"
        along = scope.code.let(f"{along} * {scope.of(self.days)} >> {DRAW_BITS - _DAY_BITS}")
        moment = scope.code.constant(_moment)
        clock = scope.code.constant(_clock(self.hours))
        return f"{moment}({along}, {clock})"

    def numbers(self, frame: Frame) -> Numbers:
        along = frame.numbers(self.draw)
        if self.in_order:
            places = frame.places()
            along = ((places.position << DRAW_BITS) + along) // places.siblings
        along = along * frame.operand(self.days) >> (DRAW_BITS - _DAY_BITS)
        clock = column_of(_clock(self.hours))
        day, part = along >> _DAY_BITS, along & ((1 << _DAY_BITS) - 1)
        entry, fine = part >> _FINE_BITS, part & ((1 << _FINE_BITS) - 1)
        start = clock[entry]
        after: Numbers = day * DAY_MS + start + ((clock[entry + 1] - start) * fine >> _FINE_BITS)
        return after

    def inputs(self) -> Sequence[Expr]:
        return (self.days, self.draw)


class Iso(Expr):
    """An instant as ISO 8601 in UTC."""

    kind = "text"

    def __init__(self, instant: Expr, precision: Literal["seconds", "milliseconds"]) -> None:
        if instant.kind != "whole":
            raise BadContent("an instant is a whole number of milliseconds")
        self.instant, self.precision = instant, precision

    def one(self, scope: Scope) -> str:
        form = iso_seconds if self.precision == "seconds" else iso_milliseconds
        return f"{scope.code.constant(form)}({scope.of(self.instant)})"

    def pieces(self, frame: Frame) -> Pieces:
        instants = frame.numbers(self.instant)
        seconds = instants // SECOND_MS
        days = [_DATES[day] for day in (seconds // 86400).tolist()]
        clock = _times_of_day("Z" if self.precision == "seconds" else "")
        times = list(map(clock.__getitem__, (seconds % 86400).tolist()))
        if self.precision == "seconds":
            return [days, times]
        ends = _milliseconds()
        return [days, times, list(map(ends.__getitem__, (instants % SECOND_MS).tolist()))]

    def inputs(self) -> Sequence[Expr]:
        return (self.instant,)


def moment(*, days: Expr | int, hours: Sequence[int] = (1,) * 24, in_order: bool = True) -> Expr:
    """An instant within the last `days` days before as-of.

    `hours` are 24 weights, one for each hour of the day in UTC. Siblings are in order of time.
    """
    if len(hours) != 24 or min(hours) < 0 or not any(hours):
        raise BadContent("hours are 24 weights, one for each hour of the day")
    if isinstance(days, int) and not 1 <= days <= 1 << 10:
        raise BadContent(f"a moment lies within 1 to 1024 days, not {days}")
    span = lift(days)
    return as_of - span * DAY_MS + Moment(span, tuple(hours), in_order)


def iso(instant: Expr, precision: Literal["seconds", "milliseconds"] = "seconds") -> Expr:
    """2025-01-19T12:00:00Z, or with .000 for milliseconds."""
    return Iso(instant, precision)


def epoch(instant: Expr) -> Expr:
    """Seconds since 1970, as DynamoDB's TTL wants them."""
    return instant // SECOND_MS


def days(count: Expr | int) -> Expr:
    return lift(count) * DAY_MS


def seconds(count: Expr | int) -> Expr:
    return lift(count) * SECOND_MS


class _Dates(dict[int, str]):
    """Dates by their day number, each written once."""

    def __missing__(self, day: int) -> str:
        text = self[day] = f"{(_EPOCH + timedelta(days=day)).isoformat()}T"
        return text


_DATES = _Dates()


def iso_seconds(instant_ms: int) -> str:
    day, second = divmod(instant_ms // SECOND_MS, 86400)
    return _DATES[day] + _times_of_day("Z")[second]


def iso_milliseconds(instant_ms: int) -> str:
    second, fraction = divmod(instant_ms, SECOND_MS)
    day, second = divmod(second, 86400)
    return f"{_DATES[day]}{_times_of_day('')[second]}.{fraction:03}Z"


def _moment(along: int, clock: tuple[int, ...]) -> int:
    """Milliseconds from the span's start, for a place along it."""
    day, part = along >> _DAY_BITS, along & ((1 << _DAY_BITS) - 1)
    entry, fine = part >> _FINE_BITS, part & ((1 << _FINE_BITS) - 1)
    start = clock[entry]
    return day * DAY_MS + start + ((clock[entry + 1] - start) * fine >> _FINE_BITS)


@cache
def _clock(hours: tuple[int, ...]) -> tuple[int, ...]:
    """The time of day, in milliseconds, that each part of the day's activity falls on."""
    upto = list(accumulate(hours, initial=0))
    total = upto[-1]
    clock = []
    hour = 0
    for entry in range(TABLE_SIZE):
        activity = entry * total  # in parts of TABLE_SIZE
        while upto[hour + 1] * TABLE_SIZE <= activity:
            hour += 1
        within = activity - upto[hour] * TABLE_SIZE
        clock.append(hour * HOUR_MS + within * HOUR_MS // (hours[hour] * TABLE_SIZE))
    last = max(index for index, weight in enumerate(hours) if weight)
    return (*clock, (last + 1) * HOUR_MS - 1)


@cache
def _times_of_day(end: str) -> tuple[str, ...]:
    return tuple(
        f"{hour:02}:{minute:02}:{second:02}{end}"
        for hour in range(24)
        for minute in range(60)
        for second in range(60)
    )


@cache
def _milliseconds() -> tuple[str, ...]:
    return tuple(f".{fraction:03}Z" for fraction in range(1000))
