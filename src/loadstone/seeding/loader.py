"""Writes batches until every item is in its table, or has a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from time import perf_counter_ns

from gevent.event import Event

from loadstone.client.answer import Answer
from loadstone.seeding.clock import Clock
from loadstone.seeding.crew import run_crew
from loadstone.seeding.feed import BATCH_ITEMS, Batch
from loadstone.seeding.lane import Lane, Sent
from loadstone.seeding.opened import OpenSlice
from loadstone.seeding.pace import Bucket
from loadstone.seeding.sender import Halted, SeedStopped, Sender
from loadstone.seeding.tally import Tally
from loadstone.seeding.verdict import Verdict, undone, verdict

#: BatchWriteItem takes 16 MB: API reference, BatchWriteItem.
BATCH_BYTES = 16 * 1024 * 1024

NO_REASON = "it gave no reason"
FALLING_BACK = (
    "BatchWriteItem is not allowed with these credentials: items are sent one by one ({single})"
)


#: Told of each request that went to a table, or several in a row of the same: the last answer,
#: and how long it took since the first was sent, in ns.
Observe = Callable[[str, Answer, int], None]


def nobody(table: str, answer: Answer, took_ns: int) -> None:
    """Observes nothing."""


class Loader:
    """Several greenlets that send the next batch of the table that lags behind most.

    A batch that is throttled goes back to its lane, and its greenlet to the other lanes: a table
    that throttles slows down no other. `total` holds the units of all lanes together; `finished`
    is told of each slice that is done.
    """

    def __init__(
        self,
        lanes: Mapping[str, Lane],
        sender: Sender,
        tally: Tally,
        *,
        total: Bucket,
        finished: Callable[[Lane, OpenSlice], None],
        ended: Event,
        clock: Clock,
        say: Callable[[str], None],
        observe: Observe = nobody,
    ) -> None:
        self._lanes, self._sender, self._tally, self._total = lanes, sender, tally, total
        self._finished, self._ended, self._clock, self._say = finished, ended, clock, say
        self._observe = observe
        self._changed = Event()
        self._singly = False

    def run(self, in_flight: int) -> None:
        """Until it is ended; what is in flight then is finished."""
        run_crew(self._work, in_flight)

    def wake(self) -> None:
        """There may be something to send, or nothing any more."""
        self._changed.set()

    def end(self) -> None:
        """Send nothing more."""
        self._ended.set()
        self.wake()

    def _work(self) -> None:
        try:
            while (sent := self._next()) is not None:
                self._send(sent)
        except Halted:
            pass
        except Exception:
            self.end()
            raise

    def _next(self) -> Sent | None:
        while not self._ended.is_set():
            now_s = self._clock.now_s()
            wait_s = self._total.wait_s(now_s)
            if wait_s <= 0:
                lane, wait_s = self._choose(now_s)
                if lane is not None:
                    most = 1 if self._singly else BATCH_ITEMS
                    return lane.take(most, self._total.rate, self._tally.well)
            self._changed.clear()
            self._clock.wait(self._changed, None if wait_s == inf else wait_s)
        return None

    def _choose(self, now_s: float) -> tuple[Lane | None, float]:
        """The lane that lags behind most of those that can send, else how long none can."""
        chosen, soonest_s = None, inf
        for lane in self._lanes.values():
            wait_s = lane.wait_s(now_s)
            if wait_s > 0:
                soonest_s = min(soonest_s, wait_s)
            elif chosen is None or lane.progress < chosen.progress:
                chosen = lane
        return chosen, soonest_s

    def _send(self, sent: Sent) -> None:
        """Send rows once, and see to it that those which were left undone come again."""
        batch = sent.batch
        if self._singly:
            operation, body = batch.of.single, batch.of.alone(batch.rows[0])
        else:
            operation, body = "BatchWriteItem", batch.of.batch(batch.rows)
        if len(body) > BATCH_BYTES and len(batch.rows) > 1:
            self._settle(sent, again=_halves(batch))
            return
        now_s = self._clock.now_s()
        self._total.take(sent.reckon(len(body), now_s), now_s)
        sent_ns = perf_counter_ns()
        answer = self._sender.send_once(operation, body)
        self._observe(sent.lane.place.name, answer, perf_counter_ns() - sent_ns)
        match verdict(answer):
            case Verdict.WELL:
                self._settle_well(sent, answer)
            case Verdict.THROTTLED:
                self._settle(sent, again=[batch], throttles=max(1, len(answer.throttles)))
            case Verdict.DENIED if operation == "BatchWriteItem":
                self._fall_back(batch.of.single)
                self._settle(sent, again=[batch._replace(rows=[row]) for row in batch.rows])
            case Verdict.GLITCH if self._is_alone(answer, batch):
                raise SeedStopped.by(answer)
            case Verdict.REJECTED | Verdict.GLITCH if len(batch.rows) > 1:
                self._settle(sent, again=_halves(batch))
            case Verdict.REJECTED | Verdict.GLITCH:
                batch.of.reject(batch.rows[0], str(answer.code), answer.message or NO_REASON)
                self._tally.rejected += 1
                self._settle(sent, rejected=1)
            case _:
                raise SeedStopped.by(answer)

    def _is_alone(self, answer: Answer, batch: Batch) -> bool:
        """Whether it is the target that fails, and not something in these rows.

        An answer may be about one of several rows, which their halves will show; silence is not.
        """
        silent = answer.status == 0 or len(batch.rows) == 1
        return self._tally.well == batch.well_before and silent

    def _settle_well(self, sent: Sent, answer: Answer) -> None:
        batch = sent.batch
        given_back = undone(answer)
        left = batch.of.found_in(batch.rows, given_back) if given_back else ()
        written = batch.of.write(batch.rows, left)
        self._tally.written += written
        # Where the answer does not say, what was reckoned.
        units = sum([each.write for each in answer.units])
        if not units:
            units = sent.reckoned * written / len(batch.rows)
        again = [batch._replace(rows=left)] if left else []
        self._settle(sent, again=again, written=written, units=units, throttles=len(left))

    def _settle(
        self,
        sent: Sent,
        *,
        again: Sequence[Batch] = (),
        written: int = 0,
        rejected: int = 0,
        units: float = 0.0,
        throttles: int = 0,
    ) -> None:
        now_s = self._clock.now_s()
        self._total.take(units - sent.reckoned, now_s)
        lane, opened = sent.lane, sent.batch.of
        lane.settle(sent, again, written=written, units=units, throttles=throttles, now_s=now_s)
        if opened.finished and (written or rejected):
            lane.end(opened)
            self._finished(lane, opened)
        self.wake()

    def _fall_back(self, single: str) -> None:
        if not self._singly:
            self._singly = True
            self._say(FALLING_BACK.format(single=single))


def _halves(batch: Batch) -> list[Batch]:
    middle = len(batch.rows) // 2
    return [batch._replace(rows=batch.rows[:middle]), batch._replace(rows=batch.rows[middle:])]
