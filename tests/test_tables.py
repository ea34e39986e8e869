"""Tables: created, completed, verified and dropped on the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from loadstone.aws.billing import Billing, parse_billing
from loadstone.aws.live import LiveTable, Unread, from_description
from loadstone.aws.request import billing_request, create_request
from loadstone.aws.session import dynamodb
from loadstone.aws.settings import TAG, findings
from loadstone.aws.tables import Made, Tables, Wanted, wanted_tables
from loadstone.aws.waiting import until
from loadstone.cli.table_json import describe_table
from loadstone.cli.tables import tables as tables_group
from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.errors import BadValue, Refused, TableMismatch, Unfinished, UnknownName
from loadstone.naming import Naming
from loadstone.table import Index, Table, Throughput
from tests.listed import tables_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = Table(
    "orders",
    partition_key="customer",
    sort_key="at",
    indexes=(
        Index("by-state", partition_key="state", sort_key="at"),
        Index("by-total", partition_key="total", projection="INCLUDE", include=("note", "city")),
    ),
    key_types={"total": "N"},
    ttl="expires",
    pitr_days=7,
    kms_key="alias/aws/dynamodb",
    stream="NEW_AND_OLD_IMAGES",
    deletion_protection=True,
)
SMALL = Table("small", partition_key="id")
UNITS = Throughput(read_units=100, write_units=50)


@pytest.fixture
def client(target: Target) -> DynamoDBClient:
    return dynamodb(target)


@pytest.fixture
def prefix(request: pytest.FixtureRequest, client: DynamoDBClient) -> Iterator[str]:
    """Names of this test's own; what it made is gone afterwards."""
    own = f"t{abs(hash(request.node.nodeid)) % 10**8}-"
    yield own
    for name in tables_in(client):
        if name.startswith(own):
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            client.delete_table(TableName=name)


def wanted(prefix: str, *tables: Table, system: str = "shop") -> list[Wanted]:
    return wanted_tables(tables, Naming(prefix=prefix).names(tables, {}), system=system)


def failing(made: Made) -> list[str]:
    return [str(finding) for finding in made.findings if finding.fails]


# ---- create


def test_create_makes_everything_that_is_documented(target: Target, prefix: str) -> None:
    """A created table verifies; what the engine lacks is said and is no failure."""
    control = Tables(target)
    each = wanted(prefix, TABLE)
    (made,) = control.create(each)
    assert made.outcome == "created"
    assert [(one.setting, one.state) for one in made.findings] == [
        ("point-in-time recovery", "unsupported")
    ]
    assert [finding.fails for finding in control.verify(each)] == [False]
    assert "not supported by this engine" in str(made.findings[0])


def test_create_twice_changes_nothing(target: Target, prefix: str, client: DynamoDBClient) -> None:
    """A second create finds the table there, and leaves it as it was."""
    control = Tables(target)
    control.create(wanted(prefix, TABLE))
    before = client.describe_table(TableName=f"{prefix}orders")["Table"]
    assert [made.outcome for made in control.create(wanted(prefix, TABLE))] == ["there"]
    assert client.describe_table(TableName=f"{prefix}orders")["Table"] == before


def test_create_completes_what_is_half_made(
    target: Target, prefix: str, client: DynamoDBClient
) -> None:
    """A table of ours that lacks settings gets them; running it again is enough."""
    control = Tables(target)
    control.create(wanted(prefix, replace(TABLE, ttl=None, stream=None, deletion_protection=False)))
    (made,) = control.create(
        wanted_tables([TABLE], {"orders": f"{prefix}orders"}, system="shop", identity={"seed": "7"})
    )
    assert made.outcome == "completed"
    assert not failing(made)
    live = control.read(f"{prefix}orders")
    assert live is not None
    assert live.tags == {TAG: "shop", "seed": "7"}
    assert (live.ttl, live.stream, live.deletion_protection) == (
        "expires",
        "NEW_AND_OLD_IMAGES",
        True,
    )


