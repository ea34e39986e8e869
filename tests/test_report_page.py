"""The page of a report in a real browser, as people use it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from loadstone.report.html import render_html
from loadstone.report.view import view
from loadstone.run import Gauges, PatternInfo, Run
from tests.axe import violations
from tests.synthetic import MS, PATTERNS, call, finished, known_seconds

pytestmark = pytest.mark.browser

CHARTS = ["patterns", "percentiles", "heat", "latency", "throughput", "throttles", "units"]
ALL_DRAWN = (
    "[...document.querySelectorAll('figure[data-chart]')].every(each => 'drawn' in each.dataset)"
)
#: What has the keyboard's focus, as a reader would call it.
FOCUSED = """() => {
  const on = document.activeElement;
  const box = on.getBoundingClientRect();
  const name = on.ariaLabel || on.id || on.textContent.trim();
  return {name, top: box.top + scrollY, seen: box.width > 0 && box.bottom > 0};
}"""

#: As in the page's script; and A4 between its margins, in CSS's pixels.
PAPER_WIDTH, PAPER_HEIGHT = 690, 1016
TOO_WIDE = """[...document.querySelectorAll('.scroll, .chart')]
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.ariaLabel || each.parentElement.dataset.chart)"""

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    home = tmp_path_factory.mktemp("home")  # where it would leave its settings
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],
            env={**os.environ, "HOME": str(home)},
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything in it: objectives, throttles, a warm-up, several patterns."""
    return report_with(12, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with more patterns than fit on a sheet of paper."""
    return report_with(60, tmp_path_factory.mktemp("long"))


def report_with(patterns: int, folder: Path) -> Path:
    others = {
        f"pattern-{n}": PatternInfo(operation="GetItem", table="cmz-conversations")
        for n in range(patterns)
    }
    seconds = [
        [*calls, *(call(name, service_ns=(n + 1) * MS) for n, name in enumerate(others))]
        for calls in known_seconds()
    ]
    record = finished(
        folder,
        seconds,
        warm_up_s=2.0,
        gauges=Gauges(in_flight=3, asked=150, cpu_s=0.4),
        patterns={**PATTERNS, **others},
        configuration={"objective": ["p99 < 20ms", "throttle_rate < 5%", "p99(nobody) < 3ms"]},
    )
    page = folder / "report.html"
    page.write_text(render_html(view(Run.load(record))), encoding="utf-8")
    return page


@pytest.fixture
def opened(browser: Browser, written: Path) -> Iterator[Opened]:
    """Opens the report, and fails when anything was logged, or asked of a network."""
    log: list[str] = []
    pages: list[Page] = []

    def open_page(width: int = 1280, *, scheme: Any = "light", script: str = "") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.set_default_timeout(30_000)
        page.on("console", lambda message: log.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: log.append(f"error: {error}"))
        page.on("request", lambda request: log.append(f"request: {request.url}"))
        if script:
            page.add_init_script(script)
        page.goto(written.as_uri())
        if not script:
            page.wait_for_function(ALL_DRAWN)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [line for line in log if line != f"request: {written.as_uri()}"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_chart_is_drawn_and_nothing_overflows(
    width: int, scheme: str, opened: Opened
) -> None:
    """Each chart has shapes in it and fits the page, which does not scroll sideways."""
    page = opened(width, scheme=scheme)
    for name in CHARTS:
        chart = page.locator(f"figure[data-chart={name}] .chart svg")
        shapes = "[class*=mark-line] path, [class*=mark-symbol] path, [class*=mark-rect] path"
        assert chart.locator(shapes).count() > 0, name
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 250
        assert box["x"] + box["width"] <= width
    assert page.locator("figure[data-chart]").count() == len(CHARTS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(width: int, scheme: str, opened: Opened) -> None:
    """Contrast, names, roles, headings, tables and what the keyboard reaches are as WCAG asks."""
    page = opened(width, scheme=scheme)
    page.locator("summary").first.click()
    assert violations(page) == []


def test_dark_is_dark(opened: Opened) -> None:
    """Paper and ink follow what the reader's system prefers."""
    light, dark = (opened(scheme=scheme) for scheme in ("light", "dark"))
    assert _brightness(light, "backgroundColor") > 200
    assert _brightness(light, "color") < 60
    assert _brightness(dark, "backgroundColor") < 60
    assert _brightness(dark, "color") > 200


def _brightness(page: Page, of: str) -> float:
    colour = page.evaluate("of => getComputedStyle(document.documentElement)[of]", of)
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


def test_the_keyboard_goes_through_the_page_from_the_top(opened: Opened) -> None:
    """Tab reaches the way to the answer, the sections, and everything that can be switched, in the
    order in which they stand, and each can be seen when it is reached."""
    page = opened()
    found = []
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        found.append(page.evaluate(FOCUSED))
    names = [each["name"] for each in found]
    assert names[:3] == ["To the answer", "The answer", "Latency"]
    assert {"p99.9", "percentiles-choice", "went well", "throttled"} <= set(names)
    assert all(each["seen"] for each in found)
    tops = [each["top"] for each in found[1:]]
    assert all(later > earlier - 60 for earlier, later in pairwise(tops))


def test_a_legend_switches_its_series_by_key_and_by_mouse(opened: Opened) -> None:
    """A series that is switched off is gone, and comes back; the button says which it is."""
    page = opened()
    figure = page.locator("figure[data-chart=throughput]")
    lines = figure.locator("svg .mark-line.role-mark path")
    before = lines.count()
    assert before >= 4
    button = figure.get_by_role("button", name="asked")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.focus()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(lines).to_have_count(before - 1)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(lines).to_have_count(before)


def test_the_pointer_tells_values(opened: Opened) -> None:
    """Over a chart of time, every series of that second is told with its number."""
    page = opened()
    chart = page.locator("figure[data-chart=throughput] .chart svg")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + box["height"] / 2)
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    text = tooltip.inner_text()
    assert "went well" in text
    assert "153" in text  # 141 calls of the known run, and the 12 others
    assert "asked" in text


