"""What a test is given: the engine's address, tables by name, and a data set at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import BadContent, BadValue, UnknownName
from loadstone.testing.calls import Calls, EngineRefused
from loadstone.testing.environment import ACCESS_KEY, SECRET_KEY
from loadstone.testing.front import HOST
from loadstone.testing.stage import Stage

_INSIDE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Database:
    """A DynamoDB of the test's own, empty when the test begins."""

    def __init__(self, stage: Stage, region: str) -> None:
        self._stage, self.region = stage, region

    @property
    def endpoint(self) -> str:
        """Its address, the same in every test of a session."""
        return self._stage.front.url

    @property
    def client_options(self) -> dict[str, str]:
        """What a client is made with that does not look at the environment:
        `boto3.client("dynamodb", **dynamodb.client_options)`."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }

    def tables(self) -> list[str]:
        """The names of the tables that there are."""
        names: list[str] = []
        request: dict[str, Any] = {}
        with self._calls() as calls:
            while True:
                page = calls("ListTables", request)
                names += page["TableNames"]
                if not (last := page.get("LastEvaluatedTableName")):
                    return names
                request = {"ExclusiveStartTableName": last}

    def describe(self, table: str) -> Mapping[str, Any] | None:
        """A table as DynamoDB describes it; None where there is none."""
        with self._calls() as calls:
            try:
                described: Mapping[str, Any] = calls("DescribeTable", {"TableName": table})["Table"]
            except EngineRefused as refused:
                if refused.code == "ResourceNotFoundException":
                    return None
                raise
        return described

    def _calls(self) -> Calls:
        return Calls(HOST, self._stage.current.port)

    def __repr__(self) -> str:
        return f"<DynamoDB for tests at {self.endpoint}>"


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an entity, by their number."""

    dataset: Dataset
    entity: Entity
    names: Mapping[str, str]

    def __call__(self, number: int) -> dict[str, Any]:
        """The n-th item, counted from 0, as plain values."""
        if not isinstance(number, int):
            called = attribute_of(self.entity.name)
            raise BadValue(
                f"ds.{called}({number!r}): an item has a number from 0 to {len(self) - 1}, as "
                f"ds.{called}(0); all of them are list(ds.{called})"
            )
        return self.dataset.item(self.entity, number)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self(number)

    def __len__(self) -> int:
        return self.dataset.count(self.entity)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every item, as plain values."""
        return map(self, range(len(self)))

    def of(self, parent: Items, number: int) -> list[dict[str, Any]]:
        """What belongs to an item of another entity: `ds.order.of(ds.customer, 3)`."""
        if not isinstance(parent, Items):
            raise BadValue(
                f"of({parent!r}, …): first the items that they belong to, as ds names them, then "
                f"which one of those: ds.{attribute_of(self.entity.name)}.of(ds.…, 0)"
            )
        parent(number)  # which says so where there is none
        numbers = self.dataset.children(parent.entity, number, self.entity)
        return [self(each) for each in numbers]

    @property
    def table(self) -> str:
        """What its table is called in the engine."""
        if self.entity.table is None:
            raise BadContent(f"{self.entity.name} is in no table: it is only referred to")
        return self.names[self.entity.table.name]

    def key(self, number: int) -> dict[str, Any]:
        """The n-th item's primary key."""
        item = self(number)
        table = self.entity.table
        return {name: item[name] for name in table.key} if table else {}


class Seeded:
    """A data set that is in the tables: `ds.lead(3)` is the fourth Lead."""

    def __init__(self, dataset: Dataset, names: Mapping[str, str]) -> None:
        self.dataset, self.tables = dataset, names
        self._by_name = {
            attribute_of(name): Items(dataset, entity, names)
            for name, entity in dataset.system.entities.items()
        }

    def __getattr__(self, name: str) -> Items:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._by_name[name]
        except KeyError:
            known = list(self._by_name)
            system = self.dataset.system.id
            raise AttributeError(str(UnknownName.among(f"{system} item", name, known))) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._by_name})

    def __len__(self) -> int:
        return self.dataset.stored

    def __repr__(self) -> str:
        return f"<{self.dataset.system.id}: {len(self):,} items>"


def attribute_of(entity: str) -> str:
    """`EVDataCollection` as a name in Python: `ev_data_collection`."""
    return _INSIDE.sub("_", entity).lower()
