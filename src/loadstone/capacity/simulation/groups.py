"""Arms that stand and fall together, because some request needs several of them at once.

The writes of a table and of its indexes are such a group: an index that cannot take a write
throttles its table. In a minute in which anything of a group runs short, or exceeds the limit of a
partition or an on-demand maximum, it is stepped second by second, and flow by flow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.admission import Cause, cause_of_want
from loadstone.capacity.limits import PARTITION_UNITS, OnDemand
from loadstone.capacity.simulation.buckets import SLACK, Short
from loadstone.capacity.simulation.demand import MINUTE_S, Amounts, Demand, Side
from loadstone.capacity.simulation.partitions import ELSEWHERE, Spread, spread
from loadstone.capacity.simulation.rows import ArmRows
from loadstone.capacity.simulation.settings import Setting
from loadstone.capacity.simulation.sharing import NOTHING, share_out

_ALL = -1  # every part that needs an arm
_WHOLE = ELSEWHERE - 1  # all partitions of an arm together


class Stop(NamedTuple):
    """Shares of a flow's calls, by second, that one arm could not serve."""

    flow: int
    row: int
    cause: Cause
    seconds: NDArray[np.int64]
    shares: Amounts


class Lid(NamedTuple):
    """What a row, or one of its partitions, serves in a second at most, whatever is kept."""

    row: int
    number: int
    units: float
    cause: Cause


