"""Values of items by their paths, and the texts within them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any


def values_at(item: Any, path: str) -> list[Any]:
    """What stands at a path, lists opened: none where it is absent or null."""
    for part in path.split("."):
        if isinstance(item, list):
            return [value for each in item for value in values_at(each, part)]
        if not isinstance(item, dict) or item.get(part) is None:
            return []
        item = item[part]
    return item if isinstance(item, list) else [item]


def texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a value, after its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts_in(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each, path)


def epoch_of(value: Any) -> float:
    """An instant in seconds, written as a number of them or as ISO 8601."""
    return float(value) if isinstance(value, int) else datetime.fromisoformat(value).timestamp()


def short(value: Any) -> str:
    """A value as a message shows it."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
