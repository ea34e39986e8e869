"""Did it hold, how far, for how much money, and what was in the way."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.amounts import amount
from loadstone.report.blocks import (
    Block,
    Caution,
    Column,
    Mark,
    Points,
    Section,
    Table,
    Tile,
    Tiles,
    Verdict,
)
from loadstone.report.numbers import count, duration, percent, rate, usd
from loadstone.report.view import View
from loadstone.run.find_max import Trial, confirmed_below, highest

_HELD: dict[bool | None, Mark] = {True: "good", False: "bad", None: "unsure"}
_MARKS: dict[str, Mark] = {"met": "good", "missed": "bad", "not judged": "unsure"}


def answer(view: View) -> Section:
    return Section("answer", "The answer", tuple(_blocks(view)))


def _blocks(view: View) -> Iterator[Block]:
    yield Verdict(view.answer, _HELD[view.held])
    if view.problems:
        yield Caution("The record is not whole.", view.problems)
    if view.figures.total.calls:
        yield Tiles(tuple(_tiles(view)))
    if view.objectives:
        yield Table(
            name="Objectives",
            caption=f"Objectives, judged {view.judged_at}" if view.judged_at else "Objectives",
            columns=(Column("objective", "text"), Column("was"), Column("", "text")),
            rows=[(row.objective, row.was, row.outcome) for row in view.objectives],
            marks={n: _MARKS[row.outcome] for n, row in enumerate(view.objectives)},
        )
    yield Points(view.summary)


def _tiles(view: View) -> Iterator[Tile]:
    best = highest(view.trials)
    proven = confirmed_below(view.trials)
    yield from _of_all(view) if best is None else _of_trial(best, proven)
    if view.cost is not None:
        stored = view.cost.storage_usd_per_month
        note = "requests on demand" if stored is None else f"and storage {usd(stored)}"
        name, usd_per_month = "a month at this rate", view.cost.usd_per_month
        if view.trials:
            name = "a month at the mean of all trials"
        if view.highest_usd_per_month is not None:
            name, usd_per_month = "a month at that rate", view.highest_usd_per_month
        yield Tile(name, usd(usd_per_month), note)


def _of_all(view: View) -> Iterator[Tile]:
    figures, total = view.figures, view.figures.total
    asked = ""
    if figures.asked and figures.measured_s and not view.trials:
        asked = f"of {rate(figures.asked / figures.measured_s)}/s asked for"
    yield Tile("calls a second", rate(figures.per_s), asked)
    latency = figures.latency
    yield Tile("p99", duration(latency.p99_us), f"p50 {duration(latency.p50_us)}")
    yield Tile("failed", percent(total.failed / total.calls), amount(total.failed, "call"))
    yield Tile(
        "throttled",
        percent(total.throttled / total.attempts if total.attempts else 0),
        f"{count(total.throttled)} of {amount(total.attempts, 'request')}",
    )


def _of_trial(best: Trial, proven: Trial | None) -> Iterator[Tile]:
    """What a search found: the highest rate that held, and what it was like at that rate; `proven`
    is the one that is confirmed where that is not."""
    sure = f"not confirmed; confirmed: {rate(proven.rate_per_s)}/s" if proven else ""
    yield Tile("highest rate that held", f"{rate(best.rate_per_s)}/s", sure)
    yield Tile("p99 at that rate", duration(best.p99_us), f"p50 {duration(best.p50_us)}")
    failed = percent(best.failed / best.calls if best.calls else 0)
    yield Tile(
        "failed at that rate", failed, f"{count(best.failed)} of {amount(best.calls, 'call')}"
    )
    yield Tile("throttled at that rate", count(best.throttled), "requests or items of batches")
