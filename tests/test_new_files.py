"""Drafts from files: CloudFormation templates and models of NoSQL Workbench."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadstone.contract.contract import content_problems
from loadstone.drafting.cloudformation import read_template
from loadstone.drafting.local_indexes import left_out
from loadstone.drafting.workbench import read_model
from loadstone.errors import BadValue
from loadstone.table import Throughput
from tests.commands import loadstone
from tests.drafted import drafted

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Stage: {Type: String, Default: dev}
  Units: {Type: Number, Default: 7}
Conditions:
  IsBig: !Equals [!Ref Stage, big]
Resources:
  OrdersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub 'shop-orders-${Stage}'
      BillingMode: PROVISIONED
      AttributeDefinitions:
        - {AttributeName: customerId, AttributeType: S}
        - {AttributeName: placedAt, AttributeType: N}
        - {AttributeName: status, AttributeType: S}
      KeySchema:
        - {AttributeName: customerId, KeyType: HASH}
        - {AttributeName: placedAt, KeyType: RANGE}
      ProvisionedThroughput: {ReadCapacityUnits: !Ref Units, WriteCapacityUnits: 5}
      LocalSecondaryIndexes:
        - IndexName: Local
          KeySchema:
            - {AttributeName: customerId, KeyType: HASH}
            - {AttributeName: status, KeyType: RANGE}
          Projection: {ProjectionType: ALL}
      GlobalSecondaryIndexes:
        - IndexName: ByStatus
          KeySchema:
            - {AttributeName: status, KeyType: HASH}
            - {AttributeName: placedAt, KeyType: RANGE}
          Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [total]}
          ProvisionedThroughput:
            ReadCapacityUnits: !If [IsBig, 100, 5]
            WriteCapacityUnits: 5
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      SSESpecification: {SSEEnabled: true, KMSMasterKeyId: !GetAtt Key.Arn}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      DeletionProtectionEnabled: true
  UsersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Join ['-', [!Ref 'AWS::StackName', users]]
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: userId, AttributeType: S}]
      KeySchema: [{AttributeName: userId, KeyType: HASH}]
  Sessions:
    Type: AWS::Serverless::SimpleTable
  Bucket: {Type: AWS::S3::Bucket}
"""


def template(folder: Path, text: str = TEMPLATE, name: str = "template.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_template_is_read_with_its_functions(tmp_path: Path) -> None:
    """Keys, indexes and settings are taken over; a stage in a name is ours, another function leaves
    the name to a variable; a parameter counts by its default; what only a deployment knows is
    said."""
    orders, users, sessions = read_template(template(tmp_path))
    table = orders.table
    assert (table.name, table.physical) == ("shop-orders", "shop-orders-{stage}")
    assert table.key == ("customerId", "placedAt")
    assert table.key_types == {"placedAt": "N"}
    assert table.provisioned == Throughput(read_units=7, write_units=5)
    assert (table.ttl, table.pitr_days, table.stream) == ("ttl", 35, "NEW_IMAGE")
    assert table.deletion_protection
    (index,) = table.indexes
    assert (index.name, index.key) == ("ByStatus", ("status", "placedAt"))
    assert index.include == ("total",)
    assert set(orders.notes) == {
        "Read capacity is !Ref Units: 7 by default.",
        'Read capacity of index ByStatus is !If ["IsBig", 100, 5], which only a deployment knows.',
        "The encryption key is !GetAtt Key.Arn, which only a deployment knows.",
        left_out("Local"),
    }
    assert (users.table.name, users.table.name_from) == ("users", "USERS_TABLE_NAME")
    assert (sessions.table.name, sessions.table.key) == ("Sessions", ("id",))


def test_a_template_in_json_is_the_same(tmp_path: Path) -> None:
    """The long forms of functions, in JSON, say what the short ones do."""
    table: dict[str, Any] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": {"Fn::Sub": "shop-orders-${Stage}"},
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }
    path = template(tmp_path, json.dumps({"Resources": {"Orders": table}}), "template.json")
    (found,) = read_template(path)
    assert (found.table.physical, found.table.provisioned) == ("shop-orders-{stage}", None)