class Meets(NamedTuple):
    """A minute as a group meets it: what the bucket of each row lacked before, and the lids."""

    minute: int
    arms: ArmRows
    lacked: Mapping[int, float]
    lids: Sequence[Lid]

    def settle(self, row: int, asked: Amounts) -> bool:
        """What is asked of a row in this minute after all, if it has enough for it."""
        buckets = self.arms.buckets
        lacks = buckets.lacks_after(row, asked, self.lacked[row])
        if lacks.max() > buckets.cap[row] + SLACK:
            return False
        self.arms.settle(row, float(lacks[-1]), asked)
        return True


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a flow that goes one way: its share of the calls, the arms that it needs (the
    group's rows come first, then the lids), and the units of each in each second."""

    flow: int
    share: float
    arms: Sequence[int]
    units: Sequence[Sequence[float]]


class _Steps:
    """The seconds of a minute, and in which of them which part was cut by which arm."""

    def __init__(self, parts: Sequence[_Part], arms: int) -> None:
        self._parts, self._arms = parts, arms
        self._need = _need(parts, arms)
        self._through: dict[int, list[list[float]]] = {}
        self._cuts: defaultdict[tuple[int, int], list[float]] = defaultdict(_no_cuts)

    def serve(self, second: int, room: Sequence[float]) -> list[float]:
        """Units that each arm serves of those that it has."""
        asked = self._need[second]
        short = [arm for arm, units in enumerate(asked) if units > room[arm] + SLACK]
        if not short:
            return asked
        if len(short) == 1:
            return self._cut_by(short[0], second, asked, room)
        asks = [list(zip(part.arms, part.units[second], strict=True)) for part in self._parts]
        used = [0.0] * self._arms
        for number, (share, arm) in enumerate(share_out(room, asks)):
            for other, units in asks[number]:
                used[other] += units * share
            if arm != NOTHING:
                self._cuts[number, arm][second] = 1 - share
        return used

    def _cut_by(
        self, arm: int, second: int, asked: Sequence[float], room: Sequence[float]
    ) -> list[float]:
        """One arm runs short, and all that need it stop together."""
        if arm not in self._through:
            needing = [part for part in self._parts if arm in part.arms]
            self._through[arm] = _need(needing, self._arms)
        cut = 1 - max(0.0, room[arm]) / asked[arm]
        self._cuts[_ALL, arm][second] = cut
        stopped = self._through[arm][second]
        return [units - cut * its for units, its in zip(asked, stopped, strict=True)]

    def all_cuts(self) -> Iterator[tuple[_Part, int, Sequence[float]]]:
        """The parts that were cut, with the arm, and the share by second."""
        for (number, arm), cuts in self._cuts.items():
            for at, part in enumerate(self._parts):
                if at == number or (number == _ALL and arm in part.arms):
                    yield part, arm, cuts


class Group:
    """Rows that some flow connects, and all flows through them.

    `sides` and `settings` are those of every row of the simulation.
    """

    def __init__(
        self,
        demand: Demand,
        sides: Sequence[Side],
        settings: Sequence[Setting],
        rows: Sequence[int],
    ) -> None:
        self.rows, self._settings, self._sides = tuple(rows), settings, sides
        self._place = {sides[row]: place for place, row in enumerate(rows)}
        self.flows = tuple(n for n, f in enumerate(demand.flows) if self._place.keys() & f.units)
        self._demand = demand
        self._spreads: dict[tuple[int, int], Spread] = {}

    @property
    def alone(self) -> bool:
        """Whether it is an arm by itself."""
        return len(self.rows) == 1

    def lids(self, minute: int, arms: ArmRows) -> list[Lid]:
        """Those that come into question in this minute."""
        return [lid for row in self.rows for lid in self._lids_of(row, minute, arms)]

    def run(self, meets: Meets, short: Short, places: Sequence[int]) -> list[Stop]:
        """A minute in which something runs short; `places` are its rows in `short`."""
        if not meets.lids:
            for place in places:
                stops = self._stopped_by_one(meets, short, place, places)
                if stops is not None:
                    return stops
        return self._stepped(meets)

    def _stopped_by_one(
        self, meets: Meets, short: Short, place: int, places: Sequence[int]
    ) -> list[Stop] | None:
        """All stops, if one arm makes them: what needs it stops with it, and that leaves enough on
        every other. None if it does not."""
        row = int(short.rows[place])
        share = short.cut[place] / np.maximum(short.asked[place], SLACK)
        stopped = self._through(row)
        left = {row: short.asked[place] - short.cut[place]}
        for n in stopped:
            for side in self._demand.flows[n].units.keys() - {self._sides[row]}:
                other = self.rows[self._place[side]]
                if other not in left:
                    left[other] = meets.arms.asked(other, meets.minute)
                left[other] = left[other] - self._asked(n, side, meets.minute) * share
        if not {int(short.rows[each]) for each in places} <= left.keys():
            return None
        for other, units in left.items():
            if other != row and not meets.settle(other, units):
                return None
        seconds = np.flatnonzero(share)
        cause = cause_of_want(self._settings[row].billing)
        at_s = meets.minute * MINUTE_S + seconds
        return [Stop(n, row, cause, at_s, share[seconds]) for n in stopped]

    def _stepped(self, meets: Meets) -> list[Stop]:
        """Second by second."""
        minute, arms, lids = meets.minute, meets.arms, meets.lids
        parts = [part for n in self.flows for part in self._parts(n, minute, arms, lids)]
        steps = _Steps(parts, len(self.rows) + len(lids))
        rates = [float(arms.buckets.rate[row]) for row in self.rows]
        caps = [float(arms.buckets.cap[row]) for row in self.rows]
        most = [lid.units for lid in lids]
        served: list[list[float]] = []
        now = [meets.lacked[row] for row in self.rows]
        for second in range(MINUTE_S):
            now = [
                lack - rate if lack > rate else 0.0 for lack, rate in zip(now, rates, strict=True)
            ]
            room = [cap - lack for cap, lack in zip(caps, now, strict=True)] + most
            used = steps.serve(second, room)
            now = [lack + units for lack, units in zip(now, used, strict=False)]
            served.append(used)
        for place, units in enumerate(np.array(served).T[: len(now)]):
            arms.settle(self.rows[place], now[place], units)
        return [self._stop(minute, *cut, lids) for cut in steps.all_cuts()]

    def _stop(
        self, minute: int, part: _Part, arm: int, cut: Sequence[float], lids: Sequence[Lid]
    ) -> Stop:
        row, cause = self._blamed(arm, lids)
        shares = np.array(cut)
        seconds = np.flatnonzero(shares)
        at_s = minute * MINUTE_S + seconds
        return Stop(part.flow, row, cause, at_s, part.share * shares[seconds])

    def _blamed(self, arm: int, lids: Sequence[Lid]) -> tuple[int, Cause]:
        if arm >= len(self.rows):
            lid = lids[arm - len(self.rows)]
            return lid.row, lid.cause
        row = self.rows[arm]
        return row, cause_of_want(self._settings[row].billing)

    # Limits that hold for single seconds.

    def _lids_of(self, row: int, minute: int, arms: ArmRows) -> list[Lid]:
        side, setting = self._sides[row], self._settings[row]
        peak, found = arms.peak(row, minute), list[Lid]()
        if isinstance(setting, OnDemand):
            most = setting.maximum(side.direction)
            if most is not None and peak > most:
                found.append(Lid(row, _WHOLE, float(most), "MaxOnDemandThroughputExceeded"))
        if peak <= PARTITION_UNITS[side.direction]:
            return found
        over = self._spread(row, arms.partitions(row, minute))
        loads = dict.fromkeys(over.limits, 0.0)
        for n, shares in zip(self._through(row), over.shares, strict=True):
            asked = float(np.max(self._asked(n, side, minute)))
            for number, share in shares.items():
                loads[number] += asked * share
        if any(loads[number] > limit for number, limit in over.limits.items()):
            found += [
                Lid(row, number, limit, "KeyRangeThroughputExceeded")
                for number, limit in over.limits.items()
            ]
        return found

    def _through(self, row: int) -> list[int]:
        return [n for n in self.flows if self._sides[row] in self._demand.flows[n].units]

    def _spread(self, row: int, partitions: int) -> Spread:
        found = self._spreads.get((row, partitions))
        if found is None:
            side = self._sides[row]
            flows = [self._demand.flows[n] for n in self._through(row)]
            hot = [flow.hot if flow.keyed == side else () for flow in flows]
            found = self._spreads[row, partitions] = spread(hot, partitions, side.direction)
        return found

    # Flows, and the ways that they go.

    def _parts(self, n: int, minute: int, arms: ArmRows, lids: Sequence[Lid]) -> list[_Part]:
        flow = self._demand.flows[n]
        keyed = self.rows[self._place[flow.keyed]] if flow.keyed else None
        split = {ELSEWHERE: 1.0}
        if any(lid.row == keyed and lid.number != _WHOLE for lid in lids):
            assert keyed is not None
            shares = self._spread(keyed, arms.partitions(keyed, minute)).shares
            split = dict(shares[self._through(keyed).index(n)])
        asked = {side: self._asked(n, side, minute) for side in flow.units}
        return [self._part(n, number, share, asked, lids, keyed) for number, share in split.items()]

    def _part(
        self,
        n: int,
        number: int,
        share: float,
        asked: dict[Side, Amounts],
        lids: Sequence[Lid],
        keyed: int | None,
    ) -> _Part:
        ways: list[int] = []
        units: list[Amounts] = []
        for side, each in asked.items():
            place = self._place[side]
            row = self.rows[place]
            # Where its keys are not known, a flow goes to the partitions without hot keys.
            here = number if row == keyed else ELSEWHERE
            under = [
                len(self.rows) + at
                for at, lid in enumerate(lids)
                if lid.row == row and lid.number in (here, _WHOLE)
            ]
            ways += [place, *under]
            units += [each * share] * (1 + len(under))
        return _Part(n, share, ways, np.stack(units, axis=1).tolist())

    def _asked(self, n: int, side: Side, minute: int) -> Amounts:
        flow, window = self._demand.flows[n], slice(minute * MINUTE_S, (minute + 1) * MINUTE_S)
        each = flow.units[side]
        asked: Amounts = flow.calls[window] * (
            each if isinstance(each, float | int) else each[window]
        )
        return asked if len(asked) == MINUTE_S else np.pad(asked, (0, MINUTE_S - len(asked)))


def _need(parts: Sequence[_Part], arms: int) -> list[list[float]]:
    """Units that these parts ask of each arm, by second."""
    need = np.zeros((MINUTE_S, arms))
    for part in parts:
        need[:, part.arms] += part.units
    found: list[list[float]] = need.tolist()
    return found


def _no_cuts() -> list[float]:
    return [0.0] * MINUTE_S


def connected(demand: Demand, sides: Sequence[Side]) -> list[tuple[int, ...]]:
    """The rows in groups: those that one flow needs at once are in one."""
    group_of = {side: {row} for row, side in enumerate(sides)}
    for flow in demand.flows:
        merged = set().union(*(group_of[side] for side in flow.units))
        for row in merged:
            group_of[sides[row]] = merged
    unique = {id(group): tuple(sorted(group)) for group in group_of.values()}
    return sorted(unique.values())