def test_a_pattern_is_chosen_for_its_percentiles(opened: Opened) -> None:
    """The percentile plot shows one pattern at a time, all of them together at first."""
    page = opened()
    figure = page.locator("figure[data-chart=percentiles]")
    points = figure.locator("svg .mark-symbol.role-mark path")
    choice = figure.get_by_label("Of", exact=True)
    expect(choice).to_have_value("0")
    before = points.count()
    choice.select_option("pattern-3")
    expect(points).not_to_have_count(before)


def test_a_table_is_sorted_by_a_column(opened: Opened) -> None:
    """A click sorts from the largest, another from the smallest, and totals stay where they are."""
    page = opened()
    table = page.get_by_role("region", name="Latency of each pattern").locator("table")
    first = table.locator("tbody tr").first.locator("th")
    p99 = table.get_by_role("button", name="p99", exact=True).first
    p99.click()
    expect(first).to_have_text("session-messages")
    expect(table.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    p99.click()
    expect(first).to_have_text("pattern-0")
    assert table.locator("tfoot th").all_inner_texts() == ["all", "warm-up, in none above"]


def test_it_prints(opened: Opened, tmp_path: Path) -> None:
    """On paper nothing is folded away, cut off or scrolled, and nothing is left to click."""
    page = opened(width=718)  # A4 between its margins
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = false })")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate(TOO_WIDE) == []
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator(".choice").first).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000


@pytest.fixture
def on_paper(browser: Browser, long: Path) -> Iterator[Page]:
    """The long report, opened on a wide screen and made ready for paper."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(long.as_uri())
    page.wait_for_function(ALL_DRAWN, timeout=60_000)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    yield page
    page.close()


def test_charts_are_drawn_for_the_paper(on_paper: Page) -> None:
    """They are as wide as a sheet, however wide the screen is, so that their words are as large as
    others; and none is higher than a sheet, which would cut it in two."""
    charts = on_paper.locator("figure .chart svg")
    assert charts.count() == len(CHARTS)
    for chart in charts.all():
        expect(chart).to_have_attribute("width", str(PAPER_WIDTH))
    heights = on_paper.evaluate(
        "[...document.querySelectorAll('figure')].map(each => each.getBoundingClientRect().height)"
    )
    assert max(heights) < PAPER_HEIGHT
    on_paper.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(charts.first).not_to_have_attribute("width", str(PAPER_WIDTH))


def test_a_head_that_is_repeated_has_its_words(on_paper: Page) -> None:
    """A browser leaves boxes out of the head of a table on its further pages: on paper the names of
    columns are in none."""
    assert on_paper.locator("thead button").count() > 0
    assert on_paper.evaluate(
        "[...document.querySelectorAll('thead *')].every("
        "each => !getComputedStyle(each).display.startsWith('inline-'))"
    )


def test_no_heading_is_the_last_on_its_page(opened: Opened) -> None:
    """Wherever on its page a heading falls, there is something of its section beneath it."""
    page = opened()
    # What is not cut in two would let few headings come near the end of a page.
    page.evaluate("document.querySelectorAll('figure').forEach(each => each.remove())")
    page.evaluate("document.querySelector('main').prepend(document.createElement('div'))")
    headings = page.locator("h1, h2, h3").count()
    lowest = []
    for above_px in range(0, 960, 60):
        page.evaluate(f"document.querySelector('main > div').style.height = '{above_px}px'")
        places = places_of_headings(page.pdf(format="A4", outline=True, tagged=True))
        assert len(places) == headings
        lowest.append(min(places))
    # The margin, the heading, and two lines at least.
    assert min(lowest) > 40 + 30 + 2 * 12


def places_of_headings(pdf: bytes) -> list[float]:
    """How high above the lower edge of its page each heading begins, in points: what the outline of
    a document of Chromium's leads to."""
    found = re.findall(rb"/Dest \[\d+ 0 R /XYZ [\d.]+ ([\d.]+) 0\]", pdf)
    return [float(each) for each in found]


def test_a_browser_that_cannot_unpack_says_so(browser: Browser, written: Path) -> None:
    """Where the charts cannot be drawn their places say so, and the tables are there."""
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(written.as_uri())
    place = page.locator("figure[data-chart=heat] .chart")
    expect(place).to_have_text("The chart could not be drawn; the tables hold its numbers.")
    expect(page.locator("table").first).to_be_visible()
    page.close()
