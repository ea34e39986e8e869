"""Reports: the same content in three formats, a pure function of the record."""

from __future__ import annotations

import base64
import gzip
import json
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import jsonschema
import pytest
from click.testing import CliRunner

from loadstone.capacity.prices import builtin_prices
from loadstone.cli.report import report
from loadstone.content import content_root
from loadstone.errors import BadRecord, UnknownName
from loadstone.report import numbers
from loadstone.report.blocks import Column, Table, Text
from loadstone.report.charts import drawings
from loadstone.report.html import render_html
from loadstone.report.json_report import render_json
from loadstone.report.markdown import render_markdown
from loadstone.report.sections import sections
from loadstone.report.view import View, view
from loadstone.run import Ending, Gauges, PatternInfo, Run, RunWriter, Sample
from tests.synthetic import (
    SECOND_NS,
    START_MS,
    START_NS,
    call,
    finished,
    header,
    known_seconds,
    write,
)
from tools.making import PACKED, bundled

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
    """A report with all its charts stays below half a megabyte: what draws them is packed."""
    assert len(page_text.encode()) < 500_000


def test_the_sections_answer_in_the_order_of_the_questions(known: Run, page_text: str) -> None:
    """Page and Markdown have the same seven sections, and the same tables under them."""
    made = sections(view(known))
    titles = [section.title for section in made]
    assert titles == [
        "The answer",
        "Latency",
        "Throughput and throttles",
        "Capacity",
        "Cost and plan",
        "Data",
        "How it was measured",
    ]
    text = render_markdown(view(known))
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == titles
    captions = [
        block.caption for section in made for block in section.blocks if isinstance(block, Table)
    ]
    assert len(captions) > 10
    for caption in captions:
        assert f"\n{caption}:\n" in text
        assert f"<caption><span>{escape(caption)}</span></caption>" in page_text


def test_every_table_is_square(known: Run) -> None:
    """No row has a cell more or less than there are columns."""
    for section in sections(view(known)):
        for block in section.blocks:
            if isinstance(block, Table):
                assert {len(row) for row in block.rows} == {len(block.columns)}, block.name


def test_a_plan_has_its_place(known: Run) -> None:
    """What a plan has to say stands under the cost, in page and Markdown."""
    columns = (Column("mode", "text"), Column("USD"))
    plan = (Text(("Provision 40 units.",)), Table("Plan", "Modes", columns, [("on demand", "12")]))
    content = view(known, plan=plan)
    (costs,) = [section for section in sections(content) if section.key == "cost"]
    assert costs.blocks[-2:] == plan
    assert "Provision 40 units." in render_html(content)
    assert "| on demand | 12 |" in render_markdown(content)
    assert "Provision 40 units." in render_json(content)


def test_every_chart_keeps_to_vega_lites_schema(known: Run) -> None:
    """Each specification is one by the schema of the version that it names."""
    drawn = drawings(view(known))
    assert set(drawn) == {
        "patterns",
        "percentiles",
        "heat",
        "latency",
        "throughput",
        "throttles",
        "units",
    }
    for drawing in drawn.values():
        assert drawing.spec["$schema"] == alt.SCHEMA_URL
        jsonschema.validate(drawing.spec, alt.load_schema())


def test_what_draws_the_charts_is_what_the_locked_versions_have(page_text: str) -> None:
    """The packed scripts are those of the locked Altair and vl-convert, and a page holds them."""
    kept = PACKED.read_bytes()
    assert gzip.decompress(kept).decode() == bundled(), "pip install -e . packs it anew"
    assert base64.b64encode(kept).decode() in page_text


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
    assert "What limited it was the provisioned write capacity of table cmz-conversations" in text
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


def test_a_run_of_an_older_version_says_what_it_lacks(tmp_path: Path) -> None:
    """A record from before keys, samples and sizes were written is reported without them."""
    path = finished(tmp_path, known_seconds()[2:4])
    opening, *lines = path.read_text().splitlines()
    header = {**json.loads(opening)["header"], "stored": []}
    for name in ("samples", "prices", "documented", "tables", "simulated"):
        header.pop(name, None)
    path.write_text("\n".join([json.dumps({**json.loads(opening), "header": header}), *lines, ""]))
    text = render_markdown(view(Run.load(tmp_path)))
    assert "The record says nothing of partition keys." in text
    assert "What the tables hold was not recorded." in text
    assert "286 calls in 2.0 s" in text


@pytest.mark.parametrize(("version", "whose"), [(0, "an older"), (99, "a newer")])
def test_a_record_that_cannot_be_read_names_its_version(
    version: int, whose: str, tmp_path: Path
) -> None:
    """Instead of a wrong report there is a sentence: which version, and who can read it."""
    path = finished(tmp_path, known_seconds()[:1])
    opening, *lines = path.read_text().splitlines()
    path.write_text(
        "\n".join([json.dumps({**json.loads(opening), "version": version}), *lines, ""])
    )
    with pytest.raises(BadRecord, match=f"version {version}, .*written by {whose} Loadstone"):
        Run.load(tmp_path)


