"""`throttled`: what a test has refused, in DynamoDB's own words."""

from __future__ import annotations

from typing import Any

import pytest

from loadstone.errors import BadValue, UnknownName
from loadstone.testing.asked import LoadstoneTables, Seed, Seeded, Throttled
from loadstone.testing.throttling import REASONS
from tests.test_testing import client


@pytest.fixture
def ds(seeded: Seed) -> Seeded:
    return seeded("kxgen", scale=20)


def lead_key(name: str) -> dict[str, Any]:
    return {"contact_pk": {"S": name}, "sk": {"S": "PROFILE"}}


def lead(name: str) -> dict[str, Any]:
    """One that is in both indexes."""
    indexed = {index: {"S": name} for index in ("GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")}
    return {**lead_key(name), **indexed}


def put(name: str = "a") -> None:
    client().put_item(TableName="leads", Item=lead(name))


def get() -> None:
    client().get_item(TableName="leads", Key=lead_key("a"))


def query() -> None:
    client().query(
        TableName="leads",
        IndexName="GSI1",
        KeyConditionExpression="GSI1PK = :pk",
        ExpressionAttributeValues={":pk": {"S": "a"}},
    )


def refused(action: Any) -> Any:
    """The error that an action ends with, as botocore has read it."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        action()
    return caught.value.response


def reason_of(response: Any) -> Any:
    (found,) = response.get("ThrottlingReasons") or response["throttlingReasons"]
    return found


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_arrives(reason: str, ds: Seeded, throttled: Throttled) -> None:
    """The code is that of the billing mode, the reason the one asked for, the resource the table's
    or the index's; and what the reason is not about goes through."""
    of_index, reads = reason.startswith("Index"), "Read" in reason
    action = (query if of_index else get) if reads else put
    others = {put, get, query} - {action}
    with throttled(reason) as asked:
        response = refused(action)
        for other in others:
            other()
    provisioned = reason.endswith("ProvisionedThroughputExceeded")
    code = "ProvisionedThroughputExceededException" if provisioned else "ThrottlingException"
    assert response["Error"]["Code"] == code
    assert reason_of(response)["reason"] == reason
    resource = reason_of(response)["resource"]
    assert resource.endswith("table/leads/index/GSI1" if of_index else "table/leads")
    assert asked.refused == 1
    action()


def test_the_reason_follows_the_billing(
    ds: Seeded, throttled: Throttled, loadstone_tables: LoadstoneTables
) -> None:
    """Without a reason it is that of a table whose capacity is used up, as it is billed."""
    throttled()
    assert reason_of(refused(put))["reason"] == "TableWriteKeyRangeThroughputExceeded"
    client().update_table(
        TableName="leads",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        GlobalSecondaryIndexUpdates=[
            {
                "Update": {
                    "IndexName": name,
                    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                }
            }
            for name in ("GSI1", "GSI2")
        ],
    )
    response = refused(put)
    assert response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert reason_of(response)["reason"] == "TableWriteProvisionedThroughputExceeded"


def test_so_many_writes_fail_and_no_more(ds: Seeded, throttled: Throttled) -> None:
    """`times` counts refusals, and an SDK that tries again comes through."""
    import boto3
    from botocore.config import Config

    asked = throttled(times=2)
    refused(put)
    refused(put)
    put()
    assert asked.refused == 2
    throttled(times=1)
    patient = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 2}))
    answer = patient.put_item(TableName="leads", Item=lead("b"))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_it_ends_with_its_block(ds: Seeded, throttled: Throttled) -> None:
    """After a `with` block, and after `end()`, writes go through."""
    with throttled():
        refused(put)
        refused(put)
    put()
    asked = throttled()
    refused(put)
    asked.end()
    put()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_it_ends_with_its_test(ds: Seeded, throttled: Throttled, turn: str) -> None:
    """What a test has not ended does not reach the next one."""
    put()
    throttled()
    refused(put)


def test_one_table_or_index_alone(throttled: Throttled, loadstone_tables: LoadstoneTables) -> None:
    """A table is meant by its documented name or the one that it has, an index by its own."""
    names = loadstone_tables("kxgen", prefix="mine-")
    item = lead("a")

    def put_to(name: str) -> None:
        client().put_item(TableName=names[name], Item={**item, "ts": {"S": "1"}})

    for named in ("leads", "mine-leads"):
        with throttled(table=named):
            refused(lambda: put_to("leads"))
            put_to("messages")
    with throttled("IndexWriteKeyRangeThroughputExceeded", table="leads", index="GSI2"):
        resource = reason_of(refused(lambda: put_to("leads")))["resource"]
    assert resource.endswith("table/mine-leads/index/GSI2")