def test_other_keys_are_a_mismatch_before_the_first_change(
    target: Target, prefix: str, client: DynamoDBClient
) -> None:
    """A table with other keys is named, and none of the others has been made."""
    control = Tables(target)
    control.create(
        wanted(prefix, replace(TABLE, sort_key=None, indexes=TABLE.indexes[:1], key_types={}))
    )
    with pytest.raises(TableMismatch, match="key is customer, documented customer, at") as caught:
        control.create(wanted(prefix, SMALL, TABLE))
    assert "index by-total is none, documented total" in str(caught.value)
    assert f"{prefix}small" not in tables_in(client)


def test_a_key_of_another_type_is_a_mismatch(target: Target, prefix: str) -> None:
    """A string where the document has a number is another key."""
    control = Tables(target)
    control.create(wanted(prefix, SMALL))
    with pytest.raises(TableMismatch, match="key type of id is S, documented N"):
        control.create(wanted(prefix, replace(SMALL, key_types={"id": "N"})))


def test_a_table_that_is_not_ours_is_left_alone(
    target: Target, prefix: str, client: DynamoDBClient
) -> None:
    """A table without Loadstone's tag gets neither settings nor tag."""
    client.create_table(**create_request(SMALL, f"{prefix}small", {}))
    control = Tables(target)
    (made,) = control.create(wanted(prefix, replace(SMALL, ttl="expires")))
    assert made.outcome == "not ours"
    assert failing(made) == [
        f"{prefix}small: TTL is none, documented expires",
        f"{prefix}small: tag loadstone is none, documented shop",
    ]


def test_billing_of_a_table_that_is_there_changes_only_when_asked(
    target: Target, prefix: str
) -> None:
    """`rebill` turns on-demand into provisioned and back; without it the difference is said."""
    control = Tables(target)
    control.create(wanted(prefix, SMALL))
    paid = wanted(prefix, replace(SMALL, provisioned=UNITS))
    (made,) = control.create(paid)
    assert failing(made) == [f"{prefix}small: billing is PAY_PER_REQUEST, documented PROVISIONED"]
    (made,) = control.create(paid, rebill=True)
    assert (made.outcome, failing(made)) == ("completed", [])
    more = wanted(prefix, replace(SMALL, provisioned=Throughput(read_units=200, write_units=60)))
    assert [str(finding) for finding in control.verify(more)] == [
        f"{prefix}small: capacity is 100rcu,50wcu, documented 200rcu,60wcu"
    ]
    (made,) = control.create(more, rebill=True)
    assert (made.outcome, failing(made)) == ("completed", [])
    (made,) = control.create(wanted(prefix, SMALL), rebill=True)
    assert (made.outcome, failing(made)) == ("completed", [])


# ---- verify


def no_ttl(client: DynamoDBClient, name: str) -> None:
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
    )


def no_stream(client: DynamoDBClient, name: str) -> None:
    client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})


def no_protection(client: DynamoDBClient, name: str) -> None:
    client.update_table(TableName=name, DeletionProtectionEnabled=False)


def no_index(client: DynamoDBClient, name: str) -> None:
    client.update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-state"}}]
    )


def another_index(client: DynamoDBClient, name: str) -> None:
    client.update_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "x", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-x",
                    "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )


def another_tag(client: DynamoDBClient, name: str) -> None:
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": TAG, "Value": "other"}])


def provisioned(client: DynamoDBClient, name: str) -> None:
    client.update_table(
        TableName=name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (no_ttl, "TTL is none, documented expires"),
        (no_stream, "stream is none, documented NEW_AND_OLD_IMAGES"),
        (no_protection, "deletion protection is off, documented on"),
        (no_index, "index by-state is none, documented state, at"),
        (another_index, "index by-x is x, documented none"),
        (another_tag, "tag loadstone is other, documented shop"),
        (provisioned, "billing is PROVISIONED, documented PAY_PER_REQUEST"),
    ],
)
def test_verify_names_what_was_altered_by_hand(
    target: Target,
    prefix: str,
    client: DynamoDBClient,
    alter: Callable[[DynamoDBClient, str], None],
    said: str,
) -> None:
    """Each setting that somebody changed is named, and nothing else."""
    control = Tables(target)
    each = wanted(prefix, TABLE)
    control.create(each)
    alter(client, f"{prefix}orders")
    found = [str(finding) for finding in control.verify(each) if finding.fails]
    assert found == [f"{prefix}orders: {said}"]


