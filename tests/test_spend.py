"""What work will cost: the arithmetic, what is said of it, and who is asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from loadstone.aws.endpoint import is_local
from loadstone.capacity.money import no_less
from loadstone.capacity.prices import Price, Prices, builtin_prices
from loadstone.capacity.spend import Arm, Estimate, Meter, bill, import_cost_usd
from loadstone.capacity.till import Billed, Till
from loadstone.cli.spend import WRITE, Spending, Usd, agreed, in_words, priced, spend_options
from loadstone.client.target import Target
from loadstone.errors import BadValue, NoPrice, Refused
from loadstone.table import Throughput
from tests.as_aws import dear_prices
from tests.seeding_fakes import TARGET

PRICES = builtin_prices()
REGION = "us-west-2"
AWS = replace(TARGET, kind="aws")
HELD = Throughput(read_units=10, write_units=100)
MILLION = 1_000_000.0

ON_DEMAND = Arm(table="letters", items=1000, size_bytes=5_000_000, write_units=2 * MILLION)
ITS_INDEX = Arm(table="letters", index="ByUser", items=1000, write_units=MILLION)
PROVISIONED = Arm(table="stamps", items=10, size_bytes=100, write_units=6000.0, capacity=HELD)


def estimate(*arms: Arm) -> Estimate:
    own = [arm for arm in arms if arm.index is None]
    return Estimate(
        items=sum(arm.items for arm in own),
        size_bytes=sum(arm.size_bytes for arm in own),
        requests=41,
        arms=arms,
    )


def spending(**changes: object) -> Spending:
    return replace(Spending(prices=PRICES), **changes)  # type: ignore[arg-type]


def test_on_demand_each_unit_is_paid_for() -> None:
    """Units of a table and of its indexes cost what the region's list says of request units."""
    found = bill(estimate(ON_DEMAND, ITS_INDEX), PRICES, REGION)
    assert found.on_demand_usd == 3 * PRICES.price(REGION, "write_request_million").usd
    assert found.provisioned_usd_per_hour == 0
    assert {price.dimension for price in found.prices} == {
        "read_request_million",
        "write_request_million",
    }


def test_provisioned_capacity_is_paid_by_the_hour() -> None:
    """Units of a provisioned table add nothing; its capacity costs its hours, used or not."""
    found = bill(estimate(PROVISIONED), PRICES, REGION)
    read, write = (PRICES.price(REGION, f"{kind}_capacity_hour").usd for kind in ("read", "write"))
    assert found.on_demand_usd == 0
    assert found.provisioned_usd_per_hour == 10 * read + 100 * write
    both = bill(estimate(PROVISIONED, ON_DEMAND), PRICES, REGION)
    assert both.on_demand_usd == 2 * PRICES.price(REGION, "write_request_million").usd
    assert both.provisioned_usd_per_hour == found.provisioned_usd_per_hour


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 10**6)), max_size=8))
def test_a_meter_counts_what_is_billed(consumed: list[tuple[str, int]]) -> None:
    """Spent is the price of the units of tables on demand, and of no other."""
    writes: dict[tuple[str, str | None], float] = {}
    for number, (table, units) in enumerate(consumed):
        writes[table, str(number)] = float(units)
    meter = Meter(PRICES, REGION, {"a"})
    of_b = sum(units for table, units in consumed if table == "b")
    assert meter.usd({}, writes) == of_b * PRICES.price(REGION, "write_request_million").usd / 10**6


def test_time_is_that_of_the_slowest() -> None:
    """Tables and indexes work side by side: the one whose capacity lasts longest decides."""
    assert estimate(PROVISIONED).least_s == 60
    assert estimate(PROVISIONED, ON_DEMAND).least_s == 2 * MILLION / 4000
    assert estimate().least_s == 0


def test_joined_work_adds_up() -> None:
    """Writing and then counting is one estimate, with the units of both on each arm."""
    counting = Estimate(
        items=5, size_bytes=7, requests=2, arms=(replace(ON_DEMAND, write_units=0, read_units=9),)
    )
    both = estimate(ON_DEMAND, ITS_INDEX).joined(counting)
    assert both.arms[0] == replace(ON_DEMAND, read_units=9)
    assert both.arms[1] == ITS_INDEX
    assert (both.items, both.requests) == (1000, 43)
    assert estimate(ITS_INDEX).joined(counting).read_units == 9


