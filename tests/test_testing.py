"""The pytest plugin, as the tests of an application use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadstone.errors import BadContent, BadValue, UnknownName
from loadstone.system import load_system
from loadstone.testing.asked import Database, LoadstoneTables, Seed
from loadstone.testing.calls import Calls
from loadstone.testing.database import attribute_of
from loadstone.testing.environment import DefaultSession, environment
from loadstone.testing.scene import Scene
from loadstone.testing.stage import Stage
from tests.conftest import ENGINE_CACHE

TWICE = pytest.mark.parametrize("turn", ["first", "second"])


def client(**options: Any) -> Any:
    """boto3's, made without a word about where DynamoDB is, which asks once."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "dynamodb", config=Config(retries={"total_max_attempts": 1, "mode": "standard"}), **options
    )


def table(name: str) -> Any:
    import boto3

    return boto3.resource("dynamodb").Table(name)


def key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def make_table(name: str, **more: Any) -> None:
    client().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )


@TWICE
def test_a_test_begins_with_no_tables(dynamodb: Database, turn: str) -> None:
    """What a test has created is gone for the next, a protected table too."""
    assert dynamodb.tables() == []
    make_table("mine")
    make_table("kept", DeletionProtectionEnabled=True)
    assert dynamodb.tables() == ["kept", "mine"]


def test_tables_are_those_of_the_document(
    dynamodb: Database, loadstone_tables: LoadstoneTables
) -> None:
    """Every table of a system is there, with its keys, indexes, TTL and protection."""
    system = load_system("acs")
    names = loadstone_tables("acs")
    assert sorted(dynamodb.tables()) == sorted(names.values())
    for wanted in system.tables:
        found = client().describe_table(TableName=names[wanted.name])["Table"]
        assert tuple(each["AttributeName"] for each in found["KeySchema"]) == wanted.key
        indexes = {each["IndexName"] for each in found.get("GlobalSecondaryIndexes", ())}
        assert indexes == {index.name for index in wanted.indexes}
        assert found["DeletionProtectionEnabled"] == wanted.deletion_protection
        ttl = client().describe_time_to_live(TableName=names[wanted.name])
        assert ttl["TimeToLiveDescription"].get("AttributeName") == wanted.ttl


def test_tables_take_a_stage_and_a_prefix(loadstone_tables: LoadstoneTables) -> None:
    """A system whose names have a stage gets another; a prefix goes before any."""
    names = loadstone_tables("acs", stage="ci", prefix="mine-")
    assert names["Users"] == "mine-acsd2p-ci-Users"


def test_the_documented_variables_name_the_tables(
    loadstone_tables: LoadstoneTables, dynamodb: Database
) -> None:
    """An application that is configured as its document says finds its tables."""
    loadstone_tables("cmz", prefix="mine-")
    assert os.environ["CONVERSATION_TABLE_NAME"] == "mine-cmz-conversations"
    assert os.environ["CONVERSATION_TABLE_REGION"] == dynamodb.region
    assert os.environ["CONVERSATION_TTL_DAYS"] == "90"
    assert os.environ["DYNAMODB_ENDPOINT_URL"] == dynamodb.endpoint
    assert loadstone_tables("cmz", prefix="mine-") == {
        "cmz-conversations": "mine-cmz-conversations"
    }


def test_all_items_are_in_the_tables(seeded: Seed) -> None:
    """Each table holds as many items as the data set has, and each reads as it says."""
    ds = seeded("kxgen", scale=60)
    for items in (ds.message, ds.lead, ds.persona):
        found = table(items.table).scan()["Items"]
        assert len(found) == len(items)
        assert all(each in found for each in map(items, range(len(items))))
    assert len(ds) == len(ds.message) + len(ds.lead) + len(ds.persona)


def test_items_are_gone_through_and_found_by_whose_they_are(seeded: Seed) -> None:
    """An entity's items can be looped over, and those of one parent asked for: they are what names
    it. One that is no parent, and a number that there is not, are said."""
    ds = seeded("kxgen", scale=60)
    messages = list(ds.message)
    assert messages == [ds.message(number) for number in range(len(ds.message))]
    whole = [one for number in range(len(ds.tenant)) for one in ds.message.of(ds.tenant, number)]
    assert whole == messages
    with pytest.raises(BadContent, match="Tenant does not descend from Message"):
        ds.tenant.of(ds.message, 0)
    with pytest.raises(BadValue, match="numbers 0 to"):
        ds.message.of(ds.tenant, 10**6)


