"""Whether an item is the same however it is made: alone, in a loop, in a column, elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from loadstone.contract.making import BEYOND_BITS, beyond_bits, unmade
from loadstone.contract.problem import Problem
from loadstone.contract.values import short
from loadstone.dataset import LARGEST, Dataset
from loadstone.entity import Entity
from loadstone.system import System
from loadstone.wire import encode

SMALL = 20_000
SCALES = (1, 997, SMALL, LARGEST)
_RUN = 40
_OURS = "that is a defect of Loadstone's, and worth a report"
_TIMEOUT_S = 120
_DRAWN_BEFORE = (
    "two processes make it otherwise: something is drawn while the module is loaded (random, "
    "datetime.now(), os.environ, the order of a set); draw in the item, with whole(), pick(), "
    "moment() and the like"
)


def alike_problems(
    system: System, entity: Entity, *, as_of: datetime, scales: Sequence[int] = SCALES
) -> Iterator[Problem]:
    """An item by its number is the item that a column and a loop have there, at any scale."""
    for scale in scales:
        dataset = Dataset(system, scale=scale, as_of=as_of)
        try:
            found = _other_one(dataset, entity)
        except Exception as error:
            found = _unmade(dataset, entity, error)
        if found is not None:
            yield found
            return


def _other_one(dataset: Dataset, entity: Entity) -> Problem | None:
    """The first item that is another one when it is made with others."""
    one = dataset.compile(entity, entity.shown())
    for numbers in _windows(dataset, entity):
        start, stop = numbers.start, numbers.stop
        singly = map(one, numbers)
        looped = dataset.items(entity, start, stop)
        rows = dataset.rows(entity, start, stop)
        for number, item, other, row in zip(numbers, singly, looped, rows, strict=True):
            if other != item or row != orjson.dumps(encode(item)):
                return _differs(dataset, entity, number, item, row)
    return None


def _windows(dataset: Dataset, entity: Entity) -> list[range]:
    """Items at the start, in between and at the end."""
    count = dataset.count(entity)
    starts = sorted({0, count // 3, max(0, count - _RUN)})
    return [range(start, min(start + _RUN, count)) for start in starts]


def _unmade(dataset: Dataset, entity: Entity, error: Exception) -> Problem:
    """Where the largest scale alone is too large, that is worth knowing, and not wrong."""
    attribute, why = unmade(
        dataset, entity, [number for each in _windows(dataset, entity) for number in each], error
    )
    says = f"its items cannot be made at scale {dataset.scale:,}: {why}"
    if dataset.scale < LARGEST:
        return Problem(about=entity.name, attribute=attribute, says=says)
    fewer = "share=…" if entity.parent is None else "per_parent=…"
    return Problem(
        about=entity.name,
        attribute=attribute,
        says=f"{says}; up to a scale of {_most(dataset, entity):,} they can: beyond it there have "
        f"to be fewer of them beside the other kinds ({fewer})",
        wrong=False,
    )


def _most(dataset: Dataset, entity: Entity) -> int:
    """The largest of some scales at which the last item can be made."""
    as_of = datetime.fromtimestamp(dataset.as_of_ms / 1000, UTC)
    scale = dataset.scale
    while scale > SMALL:
        scale //= 10
        smaller = Dataset(dataset.system, scale=scale, as_of=as_of)
        try:
            smaller.item(entity, smaller.count(entity) - 1)
        except Exception:
            continue
        break
    return scale


def process_problems(system: System) -> Iterator[Problem]:
    """Other processes, with other hash seeds, make the same items."""
    made: list[dict[str, str]] = []
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
        made.append(orjson.loads(done.stdout))
    one, other = made
    for each in sorted(one.keys() | other.keys()):
        if one.get(each) != other.get(each):
            entity, _, attribute = each.partition(".")
            yield Problem(about=entity, attribute=attribute, says=_DRAWN_BEFORE)


def _differs(
    dataset: Dataset, entity: Entity, number: int, item: dict[str, Any], row: bytes
) -> Problem:
    wired, encoded = orjson.loads(row), encode(item)
    names = [name for name in {**encoded, **wired} if encoded.get(name) != wired.get(name)]
    name = names[0] if names else None
    told = ""
    if name is not None:
        told = f": alone {short(encoded.get(name))}, in a column {short(wired.get(name))}"
    beyond = name is not None and beyond_bits(dataset, entity, name, number)
    return Problem(
        about=entity.name,
        attribute=name,
        says=f"item {number:,} at scale {dataset.scale:,} is another one when made with others"
        f"{told}; {BEYOND_BITS if beyond else _OURS}",
        wrong=not beyond or dataset.scale < LARGEST,
    )