def test_a_missing_table_is_named(target: Target, prefix: str) -> None:
    """A table that is not there is one finding."""
    found = Tables(target).verify(wanted(prefix, SMALL))
    assert [str(finding) for finding in found] == [f"{prefix}small: there is no such table"]
    assert found[0].fails


def live(table: Table = TABLE, **changed: object) -> LiveTable:
    """The table as AWS describes it when all is as documented, and some of it changed."""
    request = create_request(table, table.name, {})
    indexes = [{**index, "IndexStatus": "ACTIVE"} for index in request["GlobalSecondaryIndexes"]]
    described = {
        **request,
        "TableArn": "arn:aws:dynamodb:us-east-1:1:table/orders",
        "TableStatus": "ACTIVE",
        "GlobalSecondaryIndexes": indexes,
        "BillingModeSummary": {"BillingMode": request["BillingMode"]},
        "SSEDescription": {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": "arn:aws:kms:us-east-1:1:key/7fc4",
        },
    }
    found = from_description(described, ttl="expires", pitr_days=7, tags={TAG: "shop"})
    return replace(found, **changed)  # type: ignore[arg-type]


def compared(found: LiveTable, table: Table = TABLE, arn: str | Unread = "") -> Sequence[str]:
    known = arn or "arn:aws:kms:us-east-1:1:key/7fc4"
    every = findings(table, found, tags={TAG: "shop"}, key_arn=lambda _: known)
    return [f"{finding.state}: {finding}".replace("orders: ", "") for finding in every]


def test_what_aws_describes_is_compared() -> None:
    """The settings that the engine lacks are compared as well, on a table as AWS describes it."""
    assert compared(live()) == []
    assert compared(live(pitr_days=35)) == [
        "differs: point-in-time recovery is 35 days, documented 7 days"
    ]
    assert compared(live(pitr_days=None)) == [
        "differs: point-in-time recovery is none, documented 7 days"
    ]
    assert compared(live(kms_key=None)) == [
        "differs: encryption is none, documented KMS alias/aws/dynamodb"
    ]
    assert compared(live(), arn="arn:aws:kms:us-east-1:1:key/other") == [
        "differs: encryption is KMS arn:aws:kms:us-east-1:1:key/7fc4, "
        "documented KMS alias/aws/dynamodb"
    ]


def test_what_may_not_be_asked_is_unknown_and_no_failure() -> None:
    """Credentials that may not ask leave a setting unknown, and never make it as documented."""
    found = compared(live(tags=Unread.DENIED, ttl=Unread.DENIED), arn=Unread.DENIED)
    assert found == [
        "unknown: TTL (documented expires): not allowed to ask",
        "unknown: encryption (documented KMS alias/aws/dynamodb): not allowed to ask",
        "unknown: tag loadstone (documented shop): not allowed to ask",
    ]


def test_a_table_that_was_never_on_demand_is_provisioned() -> None:
    """DescribeTable leaves the billing mode out for a table that has always been provisioned."""
    paid = replace(TABLE, provisioned=UNITS)
    request = create_request(paid, "orders", {})
    described = {**request, "TableArn": "arn", "TableStatus": "ACTIVE"}
    found = from_description(described, ttl=None, pitr_days=None, tags={})
    assert (found.provisioned, found.capacity) == (True, UNITS)
    assert found.indexes["by-state"].capacity == UNITS


# ---- drop


def test_drop_takes_only_what_is_ours(target: Target, prefix: str, client: DynamoDBClient) -> None:
    """Protection is lifted and the table deleted when it is ours; others and absent are told."""
    control = Tables(target)
    control.create(wanted(prefix, TABLE))
    client.create_table(**create_request(SMALL, f"{prefix}small", {TAG: "another-system"}))
    found = control.droppable(wanted(prefix, TABLE, SMALL, replace(SMALL, name="never")))
    assert [each.name for each in found.ours] == [f"{prefix}orders"]
    assert (found.others, found.absent) == ((f"{prefix}small",), (f"{prefix}never",))
    control.drop(found.ours)
    names = tables_in(client)
    assert f"{prefix}orders" not in names
    assert f"{prefix}small" in names


# ---- billing, waiting, JSON


