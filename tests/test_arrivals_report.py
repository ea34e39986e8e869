"""What is said of open arrivals: whether the generator kept up, and the highest rate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadstone.report.html import render_html
from loadstone.report.json_report import render_json
from loadstone.report.markdown import render_markdown
from loadstone.report.view import view
from loadstone.run import Ending, Gauges, Run, RunWriter, finish
from loadstone.run.behind import fell_behind
from loadstone.run.figures import figures
from loadstone.run.find_max import Trial
from tests.synthetic import MS, SECOND_NS, START_MS, START_NS, call, header


def arrived(
    folder: Path, gauges: Sequence[Gauges], *, trials: Sequence[Trial] = (), **changes: Any
) -> Run:
    """A run with a call in each second, and what was seen in it."""
    configuration = {"objective": ["p99 < 20ms", "error_rate < 1%"], "find_max": bool(trials)}
    told = header(warm_up_s=1.5, configuration=configuration, **changes)
    writer = RunWriter.start(folder, told, now_ns=START_NS, unix_ms=START_MS)
    now_ns = START_NS
    for trial in trials:
        writer.note("trial", trial.to_json(), now_ns)
    for number, seen in enumerate(gauges):
        writer.add(call(warm_up=number < 1))
        now_ns += SECOND_NS
        writer.tick(now_ns, seen)
    if trials:
        writer.note("found", {"rate_per_s": None}, now_ns)
    writer.close(Ending("completed"), now_ns)
    return Run.load(finish(folder, Ending("completed"), unix_ms=START_MS + len(gauges) * 1000))


def said(run: Run) -> str:
    return " ".join(view(run).summary)


def trial(number: int, rate: float, outcome: str, why: str = "") -> Trial:
    return Trial(
        number=number,
        rate_per_s=rate,
        achieved_per_s=rate - 1,
        measured_s=10,
        asked=int(rate * 10),
        calls=int(rate * 10) - 10,
        p50_us=1500,
        p99_us=8200,
        throttled=3,
        failed=2,
        late=1,
        delay_max_us=700,
        outcome=outcome,  # type: ignore[arg-type]
        why=why,
    )


def test_what_was_asked_in_the_warm_up_is_left_out(tmp_path: Path) -> None:
    """A second in which the warm-up ends counts with what was asked after its end."""
    seen = [
        Gauges(asked=100, asked_warm_up=100),
        Gauges(asked=100, asked_warm_up=50),
        Gauges(asked=100),
        Gauges(asked=100),
    ]
    assert figures(arrived(tmp_path, seen)).asked == 250


def test_a_rate_is_that_of_the_time_in_which_calls_arrived(tmp_path: Path) -> None:
    """What the last arrivals take for their answers makes neither what was asked for nor what it
    costs any less."""
    arriving = [Gauges(asked=100, asked_warm_up=100), Gauges(asked=100, asked_warm_up=50)]
    arriving += [Gauges(asked=100)] * 2
    alone = figures(arrived(tmp_path / "alone", arriving))
    run = arrived(tmp_path / "waiting", [*arriving, *[Gauges(asked=0)] * 6])
    found = figures(run)
    assert found.measured_s == alone.measured_s == 2.5
    assert "100 a second were asked for" in said(run)
    assert run.lasted_s == 10


def test_waits_that_nothing_explains_are_the_generators(tmp_path: Path) -> None:
    """Calls of users that were sent late, and throttled by nobody, were held up on this side."""
    for wait_ms, told in ((1, False), (40, True)):
        writer = RunWriter.start(
            tmp_path / str(wait_ms), header(), now_ns=START_NS, unix_ms=START_MS
        )
        for _ in range(50):
            writer.add(call(wait_ns=wait_ms * MS))
        writer.close(Ending("completed"), START_NS + SECOND_NS)
        text = said(Run.load(tmp_path / str(wait_ms)))
        assert ("held calls up: 99 in 100 took" in text) == told
        assert ("Nothing that was measured limited it" in text) != told


def test_the_times_of_a_slow_generator_are_named(tmp_path: Path) -> None:
    """Seconds in which it fell behind are one time when they follow each other, with the worst."""
    well, ill = Gauges(asked=100, delay_max_us=900), Gauges(asked=100, behind=40)
    worse = Gauges(asked=100, behind=90, delay_max_us=340_000)
    run = arrived(tmp_path, [well, well, well, ill, worse, ill, well, well, worse, well])
    found = figures(run)
    assert [(each.start_s, each.stop_s) for each in found.behind] == [(3, 6), (8, 9)]
    assert found.delay_max_us == 340_000
    text = said(run)
    assert "The generator, not the database, was the limit at 3-6 s, 8-9 s" in text
    assert "taken up as much as 340 ms late" in text
    for render in (render_html, render_markdown, render_json):
        assert "340" in render(view(run))


def test_a_slow_generator_in_the_warm_up_is_no_finding(tmp_path: Path) -> None:
    """Latencies leave the warm-up out, and so does what is said of them; the record has it."""
    well, ill = Gauges(asked=100), Gauges(asked=100, behind=90, delay_max_us=340_000)
    run = arrived(tmp_path, [ill, well, well, well])
    assert run.seconds[0].behind == 90
    assert figures(run).behind == ()
    assert "The generator, not the database" not in said(run)


def test_the_warm_up_is_told_apart(tmp_path: Path) -> None:
    """Its calls are in a sentence of their own, and not among those that are reported."""
    run = arrived(tmp_path, [Gauges(asked=100)] * 4)
    text = said(run)
    assert "3 calls in" in text
    assert "The warm-up of 1.5 s before that is left out: 1 calls, p99" in text


def test_what_was_asked_for_is_held_against_what_was_done(tmp_path: Path) -> None:
    """A rate that was not reached is told with its share, and one that was is not told as more."""
    missed = arrived(tmp_path / "missed", [Gauges(asked=2)] * 4)
    assert "2.40 a second were asked for, and 50 % of them were done: the asked rate was not" in (
        said(missed)
    )
    kept = arrived(tmp_path / "kept", [Gauges(asked=1)] * 4)
    assert "of them were done." in said(kept)


def test_a_generator_that_kept_up_is_not_blamed(tmp_path: Path) -> None:
    """Late arrivals that waited for a place are no fault of the generator's."""
    seen = [Gauges(asked=100, behind=5, late=60, delay_max_us=25_000)] * 5
    text = said(arrived(tmp_path, seen))
    assert "The generator, not the database" not in text
    assert "arrivals found no free place" in text


