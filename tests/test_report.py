"""Reports: the same content in three formats, a pure function of the record."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, sync_playwright

from loadstone.capacity.prices import builtin_prices
from loadstone.cli.report import report, runs
from loadstone.content import content_root
from loadstone.errors import UnknownName
from loadstone.report import numbers
from loadstone.report.html import render_html
from loadstone.report.json_report import render_json
from loadstone.report.markdown import render_markdown
from loadstone.report.view import View, view
from loadstone.run import Gauges, PatternInfo, Run
from tests.synthetic import call, finished, header, known_seconds, write

GOLDEN = Path(__file__).parent / "golden" / "report.md"
NASTY = "</script><script>alert(1)</script>|x"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Run:
    gauges = Gauges(in_flight=3, asked=150, late=1, cpu_s=0.4)
    directory = tmp_path_factory.mktemp("known")
    return Run.load(finished(directory, known_seconds(), warm_up_s=2.0, gauges=gauges))


@pytest.fixture(scope="module")
def page_text(known: Run) -> str:
    return render_html(view(known))


class Elements(HTMLParser):
    """What a page is made of: its elements with their attributes, and the text of its styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.styles = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "style":
            self.styles += data

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.found)


def summary_of(content: View) -> str:
    return "\n".join(content.summary)


def test_the_markdown_report_is_the_golden_one(known: Run, request: pytest.FixtureRequest) -> None:
    """The report of a known run reads as reviewed; `pytest --update-golden` writes it anew."""
    text = render_markdown(view(known))
    if request.config.getoption("--update-golden", default=False):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_bytes(known: Run, tmp_path: Path) -> None:
    """Rendered twice, each format is identical to the byte."""
    for render in (render_html, render_markdown, render_json):
        assert render(view(known)) == render(view(known))


def test_the_page_needs_no_network(page_text: str) -> None:
    """No element, and no style, refers to anything outside the file."""
    page = Elements(page_text)
    for tag, attributes in page.found:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        for name in ("src", "href", "action", "poster", "srcset", "data"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    assert "url(" not in page.styles
    assert "@import" not in page.styles
    assert "default-src 'none'" in page_text


def test_the_page_is_small(page_text: str) -> None:
    """A report with all its charts stays below 2 MB."""
    assert len(page_text.encode()) < 2_000_000


def test_tables_are_for_screen_readers_too(page_text: str) -> None:
    """Every table has a caption, every heading cell a scope, every scroll area a name."""
    page = Elements(page_text)
    assert page.count("table") == page.count("caption") > 0
    for tag, attributes in page.found:
        if tag == "th":
            assert "scope" in attributes
        if attributes.get("class") == "scroll":
            assert attributes["aria-label"]
            assert attributes["tabindex"] == "0"


def test_links_within_the_page_lead_somewhere(page_text: str) -> None:
    """Each section that the top names is there."""
    page = Elements(page_text)
    ids = {attributes.get("id") for _, attributes in page.found}
    targets = {attributes["href"][1:] for tag, attributes in page.found if tag == "a"}
    assert targets
    assert targets <= ids


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    """A pattern's name is text in every format, whatever it holds."""
    patterns = {NASTY: PatternInfo(operation="Query", table="t")}
    content = view(Run.load(finished(tmp_path, [[call(NASTY)]], patterns=patterns)))
    assert NASTY not in render_html(content)
    escaped = NASTY.replace("|", "\\|")
    assert f"| {escaped} | 1 |" in render_markdown(content)
    assert json.loads(render_json(content))["figures"]["patterns"][0]["pattern"] == NASTY


def test_the_summary_says_what_happened(known: Run) -> None:
    """Failures, throttles, cost and late arrivals are in the first lines, in words."""
    text = summary_of(view(known))
    assert "1,144 calls in 8.0 s, 143 a second" in text
    assert "8 failed (0.7 %), most often with ValidationException (8)" in text
    assert "95.33 % of them were done" in text
    assert "20 requests or items of batches were throttled, all of them for TableWrite" in text
    assert "8 arrivals found no free place" in text
    assert "the run itself would have cost" in text


def test_a_quiet_run_is_said_to_be_quiet(tmp_path: Path) -> None:
    """No failure and no throttle are said too, and a busy generator is owned up to."""
    gauges = Gauges(asked=10, cpu_s=0.97)
    content = view(Run.load(finished(tmp_path, [[call()]], gauges=gauges, target_kind="aws")))
    text = summary_of(content)
    assert "none failed" in text
    assert "Nothing was throttled." in text
    assert "the asked rate was not reached" in text
    assert "busy 97 % of a core" in text
    assert "Never called: write-message." in text
    assert "the run itself cost" in text


def test_a_region_without_a_price_is_said_not_crashed(tmp_path: Path) -> None:
    """A missing price is written in the report as missing, with what to do."""
    content = view(Run.load(finished(tmp_path, [[call()]], region="mars-1")))
    for render in (render_html, render_markdown, render_json):
        text = render(content)
        assert "no price for mars-1" in text
        assert "--prices FILE" in text


def test_the_prices_of_the_day_are_kept(tmp_path: Path) -> None:
    """A run that holds its prices is costed with them, whatever the built-in ones become."""
    kept = [
        {**price.to_json(), "usd": "1000", "as_of": "1999-12-31"}
        for price in builtin_prices().of_region("us-east-1")
    ]
    run = Run.load(finished(tmp_path, [[call()]], region="us-east-1", prices=tuple(kept)))
    spent = view(run).cost
    assert spent is not None
    assert {price.as_of for price in spent.prices} == {"1999-12-31"}
    assert float(spent.so_far_usd) == 0.5 * 1000 / 1e6


@pytest.mark.parametrize("seconds", [[], [[]], [[call(warm_up=True)]]])
def test_a_run_without_measured_calls_is_reported_as_such(
    seconds: list[list[object]], tmp_path: Path
) -> None:
    """An empty run, and one that ended in its warm-up, say so in every format."""
    calls = [[made for made in second if made] for second in seconds]
    content = view(Run.load(finished(tmp_path, calls, warm_up_s=5.0)))  # type: ignore[arg-type]
    assert summary_of(content).startswith("No call was made")
    for render in (render_html, render_markdown, render_json):
        assert "No call was made" in render(content)


def test_a_cut_off_run_is_reported_with_what_is_missing(tmp_path: Path) -> None:
    """The report of a crashed run with a lost worker names both at the top."""
    write(tmp_path, known_seconds()[:3], close=False, workers=2)
    content = view(Run.load(tmp_path))
    for render in (render_html, render_markdown, render_json):
        text = render(content)
        assert "The part of worker 1 is missing" in text
        assert "was cut off" in text


def test_json_has_the_numbers_unrounded(known: Run) -> None:
    """The JSON report gives microseconds, units and dollars as numbers."""
    found = json.loads(render_json(view(known)))
    assert found["figures"]["total"]["calls"] == 1144
    assert found["figures"]["per_s"] == 143.0
    assert isinstance(found["cost"]["usd_per_month"], float)
    assert len(found["timeline"]["steps"]) == 10
    assert found["failures"][0]["what"] == "ValidationException"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (numbers.count(1234567), "1,234,567"),
        (numbers.count(10827.5), "10,827.5"),
        (numbers.rate(0.01234), "0.0123"),
        (numbers.rate(1234.5), "1,234"),
        (numbers.duration(850), "0.850 ms"),
        (numbers.duration(1_234_000), "1.23 s"),
        (numbers.percent(0.0000001), "less than 0.01 %"),
        (numbers.percent(0.999999), "more than 99.99 %"),
        (numbers.percent(1.0), "100 %"),
        (numbers.percent(0.0), "0 %"),
    ],
)
def test_numbers_have_the_digits_that_they_are_worth(said: str, expected: str) -> None:
    """Rounding never makes nothing or everything of what is neither."""
    assert said == expected


