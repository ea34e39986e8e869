"""What each pattern was expected to consume beside what it did: per call, and how far apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, sqrt

from loadstone.run.record import Run

#: What differs by more is flagged, when it is more than chance does as well.
TOLERANCE = 0.10
#: So many standard errors: of a thousand averages, three are as far off by chance.
CHANCE = 3.0
#: Fewer calls say nothing.
LEAST_CALLS = 10
#: Fewer are no average, and what they are off by is chance,
AVERAGED_CALLS = 30
#: but for writes whose spread is at most this part of what they are expected to consume.
STEADY = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsCompared:
    """Read and write units of a call of a pattern, with its indexes, after the warm-up.

    `calls` are those whose answer told its units: throttles and failed conditions do not.
    `difference` is the consumed over the expected, less one; `chance` is how far off it may be
    because some subjects have more than others; `assumed` is what the expected takes for granted.
    `differs` is the flag, which few calls raise only where hardly any is expected to be otherwise,
    and a guess never: what a run reads may have been moved by what it writes.
    """

    pattern: str
    calls: int
    expected: float
    consumed: float
    difference: float
    chance: float
    differs: bool
    assumed: str


def units_compared(run: Run) -> Iterator[UnitsCompared]:
    """Of the patterns that were played, and of which an expectation was recorded."""
    for name, tally in run.measured.items():
        info, counts = run.header.patterns.get(name), tally.counts
        if info is None or not counts.metered:
            continue
        if info.expected_read_units is None or info.expected_write_units is None:
            continue
        expected = info.expected_read_units + info.expected_write_units
        consumed = (counts.read_units + counts.write_units) / counts.metered
        if expected <= 0:
            continue
        difference = consumed / expected - 1
        chance = CHANCE * hypot(info.expected_spread / sqrt(counts.metered), info.expected_error)
        # Only of writes is it known that they are steady: what is read may not have been tried.
        steady = not info.expected_read_units and info.expected_spread <= STEADY * expected
        least = LEAST_CALLS if steady else AVERAGED_CALLS
        differs = abs(difference) > max(TOLERANCE, chance / expected) and not info.assumed
        yield UnitsCompared(
            pattern=name,
            calls=counts.metered,
            expected=expected,
            consumed=consumed,
            difference=difference,
            chance=chance / expected,
            differs=differs and counts.metered >= least,
            assumed=info.assumed,
        )
