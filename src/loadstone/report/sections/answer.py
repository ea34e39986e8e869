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
from loadstone.run.find_max import highest

_HELD: dict[bool | None, Mark] = {True: "good", False: "bad", None: "unsure"}
_MARKS: dict[str, Mark] = {"held": "good", "missed": "bad", "unknown": "unsure"}
_WORDS = {"held": "met", "missed": "missed", "unknown": "not known"}


def answer(view: View) -> Section:
    return Section("answer", "The answer", tuple(_blocks(view)))


def _blocks(view: View) -> Iterator[Block]:
    yield Verdict(view.answer, _HELD[view.held])
    if view.problems:
        yield Caution("The record is not whole.", view.problems)
    if view.figures.total.calls:
        yield Tiles(tuple(_tiles(view)))
    if view.objectives and not view.trials:
        yield Table(
            name="Objectives",
            caption="Objectives",
            columns=(Column("objective", "text"), Column("was"), Column("", "text")),
            rows=[(row.objective, row.was, _WORDS[row.outcome]) for row in view.objectives],
            marks={n: _MARKS[row.outcome] for n, row in enumerate(view.objectives)},
        )
    yield Points(view.summary)


def _tiles(view: View) -> Iterator[Tile]:
    figures, total = view.figures, view.figures.total
    best = highest(view.trials)
    if best is not None:
        yield Tile("highest rate that held", f"{rate(best.rate_per_s)}/s")
    else:
        asked = ""
        if figures.asked and figures.measured_s:
            asked = f"of {rate(figures.asked / figures.measured_s)}/s asked for"
        yield Tile("calls a second", rate(figures.per_s), asked)
    latency = figures.latency
    yield Tile("p99", duration(latency.p99_us), f"p50 {duration(latency.p50_us)}")
    yield Tile("failed", percent(total.failed / total.calls), amount(total.failed, "call"))
    yield Tile(
        "throttled",
        percent(total.throttled / total.attempts if total.attempts else 0),
        f"{count(total.throttled)} of {count(total.attempts)} requests",
    )
    if view.cost is not None:
        stored = view.cost.storage_usd_per_month
        note = "requests on demand" if stored is None else f"and storage {usd(stored)}"
        yield Tile("a month at this rate", usd(view.cost.usd_per_month), note)
