"""What people write: a Locust user that calls boto3's resource, and tells Locust of each call.

One resource for all users, with a connection for each: a resource a user takes 10 MB.
"""

import os
from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar
from uuid import uuid4

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from locust import User, constant, events, task

from benchmarks.measured import measure

measure()

BODY = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 14


def connect(environment: Any, **_: Any) -> None:
    settings = Config(
        max_pool_connections=environment.parsed_options.num_users or 1,
        retries={"mode": "standard", "max_attempts": 1},
    )
    resource = boto3.resource("dynamodb", endpoint_url=environment.host, config=settings)
    ResourceUser.table = resource.Table("bench")


events.test_start.add_listener(connect)  # type: ignore[no-untyped-call]


class ResourceUser(User):
    table: ClassVar[Any]
    wait_time = constant(0)

    @task
    def call(self) -> None:
        call, name = CALLS[os.environ["BENCH_CALL"]]
        began = perf_counter()
        problem: Exception | None = None
        try:
            answer = call(self.table)
        except Exception as error:
            answer, problem = {}, error
        self.environment.events.request.fire(
            request_type="DynamoDB",
            name=name,
            response_time=(perf_counter() - began) * 1000,
            response_length=len(answer.get("Items", ())),
            exception=problem,
            context={},
            response=None,
        )


def get(table: Any) -> dict[str, Any]:
    found: dict[str, Any] = table.get_item(Key={"pk": "note#0", "sk": "NOTE"})
    return found


def put(table: Any) -> dict[str, Any]:
    item = {"pk": f"draft#{uuid4()}", "sk": "DRAFT", "body": BODY}
    found: dict[str, Any] = table.put_item(Item=item)
    return found


def query(table: Any) -> dict[str, Any]:
    found: dict[str, Any] = table.query(KeyConditionExpression=Key("pk").eq("owner-0"))
    return found


CALLS: dict[str, tuple[Callable[[Any], dict[str, Any]], str]] = {
    "get": (get, "get-note"),
    "put": (put, "put-draft"),
    "query": (query, "query-messages"),
}
