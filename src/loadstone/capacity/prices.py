"""What DynamoDB costs where, each price with its source and date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from loadstone.errors import BadValue, NoPrice

DIMENSIONS: Mapping[str, str] = {
    "write_request_million": "a million write request units",
    "read_request_million": "a million read request units",
    "replicated_write_request_million": "a million replicated write request units",
    "write_capacity_hour": "a write capacity unit for an hour",
    "read_capacity_hour": "a read capacity unit for an hour",
    "replicated_write_capacity_hour": "a replicated write capacity unit for an hour",
    "storage_gb_month": "a GB stored for a month",
    "ia_write_request_million": "a million write request units, Standard-IA",
    "ia_read_request_million": "a million read request units, Standard-IA",
    "ia_replicated_write_request_million": "a million replicated write request units, Standard-IA",
    "ia_write_capacity_hour": "a write capacity unit for an hour, Standard-IA",
    "ia_read_capacity_hour": "a read capacity unit for an hour, Standard-IA",
    "ia_replicated_write_capacity_hour": "a replicated write unit for an hour, Standard-IA",
    "ia_storage_gb_month": "a GB stored for a month, Standard-IA",
    "pitr_gb_month": "a GB under point-in-time recovery for a month",
    "backup_gb_month": "a GB of on-demand backup for a month",
    "restore_gb": "a GB restored",
    "export_gb": "a GB exported to S3",
    "incremental_export_gb": "a GB exported to S3 incrementally",
    "import_gb": "a GB imported from S3, uncompressed",
    "stream_read_100k": "100,000 GetRecords calls on a stream, after 2.5 million a month",
    "kinesis_change_million": "a million change data capture units to Kinesis",
    "vector_write_gb": "a GB written to a vector index",
    "vector_search_gb": "a GB searched in a vector index",
    "data_out_gb": "a GB sent to the internet, after 100 GB a month",
    "data_between_regions_gb": "a GB sent to another region",
    "reserved_1y_read_upfront": "100 read units reserved for a year, upfront",
    "reserved_1y_read_hour": "100 read units reserved for a year, each hour",
    "reserved_1y_write_upfront": "100 write units reserved for a year, upfront",
    "reserved_1y_write_hour": "100 write units reserved for a year, each hour",
    "reserved_3y_read_upfront": "100 read units reserved for three years, upfront",
    "reserved_3y_read_hour": "100 read units reserved for three years, each hour",
    "reserved_3y_write_upfront": "100 write units reserved for three years, upfront",
    "reserved_3y_write_hour": "100 write units reserved for three years, each hour",
}

PUBLISHED = "published"
REFRESH = "`loadstone prices update` fetches AWS's own, or give yours with --prices FILE"
#: What costs money, and has no price here: no source states one.
NOT_PRICED = (
    "Database Savings Plans: they take a share off throughput, on demand and provisioned, for an "
    "hourly commitment of a year; no source states the share for DynamoDB",
    "warm throughput above its default",
    "taxes, support, CloudWatch, KMS, and data transfer beyond its first tier",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price in USD. `basis` is PUBLISHED where the source states it, else how it was made."""

    region: str
    dimension: str
    usd: Decimal
    source: str
    as_of: str
    basis: str = PUBLISHED

    def __post_init__(self) -> None:
        if self.dimension not in DIMENSIONS:
            raise BadValue(f"no price is called {self.dimension!r}: {', '.join(DIMENSIONS)}")

    @property
    def what(self) -> str:
        return DIMENSIONS[self.dimension]

    def age_days(self, on: date) -> int:
        """A month without a day is counted from its first."""
        return (on - date_of(self.as_of)).days

    def to_json(self) -> dict[str, str]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return values | {"usd": str(self.usd)}

    @classmethod
    def from_json(cls, values: Mapping[str, str]) -> Self:
        try:
            return cls(**{**values, "usd": Decimal(values["usd"])})  # type: ignore[arg-type]
        except (TypeError, KeyError, InvalidOperation) as error:
            raise BadValue(f"no price: {dict(values)}") from error


class Prices:
    """A table of prices. A price that is not there is an error, never zero."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices = {(price.region, price.dimension): price for price in prices}

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(sorted({region for region, _ in self._prices}))

    def price(self, region: str, dimension: str) -> Price:
        try:
            return self._prices[region, dimension]
        except KeyError:
            known = sorted(r for r, other in self._prices if other == dimension)
            raise NoPrice(
                f"no price for {region} ({DIMENSIONS.get(dimension, dimension)}); there is one for "
                f"{', '.join(known) or 'no region'}; {REFRESH}, in the form of Loadstone's "
                "prices.toml"
            ) from None

    def __iter__(self) -> Iterator[Price]:
        return iter(self._prices.values())

    def of_region(self, region: str) -> tuple[Price, ...]:
        """Every price of a region: what a run keeps in its header."""
        return tuple(price for (name, _), price in self._prices.items() if name == region)

    def with_file(self, path: Path) -> Prices:
        """These prices, those of a file before them."""
        return Prices([*self, *read_prices(path)])


class Noted(Prices):
    """Prices that remember which of them were asked for."""

    def __init__(self, prices: Iterable[Price]) -> None:
        super().__init__(prices)
        self._asked: set[tuple[str, str]] = set()

    def price(self, region: str, dimension: str) -> Price:
        found = super().price(region, dimension)
        self._asked.add((region, dimension))
        return found

    @property
    def asked(self) -> tuple[Price, ...]:
        """By region, and in the order of DIMENSIONS."""
        order = list(DIMENSIONS)
        every = sorted(self._asked, key=lambda each: (each[0], order.index(each[1])))
        return tuple(self._prices[each] for each in every)


def date_of(as_of: str) -> date:
    """2026-08-15, or 2026-08 for its first day."""
    try:
        return date.fromisoformat(as_of if len(as_of) > len("2026-08") else f"{as_of}-01")
    except ValueError as error:
        raise BadValue(f"{as_of!r} is no date of a price: write 2026-08-15, or 2026-08") from error


@cache
def builtin_prices() -> Prices:
    text = resources.files("loadstone.capacity").joinpath("prices.toml").read_text("utf-8")
    return Prices(_parse(text, "prices.toml"))


def read_prices(path: Path) -> list[Price]:
    """The prices in a file of the form of prices.toml."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadValue(
            f"there is no file {path} to read prices from: `loadstone prices update --out {path}` "
            "writes one; leave it out for the built-in ones"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"cannot read prices from {path}: {error}") from error
    return _parse(text, str(path))


def _parse(text: str, name: str) -> list[Price]:
    try:
        return [price for entry in tomllib.loads(text)["list"] for price in _prices_of(entry)]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(f"{name} is no table of prices: {error}") from error
    except BadValue as error:
        raise BadValue(f"{name}: {error}") from error


def _prices_of(entry: Mapping[str, Any]) -> Iterable[Price]:
    """Each has a source and a date, and is above zero: what is not known is left out."""
    common = {name: value for name, value in entry.items() if name != "usd"}
    for dimension, usd in entry["usd"].items():
        price = Price.from_json({**common, "dimension": dimension, "usd": str(usd)})
        date_of(price.as_of)
        if not price.usd.is_finite() or price.usd <= 0 or not price.source:
            raise BadValue(
                f"the price in {price.region} of {price.what} wants a source and more than zero"
            )
        yield price
