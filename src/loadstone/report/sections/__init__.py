"""The sections of a report, in the order of a reader's questions."""

from __future__ import annotations

from loadstone.report.blocks import Section
from loadstone.report.sections.answer import answer
from loadstone.report.sections.capacity import capacity
from loadstone.report.sections.cost import cost
from loadstone.report.sections.data import data
from loadstone.report.sections.latency import latency
from loadstone.report.sections.method import method
from loadstone.report.sections.throughput import throughput
from loadstone.report.view import View

SECTIONS = (answer, latency, throughput, capacity, cost, data, method)


def sections(view: View) -> tuple[Section, ...]:
    return tuple(make(view) for make in SECTIONS)
