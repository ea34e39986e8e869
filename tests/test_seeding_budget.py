"""Money while it is spent: a seed, a count and a deleting end when their budget is reached."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from gevent.event import Event

from loadstone.capacity.prices import Price, Prices
from loadstone.capacity.spend import Meter
from loadstone.cli.seed import seed as seed_command
from loadstone.cli.unseed import unseed as unseed_command
from loadstone.cli.verify import verify as verify_command
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import Refused
from loadstone.seeding.budget import BudgetReached, Purse, Watchful
from loadstone.seeding.place import Place
from loadstone.seeding.plan import counting_plan, deleting_plan, writing_plan
from loadstone.seeding.progress import Silent
from loadstone.seeding.tally import Tally
from loadstone.seeding.unseed import Means, Unseeding
from loadstone.system import load_system
from tests.as_aws import billed, dear_prices
from tests.past import Tried
from tests.seeding_fakes import FakeTable, load

CMZ = load_system("cmz")
(TABLE,) = CMZ.tables
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place(table=TABLE, name="cmz-test", arn="arn", table_id="1")
#: A unit is a dollar.
DOLLAR = Prices(
    Price(region="r", dimension=f"{kind}_request_million", usd=Decimal(10**6), source="", as_of="")
    for kind in ("read", "write")
)


def purse(budget: int) -> Purse:
    return Purse(Meter(DOLLAR, "r"), Decimal(budget))


class Often(Silent):
    """Looks at a load all the time."""

    every_s = 0.0001

    def __init__(self) -> None:
        self.shown: list[int] = []

    def show(self, tally: Tally) -> None:
        self.shown.append(tally.done)


def test_a_seed_ends_with_its_budget_and_goes_on_with_another(tmp_path: Path) -> None:
    """A seed whose budget is reached finishes what is in flight, leaves the rest, and the same
    command goes on later; every item is written in the end."""
    dataset, table = Dataset(CMZ, scale=20_000, as_of=AS_OF), FakeTable(PLACE)
    inner, stop, money = Often(), Event(), purse(2000)
    report = load(dataset, table, tmp_path, progress=Watchful(inner, money, stop), stop=stop)
    assert money.reached
    assert 2000 <= money.spent_usd < 20_000
    assert report.left > 0
    assert len(table.items) < 20_000
    assert inner.shown[-1] <= len(table.items)
    assert "the budget of 2000 USD is reached" in money.spent
    assert load(dataset, table, tmp_path).left == 0
    assert len(table.items) == 20_000


def test_within_its_budget_a_seed_is_not_disturbed(tmp_path: Path) -> None:
    """A budget that is not reached changes nothing, and the progress ends with all."""
    dataset, table = Dataset(CMZ, scale=700, as_of=AS_OF), FakeTable(PLACE)
    inner, stop = Often(), Event()
    progress = Watchful(inner, purse(701), stop)
    assert load(dataset, table, tmp_path, progress=progress, stop=stop).left == 0
    assert inner.shown[-1] == 700


def test_a_slow_display_is_not_shown_more_often() -> None:
    """The budget is looked at twice a second, and the display at its own pace, and at the end."""
    inner = Often()
    inner.every_s = 10.0
    watchful = Watchful(inner, purse(10**9), Event())
    assert watchful.every_s == 0.5
    for done in range(1, 42):
        watchful.show(Tally(asked=41, written=done))
    assert inner.shown == [1, 21, 41]


def test_what_is_spent_stays_spent() -> None:
    """A second piece of work counts on from what the first one cost."""
    money = purse(10)
    first = Tally(write_units=Counter({("t", None): 6}))
    assert not money.look(first)
    money.keep()
    assert not money.look(Tally(read_units=Counter({("t", None): 3})))
    assert money.look(Tally(read_units=Counter({("t", "i"): 4})))
    with pytest.raises(BudgetReached, match="the budget of 10 USD is reached"):
        money.check(Tally(read_units=Counter({("t", "i"): 4})))


@pytest.fixture
def tried(target: Target, tmp_path: Path) -> Tried:
    return Tried(CMZ, target, tmp_path)


def test_a_plan_is_what_is_consumed(tried: Tried) -> None:
    """What a seed, a count and a deleting are planned to consume is what the engine says that they
    did, within a few percent; a seed that goes on plans for the rest alone."""
    asked = {"scale": 900, "as_of": AS_OF}
    session = tried.open(**asked)
    plan = writing_plan(session)
    assert plan.items == 900
    written = session.seed()
    assert written.write_units == pytest.approx(plan.write_units, rel=0.05)
    assert writing_plan(tried.open()).items == 0
    counting, seen = counting_plan(tried.open()), Tally()

    def watch(tally: Tally) -> None:
        seen.read_units = tally.read_units

    tried.open().verify(check=watch)
    assert seen.read_units.total() == pytest.approx(counting.read_units, rel=0.15)
    work = Unseeding(tried.open())
    deleting = deleting_plan(work.session, work.left)
    deleted = work.run(Means.silent())
    units = sum(sum(table.write_units.values()) for table in deleted.tables)
    assert units == pytest.approx(deleting.write_units, rel=0.05)


def test_a_count_ends_with_its_budget(tried: Tried) -> None:
    """Verifying stops with exit 1 at the first request after its budget is reached."""
    tried.open(scale=300, as_of=AS_OF).seed()
    with pytest.raises(BudgetReached) as caught:
        tried.open().verify(check=purse(5).check)
    assert caught.value.exit_code == 1


class Ran:
    def __init__(self, tried: Tried) -> None:
        self.tried = tried
        self._prices = str(dear_prices(tried.folder))

    def __call__(self, command: object, *flags: str, typed: str = "") -> Result:
        place = ["cmz", "--table-prefix", self.tried.prefix, "--project", str(self.tried.folder)]
        return CliRunner().invoke(
            command,  # type: ignore[arg-type]
            [*place, "--prices", self._prices, *flags],
            input=typed,
        )

    @property
    def stored(self) -> int:
        return len(self.tried.items("cmz-conversations"))


@pytest.fixture
def ran(tried: Tried, monkeypatch: pytest.MonkeyPatch, no_aws: None) -> Ran:
    """Commands against the engine, which they take for AWS. A unit costs a cent."""
    monkeypatch.setattr("loadstone.aws.target.resolve_target", lambda **_: billed(tried.target))
    monkeypatch.setattr("loadstone.target.account_aliases", lambda _: [])
    return Ran(tried)


def test_commands_price_ask_and_refuse(ran: Ran) -> None:
    """On AWS a seed, a verification and a deleting are priced, refused above the budget and without
    a yes, and done with one; `--dry-run` tells and does nothing."""
    asked = ("--scale", "500", "--as-of", "2026-01-01")
    told = ran(seed_command, *asked, "--dry-run", "--json")
    assert told.exit_code == 0, told.output
    plan = orjson.loads(told.stdout)
    assert plan["estimate"]["items"] == 500
    assert {arm["index"] for arm in plan["estimate"]["arms"]} == {
        None,
        *(index.name for index in TABLE.indexes),
    }
    usd = plan["bill"]["on_demand_usd"]
    assert usd == pytest.approx(plan["estimate"]["write_units"] / 100)
    refused = ran(seed_command, *asked, "--yes", "--budget", f"{usd - 0.01:.2f}")
    assert isinstance(refused.exception, Refused)
    assert isinstance(ran(seed_command, *asked).exception, Refused)
    assert ran.stored == 0
    assert not ran.tried.open(scale=1).held
    done = ran(seed_command, *asked, "--budget", f"{usd + 1:.2f}", typed="y\n")
    assert done.exit_code == 0, done.output
    assert "to be written: 500 items" in done.stderr
    assert f"about {Decimal(str(usd)):,.2f} USD on demand" in done.stderr
    assert ran.stored == 500
    again = ran(seed_command)
    assert again.exit_code == 0, again.output
    assert "to be written" not in again.stderr
    assert isinstance(ran(verify_command, "--data").exception, Refused)
    over = ran(verify_command, "--data", "--yes", "--budget", "0.01")
    assert isinstance(over.exception, Refused)
    well = ran(verify_command, "--data", "--yes", "--budget", "50")
    assert "to be counted: 500 items" in well.stderr
    assert "RCU" in well.stderr
    assert isinstance(ran(unseed_command).exception, Refused)
    assert ran.stored == 500
    gone = ran(unseed_command, "--yes")
    assert gone.exit_code == 0, gone.output
    assert ran.stored == 0


def test_a_dry_run_may_suppose(ran: Ran) -> None:
    """Where the tables hold another data set, a dry run says that a seed would be refused, and what
    it would take were they empty; the seed itself is refused."""
    assert ran(seed_command, "--scale", "60", "--yes").exit_code == 0
    told = ran(seed_command, "--scale", "70", "--dry-run")
    assert told.exit_code == 0
    assert "a seed would be refused" in told.output
    assert "to be written: 70 items" in told.output
    assert isinstance(ran(seed_command, "--scale", "70", "--yes").exception, Refused)


def test_a_dry_run_makes_nothing(ran: Ran) -> None:
    """A dry run leaves neither tables, tags nor ledgers, also where the tables are not there."""
    assert ran(seed_command, "--scale", "70", "--dry-run").exit_code == 0
    elsewhere = ran(seed_command, "--scale", "70", "--dry-run", "--table-prefix", "not-there-")
    assert elsewhere.exit_code == 0, elsewhere.output
    assert "is not there yet: billed as documented" in elsewhere.stdout
    assert not list(ran.tried.folder.rglob("*.ledger"))
    assert not ran.tried.open(scale=1).held


def test_a_verified_seed_is_priced_once(ran: Ran) -> None:
    """`seed --verify` prices its counting before it writes, and asks once."""
    asked = ("--scale", "200", "--as-of", "2026-01-01", "--verify")
    done = ran(seed_command, *asked, typed="y\n")
    assert "WCU" in done.stderr
    assert "RCU" in done.stderr
    assert done.stderr.count("[y/N]") == 1
    assert "sample:" in done.stdout


@pytest.fixture
def underestimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that turns out to be dearer than it was priced."""
    monkeypatch.setattr("loadstone.cli.spend._refuse_above", lambda *_: None)
    monkeypatch.setattr("loadstone.seeding.budget.LOOK_EVERY_S", 0.01)


