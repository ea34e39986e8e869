"""A second in which something runs short: who is served of what there is, and what stops whom."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = -1
_SLACK = 1e-9

Asks = Sequence[tuple[int, float]]  # (arm, units)


def share_out(room: Sequence[float], flows: Sequence[Asks]) -> list[tuple[float, int]]:
    """How much of each flow is served, and the arm that stopped it, or NOTHING.

    All flows run evenly through the second. When an arm has nothing left, the flows that need it
    stop there, at all of their arms; what that leaves on the others is the rest's.
    """
    left, need = list(room), [0.0] * len(room)
    for flow in flows:
        for arm, units in flow:
            need[arm] += units
    served = [(1.0, NOTHING)] * len(flows)
    running = list(range(len(flows)))
    at = 0.0
    while running:
        until, empty = 1.0 - _SLACK, NOTHING
        for arm, units in enumerate(need):
            if units > _SLACK and at + max(0.0, left[arm]) / units < until:
                until, empty = at + max(0.0, left[arm]) / units, arm
        if empty == NOTHING:
            break
        for arm, units in enumerate(need):
            left[arm] -= units * (until - at)
        at = until
        stopped = [number for number in running if _asks(flows[number], empty)]
        for number in stopped:
            served[number] = (at, empty)
            for arm, units in flows[number]:
                need[arm] -= units
        need[empty] = 0.0
        running = [number for number in running if number not in stopped]
    return served


def _asks(flow: Asks, arm: int) -> bool:
    return any(other == arm and units > _SLACK for other, units in flow)
