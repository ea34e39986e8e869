"""Writes batches until every item is in its table, or in the ledger with a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gevent.event import Event

from loadstone.client.answer import Answer
from loadstone.seeding.crew import run_crew
from loadstone.seeding.feed import Feed
from loadstone.seeding.ledger import Ledger
from loadstone.seeding.opened import OpenSlice
from loadstone.seeding.sender import Halted, SeedStopped, Sender
from loadstone.seeding.tally import Tally
from loadstone.seeding.verdict import Verdict, verdict

#: BatchWriteItem takes 16 MB: API reference, BatchWriteItem.
BATCH_BYTES = 16 * 1024 * 1024

FALLING_BACK = (
    "BatchWriteItem is not allowed with these credentials: items are written one by one (PutItem)"
)


class Loader:
    """Several greenlets that take batches from a feed and send them.

    `ledgers` by table name. `stop` ends the work when it is set, after what is in flight.
    """

    def __init__(
        self,
        feed: Feed,
        sender: Sender,
        ledgers: Mapping[str, Ledger],
        tally: Tally,
        *,
        stop: Event,
        say: Callable[[str], None],
    ) -> None:
        self._feed, self._sender, self._ledgers, self._tally = feed, sender, ledgers, tally
        self._stop, self._say = stop, say
        self._singly = False

    def run(self, in_flight: int) -> None:
        """Until the feed is empty or the work is stopped."""
        run_crew(self._work, in_flight)

    def _work(self) -> None:
        try:
            while not self._stop.is_set() and (batch := self._feed.next()) is not None:
                self._write(batch.of, batch.rows, self._tally.well)
        except Halted:
            pass
        except Exception:
            self._stop.set()
            raise

    def _write(self, opened: OpenSlice, rows: Sequence[int], well_before: int) -> None:
        """`well_before`: how many requests had gone well when these rows were first tried."""
        throttled = 0
        while left := self._try(opened, rows, well_before):
            throttled = throttled + 1 if len(left) == len(rows) else 1
            self._sender.wait_out_throttle(throttled)
            rows = left

    def _try(self, opened: OpenSlice, rows: Sequence[int], well_before: int) -> Sequence[int]:
        """Send rows once; those that were left undone."""
        if self._singly and len(rows) > 1:
            return self._write_parts(opened, [[row] for row in rows], well_before)
        if self._singly:
            operation, body = "PutItem", opened.put(rows[0])
        else:
            operation, body = "BatchWriteItem", opened.batch(rows)
        halves = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
        if len(body) > BATCH_BYTES and len(rows) > 1:
            return self._write_parts(opened, halves, well_before)
        answer = self._sender.send(operation, body)
        match verdict(answer):
            case Verdict.WELL:
                return self._settle(opened, rows, answer)
            case Verdict.DENIED if operation == "BatchWriteItem":
                self._fall_back()
                return self._try(opened, rows, well_before)
            case Verdict.GLITCH if self._is_alone(answer, rows, well_before):
                raise SeedStopped.by(answer)
            case Verdict.REJECTED | Verdict.GLITCH if len(rows) > 1:
                return self._write_parts(opened, halves, well_before)
            case Verdict.REJECTED | Verdict.GLITCH:
                self._reject(opened, rows[0], answer)
                return ()
            case _:
                raise SeedStopped.by(answer)

    def _write_parts(
        self, opened: OpenSlice, parts: Sequence[Sequence[int]], well_before: int
    ) -> Sequence[int]:
        for part in parts:
            self._write(opened, part, well_before)
        return ()

    def _is_alone(self, answer: Answer, rows: Sequence[int], well_before: int) -> bool:
        """Whether it is the target that fails, and not something in these rows.

        An answer may be about one of several rows, which their halves will show; silence is not.
        """
        return self._tally.well == well_before and (answer.status == 0 or len(rows) == 1)

    def _settle(self, opened: OpenSlice, rows: Sequence[int], answer: Answer) -> Sequence[int]:
        undone = answer.json.get("UnprocessedItems")
        left = opened.found_in(rows, undone) if undone else ()
        written = len(rows) - len(left)
        opened.written += written
        self._tally.written += written
        self._enter_if_finished(opened)
        return left

    def _reject(self, opened: OpenSlice, row: int, answer: Answer) -> None:
        opened.reject(row, str(answer.code), answer.message or "it gave no reason")
        self._tally.rejected += 1
        self._enter_if_finished(opened)

    def _enter_if_finished(self, opened: OpenSlice) -> None:
        if opened.finished:
            ledger = self._ledgers[opened.place.table.name]
            ledger.enter(opened.slice, opened.written, opened.rejected)

    def _fall_back(self) -> None:
        if not self._singly:
            self._singly = True
            self._say(FALLING_BACK)
