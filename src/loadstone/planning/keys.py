"""Which partition keys a pattern asks for, and how unevenly: from its declaration, without a run.

Subjects are popular by Zipf's law. The most popular ones are reckoned exactly, one by one; those
behind them by a sample of all ranks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from loadstone.capacity.simulation import HotKey
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.errors import LoadstoneError
from loadstone.fields.draws import derive
from loadstone.fields.expr import Expr, lift
from loadstone.fields.shapes import When
from loadstone.gate.needs import hashed
from loadstone.pattern import BatchGetItem, Pattern, PutItem, Query, condition_of, parts_of
from loadstone.pattern.operations import ItemOperation
from loadstone.scenario.popularity import Popularity
from loadstone.wire import encode_value

#: Ranks that are looked at one by one, and of those behind them so many for all.
EXACT, SAMPLED = 128, 192
#: A key with less than this part of a pattern's calls is one of many.
HOT_SHARE = 0.001
#: A key that so many of the sampled ranks share is no accident.
_TOGETHER = 4
_MOST_KEYS = 32
_SUMMED = 1_000_000


class Heat(NamedTuple):
    """The keys of one table, or of one of its indexes, that stand out; None: nothing is known."""

    table: str
    index: str | None  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    hot: tuple[HotKey, ...] | None


def zipf_shares(count: int, skew: float, ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """The part of all calls that each of these ranks has, by Zipf's law over `count`."""
    every = np.arange(1, min(count, _SUMMED) + 1, dtype=np.float64)
    total = float((every**-skew).sum())
    if count > _SUMMED:
        low, high = _SUMMED + 0.5, count + 0.5
        power = 1 - skew
        total += (
            float(np.log(high / low)) if abs(power) < 1e-9 else (high**power - low**power) / power
        )
    shares: NDArray[np.float64] = ranks.astype(np.float64) ** -skew / total
    return shares


def heat_of(pattern: Pattern, dataset: Dataset, skew: float) -> Iterator[Heat]:
    """Of each table and index whose keys it asks for; a write has those of indexes too."""
    subjects = _subjects(pattern, dataset, skew)
    for table, index, keys in _keys(pattern, dataset):
        yield Heat(table, index, None if keys is None else _hottest(subjects, keys))


class _Subject(NamedTuple):
    number: int
    share: float
    exact: bool


#: The keys of a subject: one for all of its calls, or none of its own, where each call has a new
#: one; None where it has no such attribute, and so no calls.
_Keys = Callable[[int], Sequence[Any] | None]


def _subjects(pattern: Pattern, dataset: Dataset, skew: float) -> list[_Subject]:
    count = dataset.count(pattern.of)
    ranks = np.arange(1, min(EXACT, count) + 1)
    shares = zipf_shares(count, skew, ranks)
    popular = Popularity(count, skew, derive(dataset.seed, "popularity", pattern.of.name))
    found = [
        _Subject(popular.number(rank), share, exact=True)
        for rank, share in zip(ranks.tolist(), shares.tolist(), strict=True)
    ]
    if count > EXACT:
        behind = np.unique(np.linspace(EXACT + 1, count, SAMPLED).astype(np.int64))
        weights = zipf_shares(count, skew, behind)
        weights *= (1 - float(shares.sum())) / float(weights.sum())
        exact = len(behind) == count - EXACT
        found += [
            _Subject(popular.number(rank), weight, exact)
            for rank, weight in zip(behind.tolist(), weights.tolist(), strict=True)
        ]
    if pattern.only is None:
        return found
    fits = dataset.compile(pattern.of, pattern.only)
    chosen = [each for each in found if fits(each.number)]
    total = sum(each.share for each in chosen)
    return [each._replace(share=each.share / total) for each in chosen]


