"""Two runs side by side: what is claimed of runs whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from math import inf, isinf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from loadstone.capacity.prices import builtin_prices
from loadstone.cli.compare import compare as command
from loadstone.compare.comparable import obstacles
from loadstone.compare.comparison import Compared, Comparison, Difference, compare
from loadstone.compare.series import series_of
from loadstone.compare.spread import (
    Limits,
    difference_limits,
    quantile_limits,
    ratio_limits,
    stretch,
    student_quantile,
)
from loadstone.report.compare_formats import (
    comparison_html,
    comparison_json,
    comparison_markdown,
)
from loadstone.report.compared import claim
from loadstone.run import Ending, Gauges, Run
from loadstone.run.figures import figures
from tests.rippled import Ripple, rippled
from tests.synthetic import call, finished, known_seconds, write

PATTERNS = ("inbox", "send", "search")
NASTY = "</style><script>alert(1)</script>|x"


def of(ripple: Ripple, seconds: int, seed: int, **changes: Any) -> Run:
    return rippled(dict.fromkeys(PATTERNS, ripple), seconds, seed, **changes)


def found_in(comparison: Comparison, figure: str, pattern: str = "") -> Difference:
    lines = (comparison.whole, *comparison.patterns)
    (line,) = (each for each in lines if each.pattern == pattern)
    return next(each for each in line.differences if each.figure == figure)


@pytest.mark.parametrize(
    ("memory", "seconds", "pairs"),
    [(0.0, 30, 30), (0.5, 60, 20), (0.8, 60, 20), (0.9, 240, 5)],
)
def test_two_runs_of_the_same_thing_differ_in_nothing(
    memory: float, seconds: int, pairs: int
) -> None:
    """Of pairs of runs of one distribution, whose seconds remember those before, not more than one
    in twenty claims a difference in any of its figures; so many are allowed as chance makes of
    that with all but certainty."""
    ripple = Ripple(memory=memory, throttled=0.02, failed=0.01)
    claims = sum(
        bool(compare(of(ripple, seconds, 2 * n), of(ripple, seconds, 2 * n + 1)).claimed)
        for n in range(pairs)
    )
    expected = 0.05 * pairs
    assert claims <= expected + 3 * sqrt(expected)


@pytest.mark.parametrize(("memory", "seconds"), [(0.0, 60), (0.5, 120), (0.8, 300)])
def test_a_tenth_more_is_found(memory: float, seconds: int) -> None:
    """Where everything takes 10 % longer that is claimed, by about so much; throughput, units and
    shares, which are the same, are not."""
    for seed in range(2):
        base = of(Ripple(memory=memory), seconds, 2 * seed)
        new = of(Ripple(memory=memory, median_us=5_500), seconds, 2 * seed + 1)
        comparison = compare(base, new)
        slower = found_in(comparison, "p50")
        assert slower.verdict == "differs"
        assert slower.low <= 0.10 <= slower.high
        assert {each.figure for _, each in comparison.claimed} <= {"p50", "p90", "p99"}


def test_what_is_too_small_to_see_is_told_as_such() -> None:
    """The smallest difference that could have been seen lies between one that is not found and one
    that is; where it says that none could be, none is claimed."""
    base = of(Ripple(), 60, 1)
    seen_from = found_in(compare(base, of(Ripple(), 60, 2)), "p50").seen_from
    assert 0.02 < seen_from < 0.10
    smaller, larger = (
        [
            found_in(compare(of(Ripple(), 60, 2 * n), of(slower, 60, 2 * n + 1)), "p50").verdict
            for n in range(10)
        ]
        for slower in (
            Ripple(median_us=5_000 * (1 + seen_from / 3)),
            Ripple(median_us=5_000 * (1 + seen_from)),
        )
    )
    assert smaller.count("differs") <= 2
    assert larger.count("differs") >= 5
    noisy = Ripple(wave=0.5, memory=0.98)
    unsteady = compare(of(noisy, 30, 3), of(noisy, 30, 4))
    assert isinf(found_in(unsteady, "p50").seen_from)
    assert found_in(unsteady, "p50").verdict == "unknown"


def test_other_figures_are_found_too() -> None:
    """More calls, dearer calls, throttles and failures each show in their own figure."""
    base = of(Ripple(failed=0.001), 60, 1)
    new = of(Ripple(per_s=26, units=1.0, throttled=0.05, failed=0.05), 60, 2)
    comparison = compare(base, new)
    verdicts = {each.figure: each for each in comparison.whole.differences}
    for figure in ("throughput", "units_per_call", "throttle_rate", "error_rate", "usd_per_month"):
        assert verdicts[figure].verdict == "differs", figure
    assert verdicts["units_per_call"].change == pytest.approx(1.0)
    assert not verdicts["throttle_rate"].relative
    assert verdicts["throttle_rate"].change == pytest.approx(0.048, abs=0.01)
    assert verdicts["p50"].verdict == "same"


def test_small_changes_are_ignored_as_asked() -> None:
    """A difference that is certain and too small to care about is not called one."""
    steady = Ripple(wave=0.0, spread=0.02)
    base, new = of(steady, 60, 1), of(replace(steady, median_us=5_150), 60, 2)
    assert found_in(compare(base, new), "p50").verdict == "differs"
    assert found_in(compare(base, new, ignored=0.05), "p50").verdict == "same"


def test_few_calls_do_not_make_a_p99() -> None:
    """A percentile that rests on a handful of calls is not compared."""
    rare = Ripple(per_s=1)
    comparison = compare(of(rare, 40, 1), of(replace(rare, median_us=9_000), 40, 2))
    assert found_in(comparison, "p99", "inbox").verdict == "unknown"


@pytest.mark.parametrize("seconds", [0, 1, 9])
def test_a_run_that_is_too_short_claims_nothing(tmp_path: Path, seconds: int) -> None:
    """Runs of a few seconds, or of no call at all, are compared with what they are worth."""
    shorts = [finished(tmp_path / name, [[call()] * 50] * seconds) for name in "ab"]
    comparison = compare(*map(Run.load, shorts))
    assert comparison.claimed == []
    assert "too short to tell anything" in {each.what for each in comparison.obstacles}
    for render in (comparison_html, comparison_markdown, comparison_json):
        assert render(comparison)


def test_the_figures_are_those_of_the_report(tmp_path: Path) -> None:
    """A comparison tells the same numbers as the report on each run, its warm-up left out."""
    run = Run.load(finished(tmp_path, known_seconds(), warm_up_s=2.0))
    told, found = compare(run, run), figures(run)
    assert found_in(told, "throughput").base == pytest.approx(found.per_s)
    assert found_in(told, "p99").base == found.latency.p99_us
    for row in found.patterns:
        assert found_in(told, "p50", row.pattern).base == row.latency.p50_us
        assert found_in(told, "units_per_call", row.pattern).base == row.units_per_call
    assert told.whole.calls == (1144, 1144)


def test_processes_are_added_up_second_by_second(tmp_path: Path) -> None:
    """Two workers that ran together make one series, as long as either."""
    for worker in (0, 1):
        write(tmp_path, known_seconds()[2:], worker=worker, workers=2)
    _, whole = series_of(Run.load(tmp_path))
    assert whole.span_s.tolist() == [1.0] * 8
    assert whole.calls.tolist() == [286.0] * 8
    assert whole.latencies.sum() == 286 * 8


def test_a_long_run_is_cut_into_spans() -> None:
    """An hour is some hundred spans, and nothing of it is lost."""
    _, whole = series_of(rippled({"inbox": Ripple(per_s=2)}, 1000, 1))
    assert len(whole.span_s) == 250
    assert whole.span_s.sum() == 1000
    assert whole.latencies.sum() == whole.calls.sum()


@pytest.mark.parametrize(
    ("confidence", "freedom", "expected"),
    [(0.95, 10, 2.2281), (0.95, 2, 4.3027), (0.999, 5, 6.8688), (0.99, 1, 63.6567)],
)
def test_students_t_is_as_in_the_tables(confidence: float, freedom: float, expected: float) -> None:
    """Quantiles agree with published ones."""
    assert student_quantile(confidence, freedom) == pytest.approx(expected, rel=1e-4)


def test_limits_hold_as_often_as_they_say() -> None:
    """Of a median and of a mean whose truth is known, 90 % limits hold in nine of ten cases, where
    seconds are independent and where they remember; there they are wider."""
    for memory in (0.0, 0.6):
        random = np.random.default_rng(7)
        medians = means = 0
        for _ in range(200):
            fresh = random.normal(size=120)
            wave = [fresh[0]]
            for each in fresh[1:]:
                wave.append(memory * wave[-1] + sqrt(1 - memory**2) * each)
            levels = np.array(wave)
            # Of the calls of a second, those that are below the median of all seconds together.
            values = np.array([1.0, 2.0, 3.0])
            counts = np.stack([20 - 4 * levels, np.full(120, 2.0), 20 + 4 * levels], axis=1)
            low_high = quantile_limits(values, np.maximum(counts, 0), 0.5, 0.9)
            medians += low_high.low <= 2.0 <= low_high.high
            mean = ratio_limits(levels, np.ones(120), 0.9)
            means += mean.low <= 0.0 <= mean.high
        assert medians >= 0.87 * 200
        assert means >= 0.87 * 200


def test_what_remembers_is_worth_less() -> None:
    """Dependent seconds are found to be, on average by as much as theory says and more."""
    random = np.random.default_rng(3)

    def mean_stretch(memory: float) -> float:
        found = []
        for _ in range(100):
            fresh = random.normal(size=300)
            wave = [fresh[0]]
            for each in fresh[1:]:
                wave.append(memory * wave[-1] + each)
            errors = np.array(wave) - np.mean(wave)
            found.append(stretch(errors))
        return float(np.mean(found))

    assert 1.0 <= mean_stretch(0.0) < 2.5
    assert mean_stretch(0.5) > 3.0
    assert mean_stretch(0.8) > 9.0


def test_a_difference_is_as_wide_as_its_sides_together() -> None:
    """Limits of a difference add up as squares; where a side has none, it has none."""
    base, new = Limits(10.0, 7.0, 13.0), Limits(20.0, 16.0, 24.0)
    assert difference_limits(base, new) == Limits(10.0, 5.0, 15.0)
    assert difference_limits(base, Limits(20.0, 16.0, inf)).high == inf


def test_what_else_differs_is_said() -> None:
    """Another scale, seed, mix, client, engine, number of processes or machine is named as what the
    difference may come from; versions and prices as notes."""
    base = of(Ripple(), 20, 1)
    changed = of(
        Ripple(),
        20,
        1,
        dataset={"seed": "2", "scale": "100"},
        configuration={"users": 2, "duration": "3s", "mix": "balanced", "client": "boto3"},
        target="https://example.com",
        target_kind="endpoint",
        workers=2,
        versions={"loadstone": "0.1.0", "python": "3.12.0"},
        prices=tuple(
            {**price.to_json(), "usd": "9"} for price in builtin_prices().of_region("us-east-1")
        ),
    )
    worker = replace(
        changed.workers[0], info=replace(changed.workers[0].info, machine={"cores": "64"})
    )
    found = {each.what: each for each in obstacles(base, replace(changed, workers=(worker,)))}
    assert {name for name, each in found.items() if each.serious} == {
        "data set: seed",
        "data set: scale",
        "engine",
        "setting: mix",
        "setting: client",
        "processes",
        "machine",
    }
    assert {name for name, each in found.items() if not each.serious} == {
        "prices",
        "version: python",
    }
    assert (found["setting: client"].base, found["setting: client"].new) == ("none", "boto3")
    assert list(obstacles(base, of(Ripple(), 20, 2))) == []


def test_what_spoils_a_run_is_said(tmp_path: Path) -> None:
    """A run that failed, that was cut off, or whose generator could not keep up is no base."""
    good = of(Ripple(), 20, 1)
    failed = replace(good, ending=Ending("failed", "the engine died"))
    assert [each.what for each in obstacles(good, failed)] == ["not completed"]
    write(tmp_path / "cut", known_seconds(), close=False)
    told = {each.what: each for each in obstacles(Run.load(tmp_path / "cut"), good)}
    assert "was cut off" in told["not whole"].base
    assert told["not whole"].new == ""
    gauges = Gauges(asked=100, behind=50, delay_max_us=90_000, cpu_s=0.99)
    slow = Run.load(finished(tmp_path / "slow", known_seconds(), gauges=gauges))
    told = {each.what: each for each in obstacles(good, slow)}
    assert told["the generator was the limit"].new.startswith("it was behind for")


def test_only_one_side_called_it() -> None:
    """A pattern that one of the runs did not play is named, and not compared."""
    base = rippled({"inbox": Ripple(), "old": Ripple()}, 20, 1)
    comparison = compare(base, rippled({"inbox": Ripple(), "new": Ripple()}, 20, 2))
    assert (comparison.only_base, comparison.only_new) == (("old",), ("new",))
    assert [each.pattern for each in comparison.patterns] == ["inbox"]
    assert "Only known called old." in comparison_markdown(comparison)


class Page(HTMLParser):
    """The elements of a page, and what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_format_says_the_same() -> None:
    """The page is one file that needs nothing else, with captions and scopes; Markdown bolds what
    differs; JSON has it unrounded, null for a limit that is not known; names break none of them."""
    ripples = {"inbox": Ripple(), NASTY: Ripple(per_s=1)}
    slower = {name: replace(each, median_us=6_000) for name, each in ripples.items()}
    comparison = compare(rippled(ripples, 60, 1), rippled(slower, 60, 2))
    html, md = comparison_html(comparison), comparison_markdown(comparison)
    page = Page(html)
    tags = [tag for tag, _ in page.found]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert tags.count("table") == tags.count("caption") > 5
    assert all("scope" in attributes for tag, attributes in page.found if tag == "th")
    ids = {attributes.get("id") for _, attributes in page.found}
    assert {str(a["href"])[1:] for tag, a in page.found if tag == "a"} <= ids
    assert NASTY not in html
    assert NASTY.replace("|", "\\|") in md
    content = json.loads(comparison_json(comparison))
    p50 = content["patterns"]["inbox"]["p50"]
    assert p50["verdict"] == "differs"
    assert content["patterns"][NASTY]["p99"]["high"] is None
    said = f"{p50['change'] * 100:.1f} % slower"
    assert said in html
    assert "inbox, p50: " in md
    assert said in md
    assert f"(+{p50['change'] * 100:.1f} %)**" in md
    assert comparison_html(comparison) == html


