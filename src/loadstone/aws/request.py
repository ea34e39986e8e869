"""A Table as the request that makes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loadstone.table import Index, Table, Throughput


def create_request(table: Table, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of CreateTable."""
    request: dict[str, Any] = {
        "TableName": name,
        "KeySchema": _key_schema(table.key),
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": table.key_type(key)}
            for key in table.key_attributes
        ],
        "BillingMode": table.billing_mode,
        "DeletionProtectionEnabled": table.deletion_protection,
    }
    if tags:
        request["Tags"] = tag_list(tags)
    if table.provisioned:
        request["ProvisionedThroughput"] = _units(table.provisioned)
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index, table) for index in table.indexes]
    if table.stream:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream}
    if table.kms_key:
        request["SSESpecification"] = {
            "Enabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": table.kms_key,
        }
    return request


def billing_request(table: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of UpdateTable that set the billing, and those of each index apart."""
    if table.provisioned is None:
        return {"BillingMode": table.billing_mode}, {}
    indexes = {
        index.name: {
            "Update": {
                "IndexName": index.name,
                "ProvisionedThroughput": _units(index.provisioned or table.provisioned),
            }
        }
        for index in table.indexes
    }
    whole: dict[str, Any] = {
        "BillingMode": table.billing_mode,
        "ProvisionedThroughput": _units(table.provisioned),
    }
    if indexes:
        whole["GlobalSecondaryIndexUpdates"] = list(indexes.values())
    return whole, indexes


def tag_list(tags: Mapping[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _index(index: Index, table: Table) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.include:
        projection["NonKeyAttributes"] = list(index.include)
    request: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": _key_schema(index.key),
        "Projection": projection,
    }
    if table.provisioned:
        request["ProvisionedThroughput"] = _units(index.provisioned or table.provisioned)
    return request


def _key_schema(key: tuple[str, ...]) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(key, kinds, strict=False)
    ]


def _units(units: Throughput) -> dict[str, int]:
    return {"ReadCapacityUnits": units.read_units, "WriteCapacityUnits": units.write_units}
