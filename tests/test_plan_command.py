"""`loadstone plan`, as a person runs it: its answer, its formats, and what it refuses."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loadstone.capacity.readings import Reading
from loadstone.cli.plan import plan as command
from loadstone.client.answer import Units
from loadstone.planning import recorded
from loadstone.report.html import render_html
from loadstone.report.plan.sections import plan_blocks
from loadstone.report.view import view
from loadstone.run import Stored
from loadstone.run.record import Run
from tests.synthetic import SECOND_NS, START_NS, call, finished

TINY = ("cmz", "--scale", "tiny")


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def record(tmp_path: Path) -> Path:
    """A run of 4 s in which 10 messages a second were written, of one unit on table and index."""
    units = (
        Units("cmz-conversations", None, 0.0, 1.0),
        Units("cmz-conversations", "SessionIndex", 0.0, 1.0),
    )
    seconds = [
        [
            call("write-message", intended_ns=START_NS + n * SECOND_NS + k * 10**8, units=units)
            for k in range(10)
        ]
        for n in range(4)
    ]
    return finished(tmp_path, seconds)


def test_the_answer_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line says what to provision, what it costs a month and where; it is said that no
    run was looked at, and what was assumed, measured and simulated."""
    monkeypatch.chdir(tmp_path)
    ran = invoked(*TINY, "--region", "eu-west-1")
    assert ran.exit_code == 0, ran.output
    first = ran.stdout.splitlines()[0]
    assert first.startswith("Provision cmz-conversations")
    assert "a month in eu-west-1" in first
    assert "$" in first
    for said in ("No run was looked at", "Assumed", "Measured", "Simulated", "Not in these"):
        assert said in ran.stdout


def test_formats_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON has the figures, Markdown and the page the answer in the same words; the page needs
    nothing beside it."""
    monkeypatch.chdir(tmp_path)
    found = json.loads(invoked(*TINY, "--json").stdout)
    assert invoked(*TINY, "--format", "md").stdout.count(found["answer"]) == 1
    ran = invoked(*TINY, "--format", "html")
    assert ran.stdout.strip() == "plan-cmz.html"
    page = (tmp_path / "plan-cmz.html").read_text()
    assert found["answer"] in page
    assert "src=" not in page
    assert 'href="http' not in page
    ways = {each["name"]: each for each in found["ways"]}
    assert found["total_usd_per_month"] == min(
        each["total_usd_per_month"] for each in ways.values() if each["holds"]
    )
    assert sum(each["share"] for each in found["patterns"]) == pytest.approx(1)


def test_the_capacity_of_every_way_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fixed capacity that may be reserved is printed for the table and each index, as JSON has
    it, beside the answer that is paid for otherwise: in text, in Markdown and on the page."""
    monkeypatch.chdir(tmp_path)
    tables = json.loads(invoked(*TINY, "--json").stdout)["tables"]
    fixed = tables["cmz-conversations"]["ways"]["fixed"]["settings"]
    assert tables["cmz-conversations"]["best"] == "auto scaling"
    assert len(fixed) == 4
    plain = invoked(*TINY).stdout.split("What it would be with a fixed capacity")[1]
    markdown = invoked(*TINY, "--format", "md").stdout.split("What it would be with a fixed")[1]
    invoked(*TINY, "--format", "html")
    page = (tmp_path / "plan-cmz.html").read_text().split("What it would be with a fixed")[1]
    for place, setting in fixed.items():
        name = place.replace("/", " / ")
        row = rf"{name}[\s|]+{setting['read']}[\s|]+{setting['write']}\b"
        assert re.search(row, plain), plain[:500]
        assert re.search(row, markdown), markdown[:500]
        cells = r"\s*</t[hd]>\s*<td[^>]*>\s*".join(
            (name, f"{setting['read']}", f"{setting['write']}")
        )
        assert re.search(cells, page), page[:1500]