def test_billing_by_flag() -> None:
    """A flag goes for every table and index; no flag is what is documented."""
    paid = parse_billing("provisioned:100rcu,50wcu").apply(TABLE)
    assert paid.provisioned == UNITS
    assert {index.provisioned for index in paid.indexes} == {UNITS}
    back = parse_billing("on-demand").apply(paid)
    assert (back.provisioned, {index.provisioned for index in back.indexes}) == (None, {None})
    assert parse_billing(None).apply(TABLE) == TABLE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.toml", '"*" = "provisioned:9rcu,9wcu"\norders = "provisioned:100rcu,50wcu"\n'
         '"orders/by-state" = "provisioned:3rcu,4wcu"\n'),
        ("b.json", '{"orders": "provisioned:100rcu,50wcu", '
         '"orders/by-state": "provisioned:3rcu,4wcu", "small": "provisioned:9rcu,9wcu"}'),
    ],
)  # fmt: skip
def test_billing_by_file(tmp_path: Path, name: str, text: str) -> None:
    """A file says it per table and index; an index without a line gets what its table gets."""
    path = tmp_path / name
    path.write_text(text)
    asked = parse_billing(str(path))
    asked.check([TABLE, SMALL])
    paid = asked.apply(TABLE)
    assert [paid.provisioned, *(index.provisioned for index in paid.indexes)] == [
        UNITS,
        Throughput(read_units=3, write_units=4),
        UNITS,
    ]
    assert asked.apply(SMALL).provisioned == Throughput(read_units=9, write_units=9)


@pytest.mark.parametrize(
    "text",
    ["", "provisioned", "provisioned:0rcu,1wcu", "provisioned:1wcu,1rcu", "on demand", "no.toml"],
)
def test_billing_that_is_none_is_refused(text: str) -> None:
    """A malformed mode, or a file that is not there, is BadValue."""
    with pytest.raises(BadValue):
        parse_billing(text)


def test_billing_names_what_there_is(tmp_path: Path) -> None:
    """An unknown table or index in a file is named beside the known ones."""
    path = tmp_path / "b.toml"
    path.write_text('"orders/by-name" = "on-demand"')
    with pytest.raises(UnknownName, match="orders/by-state"):
        parse_billing(str(path)).check([TABLE])
    with pytest.raises(BadValue, match="while orders is on-demand"):
        Billing(by_name={"orders/by-state": UNITS}).apply(TABLE)
    with pytest.raises(BadValue, match="cannot be on-demand"):
        Billing(by_name={"orders": UNITS, "orders/by-state": None}).apply(TABLE)


def test_a_change_of_billing_names_every_index() -> None:
    """UpdateTable to provisioned gives each index its capacity in the same change."""
    whole, indexes = billing_request(replace(TABLE, provisioned=UNITS))
    assert whole["GlobalSecondaryIndexUpdates"] == list(indexes.values())
    assert list(indexes) == ["by-state", "by-total"]
    assert billing_request(TABLE) == ({"BillingMode": "PAY_PER_REQUEST"}, {})


def test_waiting_ends() -> None:
    """Asking stops when it is done, and is given up after the patience, with what was awaited."""
    now, asked = [0.0], iter([False, False, True])

    def sleep(seconds: float) -> None:
        now[0] += seconds

    until(lambda: next(asked), what="x", clock=lambda: now[0], sleep=sleep)
    said: list[str] = []
    with pytest.raises(Unfinished, match="after 60 s still not: table t is active"):
        until(
            lambda: False,
            what="table t is active",
            say=said.append,
            clock=lambda: now[0],
            sleep=sleep,
            patience_s=60,
        )
    assert said == ["waiting until table t is active"]


def test_a_table_as_json() -> None:
    """The documented settings of a table, as machines read them."""
    assert describe_table(TABLE) == {
        "name": "orders",
        "physical": "orders",
        "partition_key": "customer",
        "sort_key": "at",
        "inferred": False,
        "indexes": [
            {
                "name": "by-state",
                "partition_key": "state",
                "sort_key": "at",
                "projection": "ALL",
                "include": [],
                "capacity": None,
                "inferred": False,
            },
            {
                "name": "by-total",
                "partition_key": "total",
                "sort_key": None,
                "projection": "INCLUDE",
                "include": ["note", "city"],
                "capacity": None,
                "inferred": False,
            },
        ],
        "ttl": "expires",
        "billing_mode": "PAY_PER_REQUEST",
        "capacity": None,
        "pitr": True,
        "pitr_days": 7,
        "stream": "NEW_AND_OLD_IMAGES",
        "sse": "KMS alias/aws/dynamodb",
        "deletion_protection": True,
    }


