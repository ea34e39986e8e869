"""Tables for CloudFormation and Terraform: read back, they are the documented ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loadstone.aws.cloudformation import template
from loadstone.aws.hcl import Block as Written
from loadstone.aws.live import LiveTable, Unread, from_description
from loadstone.aws.settings import findings
from loadstone.aws.tables import Wanted, wanted_tables
from loadstone.aws.terraform import configuration
from loadstone.naming import Naming
from loadstone.system import load_system, system_names
from loadstone.table import Index, Table, Throughput
from tests.cloudformation import TEMPLATE
from tests.commands import loadstone
from tests.hcl import Block, Reader

EVERYTHING = Table(
    "orders",
    partition_key="customer",
    sort_key="at",
    indexes=(
        Index("by-state", partition_key="state", sort_key="at"),
        Index("by-total", partition_key="total", projection="INCLUDE", include=("note", "city")),
        Index("by-city", partition_key="city", projection="KEYS_ONLY"),
    ),
    key_types={"total": "N"},
    ttl="expires",
    pitr_days=7,
    kms_key="alias/orders",
    stream="KEYS_ONLY",
    deletion_protection=True,
)
PROVISIONED = Table(
    "fixed-capacity",
    partition_key="id",
    provisioned=Throughput(read_units=100, write_units=50),
    indexes=(
        Index(
            "own", partition_key="a", provisioned=Throughput(read_units=3, write_units=4)
        ),
        Index("tables", partition_key="b"),
    ),
    kms_key="alias/aws/dynamodb",
)  # fmt: skip


def wanted_of(name: str) -> list[Wanted]:
    if name == "made":
        tables: Sequence[Table] = (EVERYTHING, PROVISIONED, Table("small", partition_key="id"))
    else:
        tables = load_system(name).tables
    return wanted_tables(tables, Naming(prefix="x-", stage="ci").names(tables, {}), system="shop")


SYSTEMS = ["made", *system_names()]


@pytest.fixture(params=SYSTEMS)
def wanted(request: pytest.FixtureRequest) -> list[Wanted]:
    return wanted_of(request.param)


def differing(each: Wanted, live: LiveTable) -> list[str]:
    """What would not be as documented, were the live table the one that was read back."""
    found = findings(each.table, live, tags=each.tags)
    assert live.name == each.name
    return [str(finding) for finding in found]


# ---- CloudFormation


def from_template(properties: Mapping[str, Any]) -> LiveTable:
    """The table that CloudFormation would make: its properties as DescribeTable tells them."""
    described = {**properties, "TableArn": "arn"}
    if stream := properties.get("StreamSpecification"):
        described["StreamSpecification"] = {**stream, "StreamEnabled": True}
    if encryption := properties.get("SSESpecification"):
        key = encryption.get("KMSMasterKeyId", "alias/aws/dynamodb")
        described["SSEDescription"] = {"Status": "ENABLED", "KMSMasterKeyArn": key}
    described["BillingModeSummary"] = {"BillingMode": properties["BillingMode"]}
    ttl = properties.get("TimeToLiveSpecification", {})
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    return from_description(
        described,
        ttl=ttl["AttributeName"] if ttl.get("Enabled") else None,
        pitr_days=recovery.get("RecoveryPeriodInDays")
        if recovery.get("PointInTimeRecoveryEnabled")
        else None,
        tags={each["Key"]: each["Value"] for each in properties.get("Tags", ())},
    )


def test_a_template_is_as_cloudformation_wants_it(wanted: list[Wanted]) -> None:
    """A template has only properties that AWS::DynamoDB::Table has, with values that it takes."""
    jsonschema.Draft202012Validator(TEMPLATE).validate(template(wanted, description="tables"))


def test_a_template_makes_the_documented_tables(wanted: list[Wanted]) -> None:
    """Read back, each table of a template is as documented, setting by setting, in its order."""
    resources = list(template(wanted, description="tables")["Resources"].values())
    assert len(resources) == len(wanted)
    for each, resource in zip(wanted, resources, strict=True):
        assert differing(each, from_template(resource["Properties"])) == []


def test_the_schema_finds_what_is_wrong() -> None:
    """A property of CreateTable's that CloudFormation does not know is refused by the schema."""
    made = template(wanted_of("made"), description="tables")
    made["Resources"]["Orders"]["Properties"]["StreamSpecification"]["StreamEnabled"] = True
    with pytest.raises(jsonschema.ValidationError, match="StreamEnabled"):
        jsonschema.Draft202012Validator(TEMPLATE).validate(made)


