"""Rates with their unit: `5000wcu/s`."""

from __future__ import annotations

import re
from typing import Any

import click

from loadstone.errors import BadValue

_RATE = re.compile(r"(?P<number>\d[\d_,]*(\.\d+)?)\s*(?P<unit>[a-z]+)/s", re.IGNORECASE)


class Rate(click.ParamType[float]):
    """So many of one unit a second."""

    name = "rate"

    def __init__(self, unit: str, example: str) -> None:
        self.unit, self.example = unit, example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        flag = param.opts[0] if param else "--rate"
        found = _RATE.fullmatch(value.strip())
        if found is None:
            raise BadValue(f"{flag} {value}: write it with its unit, such as {self.example}")
        if found["unit"].lower() != self.unit:
            raise BadValue(
                f"{flag} {value}: this rate is in {self.unit}/s, not in {found['unit']}/s: such as "
                f"{self.example}"
            )
        rate = float(found["number"].replace(",", "").replace("_", ""))
        if rate <= 0:
            raise BadValue(f"{flag} {value}: a rate is above 0, such as {self.example}")
        return rate
