"""A user whose tasks are written by hand: any table, no scenario.

class Mine(DynamoUser):
    wait_time = between(0.1, 0.5)

    @task
    def orders_of_a_customer(self):
        with self.client.expect(rows=range(1, 21)):
            self.client.query(
                "orders",
                KeyConditionExpression="customerId = :id",
                ExpressionAttributeValues={":id": "customer_000001"},
                Limit=20,
            )
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locust.exception import StopUser

from loadstone.errors import LoadstoneError
from loadstone.locust.handmade import HandmadeLoad
from loadstone.locust.load import recording_of
from loadstone.locust.recorded import RecordedUser
from loadstone.run.call import Call
from loadstone.run.header import PatternInfo
from loadstone.scenario.by_hand import Operations


class DynamoUser(RecordedUser):
    """Sends what its tasks ask for, and accounts for every attempt of it.

    `host` is the endpoint, unless `--host` says another: http://localhost:8000, or `aws` for
    DynamoDB itself; none is the project's own engine. `self.client` has the data-plane operations.
    Latency counts from the call of an operation to its last answer.
    """

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if self._idle:
            return
        self._load = _load_of(environment)
        self.client = Operations(
            self._load.client,
            self._count,
            attempts=environment.parsed_options.retries + 1,
            before=self._before,
        )

    def _before(self, written: Sequence[str]) -> None:
        """Before a request: it is not sent when nobody would count it, or nobody may write it."""
        if self._load.ended:
            raise StopUser
        try:
            self._load.guard(written)
        except LoadstoneError as error:
            self.environment.loadstone.fail(str(error))
            raise StopUser from None

    def _count(self, call: Call, info: PatternInfo) -> None:
        self._load.count_as(call, info, self.context())


def handmade_users(environment: Any) -> list[type[DynamoUser]]:
    """The users of a locustfile whose tasks are their own."""
    return [user for user in environment.user_classes if issubclass(user, DynamoUser)]


def name_of(users: Sequence[type[DynamoUser]]) -> str:
    """What their run is called, and what its report is of."""
    return "-".join(sorted(user.__name__ for user in users))


def host_of(users: Sequence[type[DynamoUser]]) -> str | None:
    """What they say of themselves; None is nothing."""
    return next((user.host for user in users if user.host), None)


def _load_of(environment: Any) -> HandmadeLoad:
    found = recording_of(environment, environment.loadstone.handmade)
    assert isinstance(found, HandmadeLoad)
    return found
