"""Tables as a CloudFormation template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from loadstone.aws.request import create_request
from loadstone.naming import words_of

if TYPE_CHECKING:
    from loadstone.aws.tables import Wanted

#: The key that is meant where none is named; a template that names it is changed at each update.
OWN_KEY = "alias/aws/dynamodb"
RETAIN = "Retain"


def template(wanted: Sequence[Wanted], *, description: str) -> dict[str, Any]:
    """AWS::DynamoDB::Table for each, as its document describes it and with Loadstone's tag.

    A table that is kept on deletion is kept by the stack too.
    """
    ids = _distinct(_logical_id(each.table.name) for each in wanted)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description[:1024],
        "Resources": {name: _resource(each) for name, each in zip(ids, wanted, strict=True)},
    }


def _resource(each: Wanted) -> dict[str, Any]:
    kept = {"DeletionPolicy": RETAIN, "UpdateReplacePolicy": RETAIN}
    return {
        "Type": "AWS::DynamoDB::Table",
        **(kept if each.table.deletion_protection else {}),
        "Properties": _properties(each),
    }


def _properties(each: Wanted) -> dict[str, Any]:
    """CreateTable's arguments in CloudFormation's words, and what CreateTable has not."""
    table = each.table
    found = create_request(table, each.name, each.tags)
    if table.stream:
        found["StreamSpecification"] = {"StreamViewType": table.stream}
    if table.kms_key:
        named = {} if table.kms_key == OWN_KEY else {"KMSMasterKeyId": table.kms_key}
        found["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", **named}
    if table.ttl:
        found["TimeToLiveSpecification"] = {"AttributeName": table.ttl, "Enabled": True}
    if table.pitr_days:
        found["PointInTimeRecoverySpecification"] = {
            "PointInTimeRecoveryEnabled": True,
            "RecoveryPeriodInDays": table.pitr_days,
        }
    return found


def _logical_id(name: str) -> str:
    """Letters and digits alone: `cmz-conversations` is CmzConversations."""
    letters = "".join(word.capitalize() for word in words_of(name))
    return letters if letters[:1].isalpha() else f"Table{letters}"


def _distinct(names: Iterable[str]) -> list[str]:
    """Two that differ in punctuation alone are told apart by a number."""
    found: list[str] = []
    for name in names:
        times = sum(each == name or each.rstrip("0123456789") == name for each in found)
        found.append(f"{name}{times + 1}" if name in found else name)
    return found
