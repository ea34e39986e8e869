"""Whether the tables hold what the data set says: every count, and a sample field by field."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from typing import Any, NamedTuple

import gevent
import orjson

from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.scenario.settings import Settings
from loadstone.scenario.touch import Touch
from loadstone.seeding.crew import gather
from loadstone.seeding.from_runs import NOTHING, Beside
from loadstone.seeding.ledger import Ledger
from loadstone.seeding.place import Place
from loadstone.seeding.presence import Expected, expected_counts, is_expired, stored_in
from loadstone.seeding.sender import SeedStopped, Sender
from loadstone.seeding.verdict import Verdict, verdict
from loadstone.seeding.verification import Count, Verification
from loadstone.wire import Item, decode, encode

SAMPLE = 200
KEYS_A_BATCH = 100  # BatchGetItem takes 100 at most: API reference, BatchGetItem
ITEMS_A_SEGMENT = 20_000
MOST_SEGMENTS = 32
#: An index follows its table with some delay; counts that fall short are taken again after these.
PATIENCE_S = (0.5, 1.0, 2.0, 4.0)

_ACCOUNTED = {"ReturnConsumedCapacity": "INDEXES"}


class _Look(NamedTuple):
    """One sampled item, read back."""

    problem: str | None
    expired: bool = False
    touched: bool = False


class Verifier:
    """Reads through a sender whose waits are its caller's; `now_s` decides what has expired."""

    def __init__(
        self,
        dataset: Dataset,
        sender: Sender,
        *,
        now_s: int,
        in_flight: int = 8,
        draw: random.Random | None = None,
        wait: Callable[[float], object] = gevent.sleep,
        runs: Callable[[Place], Beside] = lambda _: NOTHING,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`runs`: what they did to a table. `check` is called after each request, and may raise."""
        self._dataset, self._sender, self._now_s, self._runs = dataset, sender, now_s, runs
        self._touch, self._check = Touch(dataset, Settings()), check
        self._in_flight, self._wait = in_flight, wait
        self._draw = draw or random.Random()
        self._singly = False  # BatchGetItem is not allowed

    def verify(self, ledgers: Sequence[Ledger], *, sample: int = SAMPLE) -> Verification:
        """Each ledger's table; what a ledger says was rejected is not expected."""
        asked = sum(ledger.asked for ledger in ledgers)
        counts: list[Count] = []
        looks: list[_Look] = []
        for ledger in ledgers:
            rejected = {(each.entity, each.number) for each in ledger.rejections()}
            runs = self._runs(ledger.place)
            counts += self._counts(ledger, rejected, runs)
            size = -(-sample * ledger.asked // asked) if asked else 0
            looks += self._looks(ledger, rejected, size, runs)
        return Verification(
            counts=tuple(counts),
            sampled=len(looks),
            expired=sum(each.expired for each in looks),
            touched=sum(each.touched for each in looks),
            differences=tuple(each.problem for each in looks if each.problem),
        )

    def _counts(
        self, ledger: Ledger, rejected: set[tuple[str, int]], runs: Beside
    ) -> Iterator[Count]:
        place = ledger.place
        for expected in expected_counts(
            self._dataset, place.table, rejected, now_s=self._now_s, only=ledger.entities
        ):
            count = Count(
                table=place.name,
                expected=expected,
                counted=self._count(place, expected),
                runs=runs.to(expected.index),
            )
            for seconds in PATIENCE_S if expected.index else ():
                if count.counted >= count.least:
                    break
                self._wait(seconds)
                count = replace(count, counted=self._count(place, expected))
            yield count

    def _count(self, place: Place, expected: Expected) -> int:
        segments = min(MOST_SEGMENTS, 1 + expected.items // ITEMS_A_SEGMENT)
        request: dict[str, Any] = {
            "TableName": place.name,
            "Select": "COUNT",
            "TotalSegments": segments,
            **_ACCOUNTED,
        }
        # An index has no consistent reads.
        request |= {"IndexName": expected.index} if expected.index else {"ConsistentRead": True}
        scans = [partial(self._scan, {**request, "Segment": n}) for n in range(segments)]
        return sum(gather(scans, self._in_flight))

    def _scan(self, request: dict[str, Any]) -> int:
        counted = 0
        while True:
            page = self._answer("Scan", request).json
            counted += int(page["Count"])
            if not page.get("LastEvaluatedKey"):
                return counted
            request = {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _looks(
        self, ledger: Ledger, rejected: set[tuple[str, int]], size: int, runs: Beside
    ) -> Iterator[_Look]:
        place = ledger.place
        drawn = _drawn(self._dataset, ledger, size, self._draw)
        chosen = [(entity, n) for entity, n in drawn if (entity.name, n) not in rejected]
        batches = [chosen[i : i + KEYS_A_BATCH] for i in range(0, len(chosen), KEYS_A_BATCH)]
        looks = gather(
            [partial(self._look, place, batch, runs) for batch in batches], self._in_flight
        )
        return chain.from_iterable(looks)

    def _look(
        self, place: Place, chosen: Sequence[tuple[Entity, int]], runs: Beside
    ) -> list[_Look]:
        wanted = {each: self._dataset.item(*each) for each in chosen}
        keys = {_named(place, item): _key(place, item) for item in wanted.values()}
        stored = {_named(place, item): item for item in self._read(place, list(keys.values()))}
        return [
            self._judged(each, item, stored.get(_named(place, item)), place, runs)
            for each, item in wanted.items()
        ]

    def _judged(
        self,
        which: tuple[Entity, int],
        wanted: Item,
        stored: Item | None,
        place: Place,
        runs: Beside,
    ) -> _Look:
        entity, number = which
        look = _compared(place, f"{entity.name} {number}", wanted, stored, self._now_s)
        may_differ = runs.changed if stored is not None else runs.expiring
        if look.problem and may_differ and self._touch.touches(entity, number):
            return _Look(None, touched=True)
        return look

    def _read(self, place: Place, keys: Sequence[Item]) -> Iterator[Item]:
        """The items that are there."""
        left: list[Any] = [encode(key) for key in keys]
        times = 0
        while left and not self._singly:
            request = {
                "RequestItems": {place.name: {"Keys": left, "ConsistentRead": True}},
                **_ACCOUNTED,
            }
            answer = self._answer("BatchGetItem", request, may_be_denied=True)
            if not answer.ok:
                self._singly = True
                break
            found = answer.json.get("Responses", {}).get(place.name, ())
            yield from map(decode, found)
            left = (answer.json.get("UnprocessedKeys") or {}).get(place.name, {}).get("Keys", [])
            times = 1 if found else times + 1
            if left:
                self._sender.wait_out_throttle(times)
        for key in left:
            one = {"TableName": place.name, "Key": key, "ConsistentRead": True, **_ACCOUNTED}
            item = self._answer("GetItem", one).json.get("Item")
            if item is not None:
                yield decode(item)

    def _answer(
        self, operation: str, request: Mapping[str, Any], *, may_be_denied: bool = False
    ) -> Answer:
        answer = self._sender.send(operation, orjson.dumps(request))
        self._check()
        match verdict(answer):
            case Verdict.WELL:
                return answer
            case Verdict.DENIED if may_be_denied:
                return answer
            case _:
                raise SeedStopped.by(answer)


def _drawn(
    dataset: Dataset, ledger: Ledger, size: int, draw: random.Random
) -> Iterator[tuple[Entity, int]]:
    """Different items of a table, each as likely as any other."""
    there = stored_in(dataset, ledger.place.table)
    entities = [entity for entity in there if entity.name in ledger.entities]
    if not entities:
        return
    ends = list(accumulate(dataset.count(entity) for entity in entities))
    for number in sorted(draw.sample(range(ends[-1]), min(size, ends[-1]))):
        which = bisect_right(ends, number)
        yield entities[which], number - (ends[which] - dataset.count(entities[which]))


def _compared(place: Place, name: str, wanted: Item, stored: Item | None, now_s: int) -> _Look:
    if stored is None:
        expired = is_expired(wanted, place.table, now_s)
        return _Look(None if expired else f"{place.name}: {name} is missing", expired)
    wrong = [
        f"{field} is {_shown(stored, field)} and not {_shown(wanted, field)}"
        for field in {**wanted, **stored}
        if field not in wanted or field not in stored or stored[field] != wanted[field]
    ]
    return _Look(f"{place.name}: {name}: {'; '.join(wrong)}" if wrong else None)


def _shown(item: Item, field: str) -> str:
    return repr(item[field]) if field in item else "missing"


def _key(place: Place, item: Item) -> Item:
    return {name: item[name] for name in place.table.key}


def _named(place: Place, item: Item) -> tuple[Any, ...]:
    return tuple(_key(place, item).values())