@pytest.mark.parametrize(
    ("low", "high", "limits"),
    [
        (0.05, 0.15, "+5.0 % to +15.0 %"),
        (0.05, inf, "+5.0 % or more"),
        (-1, -0.05, "-5.0 % or less"),
    ],
)
def test_a_limit_that_is_not_known_is_left_open(low: float, high: float, limits: str) -> None:
    """Where few calls lie beyond a percentile, a difference can be certain and have no end."""
    difference = Difference(
        figure="p99",
        kind="latency",
        base=10_000,
        new=11_000 if low > 0 else 9_000,
        relative=True,
        change=0.1 if low > 0 else -0.1,
        low=low,
        high=high,
        seen_from=0.05 if high < 1 else inf,
        verdict="differs",
    )
    compared = Compared(pattern="inbox", calls=(400, 400), differences=(difference,))
    assert claim(compared, difference).endswith(f"er ({limits}).")


def test_the_command_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`loadstone compare BASE NEW` prints the answer; the page goes beside the new record; a step
    summary of GitHub's gets the Markdown."""
    monkeypatch.chdir(tmp_path)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for name in ("main", "branch"):
        finished(tmp_path / ".loadstone" / "runs" / name, known_seconds(), name=name)
    said = CliRunner().invoke(command, ["main", "branch"], catch_exceptions=False)
    assert said.exit_code == 0
    assert said.stdout.startswith("No difference was seen.")
    assert "session-messages" in said.stdout
    assert summary.read_text().startswith("# main and branch")
    page = CliRunner().invoke(command, ["main", "branch", "--format", "html"])
    assert (tmp_path / page.stdout.strip()).samefile(
        tmp_path / ".loadstone" / "runs" / "branch" / "compare.html"
    )
    out = CliRunner().invoke(
        command, ["main", "branch", "--json", "--ignore", "5%", "--out", "c.json"]
    )
    assert out.stdout == "c.json\n"
    assert json.loads((tmp_path / "c.json").read_text())["ignored"] == 0.05
    assert CliRunner().invoke(command, ["main", "branch", "--ignore", "few"]).exit_code == 2
