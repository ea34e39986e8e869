"""What a person may write wrong in content: every slip is told in words, with its file and line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadstone.capacity.simulation import outcome
from loadstone.contract.attributes import unknown_attributes
from loadstone.dataset import Dataset
from loadstone.drafting.starter import starter
from loadstone.errors import BadContent, LoadstoneError
from loadstone.mistakes import arguments as arguments_told
from loadstone.pattern import conditions
from loadstone.system import load_system, system_names
from tests.commands import loadstone

FIXTURES, SCENARIO = (starter("orders")[f"{room}/orders.py"] for room in ("fixtures", "scenarios"))
TEXTS = {"fixtures": FIXTURES, "scenarios": SCENARIO}
#: What a slip puts in the place of something else.
SLIPS = ("5", "'word'", "None", "[]", "3.7", "{}", "entries", "lambda: 1", "True", "('a', 'b')")
#: How Python itself speaks, which nobody should have to read of a slip of theirs. `unhashable` is
#: said of a key of a dictionary: that line is the person's own Python.
RAW = re.compile(
    r"cannot be loaded|object has no|NoneType'|not supported between|unsupported operand"
    r"|not iterable|not subscriptable|positional argument|raises (?!TypeError: unhashable)"
)


def written(folder: Path, **texts: str) -> Path:
    for room, text in {**TEXTS, **texts}.items():
        (folder / room).mkdir(exist_ok=True)
        (folder / room / "orders.py").write_text(text, encoding="utf-8")
    return folder


def said_of(folder: Path, **texts: str) -> str:
    with pytest.raises(LoadstoneError) as told:
        load_system("orders", written(folder, **texts))
    return str(told.value)


def arguments(text: str) -> Iterator[ast.expr]:
    """Whatever is passed to something, and every key and value of a dictionary."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from node.args
            yield from (each.value for each in node.keywords)
        elif isinstance(node, ast.Dict):
            yield from filter(None, [*node.keys, *node.values])


def replaced(text: str, node: ast.expr, by: str) -> str:
    lines = text.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + (node.end_col_offset or 0)
    return (text.encode()[:start] + by.encode() + text.encode()[end:]).decode()


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("room", TEXTS)
def test_whatever_stands_in_a_wrong_place_is_told(room: str, slip: str, tmp_path: Path) -> None:
    """Everything that the start passes to anything, replaced by something else: either that works,
    items and all, or it is told in words, with the file, before an item is made."""
    wrong = []
    for node in arguments(TEXTS[room]):
        place = f"line {node.lineno}: {ast.unparse(node)} -> {slip}"
        try:
            project = written(tmp_path, **{room: replaced(TEXTS[room], node, slip)})
            system = load_system("orders", project)
            dataset = Dataset(system, scale=12, as_of=datetime(2026, 1, 1, tzinfo=UTC))
            for entity in system.stored:
                list(dataset.rows(entity, 0, min(3, dataset.count(entity))))
        except LoadstoneError as error:
            if RAW.search(str(error)) or "\n" in str(error):
                wrong.append(f"{place}: {error}")
        except Exception as error:
            wrong.append(f"{place}: raised {error!r}")
    assert wrong == []


@pytest.mark.parametrize(
    ("room", "before", "after", "says"),
    [
        (
            "scenarios",
            "GetItem(entry)",
            "GetItem(entries)",
            "GetItem(entity=…) takes an Entity, no",
        ),
        ("scenarios", "GetItem(entry)", "GetItem(entries)", "not the Table 'orders'"),
        ("scenarios", "one_entry: 3", "one_entry: '3'", "takes {a Pattern or a Journey: a number}"),
        ("scenarios", "limit=25", "limit='25'", "Query(limit=…) takes a whole number or None, not"),
        ("scenarios", "limit=25", "limit=2.5", "Query(limit=…) takes a whole number or None, not"),
        ("scenarios", "Think(1, 3), add", "Think(1, '3'), add", "Think(high=…) takes a number"),
        ("fixtures", 'ttl="expiresAt"', "ttl=5", "Table(ttl=…) takes a text or None, not 5"),
        ("fixtures", "(Index(", "(Index, Index(", "Table(indexes=…) takes several, as"),
        ("fixtures", "moment(days=90)", "moment(days='90')", "moment(days=…) takes"),
        ("fixtures", "moment(days=90)", "moment()", "moment needs days=…"),
        ("fixtures", "decimal(1, 500)", "decimal(1)", "decimal needs high=…"),
        ("fixtures", "decimal(1, 500)", "decimal(1, 500, low=2)", "gives low to decimal twice"),
        (
            "fixtures",
            "weights=(2, 12, 1)",
            "weights=('2', 12, 1)",
            "choose(weights=…) takes several",
        ),
        (
            "fixtures",
            'owner["name"]',
            "owner.name.upper().name",
            "raises AttributeError: 'str' obj",
        ),
        ("fixtures", 'owner["ownerId"]', "owner.ownerId", "in brackets, entity['ownerId']"),
        (
            "fixtures",
            "choose(",
            "choose(3.5, ",
            "choose(words[0]=…) takes a text, a whole number or True or False, not 3.5",
        ),
        ("fixtures", "uuid()", "1 / 0", "raises ZeroDivisionError: division by zero"),
        (
            "fixtures",
            "from loadstone import (",
            "import nonesuch\nfrom loadstone import (",
            "nonesu",
        ),
        ("fixtures", "item={", "item={{", "is no Python: "),
    ],
)
def test_a_slip_is_told_with_its_line(
    room: str, before: str, after: str, says: str, tmp_path: Path
) -> None:
    """Wrong kinds, missing arguments, unknown names and code that raises, each in a line of its own
    that names the file and the line."""
    assert before in TEXTS[room]
    said = said_of(tmp_path, **{room: TEXTS[room].replace(before, after, 1)})
    assert says in said
    assert re.match(rf"\S+/{room}/orders\.py:\d+\b", said)


