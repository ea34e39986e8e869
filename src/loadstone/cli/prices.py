"""`loadstone prices`: what is known of DynamoDB's prices, how old it is, and fresh ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click
import orjson

from loadstone.capacity.price_file import known_prices, save, user_file
from loadstone.capacity.prices import DIMENSIONS, NOT_PRICED, PUBLISHED, REFRESH, Price, Prices
from loadstone.cli.options import json_option, say
from loadstone.errors import BadValue, NoPrice

FEW = 8


@click.group(invoke_without_command=True)
@click.option("--region", help="Every price of this region.")
@click.option(
    "--prices",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of prices that go before those that are known.",
)
@json_option
@click.pass_context
def prices(ctx: click.Context, region: str | None, file: Path | None, as_json: bool) -> None:
    """List the prices that are known, with their sources and dates.

    \b
    loadstone prices                     the regions, and how old their prices are
    loadstone prices --region eu-west-1  each price
    loadstone prices update              fetch AWS's own, which then go before the built-in ones
    """
    if ctx.invoked_subcommand is not None:
        return
    known, today = known_prices(file), datetime.now(UTC).date()
    if region is not None and region not in known.regions:
        raise NoPrice(f"no price for {region}; there are {', '.join(known.regions)}; {REFRESH}")
    chosen = [price for price in known if region in (None, price.region)]
    if as_json:
        click.echo(_json(chosen, today))
    elif region is not None:
        _print_region(known, region, today)
    else:
        _print_regions(known, today)


@prices.command()
@click.option("--region", "regions", multiple=True, help="Of this one alone; may be repeated.")
@click.option("--profile", help="An AWS profile that may call pricing:GetProducts.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, for --prices; else to the user's, which every command reads.",
)
def update(regions: tuple[str, ...], profile: str | None, out: Path | None) -> None:
    """Fetch prices from the AWS Price List API, of every region unless one is named.

    \b
    loadstone prices update
    loadstone prices update --region eu-west-1
    """
    from loadstone.aws.price_list import products
    from loadstone.capacity.price_list import prices_in

    path = out or user_file()
    if path is None:
        raise BadValue("LOADSTONE_PRICES is empty, so there is no file to write: pass --out FILE")
    today = datetime.now(UTC).date()
    found = prices_in(products(regions, profile), today.isoformat())
    missing = sorted(set(regions) - {price.region for price in found.prices})
    if missing or not found.prices:
        raise NoPrice(
            f"the AWS Price List has nothing for {', '.join(missing) or 'DynamoDB'}: "
            "is the region spelled as in eu-west-1? Nothing was written"
        )
    changes = list(_changes(known_prices(), found.prices))
    save(found.prices, path)
    for line in changes[:FEW]:
        click.echo(line)
    if len(changes) > FEW:
        click.echo(f"and {len(changes) - FEW} more prices that changed")
    for what, why in sorted(found.left_out.items()):
        say(f"left out: {what}, {why}")
    count = len({price.region for price in found.prices})
    click.echo(f"{len(found.prices)} prices of {count} regions are in {path}")


def _changes(before: Prices, found: tuple[Price, ...]) -> list[str]:
    """What was known, and costs another amount now."""
    old = {(price.region, price.dimension): price.usd for price in before}
    return [
        f"{price.region}: {price.what} was {old[key]:f} USD, and is {price.usd:f}"
        for price in found
        if (key := (price.region, price.dimension)) in old and old[key] != price.usd
    ]


def _json(chosen: list[Price], today: date) -> str:
    value = {
        "prices": [price.to_json() | {"age_days": price.age_days(today)} for price in chosen],
        "not_priced": list(NOT_PRICED),
    }
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _print_regions(known: Prices, today: date) -> None:
    for region in known.regions:
        held = known.of_region(region)
        oldest, newest = (pick(price.age_days(today) for price in held) for pick in (max, min))
        days = f"{newest} to {oldest}" if newest < oldest else oldest
        made = sum(price.basis != PUBLISHED for price in held)
        unpublished = f", {made} of them stated by no source" if made else ""
        click.echo(
            f"{region:<16}{len(held):>3} of {len(DIMENSIONS)} prices, {days} days old{unpublished}"
        )
    _print_gaps()


def _print_region(known: Prices, region: str, today: date) -> None:
    held = {price.dimension: price for price in known.of_region(region)}
    for dimension, what in DIMENSIONS.items():
        price = held.get(dimension)
        if price is None:
            click.echo(f"{'no price':>12}  {what}")
            continue
        basis = "" if price.basis == PUBLISHED else f" ({price.basis})"
        click.echo(
            f"{price.usd:>12f}  {what}\n{'':>14}{price.as_of}, {price.age_days(today)} days old: "
            f"{price.source}{basis}"
        )
    _print_gaps()


def _print_gaps() -> None:
    for what in NOT_PRICED:
        click.echo(f"not priced: {what}")
    own = user_file()
    if own is not None and own.is_file():
        click.echo(f"before the built-in prices go those of {own}")
    click.echo(f"fresh prices: {REFRESH}")
