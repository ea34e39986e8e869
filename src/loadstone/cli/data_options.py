"""Options that say which data set is meant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from loadstone.dataset import LARGEST, SCALES
from loadstone.errors import BadValue

Command = TypeVar("Command", bound=Callable[..., Any])


class Scale(click.ParamType[int]):
    """A number of items, or a name for one."""

    name = "scale"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(name) for name in SCALES if name.startswith(incomplete)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if value in SCALES:
            return SCALES[value]
        digits = value.replace(",", "").replace("_", "")
        if not digits.isdecimal() or not 1 <= int(digits) <= LARGEST:
            names = ", ".join(f"{name} ({items:,})" for name, items in SCALES.items())
            raise BadValue(
                f"--scale {value}: a scale is a number of items from 1 to {LARGEST:,}, or {names}"
            )
        return int(digits)


class Instant(click.ParamType[datetime]):
    """An instant in ISO 8601; without a time zone, UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError as error:
            raise BadValue(
                f"--as-of {value}: write it as 2026-01-31 or 2026-01-31T12:00Z"
            ) from error
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def scale_option(command: Command) -> Command:
    return click.option(
        "--scale",
        type=Scale(),
        default="small",
        show_default=True,
        help=f"How many items over all tables: a number, or {', '.join(SCALES)}.",
    )(command)


def seed_option(command: Command) -> Command:
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=1,
        show_default=True,
        help="Another number, other data.",
    )(command)


def as_of_option(command: Command) -> Command:
    return click.option(
        "--as-of",
        type=Instant(),
        help="The instant that the data is seen at; else today 00:00 UTC.",
    )(command)


class Locales(click.ParamType[tuple[str, ...]]):
    name = "locales"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


def locale_option(command: Command) -> Command:
    return click.option(
        "--locale",
        type=Locales(),
        default="en_US",
        show_default=True,
        help="Names, companies and addresses of these places, such as de_DE,ja_JP. "
        "Message texts are in English.",
    )(command)