def test_items_of_a_batch_come_back(ds: Seeded, throttled: Throttled) -> None:
    """Of a batch so many items are unprocessed; when none is left, the batch is refused."""

    def write() -> Any:
        requests = [{"PutRequest": {"Item": lead(name)}} for name in "abc"]
        return client().batch_write_item(RequestItems={"leads": requests})

    throttled(times=2)
    left = write()["UnprocessedItems"]["leads"]
    assert [each["PutRequest"]["Item"]["contact_pk"]["S"] for each in left] == ["a", "b"]
    throttled(times=3)
    assert refused(write)["Error"]["Code"] == "ThrottlingException"
    assert not write()["UnprocessedItems"]


def test_a_transaction_is_cancelled(ds: Seeded, throttled: Throttled) -> None:
    """A transaction tells which of its items was refused, and does nothing of it."""
    items = [{"Put": {"TableName": "leads", "Item": lead(name)}} for name in "ab"]
    throttled("TableWriteProvisionedThroughputExceeded", times=1)
    response = refused(lambda: client().transact_write_items(TransactItems=items))
    codes = [each["Code"] for each in response["CancellationReasons"]]
    assert codes == ["ProvisionedThroughputExceeded", "None"]
    assert "Item" not in client().get_item(TableName="leads", Key=lead_key("b"))


def test_a_wrong_reason_is_said(throttled: Throttled) -> None:
    """An unknown reason, no times at all, and a table's reason for an index are refused."""
    with pytest.raises(UnknownName, match="no reason for a throttle 'Slow'; there are TableRead"):
        throttled("Slow")
    for times in (0, 2.5, "2", True):
        with pytest.raises(BadValue, match=f"times is 1 or more.*; not {times!r}"):
            throttled(times=times)  # type: ignore[arg-type]
    with pytest.raises(BadValue, match="leave out index='GSI1'"):
        throttled("TableWriteProvisionedThroughputExceeded", index="GSI1")


def test_a_table_that_is_not_there_is_said(ds: Seeded, throttled: Throttled) -> None:
    """A misspelled table would refuse nothing: it is said at once, with those that there are."""
    with pytest.raises(UnknownName) as caught:
        throttled(table="laeds")
    assert str(caught.value) == (
        "throttled(table='laeds'): this test has no such table; did you mean 'leads'? "
        "there are leads, messages, personas"
    )
    with pytest.raises(BadValue, match=r"throttled\(table=\['leads'\]\): the name of one table"):
        throttled(table=["leads"])  # type: ignore[arg-type]
    put()


def test_a_table_that_is_not_there_yet_is_said(throttled: Throttled) -> None:
    """Before any table is made none can be named, and the error says how to make one."""
    with pytest.raises(UnknownName, match=r"there is none: loadstone_tables, seeded or"):
        throttled(table="leads")


def test_a_table_may_be_named_by_its_arn(ds: Seeded, throttled: Throttled) -> None:
    """What DescribeTable calls a table means that table."""
    arn = client().describe_table(TableName="leads")["Table"]["TableArn"]
    with throttled(table=arn):
        refused(put)


def test_a_documented_name_means_every_table_that_has_it(
    throttled: Throttled, loadstone_tables: LoadstoneTables
) -> None:
    """Of one system under two prefixes, the documented name throttles either table."""
    places = [loadstone_tables("kxgen", prefix=prefix)["leads"] for prefix in ("a-", "b-")]
    with throttled(table="leads") as asked:
        for place in places:
            refused(lambda name=place: client().put_item(TableName=name, Item=lead("a")))
    assert asked.refused == 2


@pytest.mark.parametrize("table", [None, "leads"])
def test_an_index_that_is_not_there_is_said(
    ds: Seeded, throttled: Throttled, table: str | None
) -> None:
    """A misspelled index is told with those of the table, or of all tables, that there are."""
    with pytest.raises(UnknownName) as caught:
        throttled(table=table, index="GSI21")
    said = str(caught.value)
    assert "throttled(index='GSI21'): leads" in said
    assert "no such global index; did you mean 'GSI2'? there are " in said
    assert ("messages" in said.partition("no such")[0]) == (table is None)
    assert "GSI1" in said.partition("there are")[2]


def local_table() -> None:
    """`carts`, whose one index is local; it has no global one."""
    client().create_table(
        TableName="carts",
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "by")
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "ByWhom",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "by", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def test_what_no_index_here_can_give_is_said(throttled: Throttled) -> None:
    """A table without a global index gives no reason of an index, and a local one has none."""
    local_table()
    with pytest.raises(BadValue, match="carts has no global one: take a reason that begins with"):
        throttled("IndexReadKeyRangeThroughputExceeded")
    with pytest.raises(BadValue, match="a local index has no capacity but its table's"):
        throttled(table="carts", index="ByWhom")
    with pytest.raises(UnknownName, match="no such global index, and there is none: take a"):
        throttled(table="carts", index="ByWhen")