@pytest.mark.parametrize(
    ("behind", "asked", "fell"), [(0, 0, False), (5, 100, False), (6, 100, True), (1, 1, True)]
)
def test_one_arrival_in_twenty_may_be_late(behind: int, asked: int, fell: bool) -> None:
    """More than 5 % taken up late are too many."""
    assert fell_behind(behind, asked) is fell


def test_each_worker_is_told_with_its_load(tmp_path: Path) -> None:
    """Processor time, arrivals and the worst delay stand beside each process."""
    seen = [Gauges(asked=100, cpu_s=0.2), Gauges(asked=100, cpu_s=0.6, delay_max_us=4_000)] * 3
    content = view(arrived(tmp_path, seen))
    (worker,) = content.workers
    assert worker.load is not None
    assert worker.load.cpu_share == pytest.approx((0.2 * 2 + 0.6 * 3) / 5)
    assert worker.load.cpu_share_max == pytest.approx(0.6)
    assert "| not recorded | 6.0 s | 44 % | 60 % | 500 | 4.00 ms |" in render_markdown(content)


def test_the_highest_rate_is_told_with_its_evidence(tmp_path: Path) -> None:
    """The answer names the rate that held and why the next did not; a table has every trial."""
    trials = [
        trial(0, 100, "held"),
        trial(1, 200, "held"),
        trial(2, 400, "broke", "p99 < 20ms: 44 ms"),
        replace(trial(3, 283, "broke", "p99 < 20ms: 31 ms"), spent=True),
        trial(4, 200, "held"),
    ]
    run = arrived(tmp_path, [Gauges(asked=100)] * 3, trials=trials, target_kind="aws")
    assert run.trials == tuple(trials)
    text = said(run)
    assert "The highest rate that held p99 < 20ms and error_rate < 1% was 200 a second" in text
    assert "at 283 a second p99 < 20ms: 31 ms." in text
    assert "burst" not in text
    assert view(run).answer == "It held p99 < 20ms and error_rate < 1% up to 200 a second."
    assert view(run).held
    page = render_html(view(run))
    assert "p99 at that rate" in page
    assert "All trials together, those that broke and the pauses too: 2 calls" in text
    table = render_markdown(view(run))
    assert table.count("| broke: p99 < 20ms:") == 2
    assert table.count("| held |") == 3
    assert "broke: p99 &lt; 20ms: 44 ms" in render_html(view(run))


def test_a_confirmed_rate_is_told_with_how_long_it_held(tmp_path: Path) -> None:
    """It goes before a higher one that held for a while, and no burst is suspected of it."""
    trials = [
        trial(0, 200, "held"),
        trial(1, 400, "broke", "throttle_rate < 1%: 40%"),
        trial(2, 200, "held"),
        replace(trial(3, 180, "held"), measured_s=60, confirms=True),
    ]
    run = arrived(tmp_path, [Gauges(asked=100)] * 3, trials=trials, target_kind="aws")
    assert run.trials == tuple(trials)
    assert "was 180 a second (" in said(run)
    assert ", confirmed after a higher one had used up what is kept for a burst; at" in said(run)
    assert KEPT not in said(run)
    assert "| held for 60.0 s: confirmed |" in render_markdown(view(run))


