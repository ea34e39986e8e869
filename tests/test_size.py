"""`loadstone size`: items one a line, their bytes and their units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.item_lines import read_item, read_lines
from loadstone.capacity.sizing import sized
from loadstone.capacity.units import wire_size_bytes
from loadstone.cli.size import size
from loadstone.errors import BadValue, UnknownName
from loadstone.table import Index, Table
from loadstone.wire import encode

BOOK = {
    "Id": {"N": "101"},
    "Title": {"S": "Book 101 Title"},
    "ISBN": {"S": "111-1111111111"},
    "Authors": {"L": [{"S": "Author1"}]},
    "Price": {"N": "2"},
    "Dimensions": {"S": "8.5 x 11.0 x 0.5"},
    "PageCount": {"N": "500"},
    "InPublication": {"BOOL": True},
    "ProductCategory": {"S": "Book"},
}
PLAIN_BOOK = {
    "Id": 101,
    "Title": "Book 101 Title",
    "ISBN": "111-1111111111",
    "Authors": ["Author1"],
    "Price": 2,
    "Dimensions": "8.5 x 11.0 x 0.5",
    "PageCount": 500,
    "InPublication": True,
    "ProductCategory": "Book",
}


def run(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(size, arguments, input=text)


def lines(*items: Any) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


@pytest.mark.parametrize("item", [BOOK, PLAIN_BOOK, {"Item": BOOK}])
def test_an_item_is_sized_however_it_is_written(item: Any) -> None:
    """Plain JSON, DynamoDB's JSON and a line of an export of one item have one size."""
    found = json.loads(run(lines(item), "--json").output)
    assert found["items"] == [
        {
            "line": 1,
            "bytes": 137,
            "read_units_eventual": 0.5,
            "read_units_strong": 1.0,
            "write_units": 1.0,
        }
    ]


def test_a_byte_order_mark_and_a_missing_last_line_break_are_no_part_of_items() -> None:
    """As some editors and shells on Windows write files; one item is not called items."""
    result = CliRunner().invoke(size, [], input=b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"b": 2}')
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("2 items: 6 bytes")
    alone = run('{"a": 1}').output.splitlines()
    assert alone[-1].startswith("1 item: 3 bytes")


def test_the_form_can_be_said() -> None:
    """What looks like DynamoDB's JSON is plain where it is said to be."""
    typed = lines({"k": {"S": "v"}})
    assert json.loads(run(typed, "--json").output)["total"]["bytes"] == 2
    assert json.loads(run(typed, "--json", "--input", "json").output)["total"]["bytes"] == 7
    refused = run(lines({"k": "v"}), "--input", "dynamodb")
    assert refused.exit_code == 1
    assert 'line 1: k: no typed value such as {"S": "text"}' in refused.output


