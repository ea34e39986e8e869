"""What a command asks for, and of what: every operation of DynamoDB, and of its neighbours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.between import Between

#: Every Python started with this folder on its path takes its endpoint for AWS, writes down what
#: it asks of other services, and has an answer of theirs.
SITECUSTOMIZE = """
import json, os
from dataclasses import replace
from datetime import timedelta

import loadstone.aws.session as session


def get_metric_data(MetricDataQueries, StartTime, EndTime, **_):
    # A load in every minute, where a test says that there was one.
    if "MEASURED" not in os.environ:
        return {"MetricDataResults": []}
    minutes = int((EndTime - StartTime).total_seconds()) // 60
    stamps = [StartTime + timedelta(minutes=each) for each in range(minutes)]
    values = [60.0] * minutes
    rows = [
        {"Id": each["Id"], "Timestamps": stamps, "Values": values} for each in MetricDataQueries
    ]
    return {"MetricDataResults": rows}


ANSWERS = {
    "list_account_aliases": {"AccountAliases": []},
    "get_caller_identity": {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:user/me"},
    "describe_key": {"KeyMetadata": {"Arn": "arn:aws:kms:us-west-2:000000000000:key/1"}},
    "get_metric_data": get_metric_data,
    "simulate_principal_policy": {"EvaluationResults": []},
}


class Neighbour:
    def __init__(self, service):
        self._service = service

    def get_paginator(self, operation):
        return self

    def paginate(self, **arguments):
        return [self.simulate_principal_policy(**arguments)]

    def __getattr__(self, operation):
        def call(**arguments):
            with open(os.environ["HEARD"], "a") as heard:
                said = json.dumps([self._service, operation, arguments], default=str)
                heard.write(said + "\\n")
            answer = ANSWERS[operation]
            return answer(**arguments) if callable(answer) else answer

        return call


session.neighbour = lambda target, service, **options: Neighbour(service)

import loadstone.aws.target as target
import loadstone.target

resolve = target.resolve_target


def as_aws(**options):
    if options.get("endpoint") == "aws":
        options["endpoint"] = os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
    found = resolve(**options)
    return None if found is None else replace(found, kind="aws")


target.resolve_target = as_aws
"""


@dataclass(frozen=True, order=True, slots=True)
class Asked:
    """An action, as IAM calls it, and the table or index that it is about; "" is none."""

    action: str
    table: str = ""
    index: str = ""


class Recorder(Between):
    """Before the engine: what went through is in `asked`. `denied` operations are refused."""

    def __init__(self, url: str, *, denied: frozenset[str] = frozenset()) -> None:
        super().__init__(url)
        self.asked: set[Asked] = set()
        self._denied = denied

    def answer(self, operation: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.update(asked_of(operation, json.loads(body or b"{}")))
        if operation in self._denied:
            return 400, b'{"__type":"com.amazon.coral.service#AccessDeniedException"}'
        return super().answer(operation, headers, body)


def asked_of(operation: str, request: Mapping[str, Any]) -> Iterator[Asked]:
    """What IAM looks at: "Actions, resources, and condition keys for Amazon DynamoDB". A
    transaction is the actions of its parts."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for part in request["TransactItems"]:
                for kind, of in part.items():
                    action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                    yield Asked(action, of["TableName"])
        case "BatchWriteItem" | "BatchGetItem":
            yield from (Asked(operation, table) for table in request["RequestItems"])
        case "ListTables" | "ListImports":
            yield Asked(operation)
        case "ImportTable":
            yield Asked(operation, request["TableCreationParameters"]["TableName"])
        case "DescribeImport":
            yield Asked(operation, request["ImportArn"].rpartition("table/")[2])
        case _ if "ResourceArn" in request:
            yield Asked(operation, request["ResourceArn"].rpartition("table/")[2])
        case _:
            yield Asked(operation, request["TableName"], request.get("IndexName", ""))
            if operation == "CreateTable" and request.get("Tags"):
                yield Asked("TagResource", request["TableName"])


def environ_recording(folder: Path) -> dict[str, str]:
    """For commands whose neighbours are to be heard; `neighbours` reads it back."""
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    heard = folder / "heard"
    heard.touch()
    return {"PYTHONPATH": str(folder), "AWS_REGION": "us-west-2", "HEARD": str(heard)}


def neighbours(environ: Mapping[str, str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Action and arguments of each call to another service."""
    lines: Sequence[str] = Path(environ["HEARD"]).read_text().splitlines()
    found = []
    for service, operation, arguments in map(json.loads, lines):
        name = "".join(word.capitalize() for word in operation.split("_"))
        found.append((f"{service}:{name}", arguments))
    return found