def test_the_serverless_framework_is_read_too(tmp_path: Path) -> None:
    """Resources below `resources`, and a name with several slots."""
    text = """
resources:
  Resources:
    T:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: ${self:service}-connections-${sls:stage}
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
    (found,) = read_template(template(tmp_path, text))
    assert (found.table.name, found.table.name_from) == ("connections", "T_NAME")


def test_a_draft_of_a_template_keeps_the_contract(tmp_path: Path) -> None:
    """Keys and indexes alone make a system that can be seeded and run."""
    system, texts = drafted(tmp_path, *read_template(template(tmp_path)))
    found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert found == []
    assert "only the keys are known" in texts["fixtures/draft.py"]
    assert set(system.patterns) == {
        "one-order",
        "orders-of-customer",
        "orders-by-status",
        "one-user",
        "one-session",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [b", "neither JSON nor YAML"),
        ("just text", "no template"),
        ("a: b", "no Resources"),
        ("Resources: {B: {Type: 'AWS::S3::Bucket'}}", "no table"),
        ("Resources: {T: {Type: 'AWS::DynamoDB::Table'}}", "'AttributeDefinitions' is missing"),
        (
            TEMPLATE.replace("        - {AttributeName: status, AttributeType: S}\n", ""),
            "AttributeDefinitions has no status",
        ),
    ],
)
def test_what_is_no_template_is_said(text: str, says: str, tmp_path: Path) -> None:
    """A file that cannot be read as a template is refused with what is the matter."""
    with pytest.raises(BadValue, match=says):
        read_template(template(tmp_path, text))


def typed(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, dict) else {"S": value} for name, value in item.items()
    }


MODEL = {
    "ModelName": "Clinic",
    "DataModel": [
        {
            "TableName": "Clinic",
            "KeyAttributes": {
                "PartitionKey": {"AttributeName": "PK", "AttributeType": "S"},
                "SortKey": {"AttributeName": "SK", "AttributeType": "S"},
            },
            "NonKeyAttributes": [
                {"AttributeName": "Name", "AttributeType": "S"},
                {"AttributeName": "At", "AttributeType": "S"},
            ],
            "TableFacets": [
                {"FacetName": "Patients", "NonKeyAttributes": ["Name"], "TableData": []},
                {
                    "FacetName": "Visits",
                    "NonKeyAttributes": ["At", "Room", "Fee"],
                    "TableData": [
                        typed(
                            {
                                "PK": f"PAT#{patient}",
                                "SK": f"VIS#{patient}{n}",
                                "At": f"2024-05-0{n}T10:00:00Z",
                                "Room": f"R{n}",
                                "Fee": {"N": str(10 * n)},
                            }
                        )
                        for patient in (1001, 1002)
                        for n in (1, 2)
                    ],
                },
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "ByRoom",
                    "KeyAttributes": {
                        "PartitionKey": {"AttributeName": "Room", "AttributeType": "S"},
                        "SortKey": {"AttributeName": "At", "AttributeType": "S"},
                    },
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["PK", "Fee"]},
                }
            ],
            "TableData": [
                typed({"PK": f"PAT#{n}", "SK": f"PAT#{n}", "Name": name})
                for n, name in ((1001, "Zarathustra"), (1002, "Beelzebub"))
            ],
            "BillingMode": "PROVISIONED",
            "ProvisionedCapacitySettings": {
                "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 2}
            },
        }
    ],
}


def model(folder: Path, content: Any = MODEL) -> Path:
    path = folder / "model.json"
    path.write_text(json.dumps(content))
    return path


def test_a_model_is_read_with_its_facets(tmp_path: Path) -> None:
    """The items of the table and of its facets are one sample; keys are no included attributes."""
    (found,) = read_model(model(tmp_path))
    assert len(found.items) == 6
    assert found.table.provisioned == Throughput(read_units=3, write_units=2)
    assert found.table.indexes[0].include == ("Fee",)
    assert [facet.name for facet in found.facets] == ["Patients", "Visits"]


def test_a_draft_of_a_model_keeps_the_contract(tmp_path: Path) -> None:
    """Entities are called as the facets are, visits belong to patients, and the sample's names are
    not in the files."""
    system, texts = drafted(tmp_path, *read_model(model(tmp_path)))
    found = [each for each in content_problems(system, say=lambda _: None) if each.wrong]
    assert found == []
    assert system.entities["Visit"].parent is system.entities["Patient"]
    assert not any("Zarathustra" in text for text in texts.values())


@pytest.mark.parametrize(
    ("content", "says"),
    [({}, "no DataModel"), ([], "no DataModel"), ({"DataModel": [{}]}, "no model of tables")],
)
def test_what_is_no_model_is_said(content: Any, says: str, tmp_path: Path) -> None:
    """A file that is no model is refused with what is the matter."""
    with pytest.raises(BadValue, match=says):
        read_model(model(tmp_path, content))


def test_files_are_drafted_from_the_command_line(tmp_path: Path) -> None:
    """`new` takes either kind of file, and a file that is not there ends with exit code 2."""
    template(tmp_path)
    model(tmp_path)
    for name, option in (
        ("one", ("--from-cloudformation", "template.yaml")),
        ("two", ("--from-workbench", "model.json")),
    ):
        ran = loadstone("new", name, *option, cwd=tmp_path)
        assert (ran.code, ran.out.splitlines()[0]) == (0, f"fixtures/{name}.py"), ran.err
    ran = loadstone("new", "three", "--from-workbench", "nowhere.json", cwd=tmp_path)
    assert (ran.code, ran.err) == (
        2,
        "loadstone: --from-workbench: nowhere.json cannot be read: No such file or directory\n",
    )
