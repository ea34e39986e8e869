"""Lists of values that are made alike, as long as they are said to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loadstone.errors import BadContent
from loadstone.fields.distributions import Weights, whole_weights
from loadstone.fields.expr import Expr, Value, lift
from loadstone.fields.numbers import shaped
from loadstone.fields.shapes import case


def repeated(
    make: Callable[[], Value], times: Sequence[int], weights: Sequence[float] = ()
) -> Expr:
    """A list of values that are made alike, each drawn for itself, of as many as `times` says:
    `repeated(lambda: token(8), (0, 1, 20), weights=(70, 25, 5))` is mostly empty, seldom long."""
    times, weights = tuple(times), tuple(weights)
    if not times or min(times) < 0 or len(weights) not in (0, len(times)):
        raise BadContent(f"a list has 0 values or more, and each length a weight: {times}")
    options = [lift([make() for _ in range(count)]) for count in times]
    if len(options) == 1:
        return options[0]
    return case(shaped(Weights(whole_weights(weights or [1] * len(times)))), *options)
