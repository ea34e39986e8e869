"""Two runs figure by figure: what differs, what does not, and what could not have been seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import exp, inf, isinf, log
from statistics import NormalDist
from typing import Literal

from loadstone.capacity.money import HOURS_PER_MONTH, request_cost_usd
from loadstone.compare.comparable import Obstacle, obstacles
from loadstone.compare.series import Series, series_of
from loadstone.compare.spread import Array, Limits, difference_limits, quantile_limits, ratio_limits
from loadstone.errors import NoPrice
from loadstone.run.evidence import prices_of
from loadstone.run.record import Run

#: How likely a comparison of two runs of the same thing is to claim no difference at all.
CONFIDENCE = 0.95
#: Smaller ones are between any two runs of the same thing, seconds apart.
IGNORED = 0.02
#: How often a difference of the size that "could have been seen" would have been.
POWER = 0.8

Kind = Literal["latency", "rate", "share", "money"]
Verdict = Literal["differs", "same", "unknown"]
Pair = tuple[Series, Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure of both runs. `change` is relative to the base, or, of shares and where one side is
    zero, new - base; it lies between `low` and `high`. `seen_from` is the smallest change that
    would have been claimed, four times in five."""

    figure: str
    kind: Kind
    base: float
    new: float
    relative: bool
    change: float
    low: float
    high: float
    seen_from: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A pattern of both runs, or all of them together."""

    pattern: str
    calls: tuple[float, float]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of it. `questions` is how many figures were asked about; `seconds` how many
    seconds, or spans of a long run, each side had."""

    base: Run
    new: Run
    obstacles: tuple[Obstacle, ...]
    whole: Compared
    patterns: tuple[Compared, ...]
    only_base: tuple[str, ...]
    only_new: tuple[str, ...]
    questions: int
    ignored: float
    seconds: tuple[int, int]
    no_price: str

    @property
    def claimed(self) -> list[tuple[Compared, Difference]]:
        """What differs, the largest change first."""
        found = [
            (compared, difference)
            for compared in (self.whole, *self.patterns)
            for difference in compared.differences
            if difference.verdict == "differs"
        ]
        return sorted(found, key=lambda pair: (not pair[1].relative, -abs(pair[1].change)))


@dataclass(frozen=True, slots=True)
class _Question:
    """A figure, with its limits on one side at a confidence."""

    figure: str
    kind: Kind
    limits: Callable[[Series, float], Limits]


def compare(base: Run, new: Run, *, ignored: float = IGNORED) -> Comparison:
    """What differs by more than chance, and by more than `ignored` of what it was."""
    (olds, old), (news, now) = series_of(base), series_of(new)
    common = sorted(set(olds) & set(news))
    asked, no_price = _questions(base)
    pairs: dict[str, Pair] = {"": (old, now)}
    pairs |= {name: (olds[name], news[name]) for name in common}
    questions = sum(_is_open(each, pair) for pair in pairs.values() for each in asked)
    confidence = 1 - (1 - CONFIDENCE) / max(1, questions)
    compared = [_compared(name, pair, asked, confidence, ignored) for name, pair in pairs.items()]
    return Comparison(
        base=base,
        new=new,
        obstacles=tuple(obstacles(base, new)),
        whole=compared[0],
        patterns=tuple(compared[1:]),
        only_base=tuple(sorted(set(olds) - set(news))),
        only_new=tuple(sorted(set(news) - set(olds))),
        questions=questions,
        ignored=ignored,
        seconds=(len(old.span_s), len(now.span_s)),
        no_price=no_price,
    )


def _questions(base: Run) -> tuple[list[_Question], str]:
    """What is asked of each pattern, costs in the base's prices; why not of costs."""
    found = [*_of_latency(), *_of_counts()]
    try:
        read, write = (_usd_a_unit(base, *units) for units in ((1, 0), (0, 1)))
    except NoPrice as error:
        return found, str(error)
    a_month = 3600 * HOURS_PER_MONTH

    def cost(series: Series, confidence: float) -> Limits:
        spent = (series.read_units * read + series.write_units * write) * a_month
        return ratio_limits(spent, series.span_s, confidence)

    return [*found, _Question("usd_per_month", "money", cost)], ""


