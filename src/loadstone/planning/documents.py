"""What a system's document says of prices, beside those that a plan reckons with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from loadstone.capacity.prices import DIMENSIONS
from loadstone.errors import BadContent, NoPrice
from loadstone.planning.terms import Terms
from loadstone.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedRow:
    """`now_usd` is None where there is no price. `until` is the day from which AWS has charged
    otherwise than the document says, "" where it is as it was."""

    what: str
    documented_usd: Decimal
    now_usd: Decimal | None
    source: str
    until: str


def documented_rows(system: System, terms: Terms) -> tuple[DocumentedRow, ...]:
    return tuple(_rows(system, terms))


def _rows(system: System, terms: Terms) -> Iterator[DocumentedRow]:
    for each in system.documented_prices:
        if each.dimension not in DIMENSIONS:
            raise BadContent(
                f"DOCUMENTED_PRICES of {system.id}: no price is called {each.dimension!r}; there "
                f"are {', '.join(DIMENSIONS)}"
            )
        try:
            now: Decimal | None = terms.prices.price(terms.region, each.dimension).usd
        except NoPrice:
            now = None
        yield DocumentedRow(
            what=DIMENSIONS[each.dimension],
            documented_usd=Decimal(each.usd),
            now_usd=now,
            source=each.source,
            until=each.until,
        )
