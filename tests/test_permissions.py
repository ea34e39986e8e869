"""`loadstone permissions`: every command stays within its policy, and the policy is no wider."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import loadstone.aws.imports as imports_module
from loadstone.aws.permissions import NEEDS, Scope, needs
from loadstone.aws.policy import Allowed, document, length_of
from loadstone.aws.session import dynamodb
from loadstone.aws.target import embedded_target
from loadstone.cli import COMMANDS, Commands
from loadstone.cli.import_ import import_
from loadstone.cli.permissions import asked_commands
from loadstone.client.target import Target
from loadstone.embedded.process import Engine
from loadstone.errors import BadValue, UnknownName
from loadstone.table import Table
from tests import shop
from tests.commands import free_port, loadstone
from tests.importserver import ImportServer
from tests.loaded import Heard, loaded
from tests.price_list import IRELAND, VIRGINIA, price_list_api
from tests.recording import Asked, Recorder, asked_of, environ_recording, neighbours
from tests.s3server import BUCKET, S3Server

REGION = "us-west-2"
TABLE = "cmz-conversations"
#: What anybody may ask of STS: "GetCallerIdentity" in its API reference.
NEEDS_NO_LEAVE = "sts:GetCallerIdentity"

_numbers = itertools.count()


def policy_of(*words: str) -> list[Mapping[str, Any]]:
    """The statements that the command prints."""
    ran = loadstone("permissions", *words, "--account", "000000000000", cwd=Path.cwd())
    assert ran.code == 0, ran.err
    policy = json.loads(ran.out)
    assert policy["Version"] == "2012-10-17"
    found: list[Mapping[str, Any]] = policy["Statement"]
    return found


def allows(statements: list[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether IAM would: conditions apart, which are about keys alone."""
    return any(
        action in each["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in each["Resource"])
        for each in statements
    )


def arn(each: Asked) -> str:
    if not each.table:
        return "*"
    own = f"arn:aws:dynamodb:{REGION}:000000000000:table/{each.table}"
    return f"{own}/index/{each.index}" if each.index else own


def outside(asked: set[Asked], statements: list[Mapping[str, Any]]) -> list[Asked]:
    return sorted(
        each for each in asked if not allows(statements, f"dynamodb:{each.action}", arn(each))
    )


# ---- each command, run


class Command:
    """Runs commands against an engine that they take for AWS, and notes what each asks for."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.prefix = f"permitted-{next(_numbers)}-"
        self._engine, self._folder = engine, folder
        self.asked: dict[str, set[Asked]] = {}
        self.others: dict[str, set[str]] = {}

    def run(
        self,
        name: str,
        *arguments: str,
        denied: frozenset[str] = frozenset(),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = {**environ_recording(self._folder), **(environ or {})}
        Path(environ["HEARD"]).write_text("")
        with Recorder(self._engine.url, denied=denied) as recorder:
            ran = loadstone(
                *(*name.split(), *arguments),
                cwd=self._folder,
                environ={
                    **environ,
                    "AWS_ENDPOINT_URL_DYNAMODB": recorder.url,
                    "AWS_ACCESS_KEY_ID": "loadstone",
                    "AWS_SECRET_ACCESS_KEY": "secret",
                },
            )
        # CloudWatch's answer here is empty, and a run that it does not confirm is exit 1.
        assert ran.code == int(name == "reconcile"), ran.err
        self.asked.setdefault(name, set()).update(recorder.asked)
        heard = {action for action, _ in neighbours(environ)} - {NEEDS_NO_LEAVE}
        self.others.setdefault(name, set()).update(heard)


@pytest.fixture(scope="module")
def done(each_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Each command of a system's tables, once at least, in an order that a person may have."""
    did = Command(each_engine, tmp_path_factory.mktemp("permitted"))
    there = ("--table-prefix", did.prefix)
    name = f"{did.prefix}{TABLE}"
    did.run("tables create", "cmz", *there)
    client = dynamodb(embedded_target(each_engine.url, region=REGION))
    client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    did.run("tables create", "cmz", *there)
    did.run("tables verify", "cmz", *there)
    did.run("seed", "cmz", "--scale", "300", "--yes", *there)
    did.run("verify", "cmz", "--yes", *there)
    mixes = "read-heavy,write-heavy,balanced,journeys"
    did.run("run", "cmz", "--users", "4", "--duration", "3s", "--mix", mixes, "--yes", *there)
    did.run("reconcile", "last", "--json")
    did.run("plan", "cmz", "--cloudwatch", "1", *there, environ={"MEASURED": "1"})
    did.run("new", "drafted", "--from-table", name, "--yes")
    did.run("unseed", "cmz", "--run", "last", "--yes", *there)
    did.run("unseed", "cmz", "--yes", *there)
    # A batch that is refused as a whole is sent one by one.
    refused = frozenset({"BatchWriteItem"})
    did.run("seed", "cmz", "--scale", "300", "--yes", *there, denied=refused)
    did.run("unseed", "cmz", "--yes", *there, denied=refused)
    did.run("doctor", "cmz", *there)
    did.run("tables drop", "cmz", "--yes", *there)
    did.run("up", "cmz", "--scale", "300", "--yes", "--no-stay", *there)
    return did


RUN = sorted(
    {"tables create", "tables verify", "tables drop", "seed", "verify", "run", "unseed", "up"}
    | {"reconcile", "doctor", "plan", "new"}
)


def asked_for(command: str, done: Command) -> list[Mapping[str, Any]]:
    """The policy of a command, of the table that it was run for."""
    if command == "new":
        table = f"{done.prefix}{TABLE}"
        return policy_of("drafted", "new", "--from-table", table, "--region", REGION)
    return policy_of("cmz", *command.split(), "--table-prefix", done.prefix)


@pytest.mark.parametrize("command", RUN)
def test_a_command_stays_within_its_policy(command: str, done: Command) -> None:
    """Everything that a command asks, of DynamoDB and beside it, its policy allows."""
    statements = asked_for(command, done)
    assert outside(done.asked[command], statements) == []
    wanted = {
        f"{each.partition(':')[0]}:" + each.partition(":")[2] for each in done.others[command]
    }
    assert {each for each in wanted if not allows(statements, each, "*")} <= {"kms:DescribeKey"}
    assert "kms:DescribeKey" not in wanted or allows(
        statements, "kms:DescribeKey", f"arn:aws:kms:{REGION}:000000000000:key/1"
    )


#: What these runs give no occasion for, and what gives it.
SELDOM = {
    "dynamodb:UpdateContinuousBackups": "an engine with point-in-time recovery",
    "kms:DescribeKey": "an engine that tells the ARN of a key",
    "dynamodb:UpdateTable": "a table that is there and lacks its stream",
}


#: What a run plays is chance; that its policy is no wider is shown pattern by pattern, below.
@pytest.mark.parametrize("command", sorted({*RUN} - {"run"}))
def test_a_policy_has_no_more_than_its_command_asks(command: str, done: Command) -> None:
    """Every action of a policy is asked by these runs, but for those whose occasion is named."""
    statements = asked_for(command, done)
    allowed = {action for each in statements for action in each["Action"]}
    asked = {f"dynamodb:{each.action}" for each in done.asked[command]} | done.others[command]
    if command == "up":  # it is made of these
        for part in ("tables create", "seed", "verify"):
            asked |= {f"dynamodb:{each.action}" for each in done.asked[part]}
    assert allowed - asked <= SELDOM.keys()


def test_every_way_of_asking_is_allowed(target: Target) -> None:
    """A system with a pattern of every kind sends just what the policy of its run allows."""
    with loaded(shop.shop_dataset(500), target) as found:
        system = found.dataset.system
        patterns = [each for each in shop.PATTERNS.values() if not each.needs]
        client = Heard(found.client)
        player = found.player(client)
        for pattern in patterns:
            for _ in range(3):
                list(player.play(pattern, 0))
        scope = Scope(
            region=target.region,
            account="000000000000",
            tables=system.tables,
            names=found.tables,
            patterns=patterns,
        )
        everything = document(needs("run", scope))["Statement"]
        asked = {each for operation, body in client.sent for each in asked_of(operation, body)}
    kinds = {each.action for each in asked}
    assert {"ConditionCheckItem", "BatchGetItem", "BatchWriteItem", "Scan"} <= kinds
    wrong = [
        each
        for each in asked
        if not allows(
            everything, f"dynamodb:{each.action}", arn(each).replace(REGION, target.region)
        )
    ]
    assert wrong == []
    allowed = {
        (each.action.partition(":")[2], each.resource.partition(":table/")[2])
        for each in needs("run", scope)
    }
    without = needs("run", Scope(region=target.region, tables=system.tables, names=found.tables))
    allowed -= {
        (each.action.partition(":")[2], each.resource.partition(":table/")[2]) for each in without
    }
    assert allowed == {(each.action, arn(each).partition(":table/")[2]) for each in asked}


# ---- prices


def test_prices_are_all_that_their_update_asks_for(tmp_path: Path, no_aws: None) -> None:
    """`prices update` asks the price list alone, whose every call is the one that its policy has:
    any other service is nowhere to be reached."""
    with price_list_api([*IRELAND, *VIRGINIA]) as url:
        ran = loadstone(
            *("prices", "update"),
            cwd=tmp_path,
            environ={
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
                "AWS_ENDPOINT_URL_PRICING": url,
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
            },
        )
    assert ran.code == 0, ran.err
    (statement,) = policy_of("cmz", "prices", "update")
    assert statement["Action"] == ["pricing:GetProducts"]
    assert statement["Resource"] == ["*"]


# ---- files in S3


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, no_aws: None) -> Iterator[S3Server]:
    with S3Server() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


