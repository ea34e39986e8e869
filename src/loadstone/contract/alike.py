"""Whether an item is the same however it is made: alone, in a loop, in a column, elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

from loadstone.contract.problem import Problem
from loadstone.contract.values import short
from loadstone.dataset import LARGEST, Dataset
from loadstone.entity import Entity
from loadstone.system import System
from loadstone.wire import encode

SCALES = (1, 997, 20_000, LARGEST)
_RUN = 40
_TIMEOUT_S = 120


def alike_problems(
    system: System, entity: Entity, *, as_of: datetime, scales: Sequence[int] = SCALES
) -> Iterator[Problem]:
    """An item by its number is the item that a column and a loop have there, at any scale."""
    for scale in scales:
        dataset = Dataset(system, scale=scale, as_of=as_of)
        count = dataset.count(entity)
        one = dataset.compile(entity, entity.shown())
        for start in sorted({0, count // 3, max(0, count - _RUN)}):
            stop = min(start + _RUN, count)
            singly = [one(number) for number in range(start, stop)]
            looped = list(dataset.items(entity, start, stop))
            rows = list(dataset.rows(entity, start, stop))
            for number, item, other, row in zip(
                range(start, stop), singly, looped, rows, strict=True
            ):
                if other != item or row != orjson.dumps(encode(item)):
                    yield _differs(entity, number, scale, item, row)
                    return


def process_problems(system: System) -> Iterator[Problem]:
    """Other processes, with other hash seeds, make the same items."""
    digests = set()
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-m", "loadstone.contract.digest", system.id, str(system.project)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it ended"])[-1]
            yield Problem(
                about=f"fixtures/{system.id}.py",
                says=f"another process cannot make its items: {last}",
            )
            return
        digests.add(done.stdout)
    if len(digests) > 1:
        yield Problem(
            about=f"fixtures/{system.id}.py",
            says="two processes make different items: something is drawn while the module is "
            "loaded (random, datetime.now(), os.environ, the order of a set); draw in the item, "
            "with whole(), pick(), moment() and the like",
        )


def _differs(entity: Entity, number: int, scale: int, item: dict[str, Any], row: bytes) -> Problem:
    wired, encoded = orjson.loads(row), encode(item)
    names = [name for name in {**encoded, **wired} if encoded.get(name) != wired.get(name)]
    name = names[0] if names else None
    told = ""
    if name is not None:
        told = f": alone {short(encoded.get(name))}, in a column {short(wired.get(name))}"
    return Problem(
        about=entity.name,
        attribute=name,
        says=f"item {number:,} at scale {scale:,} is another one when made with others{told}; "
        "that is a defect of Loadstone's, and worth a report",
    )
