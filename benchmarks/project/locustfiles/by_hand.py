"""The same calls by hand, with Loadstone's user: plain values in, plain values out."""

import os
from collections.abc import Callable
from uuid import uuid4

from locust import constant, task

from benchmarks.measured import measure
from loadstone.locust import DynamoUser

measure()

NOTE = {"pk": "note#0", "sk": "NOTE"}


class ByHand(DynamoUser):
    wait_time = constant(0)

    def on_start(self) -> None:
        found = self.client.get_item("bench", NOTE)
        assert found.row
        self.note = found.row

    @task
    def call(self) -> None:
        CALLS[os.environ["BENCH_CALL"]](self)


def get(user: ByHand) -> None:
    with user.client.expect(rows=1):
        assert user.client.get_item("bench", NOTE).row


def put(user: ByHand) -> None:
    user.client.put_item("bench", {**user.note, "pk": f"draft#{uuid4()}", "sk": "DRAFT"})


def query(user: ByHand) -> None:
    with user.client.expect(rows=20):
        found = user.client.query(
            "bench",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": "owner-0"},
        )
        assert len(found.rows) == 20


CALLS: dict[str, Callable[[ByHand], None]] = {"get": get, "put": put, "query": query}
