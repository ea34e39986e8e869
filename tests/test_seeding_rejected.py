"""Deleting from a table that rejects an item: it is tried again, and not forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadstone.client.answer import Answer
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.seeding.unseed import Means, Unseeding
from tests import shop
from tests.past import Tried
from tests.seeding_fakes import Heard


@pytest.fixture
def tried(target: Target, tmp_path: Path) -> Tried:
    """The shop's tables, which hold 400 items."""
    made = Tried(shop.shop_system(), target, tmp_path)
    made.open(scale=400, as_of=datetime(2026, 1, 1, tzinfo=UTC)).seed()
    return made


class Refusing:
    """A client of a table that does not delete one item."""

    def __init__(self, client: Client, key: str) -> None:
        self._client, self._key = client, key.encode()

    def send(self, operation: str, body: bytes, *, deadline_ns: int | None = None) -> Answer:
        if operation == "BatchWriteItem" and self._key in body:
            answer = self._client.send("GetItem", b"{}")
            answer.attempts = (answer.attempts[0]._replace(code="ValidationException"),)
            return answer
        return self._client.send(operation, body)


def test_what_was_not_deleted_is_tried_again(tried: Tried) -> None:
    """An item that a table does not delete is still to be deleted, and the next call does it."""
    odd = tried.items("customers")[7]["id"]
    with Client(tried.target) as client:
        means = Means(
            progress=Heard(), stop=Means.silent().stop, client=Refusing(client, f'"{odd}"')
        )
        report = Unseeding(tried.open()).run(means)
    assert report.rejected >= 1
    assert sum(Unseeding(tried.open()).left.values()) == report.rejected
    assert Unseeding(tried.open()).run(Means.silent()).rejected == 0
    assert not any(tried.items(table.name) for table in tried.system.tables)
    assert not tried.open().held