def test_what_was_loaded_is_shown(tmp_path: Path) -> None:
    """Counts of each kind, sizes, and an item attribute by attribute, in every format."""
    item = {"userId": "student_1", "content": "what does a | giraffe eat?"}
    sample = Sample(entity="Message", table="cmz-conversations", items=20_000, item=item)
    content = view(Run.load(finished(tmp_path, [[call()]], samples=(sample,))))
    text = render_markdown(content)
    assert "| Message | cmz-conversations | 20,000 |" in text
    assert "| content | what does a \\| giraffe eat? |" in text
    assert "what does a | giraffe eat?" in render_html(content)
    assert json.loads(render_json(content))["samples"][0]["item"] == item


def test_the_bill_is_split_over_the_patterns(known: Run) -> None:
    """The shares of the patterns make the whole bill, and the dearest is first."""
    content = view(known)
    assert content.cost is not None
    costs = content.pattern_costs
    assert [row.pattern for row in costs] == ["write-message", "session-messages"]
    assert sum(row.share for row in costs) == pytest.approx(1)
    assert float(sum(row.usd_per_month for row in costs)) == pytest.approx(
        float(content.cost.usd_per_month)
    )
    # 100 calls a second of half a read unit.
    assert float(costs[1].usd_per_million_calls) == pytest.approx(0.5 * 0.125)


def test_hot_keys_are_named_with_their_share(tmp_path: Path) -> None:
    """The key with most of a pattern's calls stands first; one asked for once is not hot."""
    writer = RunWriter.start(tmp_path, header(), now_ns=START_NS, unix_ms=START_MS)
    writer.add(call())
    hottest = [[{"S": "user-7"}, 60], [{"S": "user-8"}, 30], [{"S": "user-9"}, 1]]
    place = ["session-messages", "cmz-conversations", 100, hottest]
    writer.note("heat", {"heat": [place]}, START_NS)
    writer.close(Ending("completed"), START_NS + SECOND_NS)
    content = view(Run.load(tmp_path))
    assert [(row.key, row.share) for row in content.hot_keys] == [("user-7", 0.6), ("user-8", 0.3)]
    line = "| user-7 | 60 % | 60 | session-messages | cmz-conversations / SessionIndex |"
    assert line in render_markdown(content)


def test_the_heat_map_has_every_call_once(known: Run) -> None:
    """Its cells are all calls, each between two bounds that hold its latency."""
    cells = view(known).heat_map.cells
    assert sum(cell.calls for cell in cells) == 1144 + 286
    for cell in cells:
        assert cell.low_us < cell.high_us <= cell.low_us * 1.4 or cell.low_us == 0
    longest = max(cells, key=lambda cell: cell.high_us)
    assert longest.low_us <= 100_000 * 1.001 <= longest.high_us


def test_a_long_run_is_drawn_in_few_steps(tmp_path: Path) -> None:
    """Lines have 300 steps at most, the heat map 120, the table 20, however long a run is."""
    seconds = [[call()] if n % 60 == 0 else [] for n in range(3600)]
    content = view(Run.load(finished(tmp_path, seconds)))
    assert len(content.timeline.steps) == 240
    assert len({cell.start_s for cell in content.heat_map.cells}) <= 120
    assert len(content.over_time.steps) <= 20
    assert sum(cell.calls for cell in content.heat_map.cells) == 60


def test_json_has_every_digit_that_counts(known: Run) -> None:
    """The JSON report gives microseconds, units and dollars as numbers."""
    found = json.loads(render_json(view(known)))
    assert found["figures"]["total"]["calls"] == 1144
    assert found["figures"]["per_s"] == 143.0
    assert isinstance(found["cost"]["usd_per_month"], float)
    assert len(found["timeline"]["steps"]) == 10
    assert found["failures"][0]["what"] == "ValidationException"
    assert found["answer"].startswith("No objective was set")
    assert found["curves"][0]["points"][-1] == {
        "percent": 100,
        "latency_us": 100031,
        "service_us": 100031,
    }


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


def test_a_sum_is_the_same_in_whatever_order_it_was_added() -> None:
    """Twelve digits stay of a float, and everything of a count."""
    one_way, other_way = (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
    assert one_way != other_way
    count = 1_792_345_678_901_234
    found = numbers.steady({"shares": [one_way, other_way], "count": count, "none": None})
    assert found == {"shares": [0.6, 0.6], "count": count, "none": None}


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


def test_templates_are_in_the_checkout() -> None:
    """An editable install renders the templates that one can edit."""
    assert (content_root() / "reports" / "templates" / "report.html.j2").is_file()
    assert header().system == "cmz"
