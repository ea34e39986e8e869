"""A line of a record about one second: what each pattern did in it is read when somebody asks.

A report asks for what all patterns did together, and in an hour of sixty patterns the rest is nine
tenths of the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import orjson

from loadstone.errors import BadRecord

_SECOND = b'{"kind":"second"'
_PATTERNS = b',"patterns":{'
_GAUGES = (
    "in_flight",
    "asked",
    "asked_warm_up",
    "late",
    "behind",
    "delay_max_us",
    "cpu_s",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """What one process did in about a second; `at_ms` is when that ended, on the wall's clock.

    Tallies are kept as they are written: `Tally.merged` reads them.
    """

    worker: int
    at_ms: int
    span_s: float
    in_flight: int = 0
    asked: int | None = None
    asked_warm_up: int = 0
    late: int = 0
    behind: int = 0
    delay_max_us: int = 0
    cpu_s: float = 0.0
    written: Mapping[str, tuple[int, int, int]]
    all: Mapping[str, Any]  # every pattern and the warm-up together
    patterns: Mapping[str, Mapping[str, Any]]
    warm_up: Mapping[str, Mapping[str, Any]]

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Self:
        gauges = {name: line[name] for name in _GAUGES if name in line}
        written = {pattern: (n, a, b) for pattern, (n, a, b) in line.get("written", {}).items()}
        return cls(
            worker=line["worker"],
            at_ms=line["at_ms"],
            span_s=line["span_s"],
            written=written,
            all=line.get("all", {}),
            patterns=line.get("patterns", {}),
            warm_up=line.get("warm_up", {}),
            **gauges,
        )


def opened(text: bytes) -> Any:
    """A line's content, with the patterns of a second unread: they and its warm-up come last."""
    at = text.find(_PATTERNS) if text.startswith(_SECOND) else -1
    if at < 0:
        return orjson.loads(text)
    try:
        head = orjson.loads(text[:at] + b"}")
    except orjson.JSONDecodeError:  # it was found further inside, or the line is damaged
        return orjson.loads(text)
    unread = _Unread(b"{" + text[at + 1 :], f"second {head.get('at_ms')}")
    parts = {name: _Part(unread, name) for name in ("patterns", "warm_up")}
    return parts | head


class _Unread:
    """The rest of a line."""

    def __init__(self, text: bytes, what: str) -> None:
        self._text, self._what = text, what

    @cached_property
    def content(self) -> Mapping[str, Any]:
        try:
            content: Mapping[str, Any] = orjson.loads(self._text)
        except orjson.JSONDecodeError as error:
            raise BadRecord(f"the record is damaged: {self._what} of it is no JSON") from error
        return content


class _Part(Mapping[str, Mapping[str, Any]]):
    """Tallies by pattern, which are read at the first look."""

    def __init__(self, unread: _Unread, name: str) -> None:
        self._unread, self._name = unread, name

    @property
    def _tallies(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self._unread.content.get(self._name, {})
        return found

    def __getitem__(self, pattern: str) -> Mapping[str, Any]:
        return self._tallies[pattern]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tallies)

    def __len__(self) -> int:
        return len(self._tallies)
