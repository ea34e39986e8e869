"""What a report says of open arrivals: whether the generator kept up, and the highest rate."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.report.numbers import count, duration, percent, rate, seconds
from loadstone.run.figures import Figures
from loadstone.run.find_max import confirmed_below, highest, lasts, limit
from loadstone.run.judged import tried_with
from loadstone.run.record import Run

BUSY_SHARE = 0.8  # of a core: from here on a process waits for itself
ENOUGH_OF_ASKED = 0.95
_NAMED = 3


def asked(figures: Figures) -> Iterator[str]:
    """How much of the asked rate was done."""
    if figures.achieved is None or not figures.asked:
        return
    reached = "" if figures.achieved >= ENOUGH_OF_ASKED else ": the asked rate was not reached"
    # A further page counts as done before the arrival comes that it takes the place of.
    done = "all" if figures.achieved >= 1 else percent(figures.achieved)
    yield (
        f"{rate(figures.asked / figures.measured_s)} a second were asked for, and {done} of them "
        f"were done{reached}."
    )


def generator(figures: Figures) -> Iterator[str]:
    """Where the load generator, and not the database, may have been the limit."""
    if figures.late:
        yield (
            f"{count(figures.late)} arrivals found no free place and started late: the limit of "
            "calls in flight was reached, and latencies hold that wait."
        )
    if figures.behind:
        named = [f"{each.start_s:,.0f}-{each.stop_s:,.0f} s" for each in figures.behind[:_NAMED]]
        more = len(figures.behind) - _NAMED
        when = ", ".join(named) + (f" and {count(more)} times more" if more > 0 else "")
        worst_us = max(each.delay_max_us for each in figures.behind)
        yield (
            f"The generator, not the database, was the limit at {when}: arrivals were taken up as "
            f"much as {duration(worst_us)} late, and latencies hold that. Use more workers, or a "
            "lower rate."
        )
    if figures.cpu_share_max >= BUSY_SHARE:
        yield (
            f"The load generator was busy {percent(figures.cpu_share_max)} of a core: latencies "
            "hold its own queue. Use more workers, or a lower rate."
        )


def found(run: Run) -> Iterator[str]:
    """The highest rate that held, what stood in the way of more, and whether it would last."""
    if not run.trials:
        return
    objectives = " and ".join(tried_with(run)) or "its objectives"
    best, stood, proven = highest(run.trials), limit(run.trials), confirmed_below(run.trials)
    if best is None:
        said = f"No rate that was tried held {objectives}"
    else:
        said = (
            f"The highest rate that held {objectives} was {rate(best.rate_per_s)} a second "
            f"({rate(best.achieved_per_s)} done over {seconds(best.measured_s)}, p99 "
            f"{duration(best.p99_us)})"
        )
        if best.confirms:
            said += ", confirmed after a higher one had used up what is kept for a burst"
        if proven is not None:
            said += ", which is not confirmed"
    if stood is not None:
        said += f"; at {rate(stood.rate_per_s)} a second {stood.why}"
    elif best is not None:
        said += "; it was not tried higher"
    yield f"{said}." if run.searched else f"{said}. The search was ended before it was over."
    if best is not None and not lasts(run.trials):
        yield from _unproven(run)
    if proven is not None:
        yield (
            f"Confirmed: {rate(proven.rate_per_s)} a second, held for {seconds(proven.measured_s)} "
            "after a higher rate had used up what is kept for a burst."
        )


def _unproven(run: Run) -> Iterator[str]:
    """Why a rate that held for a while may not be one that lasts."""
    if not any(trial.outcome == "broke" for trial in run.trials):
        yield "Nothing broke: how much more the database would have carried is not known."
    if run.header.target_kind == "embedded" and not run.header.simulated_throttling:
        return  # it has no capacity that could be kept
    yield (
        "Capacity kept for a burst may have carried that rate, and then it would not last: no "
        "throttle right before shows that it was used up. Hold that rate for half an hour to see."
    )
