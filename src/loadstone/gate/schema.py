"""What the gate knows of a table: keys, indexes, and what it was created with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from loadstone.capacity.limits import Limit, OnDemand, Provisioned
from loadstone.capacity.throttle_rules import Named


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSchema:
    """A global or local secondary index; `projected` None: every attribute."""

    name: str
    arn: str
    local: bool
    keys: tuple[str, ...]
    projected: frozenset[str] | None
    created: Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A table as DescribeTable describes it."""

    name: str
    arn: str
    partition_key: str
    indexes: Mapping[str, IndexSchema]
    created: Limit

    @property
    def global_indexes(self) -> tuple[IndexSchema, ...]:
        return tuple(index for index in self.indexes.values() if not index.local)

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Schema:
        """Out of the `Table` of a DescribeTable answer."""
        keys = _keys(described)
        on_demand = _is_on_demand(described)
        indexes = [
            _index(index, keys, local=kind == "LocalSecondaryIndexes", on_demand=on_demand)
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
            for index in described.get(kind) or ()
        ]
        return cls(
            name=described["TableName"],
            arn=described.get("TableArn") or described["TableName"],
            partition_key=keys[0],
            indexes={index.name: index for index in indexes},
            created=_created(described, on_demand),
        )


class Schemas:
    """Tables described when they are first met; `describe` gives None for one that is not there."""

    def __init__(self, describe: Callable[[str], Mapping[str, Any] | None]) -> None:
        self._describe = describe
        self._known: dict[str, Schema] = {}

    def __call__(self, table: str) -> Schema | None:
        """The schema of a table by its name or its ARN."""
        name = name_of(table)
        found = self._known.get(name)
        if found is None:
            described = self._describe(name)
            if described is None:
                return None
            found = self._known[name] = Schema.of(described)
        return found

    def named(self, *names: str) -> Named:
        """A table for rules to name: by the name that it is described by, and others it has."""
        schema = self(names[0])
        indexes = tuple(index.name for index in schema.global_indexes) if schema else ()
        return Named(names, indexes)

    def forget(self, table: str) -> None:
        self._known.pop(name_of(table), None)


def name_of(table: str) -> str:
    """A table's name, where requests may give its ARN."""
    return table.rpartition(":table/")[2]


def _index(
    described: Mapping[str, Any], table_keys: tuple[str, ...], *, local: bool, on_demand: bool
) -> IndexSchema:
    keys = _keys(described)
    projection = described.get("Projection") or {}
    projected = None
    if projection.get("ProjectionType", "ALL") != "ALL":
        projected = frozenset((*keys, *table_keys, *projection.get("NonKeyAttributes", ())))
    return IndexSchema(
        name=described["IndexName"],
        arn=described.get("IndexArn") or described["IndexName"],
        local=local,
        keys=keys,
        projected=projected,
        created=_created(described, on_demand),
    )


def _keys(described: Mapping[str, Any]) -> tuple[str, ...]:
    schema = sorted(described["KeySchema"], key=lambda key: key["KeyType"] != "HASH")
    return tuple(key["AttributeName"] for key in schema)


def _is_on_demand(described: Mapping[str, Any]) -> bool:
    mode = (described.get("BillingModeSummary") or {}).get("BillingMode")
    provisioned = described.get("ProvisionedThroughput") or {}
    return mode == "PAY_PER_REQUEST" or not provisioned.get("WriteCapacityUnits")


def _created(described: Mapping[str, Any], on_demand: bool) -> Limit:
    provisioned = described.get("ProvisionedThroughput") or {}
    if not on_demand and provisioned.get("WriteCapacityUnits"):
        return Provisioned(
            read=provisioned["ReadCapacityUnits"], write=provisioned["WriteCapacityUnits"]
        )
    maximum = described.get("OnDemandThroughput") or {}
    return OnDemand(
        max_read=_positive(maximum.get("MaxReadRequestUnits")),
        max_write=_positive(maximum.get("MaxWriteRequestUnits")),
    )


def _positive(units: int | None) -> int | None:
    """-1 is how DynamoDB says that there is no maximum."""
    return units if units and units > 0 else None
