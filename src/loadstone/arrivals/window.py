"""What came of one rate of a search, while it was tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from loadstone.arrivals.stream import Flow
from loadstone.run.call import Call
from loadstone.run.tally import SecondTally


@dataclass(slots=True)
class Window:
    """The arrivals of one trial: those that were meant for its time.

    `served` and `throttled` are of the answers that came in its time, whenever they were meant to:
    where arrivals queue, hardly one of its own is among them.
    """

    start_ns: int
    stop_ns: int
    flow: Flow
    seconds: SecondTally = field(default_factory=SecondTally)
    undone: int = 0  # arrivals that had no answer when they were waited for long enough
    served: int = 0
    throttled: int = 0

    def add(self, call: Call) -> None:
        if self.start_ns <= call.intended_ns < self.stop_ns:
            self.seconds.add(call)
        if self.start_ns <= call.answered_ns < self.stop_ns:
            self.served += call.outcome != "failed"
            self.throttled += len(call.answer.throttles)
