"""What Locust is told of, counted in each of its processes, and what single reads may have used.

The list that a master prints may lack what a worker said last: Locust waits half a second for it.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from loadstone.run.tally import Counts

_COUNTING = """

import json
import os
from collections import Counter
from pathlib import Path

from locust import events

_heard = Counter()


@events.request.add_listener
def _count(name, exception, **_):
    _heard[name, exception is not None] += 1


@events.quitting.add_listener
def _tell(**_):
    told = [[*key, calls] for key, calls in _heard.items()]
    Path(__COUNTED__, f"{os.getpid()}.json").write_text(json.dumps(told))
"""


def counting(locustfile: Path, folder: Path) -> Path:
    """A copy of a locustfile that leaves in `folder` what each process was told of."""
    folder.mkdir(parents=True)
    copy = folder / locustfile.name
    told = _COUNTING.replace("__COUNTED__", repr(str(folder)))
    copy.write_text(locustfile.read_text(encoding="utf-8") + told, encoding="utf-8")
    return copy


def counted(folder: Path) -> dict[str, tuple[int, int]]:
    """Calls and failures by name, of all processes."""
    calls, failures = Counter[str](), Counter[str]()
    for path in folder.glob("*.json"):
        for name, failed, count in json.loads(path.read_text()):
            calls[name] += count
            failures[name] += count if failed else 0
    return {name: (calls[name], failures[name]) for name in calls}


def counted_calls(folder: Path) -> dict[str, int]:
    return {name: calls for name, (calls, _) in counted(folder).items()}


def check_single_reads(counts: Counts, table: str) -> None:
    """Each call read one item, eventually consistent: half a unit, a whole one if over 4 KB."""
    (resource, (read, write)), *others = counts.units.items()
    assert (resource, others, write) == ((table, None), [], 0.0)
    halves = read / 0.5
    assert halves.is_integer()
    assert counts.calls <= halves < counts.calls * 1.25  # few messages are that long