# ---- the command


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one's own, with one small system."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "shop.py").write_text(
        "from loadstone import Index, Table\n"
        'orders = Table("orders", partition_key="id", ttl="expires", pitr_days=35,\n'
        '    deletion_protection=True, indexes=(Index("by-day", partition_key="day"),))\n'
    )
    return tmp_path


@pytest.fixture
def command(project: Path, engine: Engine, prefix: str, no_aws: None) -> Callable[..., Result]:
    """`loadstone tables … shop` against the session's engine."""

    def run(name: str, *arguments: str, answer: str | None = None) -> Result:
        group = click.Group(commands={"tables": tables_group})
        target = () if name == "show" else ("--endpoint", engine.url)
        line = ["tables", name, "shop", "--project", str(project), "--table-prefix", prefix]
        return CliRunner().invoke(group, [*line, *target, *arguments], input=answer)

    return run


def test_the_commands_end_to_end(
    command: Callable[..., Result], prefix: str, client: DynamoDBClient
) -> None:
    """Create, verify, alter by hand, verify, drop: each says what it did and exits as it should."""
    made = command("create")
    assert (made.exit_code, made.stdout.splitlines()[0]) == (0, f"{prefix}orders: created")
    assert made.stderr.startswith("target: http://127.0.0.1:")
    well = command("verify")
    assert (well.exit_code, well.stdout.splitlines()[-1]) == (
        0,
        "1 table: as documented, but for 1 that cannot be told",
    )
    no_protection(client, f"{prefix}orders")
    altered = command("verify")
    assert altered.exit_code == 1
    assert f"{prefix}orders: deletion protection is off, documented on" in altered.stdout
    found = json.loads(command("verify", "--json").stdout)
    assert found["ok"] is False
    assert {row["setting"] for row in found["findings"] if row["state"] == "differs"} == {
        "deletion protection"
    }
    assert json.loads(command("create", "--json").stdout)[0]["outcome"] == "completed"
    dropped = command("drop", "--yes", "--json")
    assert json.loads(dropped.stdout)["dropped"] == [f"{prefix}orders"]
    assert command("verify").exit_code == 1


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_drop_asks(command: Callable[..., Result], prefix: str, answer: str) -> None:
    """Without a yes nothing is deleted, and its protection stays."""
    command("create")
    refused = command("drop", answer=answer)
    assert isinstance(refused.exception, Refused)
    assert f"{prefix}orders" in refused.stderr
    assert command("verify").exit_code == 0


def test_drop_leaves_what_is_not_ours(
    command: Callable[..., Result], prefix: str, client: DynamoDBClient
) -> None:
    """A table without the tag is left and named, and the exit says that it is."""
    client.create_table(**create_request(SMALL, f"{prefix}orders", {}))
    left = command("drop", "--yes")
    assert left.exit_code == 1
    assert f"{prefix}orders: left" in left.stderr
    assert f"{prefix}orders" in tables_in(client)


def test_show_prints_for_people_and_machines(command: Callable[..., Result], prefix: str) -> None:
    """`show` asks no target; its JSON has the documented name and the account's, how long backups
    are kept, and the capacity of table and index where `--billing` provisions it."""
    assert "by-day" in command("show").stdout
    (table,) = json.loads(command("show", "--json").stdout)
    assert (table["name"], table["sort_key"]) == ("orders", None)
    assert (table["physical"], table["pitr_days"]) == (f"{prefix}orders", 35)
    assert table["capacity"] is None
    (held,) = json.loads(command("show", "--json", "--billing", "provisioned:7rcu,5wcu").stdout)
    assert held["billing_mode"] == "PROVISIONED"
    assert held["capacity"] == {"read_units": 7, "write_units": 5}


def test_a_malformed_stage_is_refused_before_anything(command: Callable[..., Result]) -> None:
    """A stage that is none is exit 2, and no target has been opened."""
    refused = command("create", "--stage", "Prod!")
    assert isinstance(refused.exception, BadValue)
    assert refused.stderr == ""
