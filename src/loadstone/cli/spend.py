"""What something will cost: said before it begins, asked about, and held within a budget."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from loadstone.capacity.money import no_less
from loadstone.capacity.price_file import known_prices
from loadstone.capacity.prices import Prices
from loadstone.capacity.spend import Bill, Estimate, Meter, bill
from loadstone.cli.options import say
from loadstone.errors import BadValue, NoPrice, Refused

if TYPE_CHECKING:
    from loadstone.client.target import Target
    from loadstone.seeding.budget import Purse
    from loadstone.seeding.tally import Tally

#: Tables and indexes that a line names; beyond that it counts them.
NAMED = 3
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is going to be done, in the words of its question."""

    done: str
    question: str
    things: str = "items"


WRITE = Deed(done="written", question="Write them?")
DELETE = Deed(done="deleted", question="Delete them?")
COUNT = Deed(done="counted", question="Count them?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What `--yes --budget --dry-run --prices` say."""

    yes: bool = False
    budget_usd: Decimal | None = None
    dry_run: bool = False
    prices: Prices
    prices_file: Path | None = None

    def costs(self, target: Target, estimate: Estimate) -> Callable[[Tally], Decimal | None]:
        """What a tally has cost so far; None where nothing is billed or no price is known."""
        try:
            meter = Meter(self.prices, target.region, estimate.provisioned)
        except NoPrice:
            return lambda _: None
        if target.kind != "aws":
            return lambda _: None
        return lambda tally: meter.usd(tally.read_units, tally.write_units)

    def purse(self, target: Target, estimate: Estimate) -> Purse | None:
        """What tells when the budget is reached; None where none is in play."""
        from loadstone.seeding.budget import Purse

        if self.budget_usd is None or target.kind != "aws":
            return None
        return Purse(Meter(self.prices, target.region, estimate.provisioned), self.budget_usd)


class Usd(click.ParamType[Decimal]):
    """An amount of money above zero."""

    name = "usd"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or amount <= 0:
            raise BadValue(f"--budget {value}: write it in USD, above 0, such as 5 or 0.50")
        return amount


def spend_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--yes --budget --dry-run --prices`, passed on as `spending`."""

    @functools.wraps(command)
    def gathered(
        *args: Any,
        yes: bool,
        budget: Decimal | None,
        dry_run: bool,
        prices: Path | None,
        **kwargs: Any,
    ) -> Any:
        known = known_prices(prices)
        spending = Spending(
            yes=yes, budget_usd=budget, dry_run=dry_run, prices=known, prices_file=prices
        )
        return command(*args, spending=spending, **kwargs)

    options = (
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option(
            "--budget",
            type=Usd(),
            metavar="USD",
            help="Refuse what will cost more on AWS, and stop when so much is spent.",
        ),
        click.option("--dry-run", is_flag=True, help="Say what it would take, and end."),
        click.option(
            "--prices",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A file of prices that go before the built-in ones.",
        ),
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def agreed(
    estimate: Estimate,
    target: Target,
    spending: Spending,
    deed: Deed,
    *,
    as_json: bool = False,
    lasts: str | None = None,
) -> bool:
    """Say what it takes, and ask; False when saying so was all (`--dry-run`).

    Nothing is said of a local engine unless it is asked for. Refused above the budget, and without
    a yes. `lasts` is how long it takes, where that is known.
    """
    billed = priced(estimate, target, spending)
    lines = in_words(estimate, billed, target, deed, lasts=lasts)
    if spending.dry_run:
        click.echo(_json(estimate, billed) if as_json else "\n".join(lines))
        return False
    if spending.budget_usd is not None and target.kind != "aws":
        say(f"--budget is not in play: AWS sends no bill for {target}")
    if not is_asked_about(target) or not (estimate.read_units or estimate.write_units):
        return True
    for line in lines:
        say(line)
    _refuse_above(spending.budget_usd, billed, deed)
    if not spending.yes:
        _ask(deed)
    return True


def is_asked_about(target: Target) -> bool:
    """Anything but a local engine."""
    from loadstone.aws.endpoint import is_local

    return target.kind == "aws" or (target.kind == "endpoint" and not is_local(target.url))


def priced(estimate: Estimate, target: Target, spending: Spending) -> Bill | None:
    """None where nothing is billed, and where no price is known and no budget needs one."""
    if target.kind != "aws":
        return None
    try:
        return bill(estimate, spending.prices, target.region)
    except NoPrice:
        if spending.budget_usd is not None:
            raise
        return None


def in_words(
    estimate: Estimate, billed: Bill | None, target: Target, deed: Deed, *, lasts: str | None = None
) -> list[str]:
    """What, how many units, and what it costs in money and time: a line each."""
    tables = _few([arm.table for arm in estimate.arms if arm.index is None], "tables")
    assumed = f" ({'; '.join(estimate.assumed[:NAMED])})" if estimate.assumed else ""
    size = f", {megabytes(estimate.size_bytes)}" if estimate.size_bytes else ""
    return [
        f"to be {deed.done}: {estimate.items:,} {deed.things}{size}, about "
        f"{estimate.requests:,} requests; {tables} in {target}",
        f"units: about {_units(estimate)}{assumed}",
        f"cost: {_cost(estimate, billed, target)}; time: {lasts or _time(estimate, target)}",
    ]


def usd(amount: Decimal) -> str:
    """Cents; below one, that it is."""
    if 0 < amount < CENT:
        return "less than 0.01 USD"
    return f"{amount:,.2f} USD"


def about(amount: Decimal) -> str:
    """An amount that nobody knows to the cent."""
    return usd(amount) if amount < CENT else f"about {usd(amount)}"


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"


def _units(estimate: Estimate) -> str:
    """Reads and writes, those of indexes apart."""
    said = []
    for kind, name in (("write_units", "WCU"), ("read_units", "RCU")):
        total = getattr(estimate, kind)
        indexes = sum(getattr(arm, kind) for arm in estimate.arms if arm.index is not None)
        if total:
            of_indexes = f", {indexes:,.0f} of them of indexes" if indexes else ""
            said.append(f"{total:,.0f} {name}{of_indexes}")
    return "; ".join(said) or "none"


def _cost(estimate: Estimate, billed: Bill | None, target: Target) -> str:
    if target.kind != "aws":
        local = "a local engine costs nothing" if not is_asked_about(target) else "it is not AWS"
        return f"none, {local}"
    if billed is None:
        return f"not known, there is no price for {target.region} (--prices FILE takes yours)"
    held = f"{usd(billed.provisioned_usd_per_hour)} an hour of provisioned capacity"
    made = "".join(f", {basis}" for basis in billed.unpublished)
    prices = f"(prices of {target.region} as of {billed.as_of}{made})"
    if not estimate.provisioned:
        return f"{about(billed.on_demand_usd)} on demand {prices}"
    paid = f"{held}, which is paid with or without this {prices}"
    if not billed.on_demand_usd:
        return f"nothing more than the {paid}"
    return f"{about(billed.on_demand_usd)} on demand, beside {paid}"


def _time(estimate: Estimate, target: Target) -> str:
    if target.kind != "aws":
        return "as long as the engine takes"
    slowest = max(estimate.arms, key=lambda arm: arm.least_s)
    where = f"{slowest.table}/{slowest.index}" if slowest.index else slowest.table
    limit = "its capacity" if slowest.capacity else "what a new on-demand table takes"
    return f"at least {clock(estimate.least_s)}, by {limit} ({where})"


def clock(seconds: float) -> str:
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _few(names: Sequence[str], kind: str) -> str:
    distinct = list(dict.fromkeys(names))
    return f"{len(distinct)} {kind}" if len(distinct) > NAMED else ", ".join(distinct)


def _json(estimate: Estimate, billed: Bill | None) -> str:
    value = {"estimate": estimate.as_dict(), "bill": billed and billed.as_dict()}
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _refuse_above(budget_usd: Decimal | None, billed: Bill | None, deed: Deed) -> None:
    if budget_usd is not None and billed is not None and billed.on_demand_usd > budget_usd:
        cost = no_less(billed.on_demand_usd)  # so it is above the budget as it reads, too
        raise Refused(
            f"nothing was {deed.done}: about {cost} USD is above the budget of "
            f"{budget_usd.normalize():f} USD; take less, or raise --budget"
        )


def _ask(deed: Deed) -> None:
    try:
        yes = click.confirm(deed.question, err=True)
    except click.Abort as error:
        raise Refused(f"nothing was {deed.done}: nobody said yes; pass --yes") from error
    if not yes:
        raise Refused(f"nothing was {deed.done}")