def _hottest(subjects: Sequence[_Subject], keys: _Keys) -> tuple[HotKey, ...]:
    """A key that only one of the sampled ranks has stands for many keys, and is none of these."""
    shares: defaultdict[Any, float] = defaultdict(float)
    sampled: defaultdict[Any, float] = defaultdict(float)
    times: Counter[Any] = Counter()
    asked = 0.0
    for subject in subjects:
        found = keys(subject.number)
        if found is None:
            continue
        asked += subject.share
        for key in found:
            part = subject.share / len(found)
            if subject.exact:
                shares[key] += part
            else:
                sampled[key] += part
                times[key] += 1
    for key, count in times.items():
        if count >= _TOGETHER or key in shares:
            shares[key] += sampled[key]
    if not asked:
        return ()
    hot = [(key, share / asked) for key, share in shares.items() if share >= HOT_SHARE * asked]
    hot.sort(key=lambda each: -each[1])
    return tuple(_named(key, share) for key, share in hot[:_MOST_KEYS])


def _named(key: Any, share: float) -> HotKey:
    wire = orjson.loads(orjson.dumps(encode_value(key)))
    ((_, plain),) = wire.items()
    return HotKey(str(plain), hashed(wire), min(share, 1.0))


def _keys(pattern: Pattern, dataset: Dataset) -> Iterator[tuple[str, str | None, _Keys | None]]:
    """By table and index, what makes the keys of a subject; None where it cannot be told."""
    operation = pattern.operation
    match operation:
        case Query():
            asked = condition_of(operation.key[operation.searched.partition_key]).operands[0]
            keys = _made(dataset, pattern.of, asked)
            yield operation.table.name, operation.index, keys
        case BatchGetItem(entity=entity):
            name = operation.table.partition_key
            yield operation.table.name, None, _of_item(dataset, pattern.of, entity, name)
        case _:
            for part in parts_of(operation):
                yield part.table.name, None, _of_part(dataset, pattern.of, part)
                if isinstance(part, PutItem):
                    for index in part.table.indexes:
                        name = index.partition_key
                        keys = _put_key(dataset, pattern.of, part, name)
                        yield part.table.name, index.name, keys


def _of_part(dataset: Dataset, of: Entity, part: ItemOperation) -> _Keys | None:
    name = part.table.partition_key
    if isinstance(part, PutItem):
        return _put_key(dataset, of, part, name)
    if part.key is not None:
        return _made(dataset, of, part.key[name])
    return _of_item(dataset, of, part.entity, name)


def _put_key(dataset: Dataset, of: Entity, part: PutItem, name: str) -> _Keys | None:
    if name in part.without or name not in part.new.item:
        return lambda _: None
    if name in part.values:
        return _made(dataset, of, part.values[name])
    return _of_item(dataset, of, part.new, name, new=part.new is not of)


def _of_item(
    dataset: Dataset, of: Entity, entity: Entity, name: str, *, new: bool = False
) -> _Keys | None:
    """An attribute of the item itself, of its ancestor, or of those that descend from it.

    A new item has a key of its own, unless all of its siblings have the same.
    """
    made = _made(dataset, entity, entity[name])
    if made is None or entity is of:
        return made
    if entity in of.ancestors:
        return lambda number: made(dataset.ancestor(of, number, entity))
    if of not in entity.ancestors:
        return None

    def of_children(number: int) -> Sequence[Any] | None:
        children = dataset.children(of, number, entity)
        every = [keys for each in _ends(children) if (keys := made(each)) is not None]
        if children and not every:
            return None
        found = [key for keys in every for key in keys]
        if not new:
            return found
        return found[:1] if len(found) > 1 and len(set(found)) == 1 else ()

    return of_children


def _ends(numbers: range) -> Sequence[int]:
    """The first and the last: enough to see whether they share a key."""
    return (numbers[0], numbers[-1]) if len(numbers) > 1 else numbers


def _made(dataset: Dataset, entity: Entity, value: Any) -> _Keys | None:
    """The value for an item; none where it is an attribute that the item lacks."""
    expr: Expr = lift(value)
    there: Callable[[int], bool] | None = None
    try:
        if isinstance(expr, When):
            there = dataset.compile(entity, expr.condition)
            expr = expr.value
        make = dataset.compile(entity, expr)
    except LoadstoneError:
        return None  # it depends on what an earlier step wrote, or on the moment
    if there is None:
        return lambda number: (make(number),)
    fits = there
    return lambda number: (make(number),) if fits(number) else None
