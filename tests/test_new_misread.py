"""Files that no draft can be made from: what is wrong with them, in words and not in Python's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadstone.drafting.cloudformation import read_template
from loadstone.drafting.workbench import read_model
from loadstone.errors import BadValue

KEY = {"PartitionKey": {"AttributeName": "id", "AttributeType": "S"}}


def refused(read: Any, path: Path, held: bytes) -> str:
    path.write_bytes(held)
    with pytest.raises(BadValue) as caught:
        read(path)
    said = str(caught.value)
    assert str(path) in said
    assert "\n" not in said
    assert not any(word in said for word in ("Error", "NoneType", "object", "codec", "Expecting v"))
    return said


@pytest.mark.parametrize("read", [read_model, read_template])
@pytest.mark.parametrize(
    ("held", "says"),
    [
        (b"", "cannot be read: it is empty"),
        (b" \n", "cannot be read: it is empty"),
        (b"{}\xff\xfe", "it is no text in UTF-8, from byte 2 on"),
        (b'{"DataModel": [{"TableName": "x"', "it breaks off before its end: is the file whole?"),
        (b'{"a": 1,, }', "no JSON from line 1, column 9 on"),
    ],
)
def test_a_file_that_cannot_be_read(read: Any, held: bytes, says: str, tmp_path: Path) -> None:
    """An empty file, no text, half a file and one with a slip are told apart."""
    assert says in refused(read, tmp_path / "file.json", held)


def test_the_other_format_is_recognized(tmp_path: Path) -> None:
    """A template given as a model is told as one, with the flag that reads it, and a model too."""
    template, model = b'{"Resources": {}}', b'{"DataModel": []}'
    said = refused(read_model, tmp_path / "file", template)
    assert "it looks like a CloudFormation template, which --from-cloudformation reads" in said
    said = refused(read_template, tmp_path / "file", model)
    assert "it looks like a NoSQL Workbench model, which --from-workbench reads" in said


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "table number 1: 'KeyAttributes' is missing"),
        ({"TableName": "x"}, "table 'x': 'KeyAttributes' is missing"),
        ({"TableName": "x", "KeyAttributes": {}}, "table 'x': something in it is of another kind"),
        ({"TableName": "x", "KeyAttributes": []}, "table 'x': something in it is of another kind"),
        ("x", "table number 1: something in it is of another kind"),
        ({"TableName": "x", "KeyAttributes": KEY, "TableData": [{"id": "1"}]}, "table 'x': "),
        ({"TableName": "x", "KeyAttributes": KEY, "NonKeyAttributes": [{}]}, "'AttributeName' is"),
        ({"TableName": "x", "KeyAttributes": KEY, "TableData": 5}, "table 'x': "),
    ],
)
def test_a_table_that_is_none_is_told_by_its_name(table: Any, says: str, tmp_path: Path) -> None:
    """What a model lacks is told with the table that lacks it."""
    held = json.dumps({"DataModel": [table]}).encode()
    assert says in refused(read_model, tmp_path / "model.json", held)


@pytest.mark.parametrize(
    "properties", [{}, {"KeySchema": "x", "AttributeDefinitions": 3}, {"AttributeDefinitions": []}]
)
def test_a_resource_that_is_no_table_is_told_by_its_name(properties: Any, tmp_path: Path) -> None:
    """What a template's table lacks is told with the name of the resource."""
    resource = {"Type": "AWS::DynamoDB::Table", "Properties": properties}
    held = json.dumps({"Resources": {"Orders": resource}}).encode()
    assert "Orders" in refused(read_template, tmp_path / "template.json", held)


def test_a_large_model_holds_each_item_once(tmp_path: Path) -> None:
    """Of thousands of items that stand in a table and in its facets each is taken once."""
    items = [{"id": {"S": f"u{number}"}, "n": {"N": "1"}} for number in range(20_000)]
    table = {"TableName": "T", "KeyAttributes": KEY, "TableData": items}
    table["TableFacets"] = [{"FacetName": "All", "TableData": items}]
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"DataModel": [table]}))
    (given,) = read_model(path)
    assert len(given.items) == len(items)