#: What of S3 a request is: "Actions, resources, and condition keys for Amazon S3".
BUCKETS: Mapping[str, tuple[str, ...]] = {
    "GET": ("GetObject",),
    "HEAD": ("GetObject",),
    "PUT": ("PutObject",),
    "POST": ("PutObject",),
    "DELETE": ("AbortMultipartUpload",),
}


def test_an_export_and_an_import_stay_within_theirs(
    s3: S3Server, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `export` asks of a bucket, and `import` of DynamoDB, their policies allow, under the
    prefix alone."""
    monkeypatch.setattr(imports_module, "PAUSE_S", 0.01)
    prefix = f"permitted-{next(_numbers)}-"
    place = f"{BUCKET}/some/where"
    command = ["export", "cmz", "--scale", "300", "--as-of", "2026-01-01", "--out", f"s3://{place}"]
    ran = loadstone(*command, cwd=tmp_path, environ=s3.environ)
    assert ran.code == 0, ran.err
    exporting = policy_of("cmz", "export", "--bucket", place)
    lists = ("ListBucket", "ListBucketMultipartUploads")
    assert outside_of_bucket(s3, exporting, lists=lists) == []
    s3.requests.clear()
    with ImportServer(target.url, s3) as server, Recorder(server.url) as recorder:
        result = CliRunner().invoke(
            import_, [f"s3://{place}", "--endpoint", recorder.url, "--table-prefix", prefix]
        )
        assert result.exit_code == 0, result.stderr
    importing = policy_of("cmz", "import", "--bucket", place, "--table-prefix", prefix)
    assert {"ImportTable", "DescribeImport"} <= {each.action for each in recorder.asked}
    assert outside(recorder.asked, importing) == []
    assert outside_of_bucket(s3, importing, lists=("ListBucket",)) == []


def outside_of_bucket(
    s3: S3Server, statements: list[Mapping[str, Any]], *, lists: tuple[str, ...]
) -> list[tuple[str, str]]:
    """What was asked of the bucket, and is not allowed; `lists`: what it is to list it."""
    return [
        (action, key)
        for method, key in s3.requests
        for action in (lists if method == "GET" and not key else BUCKETS[method])
        if not allows(
            statements, f"s3:{action}", f"arn:aws:s3:::{BUCKET}{f'/{key}' if key else ''}"
        )
    ]


# ---- which commands there are


def leaves(group: Commands) -> Iterator[str]:
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from (f"{name} {each}" for each in command.commands)
            if not command.invoke_without_command:
                continue
        yield name


def test_every_command_is_known() -> None:
    """Each command has its needs written down, also those that need nothing."""
    assert set(leaves(Commands())) == NEEDS.keys()


def test_commands_of_two_words() -> None:
    """Commands are told apart without quotes; one that is none is named with those that are."""
    assert asked_commands(["tables", "create", "seed", "tables drop"]) == [
        "tables create",
        "seed",
        "tables drop",
    ]
    with pytest.raises(UnknownName, match="no command 'tables'; there are check"):
        asked_commands(["tables"])


# ---- what is printed


def test_keys_of_the_account_s_own_are_used_through_dynamodb() -> None:
    """A customer's key may be used through DynamoDB in that region alone; DynamoDB's own needs no
    leave to be used, only to be asked about by its alias."""
    own = Table("a", partition_key="id", kms_key="alias/aws/dynamodb")
    customer = Table("b", partition_key="id", kms_key="arn:aws:kms:eu-west-1:1:key/7")
    scope = Scope(region="eu-west-1", tables=[own, customer], names={"a": "a", "b": "b"})
    allowed = needs("tables create", scope)
    alias = ("StringEquals", "kms:RequestAlias", "alias/aws/dynamodb")
    assert Allowed("kms:DescribeKey", "arn:aws:kms:eu-west-1:*:key/*", alias) in allowed
    through = ("StringEquals", "kms:ViaService", "dynamodb.eu-west-1.amazonaws.com")
    grants = [each for each in allowed if each.action == "kms:CreateGrant"]
    assert grants == [Allowed("kms:CreateGrant", "arn:aws:kms:eu-west-1:1:key/7", through)]
    assert not [each for each in needs("seed", scope) if each.action == "kms:CreateGrant"]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_other_clouds_of_aws_have_other_arns(region: str, partition: str) -> None:
    """A region decides what its ARNs begin with."""
    scope = Scope(region=region, tables=[Table("a", partition_key="id")], names={"a": "x"})
    assert scope.table("a") == f"arn:{partition}:dynamodb:{region}:*:table/x"


def test_statements_are_shared() -> None:
    """Resources that the same may be done with have one statement, and no action is said twice."""
    allowed = [Allowed("a:B", "x"), Allowed("a:B", "y"), Allowed("a:C", "x"), Allowed("a:B", "x")]
    policy = document([*allowed, Allowed("a:C", "y"), Allowed("a:B", "z")])
    assert [(each["Action"], each["Resource"]) for each in policy["Statement"]] == [
        (["a:B", "a:C"], ["x", "y"]),
        (["a:B"], ["z"]),
    ]
    assert length_of({"a": [1, 2]}) == len('{"a":[1,2]}')


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    def run(*words: str) -> str:
        ran = loadstone("permissions", *words, cwd=tmp_path)
        assert ran.code == 2, ran.out
        return ran.err

    return run


def test_bad_questions_are_told_what_to_do(refused: Callable[..., str]) -> None:
    """An account that is none, a bucket that is missing, and `new` without a table are one line."""
    assert "twelve digits" in refused("cmz", "seed", "--account", "12")
    assert "--bucket NAME" in refused("cmz", "export")
    assert "--from-table" in refused("orders", "new")
    assert "alone" in refused("cmz", "new", "seed", "--from-table", "orders")
    with pytest.raises(BadValue, match="--bucket"):
        needs("import", Scope(region="eu-west-1"))


def test_a_draft_needs_its_table_alone(tmp_path: Path) -> None:
    """`new --from-table` reads one table, which is no system's yet."""
    ran = loadstone("permissions", "orders", "new", "--from-table", "orders-dev", cwd=tmp_path)
    assert ran.code == 0, ran.err
    statements = json.loads(ran.out)["Statement"]
    assert {each for one in statements for each in one["Resource"]} == {
        "*",
        "arn:aws:dynamodb:us-east-1:*:table/orders-dev",
    }


def test_all_commands_at_a_glance(tmp_path: Path) -> None:
    """Without a command there is a line for each; as JSON, a policy for each."""
    ran = loadstone("permissions", "cmz", cwd=tmp_path)
    lines = {line[:14].strip(): line[14:].strip() for line in ran.out.splitlines()}
    assert lines.keys() == NEEDS.keys()
    assert lines["report"] == "nothing"
    assert "GetItem" in lines["run"]
    told = json.loads(loadstone("permissions", "cmz", "--json", cwd=tmp_path).out)
    assert told.keys() == NEEDS.keys()
    assert told["report"]["Statement"] == []


def test_a_policy_that_is_too_long_is_said(tmp_path: Path) -> None:
    """What IAM would refuse for its length is said, with what to do."""
    commands = ["up", "run", "import", "unseed", "tables", "drop"]
    ran = loadstone("permissions", "acs", *commands, "--bucket", "b", cwd=tmp_path)
    assert ran.code == 0
    assert "at most: print one for each command" in ran.err
