"""Prices with their sources, and the money made of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from loadstone.capacity.money import cost, request_cost_usd, storage_usd_per_month
from loadstone.capacity.prices import Price, Prices, builtin_prices
from loadstone.errors import BadValue, NoPrice


def test_every_builtin_price_has_a_source_and_a_date() -> None:
    """No price in the table is without a source, a date, and a value above zero."""
    prices = builtin_prices()
    assert len(prices.regions) == 16
    for region in prices.regions:
        for price in prices.of_region(region):
            assert price.source
            assert len(price.as_of) >= len("2024-11")
            assert price.usd > 0


@pytest.mark.parametrize(
    ("read", "write", "usd"),
    [
        (0, 2_000_000, "1.25"),  # a million puts of 1.6 KB
        (500_000, 0, "0.0625"),  # a million eventually consistent reads of 4 KB
        (0, 2 * 1_000_000, "1.25"),  # a million transactional writes of 1 KB
    ],
)
def test_request_cost(read: float, write: float, usd: str) -> None:
    """Units cost what the price list of us-east-1 says."""
    assert request_cost_usd(builtin_prices(), "us-east-1", read, write) == Decimal(usd)


def test_cost_of_going_on() -> None:
    """A month is 730 hours of the load."""
    spent = cost(builtin_prices(), "us-west-2", consumed=(1e6, 1e6), per_s=(100.0, 10.0))
    assert spent.so_far_usd == Decimal("0.75")
    assert spent.usd_per_hour == (100 * Decimal("0.125") + 10 * Decimal("0.625")) * 3600 / 10**6
    assert spent.usd_per_month == spent.usd_per_hour * 730
    assert spent.storage_usd_per_month is None
    assert {price.dimension for price in spent.prices} == {
        "read_request_million",
        "write_request_million",
    }


def test_storage_counts_a_hundred_bytes_an_entry() -> None:
    """Items and index entries are billed with 100 bytes each on top."""
    entries = [(1024**3 // 200, 1024**3 // 2), (1024**3 // 200, 1024**3 // 2)]
    usd = storage_usd_per_month(builtin_prices(), "us-east-1", entries)
    assert usd == pytest.approx(Decimal("0.50"))


def test_a_region_without_a_price_is_an_error_that_says_what_to_do() -> None:
    """A price that is not known is never zero: the message names the region and the way out."""
    with pytest.raises(NoPrice, match=r"no price for eu-west-2 .*--prices FILE") as caught:
        builtin_prices().price("eu-west-2", "write_request_million")
    assert "us-east-1" in str(caught.value)
    with pytest.raises(NoPrice, match="no price for mars-1"):
        request_cost_usd(builtin_prices(), "mars-1", 1, 1)


def test_a_file_of_prices_goes_before_the_builtin_ones(tmp_path: Path) -> None:
    """Prices given in a file are used, and the rest stay."""
    file = tmp_path / "prices.toml"
    file.write_text(
        '[[list]]\nregion = "eu-west-2"\nsource = "our contract"\nas_of = "2026-01-01"\n'
        '[list.usd]\nwrite_request_million = "0.5"\n'
    )
    prices = builtin_prices().with_file(file)
    assert prices.price("eu-west-2", "write_request_million").usd == Decimal("0.5")
    assert prices.price("us-east-1", "write_request_million").usd == Decimal("0.625")


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "",
        '[[list]]\nregion = "x"\n[list.usd]\nwrite_request_million = "1"\n',
        '[[list]]\nregion="x"\nsource="s"\nas_of="2026-01-01"\n[list.usd]\nfree_lunch = "1"\n',
        '[[list]]\nregion="x"\nsource="s"\nas_of="2026"\n[list.usd]\nexport_gb = "much"\n',
    ],
)
def test_a_file_that_is_no_table_of_prices_is_refused(text: str, tmp_path: Path) -> None:
    """A malformed price file is one line of error, whatever is wrong with it."""
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(BadValue):
        builtin_prices().with_file(file)


def test_prices_survive_the_record_of_a_run() -> None:
    """A price written to a run's header reads back the same."""
    prices = builtin_prices().of_region("eu-west-1")
    assert tuple(Price.from_json(price.to_json()) for price in prices) == prices
    assert Prices(prices).regions == ("eu-west-1",)


def test_a_file_of_prices_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """The message names the file and what writes one, and no number of an error."""
    with pytest.raises(BadValue, match=r"there is no file .*nope.toml to read prices") as caught:
        builtin_prices().with_file(tmp_path / "nope.toml")
    assert "Errno" not in str(caught.value)
    assert "loadstone prices update --out" in str(caught.value)
