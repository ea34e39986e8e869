"""What a person gave on the command line, kept for the commands that messages advise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from click.core import ParameterSource

from loadstone.advice import forget, remember


def kept(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """The callback of an option that advised commands take over, until the command has ended."""
    assert param.name is not None
    if ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
        remember(param.opts[0], _as_given(value))
        ctx.find_root().call_on_close(forget)  # also when another option is wrong
    return value


def _as_given(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
