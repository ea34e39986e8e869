"""Runs held against their objectives: exit codes, JUnit, and what GitHub is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from loadstone.cli.check import check
from loadstone.embedded.process import Engine
from loadstone.errors import BadValue, NoPrice, UnknownName
from loadstone.report.markdown import render_markdown
from loadstone.report.objectives import as_json, github_annotations, junit, lines, markdown
from loadstone.report.view import view
from loadstone.run import Ending, Gauges, Run, RunWriter, finish
from loadstone.run.find_max import Outcome, Trial
from loadstone.run.judged import judged
from loadstone.run.objectives import objective
from loadstone.run.tally import SecondTally
from tests.between import Between
from tests.commands import Ran, free_port, loadstone
from tests.synthetic import (
    MS,
    SECOND_NS,
    START_MS,
    START_NS,
    call,
    finished,
    header,
    known_seconds,
    write,
)

FIXTURE = """
from loadstone import Entity, Table, number, text

DOCUMENT = "A test"
things = Table("things", partition_key="id", name_from="THINGS_TABLE")
thing = Entity("Thing", table=things, item={"id": text("thing_{n}", n=number)})
"""
SCENARIO = """
from fixtures.shelf import thing
from loadstone import Exactly, GetItem, Mix, Objectives, Pattern, Think

