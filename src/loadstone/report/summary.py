"""The answer in words, and what a run cannot tell: sentences made from its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from loadstone.capacity.money import HOURS_PER_MONTH, Cost
from loadstone.report import arrivals
from loadstone.report.bill import Bill
from loadstone.report.expected import unexpected
from loadstone.report.limited import limited
from loadstone.report.numbers import count, duration, percent, rate, seconds, usd
from loadstone.report.places import place_of
from loadstone.report.price_age import prices_age
from loadstone.run.figures import Figures
from loadstone.run.record import Run
from loadstone.run.tally import Tally

#: A search loads with rates that are meant to break, and pauses between them.
_ALL_TRIALS = "All trials together, those that broke and the pauses too: "


def summary(run: Run, figures: Figures, spent: Bill) -> Iterator[str]:
    total = figures.total
    if not total.calls:
        kind = "was made at all" if not figures.warm_up_calls else "was made after the warm-up"
        yield f"No call {kind}: there is nothing to report of."
        return
    yield from arrivals.found(run)
    yield (
        f"{_ALL_TRIALS if run.trials else ''}{count(total.calls)} calls in "
        f"{seconds(figures.measured_s)}, {rate(figures.per_s)} a second; {_outcome(figures)}."
    )
    yield from _warm_up(run)
    if not run.trials:
        yield from arrivals.asked(figures)
    yield _latency(figures)
    yield _throttles(figures, run.header.simulated_throttling)
    yield from limited(run, figures)
    yield from unexpected(figures)
    yield _cost(run, spent)
    if figures.unplayed:
        yield f"Never called: {', '.join(figures.unplayed)}."


def _warm_up(run: Run) -> Iterator[str]:
    """What was left out, apart."""
    whole = Tally.total(run.warm_up.values())
    if whole.counts.calls:
        failed = f"{count(whole.counts.failed)} failed" if whole.counts.failed else "none failed"
        yield (
            f"The warm-up of {seconds(run.header.warm_up_s)} before that is left out: "
            f"{count(whole.counts.calls)} calls, p99 {duration(whole.latency.percentile_us(99)[0])}"
            f", {failed}."
        )


def _outcome(figures: Figures) -> str:
    total = figures.total
    said = []
    if total.declared:
        said.append(f"{count(total.declared.total())} had an outcome that their patterns expect")
    if total.failed:
        problem, most = _most(total.failures)
        said.append(
            f"{count(total.failed)} failed ({percent(total.failed / total.calls)}), "
            f"most often with {problem} ({count(most)})"
        )
    else:
        said.append("none failed")
    return ", ".join(said)


def _most(counts: Counter[str]) -> tuple[str, int]:
    """The most frequent, the first by name of equals."""
    return min(counts.items(), key=lambda item: (-item[1], item[0]))


def _latency(figures: Figures) -> str:
    latency = figures.latency
    said = (
        f"Half of the calls took {duration(latency.p50_us)} or less, 99 in 100 took "
        f"{duration(latency.p99_us)} or less, the longest {duration(latency.max_us)}"
    )
    if len(figures.patterns) > 1:
        slowest = max(figures.patterns, key=lambda row: (row.latency.p99_us, row.pattern))
        said += f"; slowest by p99 was {slowest.pattern} ({duration(slowest.latency.p99_us)})"
    return said + "."


def _throttles(figures: Figures, simulated: str) -> str:
    by_whom = f" Throttling was simulated, by {simulated}." if simulated else ""
    if not figures.throttles:
        return f"Nothing was throttled.{by_whom}"
    by_cause: Counter[tuple[str, str]] = Counter()
    for row in figures.throttles:
        by_cause[row.reason, row.resource] += row.count
    (reason, resource), most = min(by_cause.items(), key=lambda item: (-item[1], item[0]))
    share = "all" if len(by_cause) == 1 else count(most)
    return (
        f"{count(by_cause.total())} requests or items of batches were throttled, {share} of them "
        f"for {reason} on {place_of(resource)}.{by_whom}"
    )


def _cost(run: Run, bill: Bill) -> str:
    spent = bill.cost
    if spent is None:
        return f"What it costs is not known: {bill.no_price}."
    verb = "cost" if run.header.target_kind == "aws" else "would have cost"
    load, usd_per_month = "this load", spent.usd_per_month
    if run.trials:
        load = "the mean of all trials"
    if bill.at_highest is not None:
        load, usd_per_month = "the highest rate that held", bill.at_highest
    said = (
        f"On demand in {spent.region} {load} costs {usd(usd_per_month / HOURS_PER_MONTH)} an hour, "
        f"{usd(usd_per_month)} a month of 730 hours"
    )
    if spent.storage_usd_per_month is not None:
        said += f", and its storage {usd(spent.storage_usd_per_month)} a month"
    return f"{said}; the run itself {verb} {usd(spent.so_far_usd)}."


def limits(run: Run, spent: Cost | None) -> Iterator[str]:
    """What the run cannot tell."""
    header = run.header
    match header.target_kind:
        case "embedded":
            yield (
                "The target was an engine on the same machine. Its latencies are not those of "
                "DynamoDB on AWS, it has no partitions, and of itself it never throttles."
            )
        case "endpoint":
            yield (
                "The target was an endpoint of one's own choice. Unless that is DynamoDB on AWS, "
                "its latencies and throttles are not DynamoDB's."
            )
        case "aws":
            yield "Latencies hold the network between the load generator and the region."
    yield "Latencies are kept to three significant digits, rounded up."
    if header.warm_up_s:
        yield (
            f"Rates and latencies leave out the first {seconds(header.warm_up_s)}; units in "
            "total, throttles and the cost of the run hold them."
        )
    if spent is not None:
        yield (
            "Costs are list prices for Standard tables on demand, without free tier, taxes, "
            "backups, streams, data transfer and Database Savings Plans."
        )
        yield from prices_age(spent, run.header.started_unix_ms)
        if spent.storage_usd_per_month is None:
            yield "What the tables hold was not recorded, so the cost leaves out storage."
        yield from _unpublished(spent)
    yield from (f"Simulated, not measured: {what}." for what in header.simulated)
    if header.simulated_throttling:
        yield "A simulated throttle is answered at once: its latency is not that of a round trip."


def _unpublished(spent: Cost) -> Iterator[str]:
    """Prices that no source states, together where they were arrived at in one way."""
    made: dict[tuple[str, str], list[str]] = {}
    for price in spent.prices:
        if price.basis != "published":
            made.setdefault((price.basis, price.source), []).append(price.what)
    for (basis, source), whats in made.items():
        yield f"The price in {spent.region} of {', of '.join(whats)} is {basis}: {source}."
