"""What a run notes of the items that it makes: nothing that may be in a table is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from loadstone.client.answer import Answer, Attempt
from loadstone.errors import BadRecord
from loadstone.pattern import DeleteItem, GetItem, ItemOperation, PutItem, UpdateItem
from loadstone.run.written import ROWS_A_LINE, Kind, NewItemsWriter, Row, packed, written_by
from loadstone.scenario.journal import NOTHING, Journal, entry_of
from loadstone.system import load_system

SYSTEM = load_system("cmz")
(TABLE,) = SYSTEM.tables
MESSAGE, STUDENT = SYSTEM.entities["Message"], SYSTEM.entities["Student"]
KEY = {"userId": "u", "sessionIdTimestamp": "s#1"}
ITEM = {**KEY, "sessionId": "s", "timestamp": "1", "animalId": "lion", "ttl": 99}
#: SessionIndex and AnimalIndex: the item has no parentUserId.
IN_TWO = 0b011

PUT = Kind("put", TABLE.name, "Message", "Student", True)


def answered(*attempts: tuple[int, str | None], operation: str = "PutItem") -> Answer:
    made = tuple(Attempt(0, 1, status, code) for status, code in attempts)
    return Answer(operation, made, (), b"{}")


def noted(
    operation: ItemOperation, fields: Mapping[str, Mapping[str, Any]], answer: Answer | None
) -> dict[Kind, list[Row]]:
    journal = Journal()
    token = journal.begin(entry_of(operation, STUDENT), 7, fields)
    if answer is not None:
        journal.end(token, answer)
    taken = {kind: [Row(*orjson.loads(row)) for row in found] for kind, found in journal.take_all()}
    assert dict(journal.take_all()) == {}
    journal.end(token, answered((200, None)))
    assert dict(journal.take()) == {}
    return taken


@pytest.mark.parametrize(
    ("attempts", "sure"),
    [
        ([(200, None)], True),
        ([(400, "ThrottlingException"), (200, None)], True),
        ([(400, "ConditionalCheckFailedException")], None),
        ([(400, "ThrottlingException")], None),
        ([(0, "ConnectionClosed")], False),
        ([(0, "ConnectionClosed"), (400, "ThrottlingException")], False),
        ([(500, "InternalServerError")], False),
        ([(200, None), (400, "ValidationException")], False),
        (None, False),
    ],
)
def test_what_may_be_written_is_noted(
    attempts: list[tuple[int, str | None]] | None, sure: bool | None
) -> None:
    """A put that went well is sure; one that may have gone well, or was cut off, is noted as that;
    one that was refused each time is not noted."""
    answer = answered(*attempts) if attempts else None
    found = noted(PutItem(MESSAGE), {"Item": ITEM}, answer)
    row = Row({name: {"S": value} for name, value in KEY.items()}, 7, IN_TWO, 99)
    assert found == ({} if sure is None else {PUT._replace(sure=sure): [row]})


def test_a_batch_left_undone_is_not_sure() -> None:
    """Where a batch gave items back, none of it is known to be written."""
    answer = answered((200, None), operation="BatchWriteItem")
    answer.body = b'{"UnprocessedItems":{"cmz":[{}]}}'
    (kind,) = noted(PutItem(MESSAGE), {"Item": ITEM}, answer)
    assert not kind.sure


def test_upserts_and_deletes_are_told_apart() -> None:
    """An upsert under a key of its own may make an item, a delete takes one away; an update of what
    is there does neither, nor does a read."""
    upsert = UpdateItem(MESSAGE, key=KEY, set={"sessionId": "s", "timestamp": "1"}, upsert=True)
    (made,) = noted(upsert, {"Key": KEY}, answered((200, None))).items()
    assert made[0] == Kind("upsert", TABLE.name, "Message", "", True)
    assert made[1][0].indexes == 0b001
    (deleted,) = noted(DeleteItem(MESSAGE, key=KEY), {"Key": KEY}, answered((200, None)))
    assert deleted.how == "delete"
    journal = Journal()
    for operation in (UpdateItem(MESSAGE, set={"content": "Moo"}), GetItem(MESSAGE)):
        assert journal.begin(entry_of(operation, STUDENT), 7, {"Key": KEY}) == NOTHING
    journal.end(NOTHING, answered((200, None)))
    assert dict(journal.take_all()) == {}


def rows(*names: str) -> list[Row]:
    return [
        Row({"userId": {"S": name}, "sessionIdTimestamp": {"S": "s"}}, 1, 3, 0) for name in names
    ]


def packed_rows(*names: str) -> list[bytes]:
    return [packed(*row) for row in rows(*names)]


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    """The files of several processes are one journal, by table; a torn last line is left out."""
    for worker, names in enumerate((["a", "b"], ["c"])):
        writer = NewItemsWriter(tmp_path, worker)
        writer.add(PUT, packed_rows(*names))
        writer.add(PUT._replace(table="other"), packed_rows("x"))
        writer.add(PUT._replace(sure=False), packed_rows(f"perhaps-{worker}"))
        writer.close()
    with (tmp_path / "new-0001.jsonl").open("ab") as file:
        file.write(b'{"how":"put","tab')
    found = written_by(tmp_path, TABLE.name)
    assert found == {
        PUT: rows("a", "b", "c"),
        PUT._replace(sure=False): rows("perhaps-0", "perhaps-1"),
    }
    assert written_by(tmp_path / "none", TABLE.name) == {}


def test_calls_go_on_while_many_rows_are_written(tmp_path: Path) -> None:
    """Much is written in several lines, with a pause after each."""
    names = [f"item-{n}" for n in range(2 * ROWS_A_LINE + 1)]
    file = tmp_path / "new-0000.jsonl"
    lines: list[int] = []
    writer = NewItemsWriter(tmp_path, 0)
    writer.add(PUT, packed_rows(*names), lambda: lines.append(file.read_bytes().count(b"\n")))
    writer.close()
    assert lines == [2, 3, 4]  # the head is one
    assert written_by(tmp_path, TABLE.name) == {PUT: rows(*names)}


def test_a_damaged_journal_is_said(tmp_path: Path) -> None:
    """A line that cannot be read is told with its file and number."""
    writer = NewItemsWriter(tmp_path, 0)
    writer.add(PUT, packed_rows("a"))
    writer.close()
    with (tmp_path / "new-0000.jsonl").open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(BadRecord, match=r"new-0000.jsonl is damaged in line 3"):
        written_by(tmp_path, TABLE.name)


def test_nothing_written_leaves_no_file(tmp_path: Path) -> None:
    """A process that writes nothing anew has no file."""
    NewItemsWriter(tmp_path, 0).close()
    assert list(tmp_path.iterdir()) == []
