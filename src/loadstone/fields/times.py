"""Instants, in milliseconds since 1970: when things happen, and how that is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.errors import BadContent, BadValue
from loadstone.fields.distributions import TABLE_BITS, TABLE_SIZE
from loadstone.fields.draws import DRAW_BITS
from loadstone.fields.expr import Expr, Numbers, escape, lift
from loadstone.fields.frame import Frame
from loadstone.fields.numbers import Draw, as_of
from loadstone.fields.pieces import Letters, Picked, Pieces, Words
from loadstone.fields.scope import Scope

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_FINE_BITS = 8
_DAY_BITS = TABLE_BITS + _FINE_BITS
_EPOCH = date(1970, 1, 1)
_NO_DATE = (
    "it is in the year {year:,}, and dates are of the years 1 to 9999: there are no more days"
)
_KNOWN_DAYS = 1 << 15  # of the days since then, to 2059: those that columns look up
_KNOWN_MONTHS = 12 * 90
_DATE_LETTERS = 11


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
        starts, lengths = map(scope.code.constant, _clock(self.hours))
        return f"{moment}({along}, {starts}, {lengths})"

    def numbers(self, frame: Frame) -> Numbers:
        along = frame.numbers(self.draw)
        if self.in_order:
            places = frame.places()
            along = ((places.position << DRAW_BITS) + along) // places.siblings
        along = along * frame.operand(self.days) >> (DRAW_BITS - _DAY_BITS)
        starts, lengths = self._columns
        day, part = along >> _DAY_BITS, along & ((1 << _DAY_BITS) - 1)
        entry, fine = part >> _FINE_BITS, part & ((1 << _FINE_BITS) - 1)
        after: Numbers = day * DAY_MS + starts[entry] + (lengths[entry] * fine >> _FINE_BITS)
        return after

    @cached_property
    def _columns(self) -> tuple[Numbers, Numbers]:
        starts, lengths = _clock(self.hours)
        return np.array(starts, dtype=np.int64), np.array(lengths, dtype=np.int64)

    def plain(self) -> bool:
        return self.days.plain()

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
        if not instants.size:
            return [[]]
        days = instants // DAY_MS
        minutes = (instants - days * DAY_MS) // MINUTE_MS
        within = instants - days * DAY_MS - minutes * MINUTE_MS
        pieces: Pieces = [Letters(_date_letters(days)), _letters_of(_minutes(), minutes)]
        seconds = within // SECOND_MS
        if self.precision == "seconds":
            return [*pieces, _letters_of(_seconds("Z"), seconds)]
        fractions = _letters_of(_fractions(), within - seconds * SECOND_MS)
        return [*pieces, _letters_of(_seconds("."), seconds), fractions]

    def plain(self) -> bool:
        return self.instant.plain()

    def inputs(self) -> Sequence[Expr]:
        return (self.instant,)


class Calendar(Expr):
    """The day of an instant, in UTC, as people write it."""

    kind = "text"

    def __init__(self, instant: Expr, form: str) -> None:
        if instant.kind != "whole":
            raise BadContent("a day is that of an instant, a whole number of milliseconds")
        try:
            self.days, self.escaped = _Days(form), _Days(escape(form))
            self.instant, self.epoch = instant, self.days[0]
        except (KeyError, IndexError) as error:
            raise BadContent(
                f"{form!r}: a day has a {{year}}, {{month}}, {{day}}, {{weekday}} and {{name}}"
            ) from error

    def one(self, scope: Scope) -> str:
        return f"{scope.code.constant(self.days)}[{scope.of(self.instant)} // {DAY_MS}]"

    def pieces(self, frame: Frame) -> Pieces:
        days = frame.numbers(self.instant) // DAY_MS
        if not days.size:
            return [[]]
        text_of = (self.days if frame.raw else self.escaped).__getitem__
        first, last = int(days.min()), int(days.max())
        if last - first > 4 * days.size:
            return [list(map(text_of, days.tolist()))]
        return [Picked(Words(map(text_of, range(first, last + 1))), days - first)]

    def inputs(self) -> Sequence[Expr]:
        return (self.instant,)


class MonthStart(Expr):
    """When the calendar month of an instant began, or one so many months before it."""

    kind = "whole"

    def __init__(self, instant: Expr, back: Expr) -> None:
        self.instant, self.back = instant, back

    def one(self, scope: Scope) -> str:
        start = scope.code.constant(_month_start)
        return f"{start}({scope.of(self.instant)}, {scope.of(self.back)})"

    def numbers(self, frame: Frame) -> Numbers:
        days = frame.numbers(self.instant) // DAY_MS
        if not days.size:
            return days
        known = days.min() >= 0 and days.max() < _KNOWN_DAYS
        months = (_months().take(days) if known else _months_of(days)) - frame.operand(self.back)
        if months.min() < 0 or months.max() >= _KNOWN_MONTHS:
            return _months_began(months)
        began: Numbers = _month_starts().take(months)
        return began

    def inputs(self) -> Sequence[Expr]:
        return (self.instant, self.back)


def moment(
    *,
    days: Expr | int,
    hours: Sequence[int] = (1,) * 24,
    in_order: bool = True,
    since: Expr | None = None,
) -> Expr:
    """An instant within the last `days` days before as-of, or the first `days` from `since` on.

    `since` is a midnight in UTC. `hours` are 24 weights, one for each hour of the day in UTC.
    Siblings are in order of time.
    """
    if len(hours) != 24 or min(hours) < 0 or not any(hours):
        raise BadContent("hours are 24 weights, one for each hour of the day")
    if isinstance(days, int) and not 1 <= days <= 1 << 10:
        raise BadContent(f"a moment lies within 1 to 1024 days, not {days}")
    span = lift(days)
    # Hours are those of the day, whatever the hour of as-of.
    start = as_of // DAY_MS * DAY_MS - span * DAY_MS if since is None else since
    return start + Moment(span, tuple(hours), in_order)


def iso(instant: Expr, precision: Literal["seconds", "milliseconds"] = "seconds") -> Expr:
    """2025-01-19T12:00:00Z, or with .000 for milliseconds."""
    return Iso(instant, precision)


def calendar(instant: Expr, form: str) -> Expr:
    """The instant's day in UTC: "{weekday}, {name} {day}" is Tuesday, May 5, and
    "{year}-{month:02}" is 2026-05."""
    return Calendar(instant, form)


def month_start(instant: Expr, back: Expr | int = 0) -> Expr:
    """When the instant's calendar month began, in UTC; or the month so many before it."""
    return MonthStart(instant, lift(back))


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
        text = self[day] = f"{_date_of(day).isoformat()}T"
        return text


