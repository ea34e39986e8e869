"""One table's part of a load: its ledger, the slices that nobody has yet, and its pace."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from loadstone.seeding.capacities import Capacity
from loadstone.seeding.ledger import Entered, Ledger, LedgerOpen, Rejection
from loadstone.seeding.pace import Pacer, provisioned_limit
from loadstone.seeding.place import Place
from loadstone.seeding.slices import Slice, slices
from loadstone.seeding.standing import Standing
from loadstone.seeding.tally import TableTally

#: What may be more than is known is begun with what is known, and tried after so long.
FOUND_AFTER_S = 5.0


class Book:
    """`counts`: the items of each entity that is asked for. The units of a `capacity` may change
    while the load goes on."""

    def __init__(
        self, ledger: Ledger, counts: Mapping[str, int], capacity: Capacity | None = None
    ) -> None:
        self._ledger, self._entities = ledger, tuple(counts)
        self._capacity = capacity or Capacity()
        ledger.ask(counts)
        self.before = self.standing.asked - self.standing.left
        self.tally = TableTally(asked=self.standing.asked, done=self.before)
        self._pacer = Pacer(self._provisioned({}))
        self._began_s: float | None = None
        self._ahead = (part for each in slices(counts) for part in ledger.missing(each))
        self._returned: deque[Slice] = deque()

    @property
    def place(self) -> Place:
        return self._ledger.place

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    @property
    def entities(self) -> tuple[str, ...]:
        return self._entities

    @property
    def standing(self) -> Standing:
        return self._ledger.standing(self._entities)

    @property
    def left(self) -> int:
        """Items that are neither written nor rejected yet."""
        return self.tally.asked - self.tally.done

    @property
    def limit(self) -> float | None:
        """Units a second that the table takes, as far as is known."""
        return self._pacer.limit

    def next(self, count: int) -> list[Slice]:
        """Up to so many slices that nobody has."""
        count = max(0, count)
        back = [self._returned.popleft() for _ in range(min(count, len(self._returned)))]
        return back + list(islice(self._ahead, count - len(back)))

    def give_back(self, given: Iterable[Slice]) -> None:
        """Slices whose worker will not write them."""
        left = (part for each in sorted(given) for part in self._ledger.missing(each))
        self._returned.extend(left)

    def enter(self, of: Slice, written: int, rejections: Sequence[Rejection]) -> Entered:
        """A slice, or a part of one, is done; what is new about that."""
        entered = self._ledger.enter(of, written, rejections)
        self.tally.done += sum(entered)
        return entered

    def read_pace(
        self, now_s: float, *, spent: float, throttled: int, units: Mapping[str | None, float]
    ) -> None:
        """How fast it went: `spent` paces, `units` show how they spread over the indexes."""
        if self._began_s is None:
            self._began_s = now_s
        provisioned, holds = self._provisioned(units), self._capacity.holds
        if provisioned and not throttled and (holds or now_s - self._began_s < FOUND_AFTER_S):
            self._pacer.start_at(provisioned)
        self._pacer.read(now_s, spent, throttled, most=provisioned if holds else None)

    def _provisioned(self, units: Mapping[str | None, float]) -> float | None:
        """Units a second of all arms together, as they have been spread over them so far."""
        known = self._capacity.units
        return provisioned_limit(known, units) if known else None

    def check_closed(self) -> None:
        """LedgerOpen unless all that is asked for is written, or rejected with a reason."""
        standing = self.standing
        if standing.left:
            raise LedgerOpen(
                f"the ledger {self._ledger.path} does not close: {standing.asked} asked, "
                f"{standing.written} written, {standing.rejected.total()} rejected; this is a bug "
                "in Loadstone, please report it"
            )
