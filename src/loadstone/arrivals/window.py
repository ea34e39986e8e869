"""What came of one rate of a search, while it was tried."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from loadstone.arrivals.stream import Flow
from loadstone.client.answer import Throttle
from loadstone.run.call import Call
from loadstone.run.tally import SecondTally

#: What throttles where a table may have capacity left: one partition, a maximum, an account.
_OTHER_LIMITS = re.compile("KeyRangeThroughput|MaxOnDemandThroughput|AccountLimit|RequestLimit")


@dataclass(slots=True)
class Window:
    """The arrivals of one trial: those that were meant for its time.

    `served` and `throttled` are of the answers that came in its time, whenever they were meant to:
    where arrivals queue, hardly one of its own is among them. `spent`: a table or an index had none
    of its own capacity left, and so nothing that it keeps for a burst. What throttles a partition
    or an account does not tell that.
    """

    start_ns: int
    stop_ns: int
    flow: Flow
    seconds: SecondTally = field(default_factory=SecondTally)
    undone: int = 0  # arrivals that had no answer when they were waited for long enough
    served: int = 0
    throttled: int = 0
    spent: bool = False

    def add(self, call: Call) -> None:
        if self.start_ns <= call.intended_ns < self.stop_ns:
            self.seconds.add(call)
        if self.start_ns <= call.answered_ns < self.stop_ns:
            self.served += call.outcome != "failed"
            throttles = call.answer.throttles
            self.throttled += len(throttles)
            self.spent = self.spent or any(map(_of_capacity, throttles))


def _of_capacity(throttle: Throttle) -> bool:
    return _OTHER_LIMITS.search(throttle.reason) is None