def test_what_is_kept_on_deletion_is_retained() -> None:
    """Every table of acs is retained by its stack, however it would go; none of cmz is."""
    for resource in template(wanted_of("acs"), description="")["Resources"].values():
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    (table,) = template(wanted_of("cmz"), description="")["Resources"].values()
    assert "DeletionPolicy" not in table


def test_logical_ids_are_told_apart() -> None:
    """Names that differ in punctuation alone, or that begin with a digit, get ids of their own."""
    tables = [Table(name, partition_key="id") for name in ("a-b", "a_b", "a.b", "3-things")]
    made = wanted_tables(tables, {each.name: f"x{each.name}" for each in tables}, system="s")
    assert list(template(made, description="")["Resources"]) == ["AB", "AB2", "AB3", "Table3Things"]


# ---- Terraform


def read_back(text: str) -> tuple[list[Block], dict[str, str]]:
    """The tables of a configuration, and the keys that they may refer to."""
    blocks = list(Reader(text).blocks())
    tables = [block for block in blocks if block.labels[0] == "aws_dynamodb_table"]
    keys = [block for block in blocks if block.labels[0] == "aws_kms_key"]
    assert len(tables) + len(keys) == len(blocks)
    assert {block.type for block in tables} == {"resource"}
    assert {block.type for block in keys} <= {"data"}
    return tables, {
        f"data.aws_kms_key.{block.labels[1]}.arn": block.arguments["key_id"] for block in keys
    }


def from_configuration(block: Block, keys: Mapping[str, str]) -> LiveTable:
    """The table that Terraform would make, as DescribeTable tells it."""
    said = block.arguments
    described: dict[str, Any] = {
        "TableName": said["name"],
        "TableArn": "arn",
        "KeySchema": _schema(said),
        "AttributeDefinitions": [
            {"AttributeName": each.arguments["name"], "AttributeType": each.arguments["type"]}
            for each in block.all("attribute")
        ],
        "BillingModeSummary": {"BillingMode": said["billing_mode"]},
        "ProvisionedThroughput": _units(said),
        "DeletionProtectionEnabled": said["deletion_protection_enabled"],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": each.arguments["name"],
                "KeySchema": _schema(each.arguments),
                "Projection": {
                    "ProjectionType": each.arguments["projection_type"],
                    "NonKeyAttributes": each.arguments.get("non_key_attributes", []),
                },
                "ProvisionedThroughput": _units(each.arguments),
            }
            for each in block.all("global_secondary_index")
        ],
        "StreamSpecification": {
            "StreamEnabled": said.get("stream_enabled", False),
            "StreamViewType": said.get("stream_view_type"),
        },
    }
    if (encryption := block.one("server_side_encryption")) and encryption.arguments["enabled"]:
        (named,) = encryption.arguments.get("kms_key_arn", (None,))
        key = keys[named] if named else "alias/aws/dynamodb"
        described["SSEDescription"] = {"Status": "ENABLED", "KMSMasterKeyArn": key}
    ttl, recovery = block.one("ttl"), block.one("point_in_time_recovery")
    days: int | Unread | None = recovery.arguments["recovery_period_in_days"] if recovery else None
    return from_description(
        described,
        ttl=ttl.arguments["attribute_name"] if ttl else None,
        pitr_days=days,
        tags=said["tags"],
    )


def _schema(said: Mapping[str, Any]) -> list[dict[str, str]]:
    kinds = {"HASH": said["hash_key"], "RANGE": said.get("range_key")}
    return [{"AttributeName": name, "KeyType": kind} for kind, name in kinds.items() if name]