def test_a_rate_that_is_not_confirmed_is_told_with_the_one_that_is(tmp_path: Path) -> None:
    """Throttles showed a burst used up earlier on; a planner needs the rate that this proved."""
    trials = [
        replace(trial(0, 400, "broke", "throttle_rate < 1%: 40%"), spent=True),
        replace(trial(1, 180, "held"), measured_s=60, confirms=True),
        trial(2, 240, "broke", "p99 < 20ms: 31 ms"),
        replace(trial(3, 220, "held"), measured_s=60),
    ]
    run = arrived(tmp_path, [Gauges(asked=100)] * 3, trials=trials, target_kind="aws")
    content = view(run)
    assert content.answer == (
        "It held p99 < 20ms and error_rate < 1% up to 220 a second, which is not confirmed "
        "(180 a second is)."
    )
    held, kept, proven = content.summary[:3]
    assert held.startswith("The highest rate that held p99 < 20ms and error_rate < 1% was 220 a")
    assert held.endswith(", which is not confirmed; at 240 a second p99 < 20ms: 31 ms.")
    assert kept.startswith(KEPT)
    assert "no throttle right before shows that it was used up." in kept
    assert proven == (
        "Confirmed: 180 a second, held for 60.0 s after a higher rate had used up what is kept for "
        "a burst."
    )
    assert proven in render_markdown(content)
    page = render_html(content)
    assert proven in page
    assert "not confirmed; confirmed: 180/s" in page
    assert proven in json.loads(render_json(content))["summary"]


KEPT = "Capacity kept for a burst may have carried that rate"
GENERATOR = "the generator took up 40% of the arrivals more than 20 ms late, by 900 ms at most"


@pytest.mark.parametrize(
    ("outcomes", "answer", "told", "burst"),
    [
        (
            [(100, "held", ""), (200, "held", "")],
            " up to 200 a second, the highest that was tried; nothing broke.",
            "it was not tried higher. Nothing broke: how much more",
            True,
        ),
        (
            [(100, "held", ""), *[(200, "generator", GENERATOR)] * 3],
            " up to 100 a second; beyond that the load generator was the limit.",
            f"at 200 a second {GENERATOR}. Nothing broke: how much more",
            True,
        ),
        (
            [(400, "broke", "p99"), (200, "held", ""), *[(283, "generator", GENERATOR)] * 3],
            " up to 200 a second; beyond that the load generator was the limit.",
            f"at 283 a second {GENERATOR}.",
            False,
        ),
        (
            [(100, "held", ""), (200, "broke", "p99"), *[(100, "generator", GENERATOR)] * 3],
            " up to 100 a second; beyond that the load generator was the limit.",
            f"at 100 a second {GENERATOR}.",
            True,
        ),
    ],
)
def test_a_rate_that_a_burst_may_have_carried_is_not_called_one_that_lasts(
    outcomes: list[tuple[int, str, str]], answer: str, told: str, burst: bool, tmp_path: Path
) -> None:
    """Unless it held right after a higher one used that up; where nothing broke, that is said."""
    trials = [replace(trial(n, *each), spent=each[1] == "broke") for n, each in enumerate(outcomes)]
    gauges = [Gauges(asked=100)] * 3
    run = arrived(tmp_path / "aws", gauges, trials=trials, target_kind="aws", target="AWS")
    assert view(run).answer.endswith(answer)
    assert told in said(run)
    assert (KEPT in said(run)) == burst
    unlimited = arrived(tmp_path / "engine", gauges, trials=trials)
    assert told in said(unlimited)
    assert KEPT not in said(unlimited)


def test_a_search_that_was_cut_short_says_so(tmp_path: Path) -> None:
    """A rate that held is not called the highest there is when nothing higher was tried."""
    told = header(configuration={"objective": ["p99 < 20ms"], "find_max": True})
    writer = RunWriter.start(tmp_path, told, now_ns=START_NS, unix_ms=START_MS)
    writer.note("trial", trial(0, 100, "held").to_json(), START_NS)
    writer.add(call())
    writer.close(Ending("interrupted"), START_NS + SECOND_NS)
    run = Run.load(finish(tmp_path, Ending("interrupted"), unix_ms=START_MS + 1000))
    text = said(run)
    assert view(run).answer.endswith("up to 100 a second; the search was ended before it was over.")
    assert view(run).held is None
    assert "it was not tried higher. The search was ended before it was over." in text
