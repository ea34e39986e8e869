"""Prices out of the Price List API, and the file that `loadstone prices update` keeps them in."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadstone.aws.price_list import products
from loadstone.capacity.price_file import VARIABLE, known_prices, save, user_file
from loadstone.capacity.price_list import prices_in
from loadstone.capacity.prices import DIMENSIONS, Price, Prices, builtin_prices, read_prices
from loadstone.cli.prices import prices
from loadstone.errors import BadValue, NoPrice, TargetError
from tests.commands import Ran, loadstone
from tests.price_list import IRELAND, VIRGINIA, price_list_api, product

TODAY = "2026-11-21"


def usd_of(*texts: str) -> dict[tuple[str, str], str]:
    found = prices_in(texts, TODAY)
    return {(price.region, price.dimension): f"{price.usd:f}" for price in found.prices}


def test_every_trap_is_passed() -> None:
    """Free tiers, Standard-IA, replicated writes, products without a group, prices for one unit or
    for a hundred, and regions without a prefix: each price is the one that is meant."""
    assert usd_of(*IRELAND, *VIRGINIA) == {
        ("eu-west-1", "write_request_million"): "0.705",
        ("eu-west-1", "read_request_million"): "0.1415",
        ("eu-west-1", "ia_write_request_million"): "0.885",
        ("eu-west-1", "ia_read_request_million"): "0.177",
        ("eu-west-1", "replicated_write_request_million"): "0.7051",
        ("eu-west-1", "write_capacity_hour"): "0.000735",
        ("eu-west-1", "read_capacity_hour"): "0.000147",
        ("eu-west-1", "replicated_write_capacity_hour"): "0.000736",
        ("eu-west-1", "storage_gb_month"): "0.283",
        ("eu-west-1", "ia_storage_gb_month"): "0.1132",
        ("eu-west-1", "pitr_gb_month"): "0.22",
        ("eu-west-1", "stream_read_100k"): "0.022",
        ("eu-west-1", "vector_search_gb"): "0.0023",
        ("eu-west-1", "reserved_1y_read_upfront"): "33.9",
        ("eu-west-1", "reserved_1y_read_hour"): "0.0029",
        ("eu-west-1", "reserved_1y_write_upfront"): "169.5",
        ("eu-west-1", "reserved_1y_write_hour"): "0.0145",
        ("us-east-1", "write_request_million"): "0.625",
        ("us-east-1", "ia_write_request_million"): "0.78",
        ("us-east-1", "pitr_gb_month"): "0.2",
    }


def test_the_order_of_products_is_nothing_to_a_price() -> None:
    """Whatever comes first, the same prices are found."""
    assert usd_of(*IRELAND) == usd_of(*reversed(IRELAND))


def test_what_is_left_out_is_said() -> None:
    """What has no price above zero, and what Loadstone does not price, are named, not zero."""
    found = prices_in(IRELAND, TODAY)
    assert found.left_out == {
        "DataTransfer-Out-Bytes": "Loadstone has no use for it",
        "ExportDataSize-Bytes": "it has no price above zero",
    }


def test_two_prices_for_one_thing_are_no_price() -> None:
    """Where the answer contradicts itself, nothing is guessed."""
    twice = [
        product("EU-WriteRequestUnits", ("0", usd), group="DDB-WriteUnits")
        for usd in ("0.000000705", "0.0000008")
    ]
    found = prices_in([*twice, IRELAND[1]], TODAY)
    assert [price.dimension for price in found.prices] == ["read_request_million"]
    assert "several prices: 0.705" in found.left_out["write_request_million in eu-west-1"]


def test_another_group_or_currency_is_no_price() -> None:
    """A usage type of an unexpected group, and a price in another currency, are left out."""
    other = product("EU-WriteRequestUnits", ("0", "1"), group="DDB-Other")
    yuan = product("CNN1-ReadRequestUnits", ("0", "1"), group="DDB-ReadUnits", currency="CNY")
    assert usd_of(other, yuan) == {}


def test_a_reservation_hangs_on_its_capacity_too() -> None:
    """A reserved term on the product of the capacity itself is read like one of its own."""
    found = usd_of(
        product(
            "EU-ReadCapacityUnit-Hrs",
            ("0", "0.000147"),
            group="DDB-ReadUnits",
            reserved={"1yr": [("Quantity", "33.9"), ("ReadCapacityUnit-Hrs", "0.0029")]},
        )
    )
    assert found["eu-west-1", "reserved_1y_read_hour"] == "0.0029"
    assert found["eu-west-1", "read_capacity_hour"] == "0.000147"


def test_prices_have_the_date_of_their_publication() -> None:
    """A price is dated by its product, or by the day it was asked for."""
    dated, undated = IRELAND[0], json.loads(IRELAND[1])
    del undated["publicationDate"]
    found = prices_in([dated, json.dumps(undated)], TODAY)
    assert {price.dimension: price.as_of for price in found.prices} == {
        "write_request_million": "2026-10-01",
        "read_request_million": TODAY,
    }
    assert {price.age_days(date(2026, 11, 21)) for price in found.prices} == {0, 51}


def test_what_is_no_product_is_refused() -> None:
    """An answer that is not of the published shape is an error that shows it."""
    with pytest.raises(BadValue, match="no product: 'nope'"):
        prices_in(["nope"], TODAY)


@pytest.fixture
def credentials(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_every_page_is_read(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of an answer are asked for; a region's alone where one is named."""
    with price_list_api([*IRELAND, *VIRGINIA]) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", url)
        assert list(products()) == [*IRELAND, *VIRGINIA]
        assert list(products(["us-east-1"])) == VIRGINIA
        assert list(products(["us-east-1", "eu-west-1"])) == [*VIRGINIA, *IRELAND]


