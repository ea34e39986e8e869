"""Whether an answer is right: as many rows as there are, in order, of whom was asked for, and on a
sample equal to what the data set says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from loadstone.client.answer import Answer
from loadstone.dataset import Dataset
from loadstone.entity import Entity
from loadstone.fields.shapes import When
from loadstone.pattern import (
    BatchGetItem,
    Every,
    Exactly,
    Maybe,
    Pattern,
    Query,
    Scan,
    Some,
    Written,
)
from loadstone.scenario.expressions import Test
from loadstone.scenario.known import Known
from loadstone.scenario.outcome import rows_in
from loadstone.scenario.right_rows import (
    in_one_partition,
    ordered,
    right_count,
    shown,
    too_few,
    unmet,
)
from loadstone.wire import Item, decode

#: Beyond this many rows a sampled answer is checked for order and owner alone.
COMPARED_ROWS = 400


class Question(NamedTuple):
    """What was asked: of which items, and with what values behind the placeholders.

    `touched`: the run may write them, so they may have changed, and may have more beneath them.
    """

    subject: int
    numbers: Sequence[int]  # of the items that it is about, one for each part
    values: Mapping[str, Any]
    touched: bool


class Check:
    """What is right for one pattern."""

    def __init__(
        self,
        pattern: Pattern,
        dataset: Dataset,
        tests: Sequence[Test],
        about: Sequence[Entity],
        changes: Mapping[Entity, frozenset[str]],
    ) -> None:
        """`tests` are the conditions of the request, `about` the entities of its parts; `changes`
        are the attributes that a run may change."""
        self._pattern, self._dataset, self._tests = pattern, dataset, tests
        self._about = about
        self._table = pattern.table
        self._changes = changes
        operation = pattern.operation
        self._search = operation if isinstance(operation, Query | Scan) else None
        #: Every row that may come back, in one or in several pages.
        self._most: int | None = None
        if self._search is not None and self._search.limit and self._search.pages:
            self._most = self._search.limit * self._search.pages
        if isinstance(operation, BatchGetItem):
            self._most = operation.most
        self._right = right_count(pattern.expects, len(about))
        self._narrowed = self._is_narrowed()
        self._moves = self._may_move()
        self._made: tuple[Entity, range, Sequence[Item]] | None = None
        self._known: Known | None = None

    def know_rows(self) -> None:
        """Make ready to tell which items the rows are, where the pattern does not say whose they
        are: it takes a moment, and is for before the first answer."""
        dataset, table, search = self._dataset, self._table, self._search
        if search is None or search.projection:
            return
        if isinstance(self._pattern.expects, Some | Maybe):
            self._known = dataset.memo((Known, table), lambda: Known(dataset, table))

    def settles(self, subject: int, rows: int) -> bool:
        """Whether so many rows are right for the item that was drawn, whatever a run may write."""
        fewest, most = self._right
        if fewest <= rows <= most:
            return True
        expects = self._pattern.expects
        return isinstance(expects, Every) and rows == self._expected(subject, expects)

    def rows(self, asked: Question, rows: int, *, whole: bool, now_s: float) -> str | None:
        """What is wrong with the number of rows; `whole` when no more follow."""
        expects = self._pattern.expects
        if isinstance(expects, Written | Maybe) or (asked.touched and self._moves):
            return None
        if isinstance(expects, Every):
            return self._every(asked, expects, rows, whole=whole, now_s=now_s)
        if rows == 0 and not whole:
            return None
        least = len(asked.numbers) if isinstance(expects, Exactly) else 1
        if isinstance(expects, Exactly) and rows > least and not asked.touched:
            return f"more rows than there are: {rows} of {least}"
        if rows >= least:
            return None
        if rows >= least - self.expired(asked, now_s):
            return None
        return "no row" if not rows else f"fewer rows than there are: {rows} of {least}"

    def expired(self, asked: Question, now_s: float) -> int:
        """How many of the items that it is about the table's TTL may have deleted."""
        items = zip(self._about, asked.numbers, strict=True)
        return sum(self._expired(entity, number, now_s) for entity, number in items)

    def content(
        self,
        asked: Question,
        answers: Sequence[Answer],
        *,
        whole: bool,
        now_s: float,
        touches: Callable[[Entity, int], bool],
    ) -> str | None:
        """What is wrong with the rows themselves; `touches` says whether the run may write an
        item."""
        search, expects = self._search, self._pattern.expects
        if search is not None and search.count_only:
            return None
        rows = [decode(row) for answer in answers for row in rows_in(answer)]
        if isinstance(search, Query) and not search.projection:
            problem = ordered(search, rows, asked.values[":0"])
            if problem:
                return problem
        if isinstance(expects, Exactly):
            problem = self._exactly(asked, rows)
        elif isinstance(expects, Every):
            problem = self._all_of(asked, expects, rows, whole=whole, now_s=now_s)
        else:
            problem = self._as_loaded(rows, touches)
        return problem or unmet(search, self._tests, rows, asked.values)

    def _every(
        self, asked: Question, expects: Every, rows: int, *, whole: bool, now_s: float
    ) -> str | None:
        entity, numbers = expects.entity, self._among(asked.subject, expects)
        expected = self._expected(asked.subject, expects)
        if rows > expected and not asked.touched:
            return f"more rows than there are: {rows} of {expected}"
        if rows >= expected or (rows and (self._narrowed or not whole)):
            return None
        if not whole and self._most is None:
            return None
        if len(numbers) <= COMPARED_ROWS or not self._narrowed:
            expired = 0
            if self._narrowed:
                expected = len(self._matching(asked, entity, numbers, now_s, expired=False))
            elif self._table.ttl:
                expired = sum(self._expired(entity, number, now_s) for number in numbers)
            if rows < expected - expired:
                return too_few(rows, expected)
        return None

    def _all_of(
        self,
        asked: Question,
        expects: Every,
        rows: Sequence[Item],
        *,
        whole: bool,
        now_s: float,
    ) -> str | None:
        """The rows against every item that passes the request's own conditions."""
        entity, numbers = expects.entity, self._among(asked.subject, expects)
        if len(numbers) > COMPARED_ROWS:
            return None
        if self._search is not None and self._search.projection:
            return self._projected(asked, entity, rows, numbers)
        known = {self._key(item): item for item in self._items(entity, numbers)}
        ignored = self._changes.get(entity, frozenset()) if asked.touched else frozenset()
        for row in rows:
            item = known.get(self._key(row))
            if item is None and not asked.touched:
                return "a row that is not among those asked for"
            if item is not None and (problem := self._same(row, item, ignored)):
                return problem
        if asked.touched and self._moves:
            return None
        if self._most is not None:
            return self._first_of(asked, entity, rows, numbers, now_s)
        if not whole:
            return None
        lasting = self._matching(asked, entity, numbers, now_s, expired=False)
        found = {self._key(row) for row in rows}
        missed = [item for item in lasting if self._key(item) not in found]
        came = len(lasting) - len(missed)
        return too_few(len(rows), len(lasting), came) if missed else None

    def _expected(self, subject: int, expects: Every) -> int:
        """How many rows there are at most, as long as nothing more is written."""
        every = len(self._among(subject, expects))
        return every if self._most is None else min(every, self._most)

    def _among(self, number: int, expects: Every) -> range:
        """The items that the rows are among."""
        of = self._pattern.of
        if expects.within is not None:
            number = self._dataset.ancestor(of, number, expects.within)
            of = expects.within
        return self._dataset.children(of, number, expects.entity)

    def _first_of(
        self,
        asked: Question,
        entity: Entity,
        rows: Sequence[Item],
        numbers: range,
        now_s: float,
    ) -> str | None:
        """Where not all are asked for: that those which came are the first ones."""
        every = self._matching(asked, entity, numbers, now_s, expired=True)
        lasting = self._matching(asked, entity, numbers, now_s, expired=False)
        if len(every) != len(lasting):
            return None  # some may have been deleted, and others moved up in their places
        expected = min(len(every), self._most or 0)
        search = self._search
        if search is not None and search.filter:
            return None  # a limit counts what is read, and a filter leaves some of that out
        if len(rows) < expected:
            return too_few(len(rows), expected)
        if asked.touched or not isinstance(search, Query) or search.searched.sort_key is None:
            return None
        sort_key = search.searched.sort_key
        wanted = sorted((item[sort_key] for item in every), reverse=search.newest_first)
        came = [row[sort_key] for row in rows]
        return "not the first rows of those there are" if came != wanted[: len(came)] else None

    def _exactly(self, asked: Question, rows: Sequence[Item]) -> str | None:
        for entity, number in zip(self._about, asked.numbers, strict=True):
            item = self._dataset.item(entity, number)
            ignored = self._changes.get(entity, frozenset()) if asked.touched else frozenset()
            paths = getattr(self._pattern.operation, "projection", ())
            if paths:
                if not any(
                    shown(item, paths, ignored) == shown(row, paths, ignored) for row in rows
                ):
                    return "not what was loaded" if rows else None
                continue
            own = [row for row in rows if self._key(row) == self._key(item)]
            if not own and rows and len(self._about) == 1:
                return "a row that is not the one asked for"
            if own and (problem := self._same(own[0], item, ignored)):
                return problem
        return None

    def _as_loaded(
        self, rows: Sequence[Item], touches: Callable[[Entity, int], bool]
    ) -> str | None:
        """Rows against the items that they are, whoever's; of those that the data set has."""
        if self._known is None:
            return None
        for row in rows[:COMPARED_ROWS]:
            found = self._known.find(row)
            if found is None:
                continue
            written = touches(found.entity, found.number)
            ignored = self._changes.get(found.entity, frozenset()) if written else frozenset()
            if problem := self._same(row, found.item, ignored):
                return problem
        return None

    def _projected(
        self, asked: Question, entity: Entity, rows: Sequence[Item], numbers: range
    ) -> str | None:
        """Rows of which only some attributes came."""
        if asked.touched:
            return None
        assert self._search is not None
        paths = self._search.projection
        known = [shown(item, paths, frozenset()) for item in self._items(entity, numbers)]
        if all(shown(row, paths, frozenset()) in known for row in rows):
            return None
        return "a row that is not among those asked for"

    def _matching(
        self, asked: Question, entity: Entity, numbers: range, now_s: float, *, expired: bool
    ) -> list[Mapping[str, Any]]:
        """The items that the request's conditions let through; `expired` ones may be gone."""
        items = self._items(entity, numbers)
        keys = self._search.searched.key if self._search is not None else ()
        ttl = self._table.ttl
        return [
            item
            for item in items
            if all(name in item for name in keys)
            and all(test.holds(item, asked.values) for test in self._tests)
            and (expired or not (ttl and 0 < item.get(ttl, 0) < now_s))
        ]

    def _items(self, entity: Entity, numbers: range) -> Sequence[Item]:
        """The items of a range. The last ones are kept: an answer is looked at more than once."""
        if self._made is None or self._made[:2] != (entity, numbers):
            items = list(self._dataset.items(entity, numbers.start, numbers.stop))
            self._made = entity, numbers, items
        return self._made[2]

    def _is_narrowed(self) -> bool:
        """Whether the request itself leaves out some of what descends from the drawn item."""
        expects, search = self._pattern.expects, self._search
        if search is None or not isinstance(expects, Every):
            return False
        if expects.within is not None:
            return True
        sparse = any(
            isinstance(expects.entity.item.get(name), When) for name in search.searched.key
        )
        if isinstance(search, Query) and not in_one_partition(
            expects.entity, search.searched.partition_key, self._pattern.of
        ):
            return True
        return sparse or len(self._tests) > int(isinstance(search, Query))

    def _may_move(self) -> bool:
        """Whether a run may change what the request goes by."""
        if self._search is None:
            return False
        asked = {test.path[0] for test in self._tests} | set(self._search.searched.key)
        return any(
            asked & changed
            for entity, changed in self._changes.items()
            if entity.table is self._table
        )

    def _key(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(item.get(name) for name in self._table.key)

    def _same(self, row: Item, item: Mapping[str, Any], ignored: frozenset[str]) -> str | None:
        if row == item:
            return None
        names = set(row) | set(item)
        if (
            self._search is not None
            and getattr(self._search.searched, "projection", "ALL") != "ALL"
        ):
            names = set(row)
        differing = sorted(
            name for name in names if name not in ignored and row.get(name) != item.get(name)
        )
        return f"not what was loaded: {', '.join(differing)}" if differing else None

    def _expired(self, entity: Entity, number: int, now_s: float) -> bool:
        """Whether the table's TTL may have deleted an item."""
        ttl = self._table.ttl
        return bool(ttl) and 0 < self._dataset.item(entity, number).get(str(ttl), 0) < now_s