def _units(said: Mapping[str, Any]) -> dict[str, int]:
    return {
        "ReadCapacityUnits": said.get("read_capacity", 0),
        "WriteCapacityUnits": said.get("write_capacity", 0),
    }


def test_a_configuration_makes_the_documented_tables(wanted: list[Wanted]) -> None:
    """Read back, each table of a configuration is as documented, setting by setting."""
    tables, keys = read_back(configuration(wanted, description="tables"))
    assert len({tuple(block.labels) for block in tables}) == len(wanted)
    for each, block in zip(wanted, tables, strict=True):
        assert differing(each, from_configuration(block, keys)) == []
        kept = block.one("lifecycle")
        assert (kept is not None) is each.table.deletion_protection


def test_a_configuration_has_only_known_arguments(wanted: list[Wanted]) -> None:
    """A table has only arguments and blocks of aws_dynamodb_table."""
    known = {
        *("name", "billing_mode", "read_capacity", "write_capacity", "hash_key", "range_key"),
        *("stream_enabled", "stream_view_type", "deletion_protection_enabled", "tags"),
    }
    parts = {
        *("attribute", "global_secondary_index", "ttl", "point_in_time_recovery"),
        *("server_side_encryption", "lifecycle"),
    }
    for block in read_back(configuration(wanted, description=""))[0]:
        assert block.arguments.keys() <= known
        assert {each.type for each in block.blocks} <= parts


def test_terraform_would_lay_it_out_so(wanted: list[Wanted], tmp_path: Path) -> None:
    """Terraform itself reads the configuration, and `terraform fmt` finds nothing to change."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("there is no terraform on PATH; our own reader has read the same text")
    (tmp_path / "tables.tf").write_text(configuration(wanted, description="tables") + "\n")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", "-no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_provider_finds_it_valid(wanted: list[Wanted], tmp_path: Path) -> None:
    """`terraform validate` passes, with the AWS provider that a folder of plugins has
    (LOADSTONE_TERRAFORM_PLUGINS), or that Terraform can fetch."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("there is no terraform on PATH")
    (tmp_path / "tables.tf").write_text(configuration(wanted, description="tables") + "\n")
    plugins = os.environ.get("LOADSTONE_TERRAFORM_PLUGINS")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [terraform, *words, "-no-color"],
            cwd=tmp_path,
            env=environ | {"CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    made = run("init", "-backend=false", *([f"-plugin-dir={plugins}"] if plugins else []))
    if made.returncode:
        assert plugins is None, made.stderr
        pytest.skip("Terraform cannot fetch the AWS provider here")
    valid = run("validate")
    assert valid.returncode == 0, valid.stdout + valid.stderr


def test_texts_cannot_break_out() -> None:
    """Quotes, and what would begin a template, are written as the characters that they are."""
    odd = {"tag": '"${var.x}" %{ if } \\'}
    block = Written(type="resource", labels=("a", "b"), arguments={"tags": odd})
    (read,) = Reader("\n".join(block.lines())).blocks()
    assert read.arguments["tags"] == odd


# ---- the command


def test_show_prints_each_format(tmp_path: Path) -> None:
    """`tables show --format` prints what can be piped into a file, under the names of a stage, with
    the capacity that is asked for; nothing is asked of any target."""
    there = ("tables", "show", "acs", "--stage", "ci", "--billing", "provisioned:7rcu,3wcu")
    made = loadstone(*there, "--format", "cloudformation", cwd=tmp_path)
    properties = json.loads(made.out)["Resources"]["RlAi"]["Properties"]
    assert properties["TableName"] == "acsd2p-ci-RL_AI"
    assert properties["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    tables, _ = read_back(loadstone(*there, "--format", "terraform", cwd=tmp_path).out)
    assert [block.arguments["write_capacity"] for block in tables] == [3] * 13
    assert list(tmp_path.iterdir()) == []
    assert loadstone(*there, "--json", cwd=tmp_path).out == (
        loadstone(*there, "--format", "json", cwd=tmp_path).out
    )