one = Pattern("thing-by-id", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
two = Pattern("another", GetItem(thing), of=thing, expects=Exactly(), source="A test: x")
kept = Objectives(["error_rate < 1%", "rcu(things) > 0/s", "p99(another) < 9s", "p99 < 8s"])
balanced = Mix("balanced", {one: 1}, think=Think(0.01, 0.02))
"""


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run called `known`, held to two objectives, of which it misses one."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".loadstone" / "runs" / "known"
    held = {"objective": ["p99 < 1s", "throttle_rate < 0.1%"]}
    finished(folder, known_seconds()[2:], configuration=held)
    return folder


def searched(folder: Path, rates: Sequence[tuple[float, int, Outcome]], *objectives: str) -> None:
    """A search that tried such rates for half a second, with ten calls of so many milliseconds."""
    told = header(configuration={"find_max": True, "objective": list(objectives)})
    writer = RunWriter.start(folder, told, now_ns=START_NS, unix_ms=START_MS)
    for number, (rate_per_s, took_ms, outcome) in enumerate(rates):
        counted = SecondTally()
        for _ in range(10):
            counted.add(call(service_ns=took_ms * MS))
        patterns = {name: tally.to_json() for name, tally in counted.fold().measured.items()}
        tried = Trial(
            number=number,
            rate_per_s=rate_per_s,
            achieved_per_s=20.0,
            measured_s=0.5,
            asked=10,
            calls=10,
            p50_us=took_ms * 1000,
            p99_us=took_ms * 1000,
            throttled=0,
            failed=0,
            late=0,
            delay_max_us=0,
            outcome=outcome,
            patterns=patterns,
        )
        writer.note("trial", tried.to_json(), START_NS)
    writer.add(call(service_ns=SECOND_NS))
    writer.tick(START_NS + SECOND_NS, Gauges(asked=100))
    writer.note("found", {"rate_per_s": None}, START_NS + SECOND_NS)
    writer.close(Ending("completed"), START_NS + SECOND_NS)
    finish(folder, Ending("completed"), unix_ms=START_MS + 1000)


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(check, arguments, catch_exceptions=False)


def test_a_missed_objective_ends_with_1(known: Path) -> None:
    """What was met and what was not is told with what it was; what is given goes before the run's
    own of the same figure."""
    asked = ask("known")
    assert asked.exit_code == 1
    assert asked.stdout.splitlines() == [
        "met     p99 < 1s              99.01 ms",
        "missed  throttle_rate < 0.1%  1.38%",
        "known: 1 of 2 objectives was missed.",
    ]
    asked = ask("last", "--objective", "throttle_rate < 2%", "--objective", "hit_rate > 90%")
    assert asked.exit_code == 0, asked.stdout
    assert asked.stdout.endswith("known: all 3 objectives were met.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p99(nobody) < 1s", "no pattern in this load 'nobody'"),
        ("wcu(nothing) < 1/s", "no table or index in this load 'nothing'"),
        ("speed < 1s", "is not understood"),
        ("achieved > 95%", "asks for no rate"),
    ],
)
def test_what_is_unknown_is_never_a_pass(known: Path, text: str, said: str) -> None:
    """A figure, a pattern or a table that is not there ends with 2, however well the rest held."""
    with pytest.raises((BadValue, UnknownName)) as caught:
        ask("known", "--objective", "throttle_rate < 2%", "--objective", text)
    assert caught.value.exit_code == 2
    assert said in str(caught.value)


def test_a_run_that_is_held_to_nothing_is_no_pass(tmp_path: Path) -> None:
    """Without an objective there is nothing to say yes to; without a price no cost is small."""
    run = Run.load(finished(tmp_path, known_seconds(), region="mars-1"))
    with pytest.raises(BadValue, match="is held to nothing"):
        judged(run)
    with pytest.raises(NoPrice):
        judged(run, [objective("usd_per_month < 300")])


@pytest.mark.parametrize("text", ["error_rate < 1%", "throttled <= 0", "wcu < 1/s"])
def test_an_empty_run_passes_nothing(tmp_path: Path, text: str) -> None:
    """Where no call was made, no objective holds."""
    run = Run.load(finished(tmp_path, [[], []]))
    found = judged(run, [objective(text)])
    assert not found.passed
    assert list(lines(found)) == [
        f"not judged  {text}  no call was made",
        "known: the objective was not judged.",
    ]
    failure = ElementTree.fromstring(junit([found])).find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.attrib == {"type": "not judged", "message": f"{text}: no call was made"}


def test_a_run_that_did_not_end_well_does_not_pass(tmp_path: Path) -> None:
    """What is missing of a run that was cut off, that lost a worker, or that failed could have
    missed an objective: its objectives are judged by what there is, and that is said."""
    one = [objective("p99 < 1s")]
    write(tmp_path / "cut", known_seconds()[2:], close=False, workers=2)
    cut = judged(Run.load(tmp_path / "cut"), one)
    assert cut.unmet == ()
    assert not cut.passed
    said = "\n".join(lines(cut))
    assert "The part of worker 1 is missing" in said
    assert "met by what there is, which is not enough to pass" in said
    whole = Run.load(finished(tmp_path / "whole", known_seconds()[2:]))
    assert judged(whole, one).passed
    failed = judged(replace(whole, ending=Ending("failed", "the engine died")), one)
    assert failed.unsound == ("The run failed: the engine died.",)
    assert not failed.passed


def test_a_search_that_tried_nothing_misses(tmp_path: Path) -> None:
    """What counts of a search is that a rate held; all its calls together are no such rate."""
    searched(tmp_path, [], "p99 < 9s")
    run = Run.load(tmp_path)
    assert [str(each) for each in judged(run).verdicts] == [
        "highest_rate > 0/s: no rate that was tried held"
    ]
    with pytest.raises(BadValue, match="does not tell what calls did at any rate") as caught:
        judged(run, [objective("p99 < 9s")])
    assert caught.value.exit_code == 2


def test_a_search_is_judged_at_the_highest_rate_that_held(tmp_path: Path) -> None:
    """Its own objectives and those that are given are held against what calls did at that rate, and
    not against rates that broke; every format says at which."""
    rates: list[tuple[float, int, Outcome]]
    rates = [(100.0, 10, "held"), (400.0, 900, "broke"), (200.0, 30, "held")]
    searched(tmp_path, rates, "p99 < 50ms", "highest_rate > 150/s")
    found = judged(Run.load(tmp_path), [objective("p50 < 5ms"), objective("throughput > 1/s")])
    at = "Judged at 200.0 a second, the highest rate that held."
    assert list(lines(found)) == [
        "missed  p50 < 5ms             30.02 ms",
        "met     throughput > 1/s      20/s",
        "met     highest_rate > 150/s  200/s",
        "met     p99 < 50ms            30.02 ms",
        at,
        "known: 1 of 4 objectives was missed.",
    ]
    assert f"\n{at}\n" in markdown([found])
    assert ElementTree.fromstring(junit([found])).findtext("testsuite/system-out") == at
    assert as_json(found)["judged_at"] == "at 200.0 a second, the highest rate that held"
    content = view(Run.load(tmp_path))
    text = render_markdown(content)
    assert "Objectives, judged at 200.0 a second, the highest rate that held:" in text
    assert "| p99 < 50ms | 30.02 ms | met |" in text
    assert content.held


def test_a_search_is_held_to_the_rate_that_was_asked_of_it(tmp_path: Path) -> None:
    """A rate that held and is too low is a miss, in the check and in the report."""
    searched(tmp_path, [(100.0, 10, "held"), (200.0, 900, "broke")], "highest_rate > 150/s")
    run = Run.load(tmp_path)
    assert [str(each) for each in judged(run).unmet] == ["highest_rate > 150/s: 100/s"]
    assert view(run).answer.startswith("highest_rate > 150/s was missed: it held its objectives up")
    assert view(run).held is False


def test_a_search_in_which_nothing_held_is_judged_at_its_lowest_rate(tmp_path: Path) -> None:
    """There its objectives say by how much they were missed."""
    searched(tmp_path, [(100.0, 900, "broke"), (50.0, 600, "broke")], "p99 < 50ms")
    assert list(lines(judged(Run.load(tmp_path)))) == [
        "missed  highest_rate > 0/s  no rate that was tried held",
        "missed  p99 < 50ms          600.1 ms",
        "Judged at 50.0 a second, the lowest rate that was tried: none held.",
        "known: 2 of 2 objectives were missed.",
    ]


def test_junit_has_a_test_for_each(known: Path) -> None:
    """The file names every objective, with a failure for what was missed."""
    ask("known", "--objective", "usd_per_month < 0.01", "--junit", "out/objectives.xml")
    root = ElementTree.parse("out/objectives.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"]) == ("4", "2")
    failures = {
        case.attrib["name"]: case.find("failure") for case in root.iterfind("testsuite/testcase")
    }
    assert failures["p99 < 1s"] is None
    missed = failures["throttle_rate < 0.1%"]
    assert missed is not None
    assert missed.attrib["message"] == "throttle_rate < 0.1%: 1.38%"


def test_github_is_told(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a workflow each miss is an annotation, and the step has a summary; elsewhere neither."""
    assert ask("known").stderr == ""
    summary = known / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    asked = ask("known", "--json")
    assert asked.stderr == (
        "::error title=known%3A objective missed::throttle_rate < 0.1%25: 1.38%25\n"
    )
    assert json.loads(asked.stdout)["objectives"][1]["met"] is False
    assert "| **missed** | `throttle_rate < 0.1%` | 1.38% |" in summary.read_text()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(known / "no" / "such" / "folder"))
    assert "no step summary" in ask("known").stderr