def test_text_says_the_units_and_the_sums() -> None:
    """For people there is a line an item, and a sentence for all of them."""
    result = run(lines({"k": "x" * 4999}, {"k": "x" * 99}))
    assert result.exit_code == 0
    table = [line.split() for line in result.output.splitlines()[:3]]
    assert table == [
        ["line", "bytes", "RCU", "strong", "WCU"],
        ["1", "5,000", "1", "2", "5"],
        ["2", "100", "0.5", "1", "1"],
    ]
    assert (
        "2 items: 5,100 bytes, 2,550 on average, 100 to 5,000; reading each once takes 1.5 RCU "
        "(3 strongly consistent), putting each 6 WCU" in result.output
    )
    assert len(run(lines({"k": "v"}), "--total").output.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nope", "no JSON"),
        ('{"x": NaN}', "DynamoDB has no number NaN"),
        ("[1]", "no item: an item is an object, not a list"),
        ('{"a": {"S": 1}}', "a: S does not hold 1"),
        ('{"a": {"M": {"b": {"NS": []}}}}', r"a.b: NS does not hold \[\]"),
        ('{"a": {"SS": ["x", "x"]}}', "a: SS does not hold"),
        ('{"a": {"NS": ["1", "1.0"]}}', "a: NS does not hold"),
        ('{"a": {"N": "1_000"}}', "DynamoDB has no number '1_000'"),
        ('{"a": 1e999}', "DynamoDB has no number 10{49}…: it keeps 38 digits"),
        ('{"a": {"B": "!"}}', "Base64"),
        ('{"a": {"L": [{"X": 1}]}}', r"a\[0\]: no typed value"),
        ('{"a": "\\ud800"}', "no text that UTF-8 can hold"),
        (json.dumps({"a": "x" * 409_600}), "409,601 bytes, and DynamoDB takes at most 409,600"),
    ],
)
def test_a_line_that_is_no_item_is_named_with_its_number(line: str, problem: str) -> None:
    """A bad line is said with its number and what is wrong, and the others are sized all the
    same; blank lines count and are left out."""
    text = lines({"k": "v"}) + "\n" + line + "\n" + lines({"k": "w"})
    result = run(text, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [item["line"] for item in found["items"]] == [1, 4]
    (bad,) = found["bad_lines"]
    assert bad["line"] == 3
    with pytest.raises(BadValue, match=problem):
        sized(3, read_item(line))
    assert f"line 3: {bad['problem']}" in result.stderr


def test_nothing_to_size_is_said(tmp_path: Path) -> None:
    """An empty input, and a file that is not in UTF-8, are refused with what to do."""
    assert "pipe them in" in str(run("\n\n").exception)
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\xff\xfe")
    assert "not in UTF-8" in str(run("", str(file)).exception)


SHELF = Table(
    "shelf",
    partition_key="id",
    sort_key="no",
    key_types={"no": "N"},
    indexes=(
        Index("all", partition_key="author"),
        Index("keys", partition_key="author", projection="KEYS_ONLY"),
    ),
)


def test_entries_of_a_table_are_sized_apart() -> None:
    """With its table, an item has its entry in each index it is in, and its put costs them all."""
    item = encode({"id": "a", "no": 1, "author": "b", "text": "x" * 2000})
    found = sized(1, item, SHELF)
    assert found.item.size_bytes == 3 + 4 + 7 + 2004
    entries = {name: entry and entry.size_bytes for name, entry in found.entries.items()}
    assert entries == {"all": 2018, "keys": 14}
    assert found.put_units == 2 + 2 + 1
    sparse = sized(1, encode({"id": "a", "no": 1}), SHELF)
    assert sparse.entries == {"all": None, "keys": None}
    assert sparse.put_units == 1


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"no": 1}, "it lacks id, a key of shelf"),
        ({"id": "a", "no": "1"}, "no is of type S, and as a key of shelf it is N"),
        ({"id": "a", "no": 1, "author": 2}, "author is of type N, and as a key of shelf it is S"),
    ],
)
def test_an_item_of_another_table_is_refused(item: dict[str, Any], problem: str) -> None:
    """An item without the table's key, or with a key of another type, could not be in it."""
    with pytest.raises(BadValue, match=problem):
        sized(1, encode(item), SHELF)


def test_a_known_table_is_found_by_its_name() -> None:
    """--table takes a system and a table of it, and says which ones there are."""
    result = run(lines({"conversation_id": "c"}), "--table", "acs.Conversations", "--json")
    found = json.loads(result.stdout)
    assert len(found["items"]) + len(found["bad_lines"]) == 1
    assert found["total"]["indexes"]
    wrong = run("", "--table", "acs.Nowhere").exception
    assert isinstance(wrong, UnknownName)
    assert "acs.Conversations" in str(wrong)
    assert "SYSTEM.TABLE" in str(run("", "--table", "acs").exception)


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5),
            st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=20),
            max_size=4,
        ),
        max_size=5,
    )
)
def test_plain_json_is_read_as_it_is_written(items: list[dict[str, Any]]) -> None:
    """A plain item has the size of what it is encoded to."""
    found = list(read_lines(lines(*items).splitlines()))
    assert [line.problem for line in found] == [""] * len(items)
    sizes = [wire_size_bytes(line.item) for line in found]
    assert sizes == [wire_size_bytes(encode(item)) for item in items]
