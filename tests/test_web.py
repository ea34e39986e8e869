"""Loadstone's tabs on Locust's web page, in a real browser, while a load goes on."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from loadstone.capacity.money import request_cost_usd
from loadstone.capacity.prices import builtin_prices
from loadstone.embedded.process import Engine
from loadstone.embedded.registry import STATE
from loadstone.run import Run
from loadstone.run.figures import Figures, figures
from loadstone.run.live_tables import TABLES
from tests.commands import free_port, loadstone

ROOT = Path(__file__).resolve().parent.parent
TABLE = "cmz-web"
LIMITS = "provisioned:60rcu,25wcu,burst=0s"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Path]:
    """A folder whose table is seeded with 1,000 items, on the tests' engine."""
    folder = tmp_path_factory.mktemp("web")
    for arguments in (["tables", "create", "cmz"], ["seed", "cmz", "--scale", "1000"]):
        ran = loadstone(*arguments, cwd=folder, environ=at(engine))
        assert ran.code == 0, ran.err
    yield folder
    assert loadstone("tables", "drop", "cmz", "--yes", cwd=folder, environ=at(engine)).code == 0


def at(engine: Engine) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_DYNAMODB": engine.url, "CONVERSATION_TABLE_NAME": TABLE}


@contextmanager
def locust(place: Path, engine: Engine, *more: str, systems: str = "cmz") -> Iterator[str]:
    """Locust with its web page, until the end of the block; the page's address."""
    files = ",".join(str(ROOT / "locustfiles" / f"{name}.py") for name in systems.split())
    port = free_port()
    with (place / "locust.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "locust", "-f", files),
                *("--web-host", "127.0.0.1", "--web-port", str(port), "--host", engine.url),
                *more,
            ],
            cwd=place,
            env={**os.environ, **at(engine)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def page_of(chromium: str, folder: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],
            env={**os.environ, "HOME": str(folder)},  # where it would leave its settings
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def begin(page: Page, url: str, *, workers: int) -> None:
    """Open the page, wait for the workers, fill in the form, and start."""
    open_form(page, url, workers=workers)
    start(page)


def open_form(page: Page, url: str, *, workers: int) -> None:
    for _ in range(100):
        try:
            page.goto(url)
            break
        except Exception:
            page.wait_for_timeout(200)
    if workers:
        expect(page.locator("body")).to_contain_text(f"Workers{workers}", timeout=30_000)


def start(page: Page) -> None:
    page.get_by_label("Number of users").fill("12")
    page.get_by_label("Ramp up").fill("12")
    page.get_by_role("button", name="Start").click()


def shown(page: Page, title: str) -> list[dict[str, str]]:
    """The rows of a tab, by their columns' titles."""
    page.get_by_role("tab", name=title, exact=True).click()
    page.get_by_role("columnheader").first.wait_for()
    titles = page.get_by_role("columnheader").all_text_contents()
    rows = page.locator("tbody tr")
    cells = [rows.nth(number).locator("td").all_text_contents() for number in range(rows.count())]
    return [dict(zip(titles, row, strict=True)) for row in cells]


def downloaded(page: Page, title: str) -> list[dict[str, str]]:
    """What the page's link gives to download."""
    page.get_by_role("tab", name="Download Data").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {title.lower()} CSV").click()
    assert download.value.suggested_filename == f"loadstone_{title.lower()}.csv"
    return list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))


def await_the_last_report(page: Page, url: str, calls: int) -> None:
    """A worker closes its part of the record a moment before it reports for the last time."""
    for _ in range(50):
        page.goto(url)  # a page that shows an ended test does not ask any more
        if sum(int(row["Calls"]) for row in shown(page, "Patterns")) == calls:
            return
        page.wait_for_timeout(200)