def test_a_missed_objective_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nothing keeps to is said first, with what comes nearest, and the exit code is 1."""
    monkeypatch.chdir(tmp_path)
    ran = invoked(*TINY, "--objective", "total_usd_per_month < 1")
    assert ran.exit_code == 1
    assert ran.stdout.startswith("Nothing keeps to total_usd_per_month < 1")


def test_a_run_is_planned_for_at_its_rate(tmp_path: Path) -> None:
    """Rates and units of the record are the load; --peak asks for another rate of the same."""
    path = record(tmp_path)
    (work,) = recorded(Run.load(path)).work
    assert sum(work.units.values()) == pytest.approx(2)
    ran = invoked("--run", str(path), "--json", "--shape", "flat")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert (found["basis"], found["region"]) == ("measured", "us-west-2")
    twice = json.loads(
        invoked(
            "--run", str(path), "--json", "--shape", "flat",
            "--peak", f"{2 * found['peak_per_s']}ops/s",
        ).stdout
    )  # fmt: skip
    on_demand, doubled = (
        next(each["usd_per_month"] for each in every["ways"] if each["name"] == "all on demand")
        for every in (found, twice)
    )
    assert doubled == pytest.approx(2 * on_demand)
    assert on_demand == pytest.approx(found["peak_per_s"] * 2 * 3600 * 730 * 0.625e-6)
    assert any("data set cannot be made" in said for said in found["assumed"])


def failing(tmp_path: Path) -> Path:
    """10 writes a second of 3 units on the table and 1 on its index, and 10 that are refused; a
    stored item has 1.5 KB, and the last refused one told why."""
    units = (
        Units("cmz-conversations", None, 0.0, 3.0),
        Units("cmz-conversations", "SessionIndex", 0.0, 1.0),
    )
    seconds = [
        [
            call(
                "write-message",
                intended_ns=START_NS + n * SECOND_NS + k * 5 * 10**7,
                units=() if k % 2 else units,
                code="ConditionalCheckFailedException" if k % 2 else None,
                outcome="there already" if k % 2 else "ok",
            )
            for k in range(20)
        ]
        for n in range(4)
    ]
    stored = Stored(table="cmz-conversations", items=1000, size_bytes=1_536_000)
    return finished(tmp_path, seconds, stored=(stored,))


@pytest.mark.parametrize(
    ("reading", "table_units"),
    [((), 3.0), (("failed_condition=stored",), 2.5), (("failed_condition=attempted",), 3.0)],
)
def test_a_failed_condition_is_paid_for(
    tmp_path: Path, reading: tuple[str, ...], table_units: float
) -> None:
    """No answer tells what it cost: what a call that goes well costs the table, or by choice what
    the stored item does; its index pays nothing. The plan says which."""
    path = failing(tmp_path)
    (work,) = recorded(Run.load(path), Reading.of(reading)).work
    by_index = {side.resource.index: units for side, units in work.units.items()}
    assert by_index == {None: pytest.approx(table_units), "SessionIndex": pytest.approx(0.5)}
    options = [option for text in reading for option in ("--reading", text)]
    ran = invoked("--run", str(path), "--json", "--shape", "flat", *options)
    found = json.loads(ran.stdout)
    (said,) = (each for each in found["assumed"] if "whose condition failed" in each)
    choice = Reading.of(reading).failed_condition
    assert said.startswith("40 writes whose condition failed told no units; sources disagree on ")
    assert f": {choice} is followed, " in said
    on_demand = next(each for each in found["ways"] if each["name"] == "all on demand")
    a_second = found["peak_per_s"] * (table_units + 0.5)
    assert on_demand["usd_per_month"] == pytest.approx(a_second * 3600 * 730 * 0.625e-6)


def test_a_report_takes_a_plan_in(tmp_path: Path) -> None:
    """The blocks of a plan are a part of a run's report, under what the load costs."""
    from loadstone.arrivals.day import day_of
    from loadstone.capacity.prices import builtin_prices
    from loadstone.planning import Terms, plan
    from loadstone.planning.terms import objectives_of

    run = Run.load(record(tmp_path))
    terms = Terms(
        region="us-west-2",
        prices=builtin_prices(),
        day=day_of("flat")[:3600],
        shape="flat",
        objectives=objectives_of(()),
    )
    blocks = plan_blocks(plan(recorded(run), terms), date(2026, 11, 21))
    page = render_html(view(run, plan=blocks))
    assert "Plan: What to provision" in page
    assert "cmz-conversations / SessionIndex" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a SYSTEM, or a run with --run"),
        (("cmz", "--reading", "numbers"), "no reading is called 'numbers'; there are numbers="),
        (("cmz", "--reading", "failed_condition=stored"), "every condition holds in a plan"),
        (("cmz", "--run", "last"), "leave cmz out, `loadstone plan --run last`"),
        (("czm",), "no system 'czm'"),
        (("cmz", "--growth", "much"), "--growth much: write it as 3x"),
        (("cmz", "--peak", "2000"), "--peak 2000: write it with its unit"),
        (("cmz", "--shape", "weekly"), "office-hours"),
        (("cmz", "--shape", "no.csv"), "no.csv cannot be read"),
        (("cmz", "--region", "mars-1", "--scale", "10"), "no price for mars-1"),
        (("cmz", "--objective", "p99 < 5ms"), "takes a run"),
        (("cmz", "--mix", "other"), "no mix, pattern or journey in cmz 'other'"),
        (("cmz", "--mix", "balancd"), "; you may mean balanced"),
        (("cmz", "--mix", "balanced:9,one-mesage:1"), "; you may mean one-message"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mistake is named with what to write instead."""
    monkeypatch.chdir(tmp_path)
    ran = invoked(*arguments)
    assert ran.exit_code != 0
    assert said in str(ran.exception)


def test_a_run_has_its_own_data_set(tmp_path: Path) -> None:
    """What describes a data set is refused beside a run."""
    ran = invoked("--run", str(record(tmp_path)), "--scale", "tiny")
    assert "--scale: a run has its own data set" in str(ran.exception)


def test_a_report_is_asked_for_a_plan(tmp_path: Path) -> None:
    """`loadstone report --plan` has the plan that `loadstone plan --run` makes."""
    from loadstone.cli.report import report

    asked = (str(record(tmp_path)), "--format", "md")
    alone = CliRunner().invoke(report, asked)
    planned = CliRunner().invoke(report, [*asked, "--plan"])
    assert alone.exit_code == planned.exit_code == 0, planned.exception
    assert "Plan: What to provision" not in alone.output
    assert "Plan: What to provision" in planned.output