@pytest.mark.usefixtures("underestimated")
def test_commands_end_with_their_budget(ran: Ran) -> None:
    """A seed and a deleting whose budget is reached on the way end with exit 1, say what is left,
    and the same command goes on with a new budget."""
    asked = ("--scale", "1500", "--as-of", "2026-01-01", "--yes", "--in-flight", "1")
    stopped = ran(seed_command, *asked, "--budget", "2")
    assert stopped.exit_code == 1
    assert "stopped, as the budget of 2 USD is reached" in stopped.stderr
    assert "the same command goes on with a new budget" in stopped.stderr
    assert 0 < ran.stored < 1500
    assert ran(seed_command, *asked).exit_code == 0
    assert ran.stored == 1500
    unfinished = ran(unseed_command, "--yes", "--in-flight", "1", "--budget", "2")
    assert unfinished.exit_code == 1
    assert "stopped, as the budget of 2 USD is reached" in unfinished.stderr
    assert 0 < ran.stored < 1500
    assert ran(unseed_command, "--yes").exit_code == 0
    assert ran.stored == 0


@pytest.mark.usefixtures("underestimated")
def test_the_ledger_is_told_where_counting_is_not_paid_for(ran: Ran) -> None:
    """A seed whose verification goes over the budget still ends with its ledger, as a table or as
    JSON, and with exit 1."""
    asked = ("--scale", "100", "--as-of", "2026-01-01", "--yes", "--verify")
    first = ran(seed_command, *asked, "--budget", "3.9")
    assert isinstance(first.exception, BudgetReached)
    assert "100 items written" in first.stdout
    said = str(first.exception)
    assert "`loadstone verify SYSTEM --scale 100 " in said
    assert "` begins anew, with a larger --budget" in said
    again = ran(seed_command, *asked, "--budget", "0.01", "--json")
    assert isinstance(again.exception, BudgetReached)
    assert orjson.loads(again.stdout)["written_now"] == 0
