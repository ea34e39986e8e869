"""Numbers as a reader wants them: no more digits than they are worth."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

#: The last of a double's seventeen digits depend on the Python, the processor and the order that
#: added it up: a figure is the same everywhere without them.
_STEADY_DIGITS = 12


def count(value: float) -> str:
    """1,234 · 1,234.5 (units come in halves)"""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def rate(value: float) -> str:
    """Three significant digits at least: 0.0123 · 1.23 · 12.3 · 1,234"""
    if value == 0:
        return "0"
    return f"{value:,.{_decimals(value)}f}"


def milliseconds(value_us: float) -> str:
    return rate(value_us / 1000)


def duration(value_us: float) -> str:
    """With its unit: 0.85 ms · 12.3 ms · 1.23 s"""
    if value_us < 1_000_000:
        return f"{milliseconds(value_us)} ms"
    return f"{rate(value_us / 1_000_000)} s"


def seconds(value_s: float) -> str:
    return f"{value_s:,.1f} s"


def instant(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def percent(share: float) -> str:
    """Never 0 % or 100 % of what is not none or all."""
    value = share * 100
    if 0 < value < 0.01:
        return "less than 0.01 %"
    if 99.99 < value < 100:
        return "more than 99.99 %"
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def usd(value: Decimal) -> str:
    """Cents, or two significant digits below ten cents."""
    if value == 0:
        return "$0"
    if value < Decimal("0.000001"):
        return "less than $0.000001"
    if value < Decimal("0.1"):
        return f"${value:.{1 - value.adjusted()}f}"
    return f"${value:,.2f}"


def size(value_bytes: float) -> str:
    for unit, scale in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if value_bytes >= scale:
            return f"{rate(value_bytes / scale)} {unit}"
    return f"{value_bytes:,.0f} B"


def _decimals(value: float) -> int:
    return max(0, 2 - Decimal(value).adjusted())


def steady(value: Any) -> Any:
    """JSON content with its floats to twelve digits."""
    match value:
        case float():
            return float(f"{value:.{_STEADY_DIGITS}g}")
        case dict():
            return {name: steady(each) for name, each in value.items()}
        case list() | tuple():
            return [steady(each) for each in value]
    return value