def test_an_import_is_paid_by_its_bytes() -> None:
    """100 GiB of files cost 15 USD in us-east-1, however many items are in them."""
    assert import_cost_usd(PRICES, "us-east-1", 100 * 1024**3) == 15


@pytest.mark.parametrize(
    ("target", "arms", "words"),
    [
        (AWS, (ON_DEMAND, ITS_INDEX), "about 1.88 USD on demand (prices of us-west-2 as of 2"),
        (AWS, (ON_DEMAND,), "-05, estimated); time"),
        (AWS, (replace(ON_DEMAND, write_units=9.0),), "cost: less than 0.01 USD on demand"),
        (AWS, (PROVISIONED,), "nothing more than the 0.07 USD an hour of provisioned capacity"),
        (AWS, (ON_DEMAND, PROVISIONED), "about 1.25 USD on demand, beside 0.07 USD an hour"),
        (AWS, (ON_DEMAND,), "at least 8 min 20 s, by what a new on-demand table takes (letters)"),
        (AWS, (PROVISIONED,), "at least 1 min 0 s, by its capacity (stamps)"),
        (replace(AWS, region="mars-1"), (ON_DEMAND,), "not known, there is no price for mars-1"),
        (replace(TARGET, kind="embedded"), (ON_DEMAND,), "none, a local engine costs nothing"),
        (AWS, (ON_DEMAND, ITS_INDEX), "3,000,000 WCU, 1,000,000 of them of indexes"),
        (AWS, (ON_DEMAND,), "to be written: 1,000 items, 5.0 MB, about 41 requests; letters in "),
    ],
)
def test_three_lines_say_it(target: Target, arms: tuple[Arm, ...], words: str) -> None:
    """What, how many units, money and time are told in three lines."""
    what = estimate(*arms)
    lines = in_words(what, priced(what, target, spending()), target, WRITE)
    assert len(lines) == 3
    assert words in "\n".join(lines)


def ask(
    *flags: str, typed: str | None = None, target: Target = AWS, what: Estimate | None = None
) -> Result:
    """A command that only asks."""

    @click.command()
    @spend_options
    def command(spending: Spending) -> None:
        well = agreed(what or estimate(ON_DEMAND), target, spending, WRITE)
        click.echo("goes on" if well else "ends")

    return CliRunner().invoke(command, flags, input=typed or "")


@pytest.mark.parametrize(
    ("flags", "typed", "well"),
    [([], "y\n", True), ([], "n\n", False), ([], "", False), (["--yes"], None, True)],
)
def test_only_a_yes_goes_on(flags: list[str], typed: str | None, well: bool) -> None:
    """The estimate is shown on stderr, and only a yes goes on; `--yes` is one."""
    result = ask(*flags, typed=typed)
    assert "about 1.25 USD on demand" in result.stderr
    assert ("goes on" in result.stdout) is well
    assert isinstance(result.exception, Refused) is not well


def test_above_the_budget_is_refused() -> None:
    """More than the budget is refused with exit 2, whoever says yes; what is within is not."""
    refused = ask("--yes", "--budget", "1.24")
    assert isinstance(refused.exception, Refused)
    assert refused.exception.exit_code == 2
    assert "about 1.25 USD is above the budget of 1.24 USD" in str(refused.exception)
    assert "goes on" in ask("--yes", "--budget", "1.25").stdout
    narrowly = ask("--yes", "--budget", "1.2499")
    assert "about 1.25 USD is above the budget of 1.2499 USD" in str(narrowly.exception)


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        ("0", "0.00"),
        ("0.00121", "0.0013"),
        ("0.000643", "0.00065"),
        ("0.0996", "0.100"),
        ("0.1", "0.10"),
        ("1.241", "1.25"),
        ("1234.5", "1,234.50"),
    ],
)
def test_what_is_above_a_budget_reads_as_above_it(usd: str, said: str) -> None:
    """What something costs is rounded up, and small amounts keep two digits: one that is above a
    budget of a tenth of a cent does not read as a cent, nor as less than the budget."""
    assert no_less(Decimal(usd)) == said
    assert Decimal(said.replace(",", "")) >= Decimal(usd)