def test_who_may_not_ask_is_told(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Denied access names what must be allowed, and silence where nothing answered."""
    with price_list_api([], code="AccessDeniedException") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", url)
        with pytest.raises(TargetError, match=r"does not allow .*pricing:GetProducts"):
            list(products())
    with pytest.raises(TargetError, match=f"nothing answers at {url}"):
        list(products())


def update(folder: Path, url: str, *arguments: str) -> Ran:
    environ = {
        "AWS_ENDPOINT_URL_PRICING": url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    return loadstone("prices", "update", *arguments, cwd=folder, environ=environ)


def test_update_keeps_prices_for_every_later_command(tmp_path: Path) -> None:
    """Fetched prices go to the user's file, what changed is said, and every command reads them
    before the built-in ones, which stay where nothing was fetched."""
    with price_list_api([*IRELAND, *VIRGINIA]) as url:
        ran = update(tmp_path, url)
    file = tmp_path / ".config" / "loadstone" / "prices.toml"
    assert ran.code == 0, ran.err
    assert f"20 prices of 2 regions are in {file}" in ran.out
    assert "a million replicated write request units was 0.705 USD, and is 0.7051" in ran.out
    assert "left out: DataTransfer-Out-Bytes" in ran.err
    listed = loadstone("prices", "--region", "eu-west-1", "--json", cwd=tmp_path)
    usd = {each["dimension"]: each["usd"] for each in json.loads(listed.out)["prices"]}
    assert usd["replicated_write_request_million"] == "0.7051"
    assert usd["reserved_3y_read_upfront"] == "40.68"
    assert str(file) in loadstone("prices", cwd=tmp_path).out


def test_update_of_an_unknown_region_changes_nothing(tmp_path: Path) -> None:
    """A region that the Price List does not have is said, and no file is written."""
    with price_list_api(VIRGINIA) as url:
        ran = update(tmp_path, url, "--region", "us-east-1", "--region", "mars-1")
    assert ran.code == 2
    assert "nothing for mars-1" in ran.err
    assert not (tmp_path / ".config").exists()


def test_a_second_update_keeps_the_rest(tmp_path: Path) -> None:
    """A file of prices keeps those of other regions, and has the newest of each."""
    path = tmp_path / "mine.toml"
    first, second = prices_in(IRELAND, TODAY).prices, prices_in(VIRGINIA, TODAY).prices
    save(first, path)
    save(second, path)
    assert set(read_prices(path)) == {*first, *second}
    odd = Price(
        region="eu-west-1",
        dimension="write_request_million",
        usd=Decimal("0.5"),
        source='ours, "as agreed" \\ \x7f é\n2026',
        as_of="2026-11",
        basis="estimated",
    )
    save([odd], path)
    held = Prices(read_prices(path))
    assert held.price("eu-west-1", "write_request_million") == odd
    assert len(list(held)) == len(first) + len(second)


def test_the_users_file_has_its_place(tmp_path: Path) -> None:
    """The file is where the environment says, else in the folder for configuration; a file that
    is given goes before it."""
    assert user_file({"XDG_CONFIG_HOME": "/etc/x"}) == Path("/etc/x/loadstone/prices.toml")
    assert user_file({VARIABLE: ""}) is None
    own, given = tmp_path / "own.toml", tmp_path / "given.toml"
    for path, usd in ((own, "1"), (given, "2")):
        path.write_text(
            '[[list]]\nregion = "eu-west-2"\nsource = "a contract"\nas_of = "2026-11"\n'
            f'[list.usd]\nwrite_request_million = "{usd}"\nexport_gb = "{usd}"\n'
        )
    environ = {VARIABLE: str(own)}
    given.write_text(given.read_text().replace('export_gb = "2"\n', ""))
    known = known_prices(given, environ)
    assert known.price("eu-west-2", "write_request_million").usd == 2
    assert known.price("eu-west-2", "export_gb").usd == 1
    assert known.price("us-east-1", "export_gb") == builtin_prices().price("us-east-1", "export_gb")
    assert list(known_prices(environ={VARIABLE: ""})) == list(builtin_prices())


def test_prices_are_listed_with_their_age() -> None:
    """Every region is listed with the age of its prices, and what has no price is named."""
    listed = CliRunner().invoke(prices, []).output
    for region in builtin_prices().regions:
        assert region in listed
    assert "not priced: Database Savings Plans" in listed
    assert "`loadstone prices update`" in listed
    of_one = CliRunner().invoke(prices, ["--region", "ap-northeast-2"]).output
    assert "no price  a GB stored for a month" in of_one
    assert "0.68  a million write request units" in of_one
    assert "2026-06-12, " in of_one
    assert of_one.count("\n") > len(DIMENSIONS)
    unknown = CliRunner().invoke(prices, ["--region", "mars-1"]).exception
    assert isinstance(unknown, NoPrice)
    assert "us-east-1" in str(unknown)
