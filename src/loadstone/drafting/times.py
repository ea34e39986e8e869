"""When an entity's items are made, and how its other instants follow from that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean
from time import gmtime, time

from loadstone.drafting.expressions import written
from loadstone.drafting.figures import below, quantile, rounded, span_of, spread_of
from loadstone.drafting.forms import DAYS_OF, Time, time_of
from loadstone.drafting.numeric import in_milliseconds, instants_of
from loadstone.drafting.pieces import Made, as_text
from loadstone.drafting.templates import Part, Texts

_DAY_S = 86_400
_SECONDS_OR_MS = re.compile(r"1\d{9}(\d{3})?").fullmatch


@dataclass(frozen=True, kw_only=True)
class Clock:
    """An instant of every item, as the sample has it; None where an item has none."""

    form: Time | None  # None: a number, or a text of its digits
    milliseconds: bool
    instants: tuple[float | None, ...]
    digits: bool = False

    @property
    def present(self) -> list[float]:
        return [each for each in self.instants if each is not None]


def clock_of(part: Part) -> Clock | None:
    """The instants that a column is, or a part of one."""
    texts = part.present
    if not texts:
        return None
    digits = not part.numeric and all(map(_SECONDS_OR_MS, texts))
    if part.numeric or digits:
        found = instants_of(part.name, texts)
        form, milliseconds = None, found is not None and in_milliseconds(texts)
    else:
        form = time_of(texts)
        found, milliseconds = (form.instants if form else None), False
    if found is None:
        return None
    left = iter(found)
    instants = tuple(next(left) if text else None for text in part.texts)
    return Clock(form=form, milliseconds=milliseconds, instants=instants, digits=digits)


def is_day_of(clock: Clock, other: Clock) -> bool:
    """Whether one is the day, or the month, that the other is in, wherever both are there."""
    days = days_each(clock)
    if not days or days_each(other) >= days:
        return False
    parts = 2 if days > 1 else 3
    pairs = [
        (gmtime(one)[:parts], gmtime(another)[:parts])
        for one, another in zip(clock.instants, other.instants, strict=True)
        if one is not None and another is not None
    ]
    return bool(pairs) and all(one == another for one, another in pairs)


def is_apart(clock: Clock) -> bool:
    """Whether an instant tells the items of a partition apart: days and months do not."""
    return not days_each(clock)


def in_steps(clock: Clock, place: str) -> str:
    """Days, or months, one after the other back from as-of."""
    step = days_each(clock)
    return f"as_of - days({place})" if step == 1 else f"as_of - days({place}) * {step}"


def days_each(clock: Clock) -> int:
    """Of how many days each of them is, 0 where they are finer than that."""
    return DAYS_OF.get(clock.form.precision, 0) if clock.form is not None else 0


def alone(clock: Clock, *, now_s: float | None = None) -> str:
    """An instant that no other tells of: within days that have passed, or that are to come."""
    now = time() if now_s is None else now_s
    low, high = min(clock.present), max(clock.present)
    if high <= now + _DAY_S:
        return f"moment(days={days_of(clock)}, in_order=False)"
    first = int(below((low - now) / _DAY_S)) if low < now else 0
    return f"as_of + seconds(whole({first * _DAY_S}, {span_of((high - now) / _DAY_S) * _DAY_S}))"


def first_of(clocks: Mapping[Texts, Clock], *, now_s: float | None = None) -> Texts | None:
    """What comes first of the instants that every item has and that have passed."""
    now = time() if now_s is None else now_s
    always = {
        texts: clock
        for texts, clock in clocks.items()
        if len(clock.present) == len(clock.instants)
        and max(clock.present) <= now + _DAY_S
        and not any(is_day_of(clock, other) for other in clocks.values())
    }
    return min(always, key=lambda texts: mean(always[texts].present), default=None)


def days_of(clock: Clock) -> int:
    """The days from the oldest to the newest."""
    return span_of((max(clock.present) - min(clock.present)) / _DAY_S)


def mean_ms(clock: Clock) -> float:
    """From one to the next, on average."""
    span_s = max(clock.present) - min(clock.present)
    return 1000 * span_s / max(1, len(clock.present) - 1)


def shown(clock: Clock, instant: str) -> Made:
    """An instant as a column writes it."""
    if clock.form is not None:
        return written(clock.form, instant)
    made = instant if clock.milliseconds else f"epoch({instant})"
    return as_text("{n}", n=made) if clock.digits else Made(made)


def after(clock: Clock, base: Clock, instant: str, *, now_s: float | None = None) -> str | None:
    """An instant that follows another: always so much later, or about so much; None where it does
    not follow."""
    pairs = zip(clock.instants, base.instants, strict=True)
    later = [one - other for one, other in pairs if one is not None and other is not None]
    if not later or min(later) < -1:
        return None
    now = time() if now_s is None else now_s
    low, high = max(0.0, min(later)), max(later)
    if high - low <= 1:
        return instant if round(high) == 0 else f"{instant} + {_constant(round(high))}"
    if high - low <= _DAY_S and round(quantile(later, 0.5) / _DAY_S) >= 2 * (high - low) / _DAY_S:
        return f"{instant} + days({round(quantile(later, 0.5) / _DAY_S)})"
    middle = max(1, int(rounded(quantile(later, 0.5))))
    spread = min(20.0, max(1.2, spread_of(later)))
    drawn = f"seconds(shaped(LogNormal({middle}, spread={spread})))"
    moved = f"{instant} + {drawn}"
    return f"least({moved}, as_of)" if max(clock.present) <= now + _DAY_S else moved


def _constant(seconds: int) -> str:
    """So much later, each time; what is no round time may be somebody's, and is rounded."""
    if seconds % _DAY_S == 0:
        return f"days({seconds // _DAY_S})"
    return f"seconds({seconds if seconds % 60 == 0 else int(rounded(seconds))})"
