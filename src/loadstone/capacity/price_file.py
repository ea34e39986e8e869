"""The prices of this machine's user: fetched by `loadstone prices update`, before the built-in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from loadstone.capacity.prices import PUBLISHED, Price, Prices, builtin_prices, read_prices
from loadstone.errors import BadValue

#: Names the file; empty, there is none.
VARIABLE = "LOADSTONE_PRICES"
HEADING = """\
# Prices of DynamoDB in USD, in the form of Loadstone's prices.toml; they go before its own.
# Written by `loadstone prices update`; delete this file to do without.
"""


def user_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the user's prices are, or would be."""
    named = environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "loadstone" / "prices.toml"


def known_prices(given: Path | None = None, environ: Mapping[str, str] = os.environ) -> Prices:
    """Those of a file that is given, before the user's, before the built-in ones."""
    prices = builtin_prices()
    own = user_file(environ)
    for path in (own if own and own.is_file() else None, given):
        if path is not None:
            prices = prices.with_file(path)
    return prices


def save(prices: Iterable[Price], path: Path) -> None:
    """Put prices into a file, over those of the same dimensions, whole or not at all."""
    held = read_prices(path) if path.is_file() else []
    text = HEADING + "".join(_lists(Prices([*held, *prices])))
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise BadValue(
            f"cannot write prices to {path}: {error.strerror}; name another place with --out, and "
            f"in {VARIABLE}"
        ) from error


def _lists(prices: Iterable[Price]) -> Iterator[str]:
    """One list is what one source says of one region."""

    def origin(price: Price) -> tuple[str, str, str, str]:
        return price.region, price.as_of, price.source, price.basis

    for (region, as_of, source, basis), group in groupby(sorted(prices, key=origin), key=origin):
        yield f"\n[[list]]\nregion = {_quoted(region)}\nsource = {_quoted(source)}\n"
        yield f"as_of = {_quoted(as_of)}\n"
        if basis != PUBLISHED:
            yield f"basis = {_quoted(basis)}\n"
        yield "[list.usd]\n"
        for price in group:
            yield f'{price.dimension} = "{price.usd:f}"\n'


def _quoted(text: str) -> str:
    """A string of JSON is one of TOML, but for a byte that neither of them prints."""
    return json.dumps(text).replace("\x7f", "\\u007f")
