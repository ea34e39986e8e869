"""`--objective` and `--junit`, and what a build hears of objectives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from loadstone.errors import BadValue
from loadstone.report import objectives as told
from loadstone.run.judged import Judgement, judged, recorded, scope_of
from loadstone.run.objectives import objective
from loadstone.run.record import Run
from loadstone.system import System

Command = TypeVar("Command", bound=Callable[..., Any])


def junit_option(command: Command) -> Command:
    return click.option(
        "--junit",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write what became of each objective to this file, as JUnit's XML.",
    )(command)


def judge_runs(runs: Sequence[Run], given: Sequence[str]) -> list[Judgement]:
    """What became of the objectives of each run; `given` ones count where they fit a run, and fit
    one at least."""
    asked = list(map(objective, given))
    scopes = [scope_of(run) for run in runs]
    first, *others = scopes
    for other in others:
        first = first.joined(other)
    first.refuse(asked)
    found = []
    for run, scope in zip(runs, scopes, strict=True):
        fit = [each for each in asked if scope.unfit(each) is None]
        if fit or recorded(run) or len(runs) == 1:
            found.append(judged(run, fit))
    return found or [judged(runs[0], asked)]


def print_judgements(
    found: Sequence[Judgement], *, junit: Path | None, as_json: bool = False, quiet: bool = False
) -> bool:
    """Tell people, the file that is asked for, and GitHub where it runs this; whether all passed.

    `quiet`: stdout has another answer.
    """
    if as_json:
        several = [told.as_json(each) for each in found]
        options = orjson.OPT_INDENT_2
        click.echo(orjson.dumps(several[0] if len(several) == 1 else several, option=options))
    elif not quiet:
        for each in found:
            for line in told.lines(each):
                click.echo(line)
    if junit is not None:
        _write(junit, told.junit(found))
    if found:
        tell_github(told.markdown(found), tuple(told.github_annotations(found)), os.environ)
    return all(each.passed for each in found)


def tell_github(summary: str, annotations: Sequence[str], environ: Mapping[str, str]) -> None:
    """A step's summary and annotations, where a workflow runs this; it reads stderr as well."""
    if environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations:
            click.echo(line, err=True)
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary)
        except OSError as error:
            click.echo(f"no step summary: {error.strerror}: {path}", err=True)


def judge_records(paths: Iterable[Path], *, junit: Path | None, quiet: bool) -> bool:
    """What became of the objectives that runs were started with; whether all passed."""
    runs = [run for path in paths if recorded(run := Run.load(path))]
    return print_judgements(list(map(judged, runs)), junit=junit, quiet=quiet)


def refuse_nothing_to_judge(
    systems: Iterable[System], given: Sequence[str], junit: Path | None
) -> None:
    """A file of no tests would pass for one of tests that passed."""
    if junit is not None and not given and not any(each.objectives for each in systems):
        raise BadValue(
            f"--junit {junit}: there is no objective to tell of; give one as --objective "
            "'p99 < 20ms', or declare Objectives in the scenario"
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadValue(f"cannot write --junit {path}: {error.strerror}") from error
