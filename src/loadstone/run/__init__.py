"""The record of one load: written as it goes, read by reports."""

from loadstone.run.call import Call
from loadstone.run.header import TOLD_TO_END, Ending, Header, PatternInfo, Sample, Stored
from loadstone.run.library import RUNS, RunSummary, find_run, find_runs, list_runs, runs_folder
from loadstone.run.record import Run
from loadstone.run.writer import Gauges, RunWriter, Written, finish

__all__ = [
    "RUNS",
    "TOLD_TO_END",
    "Call",
    "Ending",
    "Gauges",
    "Header",
    "PatternInfo",
    "Run",
    "RunSummary",
    "RunWriter",
    "Sample",
    "Stored",
    "Written",
    "find_run",
    "find_runs",
    "finish",
    "list_runs",
    "runs_folder",
]
