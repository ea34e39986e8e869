"""Which data set is meant, where tables may hold one already."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from loadstone.cli.data_options import Instant, Locales, Scale
from loadstone.cli.kept import kept
from loadstone.dataset import SCALES


def data_set_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--scale --seed --as-of --locale`, passed on as `asked`; what is left out is None."""

    @functools.wraps(command)
    def gathered(
        *args: Any,
        scale: int | None,
        seed: int | None,
        as_of: datetime | None,
        locale: tuple[str, ...] | None,
        **kwargs: Any,
    ) -> Any:
        from loadstone.seeding.identity import Asked

        asked = Asked(scale=scale, seed=seed, as_of=as_of, locales=locale)
        return command(*args, asked=asked, **kwargs)

    there = "else that of the data set in the tables, else"
    options = (
        click.option(
            "--scale",
            callback=kept,
            type=Scale(),
            help=f"How many items over all tables: a number, or {', '.join(SCALES)}; {there} "
            "small.",
        ),
        click.option(
            "--seed",
            callback=kept,
            type=click.IntRange(0, 2**32 - 1),
            help=f"Another number, other data; {there} 1.",
        ),
        click.option(
            "--as-of",
            callback=kept,
            type=Instant(),
            help=f"The instant that the data is seen at; {there} today 00:00 UTC.",
        ),
        click.option(
            "--locale",
            callback=kept,
            type=Locales(),
            help=f"Names and places, such as de_DE,ja_JP; {there} en_US.",
        ),
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered
