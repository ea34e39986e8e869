"""A run in a few figures, for a list: read from its record once, and kept beside it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from loadstone.errors import BadRecord
from loadstone.run.figures import ratio
from loadstone.run.record import RUN_FILE, Run
from loadstone.run.tally import Tally

BRIEF_FILE = "brief.json"
_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What its calls did after the warm-up."""

    lasted_s: float
    calls: int
    per_s: float
    p99_us: int
    failed: int
    throttled: int


def brief_of(directory: Path) -> Brief | None:
    """None for a record that cannot be read. That of a finished run does not change, so it is kept
    where the folder can be written."""
    kept = _kept(directory)
    if kept is not None:
        return kept
    try:
        found = _figured(Run.load(directory))
    except BadRecord:
        return None
    if (record := directory / RUN_FILE).exists():
        content = {"version": _VERSION, "of": _stamp(record), **asdict(found)}
        with suppress(OSError):
            (directory / BRIEF_FILE).write_bytes(orjson.dumps(content))
    return found


def _figured(run: Run) -> Brief:
    whole = Tally.total(run.measured.values())
    return Brief(
        lasted_s=run.lasted_s,
        calls=whole.counts.calls,
        per_s=ratio(whole.counts.calls, max(0.0, run.loaded_s - run.header.warm_up_s)),
        p99_us=whole.latency.percentile_us(99)[0],
        failed=whole.counts.failed,
        throttled=whole.counts.throttled,
    )


def _kept(directory: Path) -> Brief | None:
    try:
        content: dict[str, Any] = orjson.loads((directory / BRIEF_FILE).read_bytes())
        if content.pop("version") == _VERSION and content.pop("of") == _stamp(directory / RUN_FILE):
            return Brief(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _stamp(record: Path) -> list[int]:
    """What a record that was changed or put in its place would not have."""
    found = record.stat()
    return [found.st_size, found.st_mtime_ns]