def test_the_command_writes_the_page_beside_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTML goes to a file whose path is printed; Markdown and JSON go to stdout, or to --out."""
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / ".loadstone" / "runs" / "known"
    finished(directory, known_seconds()[:2])
    result = CliRunner().invoke(report, ["last"], catch_exceptions=False)
    assert Path(result.stdout.strip()).samefile(directory / "report.html")
    result = CliRunner().invoke(report, ["known", "--format", "md"], catch_exceptions=False)
    assert result.stdout.startswith("# cmz: known\n")
    result = CliRunner().invoke(report, ["known", "--json"], catch_exceptions=False)
    assert json.loads(result.stdout)["run"] == "known"
    result = CliRunner().invoke(
        report, ["known", "--json", "--out", "out.json"], catch_exceptions=False
    )
    assert json.loads((tmp_path / "out.json").read_text())["run"] == "known"
    with pytest.raises(UnknownName, match="no run 'other'; there is known"):
        CliRunner().invoke(report, ["other"], catch_exceptions=False)


def test_the_list_of_runs_is_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`loadstone runs` says of each run what it was, how long, and how it ended."""
    monkeypatch.chdir(tmp_path)
    finished(tmp_path / ".loadstone" / "runs" / "known", known_seconds()[:2])
    result = CliRunner().invoke(runs, [], catch_exceptions=False)
    assert result.stdout == (
        "known  cmz  2026-01-01 00:00:00 UTC  2.0 s  286 calls, 2 failed  completed\n"
    )
    result = CliRunner().invoke(runs, ["--json"], catch_exceptions=False)
    assert json.loads(result.stdout)["calls"] == 286


def test_templates_are_in_the_checkout() -> None:
    """An editable install renders the templates that one can edit."""
    assert (content_root() / "reports" / "templates" / "report.html.j2").is_file()
    assert header().system == "cmz"


def open_page(page: Page, path: Path, log: list[str]) -> None:
    page.on("console", lambda message: log.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: log.append(f"error: {error}"))
    page.on("request", lambda request: log.append(f"request: {request.url}"))
    page.goto(path.as_uri())
    page.wait_for_function(
        "[...document.querySelectorAll('figure[data-chart]')].every(f => 'drawn' in f.dataset)"
    )


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(
    width: int, scheme: str, page_text: str, chromium: str, tmp_path: Path
) -> None:
    """Every chart is drawn, nothing is logged, nothing is asked of a network, nothing overflows."""
    path = tmp_path / "report.html"
    path.write_text(page_text, encoding="utf-8")
    log: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],
            env={**os.environ, "HOME": str(tmp_path)},  # where it would leave its settings
        )
        page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.set_default_timeout(20_000)
        open_page(page, path, log)
        charts = page.locator("figure[data-chart] svg")
        assert charts.count() == 4
        assert page.locator("figure[data-chart] svg path.mark-line, svg .mark-line path").count()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    assert log == [f"request: {path.as_uri()}"]