def test_a_part_that_no_call_meets_is_told_where_it_is_declared(tmp_path: Path) -> None:
    """What is only kept, and looked at later, is found when its file is loaded."""
    text = SCENARIO.replace("newest_first=True, limit", "newest_first='yes', limit").replace(
        "newest_first=True,\n        limit", "newest_first='yes',\n        limit"
    )
    said = said_of(tmp_path, scenarios=text)
    assert "Query(newest_first=…) takes True or False, not 'yes'" in said
    number = text.splitlines().index("newest_of_a_status = Pattern(") + 1
    assert f"/scenarios/orders.py:{number}: " in said


def test_two_of_one_name_are_told(tmp_path: Path) -> None:
    """Two tables, and two patterns, of one name would take each other's place unseen."""
    table = 'Table("orders", partition_key="id")\n'
    assert "two tables called 'orders'" in said_of(tmp_path, fixtures=f"{FIXTURES}again = {table}")
    twice = SCENARIO.replace('"one-entry"', '"add-entry"')
    assert "uses the name 'add-entry' twice" in said_of(tmp_path, scenarios=twice)


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        ("lambda fake: fake.nope()", "its draw raises AttributeError: "),
        ("5", "draw is the name of a method of Faker's, or a function of a Faker, not 5"),
    ],
)
def test_a_vocabulary_that_cannot_be_drawn_is_told(draw: str, says: str, tmp_path: Path) -> None:
    """At the command line it is a line that names the pool, and no traceback."""
    text = FIXTURES.replace('Pool("name")', f'Pool("name", draw={draw})')
    ran = loadstone("preview", "orders", "--project", ".", cwd=written(tmp_path, fixtures=text))
    assert ran.code == 2
    assert f"Pool('name'): {says}" in ran.err
    assert "Traceback" not in ran.err


def test_an_attribute_that_no_item_has_is_told(tmp_path: Path) -> None:
    """An update that misspells its attribute would succeed and change nothing: it is wrong where a
    name is near, and worth a look where it may be a new one."""
    update = """

change = Pattern(
    "change",
    UpdateItem(entry, set={"statsu": "done", "reviewer": "x"}, condition={"status": "open"}),
    of=entry,
    expects=Written(unless="not open"),
    source="here",
)
"""
    text = SCENARIO.replace("    Touched,\n", "    Touched,\n    UpdateItem,\n") + update
    found = list(unknown_attributes(load_system("orders", written(tmp_path, scenarios=text))))
    assert [(str(each), each.wrong) for each in found] == [
        ("change.set: no item of orders has 'statsu': did you mean 'status'?", True),
        ("change.set: no item of orders has 'reviewer': mind the spelling", False),
    ]


def test_what_is_allowed_stays_so(tmp_path: Path) -> None:
    """Lists do for tuples, whole numbers for others, and what is left out is left out."""
    text = FIXTURES.replace("indexes=(Index(", "indexes=[Index(").replace(
        'sort_key="createdAt"),),', 'sort_key="createdAt")],'
    )
    text = text.replace("weights=(2, 12, 1)", "weights=[2, 12.5, 1]")
    assert load_system("orders", written(tmp_path, fixtures=text)).tables[0].indexes


def test_what_is_no_slip_of_content_is_raised_as_it_is() -> None:
    """A word of ours that is called rightly from elsewhere is what it was."""
    from loadstone import text

    assert text("a {n}", n=3).kind == "text"
    with pytest.raises(BadContent, match=r"text\(template=…\) takes a text, not 5"):
        text(5)  # type: ignore[arg-type]


def test_what_else_is_imported_makes_no_slip() -> None:
    """An update is held against what content's own words mean by a change, and not against a class
    of that name in another room of the engine."""
    assert outcome.Change.__name__ == "Change"
    arguments_told._meanings.cache_clear()
    arguments_told._evaluated.cache_clear()
    for name in system_names():
        load_system(name)
    assert arguments_told._meanings("loadstone.pattern.operations")["Change"] is conditions.Change
