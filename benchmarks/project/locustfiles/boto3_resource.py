"""What people write: a Locust user that calls boto3's resource, and tells Locust of each call.

A user has a session and a resource of its own, as boto3 asks of whoever has threads: neither may be
shared. `BENCH_RESOURCES=one` shares one all the same, with a connection for each user, which saves
10 MB a user. They are made before it is measured what is used.
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

NOTE = {"pk": "note#0", "sk": "NOTE"}


def connect(environment: Any, **_: Any) -> None:
    users = environment.parsed_options.num_users or 1
    settings = Config(max_pool_connections=users, retries={"mode": "standard", "max_attempts": 1})

    def table() -> Any:
        resource = boto3.Session().resource(
            "dynamodb", endpoint_url=environment.parsed_options.host, config=settings
        )
        return resource.Table("bench")

    shared = os.environ["BENCH_RESOURCES"] == "one"
    ResourceUser.tables = [table()] * users if shared else [table() for _ in range(users)]
    ResourceUser.note = ResourceUser.tables[0].get_item(Key=NOTE)["Item"]


events.init.add_listener(connect)  # type: ignore[no-untyped-call]
measure()


class ResourceUser(User):
    tables: ClassVar[list[Any]]
    note: ClassVar[dict[str, Any]]
    wait_time = constant(0)

    def on_start(self) -> None:
        self.table = self.tables.pop()

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
