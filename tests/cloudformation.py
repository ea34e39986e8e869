"""What a CloudFormation template of tables may be: a JSON Schema after its reference."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_UNITS = {
    "type": "object",
    "properties": {
        "ReadCapacityUnits": {"type": "integer", "minimum": 1},
        "WriteCapacityUnits": {"type": "integer", "minimum": 1},
    },
    "required": ["ReadCapacityUnits", "WriteCapacityUnits"],
    "additionalProperties": False,
}
_KEY_SCHEMA = {
    "type": "array",
    "minItems": 1,
    "maxItems": 2,
    "items": {
        "type": "object",
        "properties": {"AttributeName": _TEXT, "KeyType": {"enum": ["HASH", "RANGE"]}},
        "required": ["AttributeName", "KeyType"],
        "additionalProperties": False,
    },
}
#: "AWS::DynamoDB::Table" in the CloudFormation template reference, as far as we write it.
PROPERTIES: dict[str, Any] = {
    "TableName": {"type": "string", "pattern": r"^[A-Za-z0-9_.-]{3,255}$"},
    "KeySchema": _KEY_SCHEMA,
    "AttributeDefinitions": {
        "type": "array",
        "uniqueItems": True,
        "items": {
            "type": "object",
            "properties": {"AttributeName": _TEXT, "AttributeType": {"enum": ["S", "N", "B"]}},
            "required": ["AttributeName", "AttributeType"],
            "additionalProperties": False,
        },
    },
    "BillingMode": {"enum": ["PAY_PER_REQUEST", "PROVISIONED"]},
    "ProvisionedThroughput": _UNITS,
    "DeletionProtectionEnabled": {"type": "boolean"},
    "Tags": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"Key": _TEXT, "Value": _TEXT},
            "required": ["Key", "Value"],
            "additionalProperties": False,
        },
    },
    "GlobalSecondaryIndexes": {
        "type": "array",
        "maxItems": 20,
        "items": {
            "type": "object",
            "properties": {
                "IndexName": {"type": "string", "pattern": r"^[A-Za-z0-9_.-]{3,255}$"},
                "KeySchema": _KEY_SCHEMA,
                "Projection": {
                    "type": "object",
                    "properties": {
                        "ProjectionType": {"enum": ["ALL", "KEYS_ONLY", "INCLUDE"]},
                        "NonKeyAttributes": {"type": "array", "items": _TEXT, "maxItems": 20},
                    },
                    "required": ["ProjectionType"],
                    "additionalProperties": False,
                },
                "ProvisionedThroughput": _UNITS,
            },
            "required": ["IndexName", "KeySchema", "Projection"],
            "additionalProperties": False,
        },
    },
    "StreamSpecification": {
        "type": "object",
        "properties": {
            "StreamViewType": {
                "enum": ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
            }
        },
        "required": ["StreamViewType"],
        "additionalProperties": False,
    },
    "SSESpecification": {
        "type": "object",
        "properties": {
            "SSEEnabled": {"const": True},
            "SSEType": {"const": "KMS"},
            # "Only if the key is different from the default DynamoDB key".
            "KMSMasterKeyId": {"type": "string", "not": {"const": "alias/aws/dynamodb"}},
        },
        "required": ["SSEEnabled"],
        "additionalProperties": False,
    },
    "TimeToLiveSpecification": {
        "type": "object",
        "properties": {"AttributeName": _TEXT, "Enabled": {"type": "boolean"}},
        "required": ["Enabled"],
        "additionalProperties": False,
    },
    "PointInTimeRecoverySpecification": {
        "type": "object",
        "properties": {
            "PointInTimeRecoveryEnabled": {"type": "boolean"},
            "RecoveryPeriodInDays": {"type": "integer", "minimum": 1, "maximum": 35},
        },
        "additionalProperties": False,
    },
}
TEMPLATE = {
    "type": "object",
    "properties": {
        "AWSTemplateFormatVersion": {"const": "2010-09-09"},
        "Description": {"type": "string", "maxLength": 1024},
        "Resources": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z0-9]{1,255}$"},
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "Type": {"const": "AWS::DynamoDB::Table"},
                    "DeletionPolicy": {"const": "Retain"},
                    "UpdateReplacePolicy": {"const": "Retain"},
                    "Properties": {
                        "type": "object",
                        "properties": PROPERTIES,
                        "required": ["KeySchema", "AttributeDefinitions"],
                        "additionalProperties": False,
                    },
                },
                "required": ["Type", "Properties"],
                "dependentRequired": {"DeletionPolicy": ["UpdateReplacePolicy"]},
                "additionalProperties": False,
            },
        },
    },
    "required": ["Resources"],
    "additionalProperties": False,
}
