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

NOTE = {"pk": "note#0", "sk": "NOTE"}


def connect(environment: Any, **_: Any) -> None:
    settings = Config(
        max_pool_connections=environment.parsed_options.num_users or 1,
        retries={"mode": "standard", "max_attempts": 1},
    )
    resource = boto3.resource("dynamodb", endpoint_url=environment.host, config=settings)
    ResourceUser.table = resource.Table("bench")
    ResourceUser.note = ResourceUser.table.get_item(Key=NOTE)["Item"]


events.test_start.add_listener(connect)  # type: ignore[no-untyped-call]


class ResourceUser(User):
    table: ClassVar[Any]
    note: ClassVar[dict[str, Any]]
    wait_time = constant(0)

    @task
    def call(self) -> None:
        call, name = CALLS[os.environ["BENCH_CALL"]]
        began = perf_counter()
        problem: Exception | None = None
        try:
            answer = call(self)
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


def get(user: ResourceUser) -> dict[str, Any]:
    found: dict[str, Any] = user.table.get_item(Key=NOTE)
    return found


def put(user: ResourceUser) -> dict[str, Any]:
    item = {**user.note, "pk": f"draft#{uuid4()}", "sk": "DRAFT"}
    found: dict[str, Any] = user.table.put_item(Item=item)
    return found


def query(user: ResourceUser) -> dict[str, Any]:
    found: dict[str, Any] = user.table.query(KeyConditionExpression=Key("pk").eq("owner-0"))
    return found


CALLS: dict[str, tuple[Callable[[ResourceUser], dict[str, Any]], str]] = {
    "get": (get, "get-note"),
    "put": (put, "put-draft"),
    "query": (query, "query-messages"),
}
