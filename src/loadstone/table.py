"""Tables and their indexes, as a document describes them: frozen data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

from loadstone.errors import BadContent, BadValue
from loadstone.mistakes import check_fields

KeyType = Literal["S", "N", "B"]
StreamView = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
ProjectionType = Literal["ALL", "KEYS_ONLY", "INCLUDE"]

STAGE = re.compile(r"[a-z0-9-]{1,16}")
TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Provisioned capacity: units a second."""

    read_units: int
    write_units: int

    def __post_init__(self) -> None:
        check_fields(self)
        if self.read_units < 1 or self.write_units < 1:
            raise BadValue(f"provisioned capacity starts at 1 unit, not {self}")


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; `inferred` when the document names its purpose but not its key.

    A local one is not declared: its entries live off the table, and there are no more than 10 GB
    of a partition key in all.
    """

    name: str
    _: KW_ONLY
    partition_key: str
    sort_key: str | None = None
    projection: ProjectionType = "ALL"
    include: tuple[str, ...] = ()
    provisioned: Throughput | None = None
    inferred: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.projection == "INCLUDE") != bool(self.include):
            raise BadContent(f"index {self.name}: `include` goes with projection INCLUDE")

    @property
    def key(self) -> tuple[str, ...]:
        return _key(self.partition_key, self.sort_key)


@dataclass(frozen=True, slots=True)
class Table:
    """What is provisioned, with every setting that the document states.

    `name` is the table's name in its document. `physical` is what it is called in an account, where
    that differs: it may hold `{stage}`. `name_from` is an environment variable that, as documented,
    overrides both. `provisioned` is None for on-demand. Keys are strings unless `key_types` says
    otherwise.
    """

    name: str
    _: KW_ONLY
    partition_key: str
    sort_key: str | None = None
    indexes: tuple[Index, ...] = ()
    physical: str = ""
    name_from: str | None = None
    provisioned: Throughput | None = None
    ttl: str | None = None
    pitr_days: int | None = None
    kms_key: str | None = None
    stream: StreamView | None = None
    deletion_protection: bool = False
    key_types: Mapping[str, KeyType] = field(default_factory=dict)
    inferred: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        names = [index.name for index in self.indexes]
        if len(set(names)) != len(names):
            raise BadContent(f"table {self.name}: two indexes have one name")
        if self.pitr_days is not None and not 1 <= self.pitr_days <= 35:
            raise BadContent(f"table {self.name}: point-in-time recovery keeps 1 to 35 days")
        unknown = set(self.key_types) - set(self.key_attributes)
        if unknown:
            raise BadContent(f"table {self.name}: key_types names no key: {sorted(unknown)}")

    @property
    def key(self) -> tuple[str, ...]:
        return _key(self.partition_key, self.sort_key)

    @property
    def key_attributes(self) -> tuple[str, ...]:
        """Every attribute that is a key of the table or of an index, each once."""
        keys = [*self.key, *(name for index in self.indexes for name in index.key)]
        return tuple(dict.fromkeys(keys))

    @property
    def billing_mode(self) -> Literal["PAY_PER_REQUEST", "PROVISIONED"]:
        return "PROVISIONED" if self.provisioned else "PAY_PER_REQUEST"

    def key_type(self, attribute: str) -> KeyType:
        return self.key_types.get(attribute, "S")

    def index(self, name: str) -> Index:
        for index in self.indexes:
            if index.name == name:
                return index
        known = ", ".join(index.name for index in self.indexes) or "none"
        raise BadContent(f"table {self.name} has no index {name!r}; it has {known}")

    def __hash__(self) -> int:
        return hash(self.name)


def _key(partition_key: str, sort_key: str | None) -> tuple[str, ...]:
    return (partition_key,) if sort_key is None else (partition_key, sort_key)