@TWICE
def test_what_a_test_writes_stays_its_own(seeded: Seed, turn: str) -> None:
    """An item that a test has deleted is there for the next one."""
    ds = seeded("cmz", scale=20)
    messages = table(ds.message.table)
    assert messages.get_item(Key=ds.message.key(3))["Item"] == ds.message(3)
    messages.delete_item(Key=ds.message.key(3))
    assert "Item" not in messages.get_item(Key=ds.message.key(3))


def test_a_stream_is_on_once_the_data_is_in(seeded: Seed) -> None:
    """A table that is documented with a stream has it."""
    ds = seeded("cmz", scale=20)
    found = client().describe_table(TableName=ds.message.table)["Table"]
    assert found["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_same_call_gives_the_same_items(seeded: Seed) -> None:
    """Asked for twice in a test, a data set is written once; another seed has other items."""
    held_still = datetime(2026, 5, 1, tzinfo=UTC)
    ds = seeded("cmz", scale=20, as_of=held_still)
    table(ds.message.table).delete_item(Key=ds.message.key(0))
    again = seeded("cmz", scale=20, as_of=held_still)
    assert again.message(5) == ds.message(5)
    assert "Item" not in table(ds.message.table).get_item(Key=ds.message.key(0))
    other = seeded("cmz", scale=20, as_of=held_still, seed=2, prefix="other-")
    assert other.message(5) != ds.message(5)
    assert other.message.table == "other-cmz-conversations"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scale": 30}, "seeded('cmz') with scale 30: in this test its tables hold the items of"),
        ({"scale": 20, "seed": 2}, "with seed 2: in this test its tables hold the items of seed 1"),
    ],
)
def test_tables_hold_one_data_set(seeded: Seed, more: dict[str, Any], said: str) -> None:
    """A second data set in the same tables would write over some of the first: that is refused, and
    what to do is said. Beside them there is room for it."""
    ds = seeded("cmz", 20)
    with pytest.raises(BadValue) as caught:
        seeded("cmz", **more)
    assert said in str(caught.value)
    assert "prefix='other-'" in str(caught.value)
    assert seeded("cmz", prefix="other-", **more).message.table != ds.message.table
    assert table(ds.message.table).get_item(Key=ds.message.key(3))["Item"] == ds.message(3)


def test_items_are_numbered(seeded: Seed) -> None:
    """An item is asked for by its number, in either kind of brackets, and by nothing else."""
    ds = seeded("cmz", scale=20)
    assert ds.message[3] == ds.message(3)
    wrong: list[Any] = ["3", slice(3), 1.5, None]
    for number in wrong:
        with pytest.raises(BadValue, match=r"number from 0 to 19, as ds\.message\(0\)"):
            ds.message(number)
    parent: Any = "student"
    with pytest.raises(BadValue, match=r"ds\.message\.of\(ds\.…, 0\)"):
        ds.message.of(parent, 0)


def test_items_are_named_as_python_names_things(seeded: Seed) -> None:
    """An entity is an attribute in Python's spelling; a wrong one names those that there are."""
    ds = seeded("cmz", scale=20)
    assert ds.student(0)["userId"] == ds.dataset.item("Student", 0)["userId"]
    assert "message" in dir(ds)
    with pytest.raises(AttributeError, match=r"no cmz item 'mesage'; there are .*message"):
        _ = ds.mesage
    with pytest.raises(BadContent, match="Student is in no table"):
        _ = ds.student.table
    with pytest.raises(BadValue, match="numbers 0 to"):
        ds.message(10_000)


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ("Lead", "lead"),
        ("OrganizationMember", "organization_member"),
        ("EVDataCollection", "ev_data_collection"),
        ("RL_AI", "rl_ai"),
        ("V2User", "v2_user"),
    ],
)
def test_entities_are_spelled_in_snake_case(entity: str, name: str) -> None:
    """Words of an entity's name are apart, and an abbreviation is one word."""
    assert attribute_of(entity) == name


def test_an_unknown_system_is_named(seeded: Seed, loadstone_tables: LoadstoneTables) -> None:
    """A system that there is not is an error that lists those that there are, and says where
    pytest is told of one's own."""
    said = r"no system 'kxgn'; there are .*kxgen.*with loadstone_project in pytest's settings"
    for ask in (seeded, loadstone_tables):
        with pytest.raises(UnknownName, match=said) as caught:
            ask("kxgn")
        assert "--project" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scale": 0}, "a scale is a number of items from 1 to"),
        ({"scale": "tyni"}, "or tiny, small, medium"),
        ({"scale": "large"}, "from 1 to 1,000,000, as many as memory takes"),
        ({"scale": 1_000_001}, "seeded(scale=1000001)"),
        ({"scale": 30.5}, "seeded(scale=30.5)"),
        ({"seed": -1}, "a whole number from 0 on"),
        ({"as_of": "2026-01-01"}, "an instant with its time zone"),
        ({"as_of": datetime(2026, 1, 1)}, "datetime(2026, 6, 1, tzinfo=UTC)"),
        ({"locales": "de_DE"}, "one locale or more, as ('en_US', 'de_DE')"),
        ({"locales": ()}, "one locale or more"),
        ({"prefix": None}, "prefix=None: a text, or leave it out"),
        ({"stage": "ci"}, "the names of cmz's tables have no stage; prefix='ci-' sets them apart"),
    ],
)
def test_what_cannot_be_seeded_is_said(seeded: Seed, wrong: dict[str, Any], said: str) -> None:
    """What no data set can have is refused in a line, and not taken for something else."""
    with pytest.raises(BadValue) as caught:
        seeded("cmz", **wrong)
    assert said in str(caught.value)


