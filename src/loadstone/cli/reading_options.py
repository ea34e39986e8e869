"""`--reading`, of commands whose figures depend on what is read where sources disagree."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import click

from loadstone.capacity.readings import CHOICES, Reading
from loadstone.errors import BadValue


def reading_option(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--reading NAME=CHOICE`, passed on as `reading`, of those that play a part."""

    def applied(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(*args: Any, readings: Sequence[str], **kwargs: Any) -> Any:
            return command(*args, reading=Reading.of(readings), **kwargs)

        choices = "; ".join(f"{name}={'|'.join(CHOICES[name])}" for name in names)
        return click.option(
            "--reading",
            "readings",
            multiple=True,
            metavar="NAME=CHOICE",
            help=f"Where sources on DynamoDB disagree: {choices}; the first of each unless told "
            "otherwise; may be repeated.",
        )(gathered)

    return applied


def refuse_out_of_play(reading: Reading, name: str, why: str) -> None:
    """A reading that would change nothing."""
    if any(each.startswith(f"{name}=") for each in reading.chosen):
        raise BadValue(f"--reading {name}: {why}")