def test_annotations_stay_on_their_line(tmp_path: Path) -> None:
    """What would end a workflow command, or begin another, is escaped."""
    run = Run.load(finished(tmp_path, known_seconds()[2:], name="a,b:c\n::d"))
    (line,) = github_annotations([judged(run, [objective("p99 < 1us")])])
    assert line.startswith("::error title=a%2Cb%3Ac%0A%3A%3Ad%3A objective missed::p99 < 1us")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A project whose table holds 50 things, on the tests' engine."""
    folder = tmp_path_factory.mktemp("check")
    for name, content in {
        "fixtures/shelf.py": FIXTURE,
        "scenarios/shelf.py": SCENARIO,
        "pyproject.toml": "[tool.loadstone]\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    for arguments in (("tables", "create", "shelf"), ("seed", "shelf", "--scale", "50")):
        ran = command(folder, engine.url, *arguments)
        assert ran.code == 0, ran.err
    yield folder
    assert command(folder, engine.url, "tables", "drop", "shelf", "--yes").code == 0


def environ(place: Path, url: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": url, "THINGS_TABLE": f"{place.name}-things"}


def command(place: Path, url: str, *arguments: str) -> Ran:
    return loadstone(*arguments, cwd=place, environ=environ(place, url))


def test_a_run_ends_with_its_objectives(place: Path, engine: Engine) -> None:
    """A run is held to its scenario's objectives and to those of its command line; what its mix
    does not play is left out and said; the record keeps them, and `check` judges the same."""
    ran = command(
        place, engine.url, "run", "shelf", "--users", "2", "--duration", "2s", "--name", "one",
        "--objective", "p99 < 9s", "--junit", "one.xml",
    )  # fmt: skip
    assert ran.code == 0, ran.err + ran.out
    assert "not held to p99(another) < 9s (no pattern in this load 'another'" in ran.err
    told = [line.split("  ")[0] for line in ran.out.splitlines()[-4:]]
    assert told == ["met", "met", "met", "one: all 3 objectives were met."]
    kept = Run.load(place / ".loadstone" / "runs" / "one").header.configuration["objective"]
    assert kept == ["p99 < 9s", "error_rate < 1%", "rcu(things) > 0/s"]
    assert ElementTree.parse(place / "one.xml").getroot().attrib["failures"] == "0"
    checked = command(place, engine.url, "check", "last")
    assert checked.code == 0
    assert checked.out in ran.out


def test_a_run_that_misses_ends_with_1(place: Path, engine: Engine) -> None:
    """The same from `loadstone run` and from plain Locust, whose exit code says it too."""
    missed = ("--objective", "p50(thing-by-id) < 1us")
    ran = command(place, engine.url, "run", "shelf", "--duration", "2s", *missed)
    assert ran.code == 1
    assert "missed  p50(thing-by-id) < 1us" in ran.out
    locustfile = place / "mine.py"
    locustfile.write_text(
        "from loadstone.locust import ScenarioUser\n\n\n"
        'class ShelfUser(ScenarioUser):\n    system = "shelf"\n'
    )
    for arguments, code in ((missed, 1), ((), 0)):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(locustfile), "--headless"),
                *("-u", "2", "-t", "2s", "--host", engine.url, *arguments),
            ],
            cwd=place,
            env={**os.environ, **environ(place, engine.url)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert ("objective missed: p50(thing-by-id) < 1us" in done.stderr) is bool(code)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--objective", "p99(nobody) < 1s"], "no pattern in this load 'nobody'"),
        (["--objective", "achieved > 95%"], "the run asks for no rate"),
        (["--objective", "p99 < soon"], "is not understood"),
        (
            ["--rate", "9ops/s", "--find-max", "--abort-on-miss"],
            "--find-max goes on where an objective is missed",
        ),
    ],
)
def test_what_a_run_cannot_keep_to_is_refused(
    place: Path, engine: Engine, arguments: list[str], said: str
) -> None:
    """It is said before anything is sent, and ends with 2."""
    ran = command(
        place, engine.url, "run", "shelf", "--duration", "2s", "--name", "refused", *arguments
    )
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert not (place / ".loadstone" / "runs" / "refused").exists()


