"""What a test has written is put right after it: item by item, or all of it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loadstone.testing.asked import Database, Seed, Seeded
from loadstone.testing.written import Request, Touched, touched
from tests.test_testing import client, make_table, table

KEYS = {"leads": ("contact_pk", "sk")}


def key(name: str) -> dict[str, Any]:
    return {"contact_pk": {"S": name}, "sk": {"S": "PROFILE"}}


def wire_key(ds: Seeded, number: int) -> dict[str, Any]:
    return {name: {"S": value} for name, value in ds.lead.key(number).items()}


def put(ds: Seeded) -> None:
    client().put_item(TableName="leads", Item={**key("new"), "score": {"N": "1"}})
    client().put_item(TableName="leads", Item={**wire_key(ds, 0), "lead_id": {"S": "other"}})


def update(ds: Seeded) -> None:
    client().update_item(
        TableName="leads",
        Key=wire_key(ds, 1),
        UpdateExpression="SET #s = :s REMOVE lead_id",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "gone"}},
    )


def delete(ds: Seeded) -> None:
    client().delete_item(TableName="leads", Key=wire_key(ds, 2))


def batch(ds: Seeded) -> None:
    requests = [{"DeleteRequest": {"Key": wire_key(ds, 0)}}]
    client().batch_write_item(
        RequestItems={"leads": [*requests, {"PutRequest": {"Item": key("batch")}}]}
    )


def transaction(ds: Seeded) -> None:
    update_one = {
        "TableName": "leads",
        "Key": wire_key(ds, 1),
        "UpdateExpression": "REMOVE lead_id",
    }
    client().transact_write_items(
        TransactItems=[
            {"Update": update_one},
            {"Delete": {"TableName": "leads", "Key": wire_key(ds, 2)}},
            {"Put": {"TableName": "leads", "Item": key("transaction")}},
        ]
    )


def statement(ds: Seeded) -> None:
    client().execute_statement(
        Statement="INSERT INTO leads VALUE {'contact_pk': 'partiql', 'sk': 'PROFILE'}"
    )


def change_table(ds: Seeded) -> None:
    client().update_table(TableName="leads", DeletionProtectionEnabled=True)


def drop_table(ds: Seeded) -> None:
    client().delete_table(TableName="leads")


def many(ds: Seeded) -> None:
    for start in range(0, 300, 25):
        requests = [{"PutRequest": {"Item": key(f"{start + n}")}} for n in range(25)]
        client().batch_write_item(RequestItems={"leads": requests})


WRITES: list[Callable[[Seeded], None]] = [
    put,
    update,
    delete,
    batch,
    transaction,
    statement,
    change_table,
    drop_table,
    many,
    put,
]


@pytest.mark.parametrize("write", WRITES)
def test_the_next_test_finds_all_as_it_was(write: Callable[[Seeded], None], seeded: Seed) -> None:
    """Whatever the test before has written, every item is as the data set says, in the table and
    in its indexes, and there is no other."""
    ds = seeded("kxgen", scale=60)
    for items in (ds.lead, ds.message, ds.persona):
        found = table(items.table).scan()["Items"]
        assert len(found) == len(items)
        assert all(items(number) in found for number in range(len(items)))
    indexed = table("leads").scan(IndexName="GSI2")["Items"]
    assert len(indexed) == sum("GSI2PK" in ds.lead(number) for number in range(len(ds.lead)))
    assert not client().describe_table(TableName="leads")["Table"]["DeletionProtectionEnabled"]
    write(ds)


def records(name: str) -> list[str]:
    """What a table's stream tells, from its beginning."""
    import boto3

    streams: Any = boto3.client("dynamodbstreams")
    arn = client().describe_table(TableName=name)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = streams.get_records(ShardIterator=iterator)["Records"]
    return [record["eventName"] for record in found]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_stream_begins_empty(seeded: Seed, turn: str) -> None:
    """Records of another test's writes, and of the seeding, are not in a table's stream."""
    ds = seeded("cmz", scale=20)
    table(ds.message.table).delete_item(Key=ds.message.key(0))
    assert records(ds.message.table) == ["REMOVE"]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_stream_of_ones_own_begins_empty(dynamodb: Database, turn: str) -> None:
    """The same of a table that tests create themselves, under one name."""
    make_table(
        "with-a-stream",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    table("with-a-stream").put_item(Item={"id": turn})
    assert records("with-a-stream") == ["INSERT"]


def test_each_item_is_put_right_once() -> None:
    """An item that is written twice is one, and other tables' items are nobody's business here."""
    body = b'{"TableName":"%b","Key":{"contact_pk":{"S":"a"},"sk":{"S":"b"}}}'
    requests = [
        Request("DeleteItem", body % b"leads"),
        Request("UpdateItem", body % b"arn:aws:dynamodb:x:1:table/leads"),
        Request("DeleteItem", body % b"unknown"),
    ]
    (found,) = touched(requests, KEYS).values()
    assert found == Touched("leads", {"contact_pk": {"S": "a"}, "sk": {"S": "b"}})


def test_a_number_is_one_however_it_is_written() -> None:
    """1 and 1.0 are one key, and the text "1" is another."""
    one, same, text = ({"n": value} for value in ({"N": "1"}, {"N": "1.0"}, {"S": "1"}))
    assert Touched("t", one).place == Touched("t", same).place
    assert Touched("t", one).place != Touched("t", text).place


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutItem", b"not JSON"),
        ("PutItem", b'{"TableName":"leads","Item":{"sk":{"S":"b"}}}'),
        ("ExecuteStatement", b"{}"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(operation: str, body: bytes) -> None:
    """A request that does not tell its item is an error, so that all is made anew."""
    with pytest.raises((ValueError, KeyError)):
        touched([Request(operation, body)], KEYS)