def _usd_a_unit(base: Run, read: float, write: float) -> float:
    million = 1_000_000
    prices, region = prices_of(base.header), base.header.region
    return float(request_cost_usd(prices, region, read * million, write * million)) / million


def _of_latency() -> Iterator[_Question]:
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):

        def limits(series: Series, confidence: float, share: float = share) -> Limits:
            return quantile_limits(series.values_us, series.latencies, share, confidence)

        yield _Question(name, "latency", limits)


def _of_counts() -> Iterator[_Question]:
    sides: Mapping[str, tuple[Kind, Callable[[Series], tuple[Array, Array]]]] = {
        "throughput": ("rate", lambda s: (s.calls, s.span_s)),
        "units_per_call": ("rate", lambda s: (s.read_units + s.write_units, s.calls)),
        "throttle_rate": ("share", lambda s: (s.throttled, s.attempts)),
        "error_rate": ("share", lambda s: (s.failed, s.calls)),
    }
    for name, (kind, parts) in sides.items():

        def limits(
            series: Series,
            confidence: float,
            parts: Callable[[Series], tuple[Array, Array]] = parts,
        ) -> Limits:
            return ratio_limits(*parts(series), confidence)

        yield _Question(name, kind, limits)


def _is_open(question: _Question, pair: Pair) -> bool:
    """Whether chance has a part in it: what is the same in every second has no spread."""
    if not all(side.calls.any() for side in pair):
        return False
    return question.kind == "latency" or any(
        limits.low < limits.value or limits.value < limits.high
        for limits in (question.limits(side, CONFIDENCE) for side in pair)
    )


def _compared(
    name: str,
    pair: Pair,
    asked: list[_Question],
    confidence: float,
    ignored: float,
) -> Compared:
    base, new = (float(each.calls.sum()) for each in pair)
    found: list[Difference] = []
    if base and new:
        found = [_difference(question, pair, confidence, ignored) for question in asked]
    return Compared(pattern=name, calls=(base, new), differences=tuple(found))


def _difference(question: _Question, pair: Pair, confidence: float, ignored: float) -> Difference:
    base, new = (question.limits(each, confidence) for each in pair)
    relative = question.kind != "share" and base.value > 0 and new.value > 0
    limits = (
        difference_limits(*map(_logged, (base, new)))
        if relative
        else (difference_limits(base, new))
    )
    half = max(limits.high - limits.value, limits.value - limits.low)
    normal = NormalDist()
    seen_from = half * (1 + normal.inv_cdf(POWER) / normal.inv_cdf(0.5 + confidence / 2))
    change, low, high, seen_from = (
        _as_change(value, relative) for value in (limits.value, limits.low, limits.high, seen_from)
    )
    return Difference(
        figure=question.figure,
        kind=question.kind,
        base=base.value,
        new=new.value,
        relative=relative,
        change=change,
        low=low,
        high=high,
        seen_from=max(seen_from, ignored) if relative else seen_from,
        verdict=_verdict(change, low, high, ignored if relative else 0.0),
    )


def _verdict(change: float, low: float, high: float, ignored: float) -> Verdict:
    if low > 0 or high < 0:
        return "differs" if abs(change) >= ignored else "same"
    return "unknown" if isinf(high) or low in (-inf, -1.0) else "same"


def _logged(limits: Limits) -> Limits:
    value, low, high = limits
    return Limits(log(value), log(low) if low > 0 else -inf, log(high) if high < inf else inf)


def _as_change(value: float, relative: bool) -> float:
    if not relative:
        return value
    return inf if value > 50 else exp(value) - 1