def test_a_scale_has_names(seeded: Seed) -> None:
    """They are those of the command line."""
    assert len(seeded("cmz", scale="tiny").message) == 1000


def test_clients_need_no_environment(dynamodb: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The options that a client can be made with lead to the same tables."""
    make_table("mine")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    assert client(**dynamodb.client_options).list_tables()["TableNames"] == ["mine"]


def test_the_environment_is_nobodys_account(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles, tokens and files of a person are out of sight meanwhile, and are back afterwards;
    the region is the person's."""
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("NO_PROXY", "example.com")
    before = dict(os.environ)
    with environment("http://127.0.0.1:1"):
        assert "AWS_PROFILE" not in os.environ
        assert "AWS_SESSION_TOKEN" not in os.environ
        assert os.environ["AWS_DEFAULT_REGION"] == os.environ["AWS_REGION"] == "eu-west-1"
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull
        assert os.environ["NO_PROXY"] == "example.com,127.0.0.1"
    assert dict(os.environ) == before


def test_a_session_of_the_application_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3's default session is the tests' own meanwhile, the same in each of them."""
    import boto3

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", mine := object())
    tests = DefaultSession()
    with tests:
        assert boto3.DEFAULT_SESSION is None
        boto3.DEFAULT_SESSION = theirs = object()  # type: ignore[assignment]
    assert boto3.DEFAULT_SESSION is mine
    with tests:
        assert boto3.DEFAULT_SESSION is theirs


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(cache=ENGINE_CACHE, folder=tmp_path)
    yield made
    made.close()


class Counted(Scene):
    """The table of cmz and how often it was built; without its stream, as most tables are."""

    def __init__(self, name: str = "there") -> None:
        (table,) = load_system("cmz").tables
        super().__init__([replace(table, stream=None)], {table.name: name})
        self.built = 0

    def build(self, calls: Calls) -> None:
        self.built += 1
        super().build(calls)


def through(stage: Stage) -> Any:
    """A client that comes to the address of a stage."""
    return client(
        endpoint_url=stage.front.url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def test_a_scene_is_built_once(stage: Stage) -> None:
    """It is built once for tests that read or write items, anew after one that changed the tables,
    and nobody else sees it."""
    scene = Counted()
    key = {"userId": {"S": "a"}, "sessionIdTimestamp": {"S": "b"}}
    for change in ("", "item", "", "table", ""):
        stage.enter()
        assert through(stage).list_tables()["TableNames"] == []
        stage.build("scene", scene)
        stage.build("scene", scene)
        assert through(stage).list_tables()["TableNames"] == ["there"]
        assert through(stage).scan(TableName="there")["Count"] == 0
        if change == "item":
            through(stage).put_item(TableName="there", Item=key)
        elif change == "table":
            through(stage).delete_table(TableName="there")
        stage.leave()
        stage.enter()
        assert through(stage).list_tables()["TableNames"] == []
        stage.leave()
    assert scene.built == 2


def test_a_scene_joins_what_is_there(stage: Stage) -> None:
    """A scene that is kept elsewhere is built beside what a test has made before."""
    scene = Counted()
    stage.enter()
    stage.build("scene", scene)
    stage.leave()
    stage.enter()
    stage.build("another", Counted("before"))
    stage.build("scene", scene)
    assert through(stage).list_tables()["TableNames"] == ["before", "there"]
    assert scene.built == 2
    stage.leave()
    stage.enter()
    stage.build("scene", scene)
    assert through(stage).list_tables()["TableNames"] == ["there"]


def test_an_engine_that_died_is_replaced(stage: Stage) -> None:
    """A test whose engine dies gets an answer that says so, and the next test has another."""
    stage.enter()
    stage.current.stop()
    with pytest.raises(Exception, match="the embedded engine does not answer"):
        through(stage).list_tables()
    stage.leave()
    stage.enter()
    assert through(stage).list_tables()["TableNames"] == []
