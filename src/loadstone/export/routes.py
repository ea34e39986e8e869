"""Writing item by item, or importing from S3: what each costs and takes at this size. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from loadstone.capacity.prices import Price, Prices
from loadstone.capacity.spend import Estimate, bill, import_cost_usd
from loadstone.errors import NoPrice

#: AWS publishes no rate of ImportTable, only that it depends on sizes, keys and files ("DynamoDB
#: data import from Amazon S3: how it works"). These two are ours, to have something to compare.
ASSUMED_START_S = 300.0
ASSUMED_BYTES_PER_S = 50_000_000


UNKNOWN = "not known"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Both routes for one data set, into tables that are new. A cost is None where the region has
    no price; `unpriced` says which."""

    write_usd: Decimal | None
    write_s: float
    provisioned: bool  # whether some of the tables are paid by the hour
    import_usd: Decimal | None
    import_s: float
    prices: tuple[Price, ...]
    unpriced: tuple[str, ...]

    @property
    def cheaper(self) -> str:
        if self.import_usd is None or self.write_usd is None:
            return UNKNOWN
        return "importing" if self.import_usd < self.write_usd else "writing"

    @property
    def faster(self) -> str:
        return "importing" if self.import_s < self.write_s else "writing"

    def as_dict(self) -> dict[str, Any]:
        return {
            "writing": {"usd": _number(self.write_usd), "least_s": round(self.write_s, 1)},
            "importing": {"usd": _number(self.import_usd), "assumed_s": round(self.import_s, 1)},
            "cheaper": self.cheaper,
            "faster": self.faster,
            "assumed": {
                "import_start_s": ASSUMED_START_S,
                "import_bytes_per_s": ASSUMED_BYTES_PER_S,
            },
            "prices": [price.to_json() for price in self.prices],
        }


def routes(
    estimate: Estimate, unpacked_bytes: int, largest_bytes: int, prices: Prices, region: str
) -> Routes:
    """`largest_bytes`: of the largest table; tables are imported side by side."""
    unpriced: list[str] = []

    def known(ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except NoPrice as error:
            unpriced.append(str(error))
            return None

    billed = known(lambda: bill(estimate, prices, region))
    paid = known(lambda: prices.price(region, "import_gb"))
    return Routes(
        write_usd=billed.on_demand_usd if billed else None,
        write_s=estimate.least_s,
        provisioned=bool(estimate.provisioned),
        import_usd=import_cost_usd(prices, region, unpacked_bytes) if paid else None,
        import_s=ASSUMED_START_S + largest_bytes / ASSUMED_BYTES_PER_S,
        prices=(*(billed.prices if billed else ()), *((paid,) if paid else ())),
        unpriced=tuple(unpriced),
    )


def _number(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)