_DATES = _Dates()
_MINUTES = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}" for second in range(60))
_FRACTIONS = tuple(f"{fraction:03}Z" for fraction in range(1000))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class _Days(dict[int, str]):
    """Days by their number, each written once, in a form of the author's."""

    def __init__(self, form: str) -> None:
        self.form = form

    def __missing__(self, number: int) -> str:
        day = _date_of(number)
        text = self[number] = self.form.format(
            year=day.year,
            month=day.month,
            day=day.day,
            weekday=_WEEKDAYS[day.weekday()],
            name=_MONTHS[day.month - 1],
        )
        return text


def _date_of(day: int) -> date:
    """A day by its number since 1970."""
    try:
        return _EPOCH + timedelta(days=day)
    except OverflowError:
        raise BadValue(_NO_DATE.format(year=1970 + int(day // 365.2425))) from None


def _month_start(instant_ms: int, back: int) -> int:
    day = _date_of(instant_ms // DAY_MS)
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    if not 1 <= year <= 9999:
        raise BadValue(_NO_DATE.format(year=year))
    return (date(year, month + 1, 1) - _EPOCH).days * DAY_MS


def iso_seconds(instant_ms: int) -> str:
    minute, within = divmod(instant_ms, MINUTE_MS)
    day, minute = divmod(minute, 1440)
    return f"{_DATES[day]}{_MINUTES[minute]}{_SECONDS[within // SECOND_MS]}Z"


def iso_milliseconds(instant_ms: int) -> str:
    minute, within = divmod(instant_ms, MINUTE_MS)
    day, minute = divmod(minute, 1440)
    second, fraction = divmod(within, SECOND_MS)
    return f"{_DATES[day]}{_MINUTES[minute]}{_SECONDS[second]}.{_FRACTIONS[fraction]}"


def _moment(along: int, starts: tuple[int, ...], lengths: tuple[int, ...]) -> int:
    """Milliseconds from the span's start, for a place along it."""
    day, part = along >> _DAY_BITS, along & ((1 << _DAY_BITS) - 1)
    entry, fine = part >> _FINE_BITS, part & ((1 << _FINE_BITS) - 1)
    return day * DAY_MS + starts[entry] + (lengths[entry] * fine >> _FINE_BITS)


@cache
def _clock(hours: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each part of a day's activity the time of day, in milliseconds, that it starts at, and
    how long it is; none reaches over an hour in which nothing happens."""
    upto = list(accumulate(hours, initial=0))
    total = upto[-1]
    starts, lengths = [], []
    hour = 0
    for entry in range(TABLE_SIZE):
        activity = entry * total  # in parts of TABLE_SIZE
        while upto[hour + 1] * TABLE_SIZE <= activity:
            hour += 1
        per_hour = hours[hour] * TABLE_SIZE
        within = (activity - upto[hour] * TABLE_SIZE) * HOUR_MS // per_hour
        starts.append(hour * HOUR_MS + within)
        lengths.append(min(total * HOUR_MS // per_hour, HOUR_MS - within))
    return tuple(starts), tuple(lengths)


def _date_letters(days: Numbers) -> NDArray[np.uint8]:
    """2025-01-19T, letter by letter, for each of some days since 1970."""
    first, last = int(days.min()), int(days.max())
    if first < 0 or last >= _KNOWN_DAYS:
        return _letters([_DATES[day] for day in days.tolist()])
    matrix = np.empty((len(days), _DATE_LETTERS), dtype=np.uint8)
    matrix[:, :-1] = _dates().take(days).view(np.uint8).reshape(len(days), -1)
    matrix[:, -1] = ord("T")
    return matrix


@cache
def _dates() -> Numbers:
    """Every day that is likely to be asked for, one value of ten letters each."""
    days = np.arange(_KNOWN_DAYS).astype("datetime64[D]")
    return np.datetime_as_string(days).astype("S10").view("V10")


def _months_of(days: Numbers) -> Numbers:
    """The month of each day, both counted since 1970: numpy takes its time to work that out."""
    found: Numbers = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return found


def _months_began(months: Numbers) -> Numbers:
    found: Numbers = months.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
    return found


@cache
def _months() -> Numbers:
    return _months_of(np.arange(_KNOWN_DAYS))


@cache
def _month_starts() -> Numbers:
    return _months_began(np.arange(_KNOWN_MONTHS))


@cache
def _minutes() -> Numbers:
    return _letters(_MINUTES)


@cache
def _seconds(end: str) -> Numbers:
    return _letters([f"{second}{end}" for second in _SECONDS])


@cache
def _fractions() -> Numbers:
    return _letters(_FRACTIONS)


def _letters_of(table: Numbers, rows: Numbers) -> Letters:
    return Letters(table.take(rows, axis=0))


def _letters(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Texts of one length, letter by letter."""
    return np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(len(texts), -1)
