"""How it was measured, and what the run cannot tell."""

from __future__ import annotations

from loadstone.report.blocks import Column, Heading, Points, Section, Table, Terms
from loadstone.report.numbers import count, duration, percent, seconds
from loadstone.report.view import View, WorkerRow


def method(view: View) -> Section:
    return Section(
        "method",
        "How it was measured",
        (
            Terms("The run", [(row.label, row.value) for row in view.method]),
            Table(
                "Processes",
                "Processes that made the load",
                (
                    Column("worker", "text"),
                    Column("machine", "long"),
                    Column("lasted"),
                    Column("of a core"),
                    Column("in its busiest second"),
                    Column("arrivals"),
                    Column("taken up late by"),
                    Column("ended", "long"),
                ),
                [_worker(worker) for worker in view.workers],
            ),
            Heading("What this run cannot tell"),
            Points(view.limits),
        ),
    )


def _worker(worker: WorkerRow) -> tuple[str, ...]:
    shares = arrivals = ("", "")
    if (load := worker.load) is not None:
        shares = (percent(load.cpu_share), percent(load.cpu_share_max))
        if load.asked is not None:
            arrivals = (count(load.asked), duration(load.delay_max_us))
    return (
        str(worker.number),
        worker.machine,
        seconds(worker.lasted_s),
        *shares,
        *arrivals,
        worker.ending,
    )