@pytest.mark.browser
@pytest.mark.parametrize("workers", [0, 2], ids=["alone", "master and workers"])
def test_the_tabs(workers: int, place: Path, engine: Engine, chromium: str) -> None:
    """While a load goes on the tabs fill, each with what its title says; when it has ended they
    show, and their downloads hold, what the record says, to the unit."""
    name = f"tabs-{workers}"
    more: tuple[str, ...] = ("--run-name", name, "--throttle", LIMITS, "--retries", "0")
    if workers:
        port = str(free_port())  # another master's workers would come to the usual one
        more += ("--processes", str(workers), "--master-bind-port", port, "--master-port", port)
    with locust(place, engine, *more) as url, page_of(chromium, place) as page:
        begin(page, url, workers=workers)
        tabs = page.get_by_role("tab")
        expect(tabs.filter(has_text="Patterns")).to_be_visible()
        offered = page.evaluate("window.templateArgs.extra_options.client.choices")
        assert offered == ["loadstone", "boto3", "boto3-tuned"]
        told = page.evaluate("window.templateArgs.extra_options.objective.help_text")
        assert "'error_rate < 1%'" in told
        ours = [text for text in tabs.all_text_contents() if text in {t.title for t in TABLES}]
        assert ours == ["Capacity", "Throttles", "Cost", "Patterns"]
        for title, row in (
            ("Capacity", TABLE),
            ("Throttles", "ProvisionedThroughputExceeded"),
            ("Cost", TABLE),
            ("Patterns", "one-message"),
        ):
            page.get_by_role("tab", name=title, exact=True).click()
            expect(page.locator("tbody")).to_contain_text(row, timeout=30_000)
        capacity = shown(page, "Capacity")
        assert sum(float(row["Read units/s now"]) for row in capacity) > 0
        page.get_by_role("button", name="Stop").click()
        path = place / STATE / "runs" / name / "run.jsonl"
        for _ in range(150):
            if path.exists():
                break
            page.wait_for_timeout(200)
        run = Run.load(path)
        await_the_last_report(page, url, figures(run).total.calls)
        tables = {table.title: shown(page, table.title) for table in TABLES}
        files = {table.title: downloaded(page, table.title) for table in TABLES}
    assert {title: untimed(rows) for title, rows in tables.items()} == {
        title: untimed(rows) for title, rows in files.items()
    }
    found = figures(run)
    check_capacity(tables["Capacity"], found)
    check_throttles(tables["Throttles"], found)
    check_cost(tables["Cost"], found, run.header.region)
    check_patterns(tables["Patterns"], found)


@pytest.fixture(scope="module")
def both(place: Path, engine: Engine) -> Iterator[Path]:
    """The same folder with the tables of a second system."""
    stage = ("--stage", "picked")
    for arguments in (["tables", "create", "acs"], ["seed", "acs", "--scale", "300"]):
        ran = loadstone(*arguments, *stage, cwd=place, environ=at(engine))
        assert ran.code == 0, ran.err
    yield place
    dropped = loadstone("tables", "drop", "acs", *stage, "--yes", cwd=place, environ=at(engine))
    assert dropped.code == 0, dropped.err


@pytest.mark.browser
@pytest.mark.parametrize("workers", [0, 2], ids=["alone", "master and workers"])
def test_one_class_is_picked(workers: int, both: Path, engine: Engine, chromium: str) -> None:
    """Of two locustfiles the picked class alone is played, at the whole rate; the page's tabs and
    the one record are of its system, and its name is the run's."""
    more: tuple[str, ...] = ("--class-picker", "--rate", "40ops/s", "--arrivals", "even")
    more += ("--stage", "picked")
    if workers:
        port = str(free_port())
        more += ("--processes", str(workers), "--master-bind-port", port, "--master-port", port)
    runs = both / STATE / "runs"
    before = set(runs.glob("*"))
    with locust(both, engine, *more, systems="acs cmz") as url, page_of(chromium, both) as page:
        open_form(page, url, workers=workers)
        page.locator("tbody tr").filter(has_text="AcsUser").get_by_role("checkbox").uncheck()
        start(page)
        page.get_by_role("tab", name="Patterns", exact=True).click()
        expect(page.locator("tbody")).to_contain_text("one-message", timeout=60_000)
        patterns = {row["Pattern"] for row in shown(page, "Patterns")}
        page.get_by_role("tab", name="Capacity", exact=True).click()
        expect(page.locator("tbody")).to_contain_text(TABLE, timeout=60_000)
        tables = {row["Table"] for row in shown(page, "Capacity")}
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("body")).to_contain_text("STOPPED", timeout=60_000, ignore_case=True)
        for _ in range(150):
            made = set(runs.glob("*")) - before
            if any((folder / "run.jsonl").exists() for folder in made):
                break
            page.wait_for_timeout(200)
    (folder,) = made
    run = Run.load(folder)
    assert folder.name.startswith("cmz-")
    assert patterns <= set(run.header.patterns)
    assert tables == {TABLE, "total"}
    spans = sum(second.span_s for second in run.seconds)  # each worker has its own
    asked_s = sum(second.asked or 0 for second in run.seconds) * max(workers, 1) / spans
    assert asked_s == pytest.approx(40, rel=0.25)