def test_a_run_is_ended_when_it_has_missed_for_long(place: Path, engine: Engine) -> None:
    """With --abort-on-miss a run that misses an objective second after second does not go on to
    its end, and says why it ended."""
    with Between(engine.url, delay_s=0.05) as slow:
        ran = command(
            place, slow.url, "run", "shelf", "--users", "2", "--duration", "10m", "--name", "slow",
            "--objective", "service_p50 < 20ms", "--abort-on-miss",
        )  # fmt: skip
    assert ran.code == 1, ran.err
    assert "stopped, objective missed for 10 s: service_p50 < 20ms" in ran.err
    ending = Run.load(place / ".loadstone" / "runs" / "slow").ending
    assert ending.how == "stopped"
    assert ending.reason.startswith("objective missed")


def test_workers_are_judged_together(place: Path, engine: Engine) -> None:
    """A master judges what its workers did, and aborts for them."""
    locustfile = place / "mine.py"
    locustfile.write_text(
        "from loadstone.locust import ScenarioUser\n\n\n"
        'class ShelfUser(ScenarioUser):\n    system = "shelf"\n'
    )
    port = str(free_port())
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", str(locustfile), "--headless"),
            *("-u", "4", "-t", "10m", "--host", engine.url, "--processes", "2"),
            *("--master-bind-port", port, "--master-port", port, "--run-name", "both"),
            *("--objective", "throughput > 1000000/s", "--abort-on-miss"),
        ],
        cwd=place,
        env={**os.environ, **environ(place, engine.url)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "objective missed: throughput > 1000000/s" in done.stderr
    run = Run.load(place / ".loadstone" / "runs" / "both")
    assert run.header.workers == 2
    assert run.ending.reason.startswith("objective missed for 10 s")
    assert run.problems == ()
