"""What units and bytes cost on demand, in a region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from loadstone.capacity.prices import Price, Prices

HOURS_PER_MONTH = 730  # as the AWS pricing calculator counts
BYTES_PER_GB = 1024**3
OVERHEAD_BYTES = 100  # billed for each item and each index entry, see "Billing for DynamoDB"

_MILLION = 1_000_000
_CENT, _DIME = Decimal("0.01"), Decimal("0.10")


def no_less(usd: Decimal) -> str:
    """Rounded up to cents, or below a dime to two digits, so that it reads as no less: `0.0013`."""
    step = _CENT if not usd or usd >= _DIME else Decimal(1).scaleb(usd.adjusted() - 1)
    return f"{usd.quantize(step, ROUND_UP):,f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """On-demand, without free tier and taxes. Storage is None where nobody said what is stored."""

    region: str
    so_far_usd: Decimal
    usd_per_hour: Decimal
    usd_per_month: Decimal
    storage_usd_per_month: Decimal | None
    prices: tuple[Price, ...]

    @property
    def total_usd_per_month(self) -> Decimal:
        return self.usd_per_month + (self.storage_usd_per_month or 0)


def request_cost_usd(prices: Prices, region: str, read_units: float, write_units: float) -> Decimal:
    """Read and write request units of a Standard table on demand."""
    read = prices.price(region, "read_request_million").usd
    write = prices.price(region, "write_request_million").usd
    return (_exact(read_units) * read + _exact(write_units) * write) / _MILLION


def storage_usd_per_month(
    prices: Prices, region: str, entries: Iterable[tuple[int, int]]
) -> Decimal:
    """`entries`: how many items or index entries, and their bytes."""
    stored = sum(size_bytes + items * OVERHEAD_BYTES for items, size_bytes in entries)
    return Decimal(stored) / BYTES_PER_GB * prices.price(region, "storage_gb_month").usd


def cost(
    prices: Prices,
    region: str,
    *,
    consumed: tuple[float, float],
    per_s: tuple[float, float],
    stored: Iterable[tuple[int, int]] | None = None,
) -> Cost:
    """The cost of (read, write) units consumed, and of going on at (read, write) units a second."""
    per_hour = request_cost_usd(prices, region, *per_s) * 3600
    used = ["read_request_million", "write_request_million"]
    storage = None
    if stored is not None:
        storage = storage_usd_per_month(prices, region, stored)
        used.append("storage_gb_month")
    return Cost(
        region=region,
        so_far_usd=request_cost_usd(prices, region, *consumed),
        usd_per_hour=per_hour,
        usd_per_month=per_hour * HOURS_PER_MONTH,
        storage_usd_per_month=storage,
        prices=tuple(prices.price(region, dimension) for dimension in used),
    )


def _exact(units: float) -> Decimal:
    return Decimal(str(units))
