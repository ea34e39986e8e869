"""`loadstone plan`: what to provision, what it costs, and what would be throttled."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from loadstone.advice import advised
from loadstone.capacity.readings import CONSERVATIVE, Reading
from loadstone.cli.data_options import Scale
from loadstone.cli.options import naming_options, project_option, say
from loadstone.cli.plan_observed import MOST_DAYS, observed_load
from loadstone.cli.rates import Rate
from loadstone.cli.reading_options import reading_option, refuse_out_of_play
from loadstone.errors import BadContent, BadValue, NoPrice, Refused, UnknownName
from loadstone.naming import Naming

if TYPE_CHECKING:
    from loadstone.capacity.simulation.demand import Amounts
    from loadstone.planning import Load, Plan, Terms
    from loadstone.planning.plan import Known
    from loadstone.report.blocks import Block
    from loadstone.run.objectives import Objective
    from loadstone.run.record import Run

DEFAULT_PEAK = 100.0
DEFAULT_SHAPE = "office-hours"
DEFAULT_REGION = "us-east-1"
_FACTOR = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*x?", re.IGNORECASE)
#: What describes a data set, which a run has already.
_OF_SYSTEM = ("scale", "seed", "mix", "skew")


class Factor(click.ParamType[float]):
    """`3x`, or 3."""

    name = "factor"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = _FACTOR.fullmatch(value.strip())
        if found is None or not 0 < float(found["number"]) <= 1e6:
            raise BadValue(f"--growth {value}: write it as 3x or 1.5x, above 0")
        return float(found["number"])


@click.command()
@click.argument("system", required=False)
@click.option("--run", "run_name", metavar="RUN", help="Plan for what this run measured.")
@click.option(
    "--cloudwatch",
    "days",
    type=click.IntRange(1, MOST_DAYS),
    metavar="DAYS",
    help="Plan for what SYSTEM's tables on AWS were asked for in so many days until now.",
)
@click.option(
    "--growth",
    type=Factor(),
    default="1x",
    show_default=True,
    metavar="3x",
    help="So many times the load and the data.",
)
@click.option(
    "--peak",
    type=Rate("ops", "2000ops/s"),
    metavar="2000ops/s",
    help=f"Operations a second at the peak, before growth; else the run's, else "
    f"{DEFAULT_PEAK:g}ops/s.",
)
@click.option(
    "--shape",
    default=DEFAULT_SHAPE,
    show_default=True,
    metavar="SHAPE",
    help="Of a day: office-hours, flat, spiky, or a FILE.csv of time,rate lines.",
)
@click.option("--region", help="Else the run's, AWS_REGION, the documented one, us-east-1.")
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    metavar="OBJECTIVE",
    help="As 'throttle_rate < 0.1%' (the default) or 'total_usd_per_month < 300'; may be repeated.",
)
@click.option("--scale", type=Scale(), help="How many items are stored; else small (20,000).")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Another number, other data; 1.")
@click.option("--mix", help="Of the scenario's mixes; else balanced.")
@click.option(
    "--skew",
    type=click.FloatRange(0, 5),
    help="How unevenly items are asked for, by Zipf's law: 0 is evenly; else 0.99.",
)
@reading_option("numbers", "failed_condition", "respelled")
@click.option(
    "--free-tier",
    is_flag=True,
    help="Take AWS's monthly free tier off, which an account has once for all of its tables.",
)
@click.option(
    "--replica",
    "replicas",
    multiple=True,
    metavar="REGION",
    help="Have the tables in this region too, as global tables; may be repeated.",
)
@click.option(
    "--prices",
    "prices_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of prices that go before those that are known.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "md", "html", "json"]),
    default="text",
    show_default=True,
    help="html goes to a file, beside the run's record or here; the others to stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file instead.")
@naming_options
@click.option("--profile", help="With --cloudwatch: the AWS profile that may read it.")
@project_option
def plan(
    system: str | None,
    run_name: str | None,
    days: int | None,
    growth: float,
    peak: float | None,
    shape: str,
    region: str | None,
    objectives: tuple[str, ...],
    reading: Reading,
    free_tier: bool,
    replicas: tuple[str, ...],
    prices_file: Path | None,
    format_: str,
    as_json: bool,
    out: Path | None,
    naming: Naming,
    profile: str | None,
    project: Path | None,
    **of_system: Any,
) -> None:
    """Say what to provision for SYSTEM, or for what a RUN measured, and what it costs a month.

    On demand, fixed and auto-scaled capacity, reserved on top, each simulated over a day; what
    every pattern and index costs; hot keys; what the schema cannot serve. Without a run it works
    from the data set and the declared patterns alone; with --cloudwatch from what AWS counted of
    live tables, minute by minute. The exit code is 1 when nothing keeps to the objective.

    \b
    loadstone plan cmz
    loadstone plan cmz --peak 2000ops/s --growth 3x --region eu-west-1
    loadstone plan --run last --shape spiky --objective 'throttle_rate < 0.01%'
    loadstone plan cmz --cloudwatch 7 --profile prod-readonly --growth 2x
    loadstone plan cmz --free-tier --replica us-east-1 --format html --out plan.html
    """
    from dataclasses import replace

    from loadstone.arrivals.day import day_of
    from loadstone.capacity.month import FREE, NO_FREE_TIER
    from loadstone.planning.observed import terms_of_timeline
    from loadstone.planning.plan import plan as planned
    from loadstone.planning.terms import objectives_of

    held, day = objectives_of(objectives), day_of(shape)
    if system and run_name:
        raise BadValue(
            f"a run knows its system: leave {system} out, `loadstone plan --run {run_name}`; or "
            f"leave --run out, for a plan of what {system} declares"
        )
    if system is None and run_name is None:
        raise BadValue(
            f"name a SYSTEM, or a run with --run: `{advised('systems')}` and `loadstone runs` "
            "list them"
        )
    if days is None and naming != Naming():
        say("--stage and --table-prefix change nothing: they name live tables, for --cloudwatch")
    known: Known | None
    if days is not None:
        _check_observed(system, of_system, peak)
        load, known, where = observed_load(
            str(system),
            days,
            naming,
            region=region,
            profile=profile,
            project=project,
            reading=reading,
        )
        home = Path(f"plan-{system}.html")
    elif run_name is not None:
        load, known, where, home = _of_run(run_name, of_system, project, reading)
        load = load.at_peak(peak) if peak else load
    else:
        assert system is not None
        refuse_out_of_play(
            reading,
            "failed_condition",
            "every condition holds in a plan without a run; it counts with --run RUN",
        )
        load, known, where, home = _of_system_alone(system, of_system, peak, project, reading)
    terms = _terms(region or where, shape, day, held, prices_file)
    if load.timeline is not None:
        terms = terms_of_timeline(terms, load.timeline)
    terms = replace(terms, free=FREE if free_tier else NO_FREE_TIER, replicas=replicas)
    load = replace(load, assumed=(*load.assumed, *_read_as(reading, load, known)))
    found = planned(load, terms, growth=growth, known=known, say=say)
    _show(found, "json" if as_json else format_, out, home)
    if not found.holds:
        raise SystemExit(1)


def _read_as(reading: Reading, load: Load, known: Known | None) -> Iterator[str]:
    """Where sources disagree and it plays a part, which of them is followed."""
    if known is not None:
        yield from reading.said("numbers")
    if load.basis == "declared":
        yield from reading.said("respelled")


def _check_observed(system: str | None, options: Mapping[str, Any], peak: float | None) -> None:
    """CloudWatch has a load of its own: its rates, and the shape of its days."""
    source = click.get_current_context().get_parameter_source("shape")
    given = [f"--{flag}" for flag in _OF_SYSTEM if options[flag] is not None]
    given += ["--peak"] if peak is not None else []
    given += ["--shape"] if source is not ParameterSource.DEFAULT else []
    if system is None or given:
        what = f"{', '.join(given)}: leave it out, or use --growth" if given else "name the SYSTEM"
        raise BadValue(f"--cloudwatch takes load and shape from live tables: {what}")


def plan_of_run(name: str, prices_file: Path | None) -> tuple[Block, ...]:
    """The plan for what a run measured, as a part of its report: the day and objective that
    `loadstone plan --run` takes when none is given."""
    from loadstone.arrivals.day import day_of
    from loadstone.planning.plan import plan as planned
    from loadstone.planning.terms import objectives_of
    from loadstone.report.plan.sections import plan_blocks

    load, known, region, _ = _of_run(name, dict.fromkeys(_OF_SYSTEM), None, CONSERVATIVE)
    terms = _terms(region, DEFAULT_SHAPE, day_of(DEFAULT_SHAPE), objectives_of(()), prices_file)
    found = planned(load, terms, growth=1.0, known=known, say=say)
    return plan_blocks(found, datetime.now(UTC).date())


def _terms(
    region: str,
    shape: str,
    day: Amounts,
    objectives: tuple[Objective, ...],
    prices_file: Path | None,
) -> Terms:
    from loadstone.capacity.price_file import known_prices
    from loadstone.capacity.prices import REFRESH
    from loadstone.planning.terms import Terms

    prices = known_prices(prices_file)
    if region not in prices.regions:
        raise NoPrice(f"no price for {region}; there are {', '.join(prices.regions)}; {REFRESH}")
    return Terms(
        region=region,
        prices=prices,
        day=day,
        shape=shape,
        objectives=objectives,
    )


def _of_system_alone(
    name: str,
    options: Mapping[str, Any],
    peak: float | None,
    project: Path | None,
    reading: Reading,
) -> tuple[Load, Known, str, Path]:
    from dataclasses import replace

    from loadstone.planning.declared import declared
    from loadstone.planning.plan import known_of
    from loadstone.scenario.settings import Settings
    from loadstone.seeding.identity import Asked, settings_from, settle
    from loadstone.system import load_system

    system = load_system(name, project)
    mix = system.mix(options["mix"] or "balanced")
    skew = options["skew"] if options["skew"] is not None else Settings().skew
    asked = Asked(
        scale=options["scale"],
        seed=options["seed"],
        settings=settings_from(system, os.environ),
    )
    dataset = settle(system, asked, {}, now=datetime.now(UTC))
    say(f"no run: from the data set at {dataset.stored:,} items and the mix {mix.name}")
    load = declared(dataset, mix, peak_per_s=peak or DEFAULT_PEAK, skew=skew, reading=reading)
    if peak is None:
        guess = f"the peak is {DEFAULT_PEAK:g} operations a second: --peak says yours"
        load = replace(load, assumed=(guess, *load.assumed))
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or system.region
    home = Path(f"plan-{system.id}.html")
    return load, known_of(dataset, skew, mix, reading), region or DEFAULT_REGION, home


def _of_run(
    name: str, options: Mapping[str, Any], project: Path | None, reading: Reading
) -> tuple[Load, Known | None, str, Path]:
    from dataclasses import replace

    from loadstone.planning.recorded import recorded
    from loadstone.run.library import find_run
    from loadstone.run.record import Run

    given = [f"--{flag}" for flag in _OF_SYSTEM if options[flag] is not None]
    if given:
        raise BadValue(
            f"{', '.join(given)}: a run has its own data set and mix; leave it out, or name a "
            "SYSTEM instead of --run"
        )
    path = find_run(name)
    run = Run.load(path)
    load = recorded(run, reading)
    try:
        known: Known | None = _known_of_run(run, project, reading)
    except (UnknownName, BadContent, Refused, KeyError, ValueError) as error:
        known = None
        why = f"its data set cannot be made here, so indexes and Scans are left out ({error})"
        load = replace(load, assumed=(*load.assumed, why))
    home = (path if path.is_dir() else path.parent) / "plan.html"
    return load, known, run.header.region, home


def _known_of_run(run: Run, project: Path | None, reading: Reading) -> Known:
    from loadstone.planning.plan import known_of
    from loadstone.scenario.settings import Settings
    from loadstone.seeding.identity import Asked, settle
    from loadstone.system import load_system

    header = run.header
    system = load_system(header.system, project)
    dataset = settle(system, Asked(), {f"run {header.name}": header.dataset}, now=datetime.now(UTC))
    mix = header.configuration.get("mix")
    skew = float(header.configuration.get("skew", Settings().skew))
    return known_of(dataset, skew, system.mix(str(mix)) if mix else None, reading)


def _show(found: Plan, format_: str, out: Path | None, home: Path) -> None:
    from loadstone.report.plan import formats
    from loadstone.report.plan.sections import plan_sections

    today = datetime.now(UTC).date()
    if format_ == "text" and out is None:
        from loadstone.cli.plan_text import print_sections

        print_sections(plan_sections(found, today))
        return
    # A file of text is one of Markdown: it has the same words, and no terminal's width.
    render = {"html": formats.plan_html, "json": formats.plan_json}
    text = render.get(format_, formats.plan_markdown)(found, today)
    target = out or (home if format_ == "html" else None)
    if target is None:
        click.echo(text, nl=False)
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadValue(
            f"cannot write the plan to {target}: {error.strerror}; give a place with --out"
        ) from error
    click.echo(target)