def test_a_budget_needs_a_price() -> None:
    """Where no price is known a budget cannot be held, and that is said; without one it goes on."""
    mars = replace(AWS, region="mars-1")
    assert isinstance(ask("--yes", "--budget", "5", target=mars).exception, NoPrice)
    assert "goes on" in ask("--yes", target=mars).stdout


def test_prices_of_a_file_go_first(tmp_path: Path) -> None:
    """`--prices FILE` prices the work."""
    result = ask("--yes", "--prices", str(dear_prices(tmp_path)))
    assert "about 20,000.00 USD on demand" in result.stderr


@pytest.mark.parametrize("target", [AWS, TARGET, replace(TARGET, kind="embedded")])
def test_a_dry_run_only_tells(target: Target) -> None:
    """`--dry-run` prints on stdout, ends well and asks nobody, on any target and any budget."""
    result = ask("--dry-run", "--budget", "0.01", target=target)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 4
    assert result.stdout.endswith("ends\n")


def test_a_local_engine_is_not_asked_about() -> None:
    """Nothing is said of a local engine, but that a budget is not in play there."""
    local = replace(TARGET, url="http://127.0.0.1:8000")
    silent = ask(target=local)
    assert (silent.stdout, silent.stderr) == ("goes on\n", "")
    told = ask("--budget", "5", target=local)
    assert told.stdout == "goes on\n"
    assert "--budget is not in play" in told.stderr


def test_an_endpoint_elsewhere_is_asked_about() -> None:
    """An endpoint that is not of this network may be anybody's: it is asked about."""
    elsewhere = replace(TARGET, url="https://db.example.com")
    assert isinstance(ask(target=elsewhere).exception, Refused)
    assert "goes on" in ask("--yes", target=elsewhere).stdout


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://dynamodb-local:8000", True),
        ("http://10.1.2.3:8000", True),
        ("http://host.docker.internal:8000", True),
        ("https://dynamodb.us-west-2.amazonaws.com", False),
        ("https://8.8.8.8", False),
        ("https://db.example.com", False),
    ],
)
def test_what_is_local(url: str, local: bool) -> None:
    """This machine, its network and neighbours by a bare name are local; all else is not."""
    assert is_local(url) is local


@pytest.mark.parametrize("text", ["0", "-1", "much", "NaN", "Infinity", ""])
def test_a_budget_is_an_amount(text: str) -> None:
    """What is no amount of money above zero is refused."""
    with pytest.raises(BadValue, match="write it in USD"):
        Usd().convert(text, None, None)
    assert Usd().convert("0.50", None, None) == Decimal("0.5")


def test_a_meter_without_a_price_fails_at_once() -> None:
    """A price that is not known shows before anything is spent."""
    with pytest.raises(NoPrice):
        Meter(Prices([]), REGION)


def test_each_table_is_billed_in_its_region() -> None:
    """What tables of several regions consume adds up at each region's prices; provisioned ones
    cost nothing more, and those that nobody names are billed where the others of their kind are."""
    prices = Prices(
        Price(region=region, dimension=f"{kind}_request_million", usd=usd, source="", as_of="")
        for region, usd in (("near", Decimal(10**6)), ("far", Decimal(10**7)))
        for kind in ("read", "write")
    )
    billed = (
        Billed("near", frozenset({"a", "held"}), frozenset({"held"})),
        Billed("far", frozenset({"b"})),
        Billed("near", None),
    )
    till = Till(billed, prices)
    assert till.add({("a", "i"): (1, 1), ("held", None): (99, 99), ("b", None): (0, 1)}) == 12
    assert till.add({("by hand", None): (1, 0)}) == 13
    assert till.add({("b", None): (2, 0)}) == 33
    with pytest.raises(NoPrice):
        Till(billed, Prices([]))