def fill(page: Page, **asked: str) -> None:
    """Fill in our part of the form."""
    for name, text in asked.items():
        page.get_by_label(f"{name.replace('_', ' ').title()} (").fill(text)


@pytest.mark.browser
@pytest.mark.parametrize("workers", [0, 2], ids=["alone", "master and workers"])
def test_a_form_is_looked_at_before_a_test_starts(
    workers: int, place: Path, engine: Engine, chromium: str
) -> None:
    """What cannot be played is told above the form and begins nothing; what is put right there is
    played, and kept under the name that the form gives it."""
    name, runs = f"named-{workers}", place / STATE / "runs"
    more: tuple[str, ...] = ()
    if workers:
        port = str(free_port())
        more = ("--processes", str(workers), "--master-bind-port", port, "--master-port", port)
    before = set(runs.glob("*"))
    with locust(place, engine, *more) as url, page_of(chromium, place) as page:
        open_form(page, url, workers=workers)
        offered = page.evaluate("window.templateArgs.extra_options")
        assert offered["arrivals"]["choices"] == ["poisson", "even"]
        page.get_by_text("Custom parameters").click()
        fill(page, mix="one-mesage", run_name=name)
        start(page)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("you may mean one-message")
        fill(page, mix="one-message", skew="hot")
        start(page)
        expect(alert).to_contain_text("--skew hot: it takes a number")
        fill(page, skew="0.5", sampled="7")
        start(page)
        expect(alert).to_contain_text("--sampled 7: it is between 0 and 1")
        assert set(runs.glob("*")) == before
        fill(page, sampled="0.5")
        start(page)
        page.get_by_role("tab", name="Patterns", exact=True).click()
        expect(page.locator("tbody")).to_contain_text("one-message", timeout=60_000)
        page.get_by_role("button", name="Stop").click()
        for _ in range(150):
            if (runs / name / "run.jsonl").exists():
                break
            page.wait_for_timeout(200)
    asked = Run.load(runs / name).header.configuration
    assert (asked["mix"], asked["skew"], asked["sampled"]) == ("one-message", 0.5, 0.5)
    assert set(runs.glob("*")) - before == {runs / name}


def untimed(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Without what depends on when it was asked; numbers as the page writes them."""
    kept = [
        {
            title: text.removesuffix(".0")
            for title, text in row.items()
            if "now" not in title and "at this rate" not in title
        }
        for row in rows
    ]
    return sorted(kept, key=str)


def check_capacity(rows: list[dict[str, str]], found: Figures) -> None:
    told = {
        (row["Table"], row["Index"] or None): (
            float(row["Read units in total"]),
            float(row["Write units in total"]),
        )
        for row in rows
    }
    total = told.pop(("total", None))
    assert told == {
        (each.table, each.index): (each.read_units, each.write_units) for each in found.units
    }
    assert total == (
        sum(each.read_units for each in found.units),
        sum(each.write_units for each in found.units),
    )


def check_throttles(rows: list[dict[str, str]], found: Figures) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for each in found.throttles:
        counts[each.reason, each.resource] += each.count
    assert {(row["Reason"], row["Resource"]): int(row["Throttled in total"]) for row in rows} == (
        counts
    )
    assert {row["Throttled by"] for row in rows} == {"simulated"}


def check_cost(rows: list[dict[str, str]], found: Figures, region: str) -> None:
    (row,) = rows
    units = [sum(getattr(each, kind) for each in found.units) for kind in UNITS]
    spent = request_cost_usd(builtin_prices(), region, *units)
    assert Decimal(row["USD so far"]) == round(spent, 6)
    assert Decimal(row["USD an hour at this rate"]) > 0
    assert Decimal(row["USD a month at this rate"]) > 0
    assert row["Basis"] == f"what it would cost on demand in {region}, list price"


UNITS = ("read_units", "write_units")


def check_patterns(rows: list[dict[str, str]], found: Figures) -> None:
    told = {row["Pattern"]: row for row in rows}
    assert told.keys() == {each.pattern for each in found.patterns}
    for each in found.patterns:
        row = told[each.pattern]
        assert [int(row[title]) for title in ("Calls", "Failed", "Rows")] == [
            each.calls,
            each.failed,
            each.rows,
        ]
        assert [int(row[f"{percentile} µs, corrected"]) for percentile in ("p50", "p99")] == [
            each.latency.p50_us,
            each.latency.p99_us,
        ]
        assert [int(row[f"{percentile} µs, service"]) for percentile in ("p50", "p99")] == [
            each.service.p50_us,
            each.service.p99_us,
        ]
        assert row["Hit rate"].endswith("%")
