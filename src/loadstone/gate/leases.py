"""How processes share one table's capacity: who may use how much of it from now on.

Shares never add up to more than the whole, whatever a message's delay: one that is to shrink counts
as it was until its holder has said that it shrank, and only what is free then makes another grow.
Unused units move the same way: given up first, granted afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from loadstone.capacity.admission import Arm
from loadstone.capacity.bucket import Peaks

#: A holder that hears of no lease for so long stops admitting; later its share is free again.
EXPIRES_S = 10.0
RECLAIMED_S = 15.0


class Report(NamedTuple):
    """What a process says of its part of one arm: the lease it holds, and what it did since."""

    number: int
    share: float
    asked_per_s: float
    used_per_s: float
    level: float
    given: float  # units given up, in all
    granted: float  # units that came from others, in all
    whole: float  # units a second of the resource
    cap: float  # units that the resource keeps


class Lease(NamedTuple):
    """A process's part from now on; units above `keep` are to be given up."""

    number: int
    share: float
    keep: float
    granted: float  # units that come from others, in all
    peak: float


def fair_shares(asked: Mapping[str, float], whole: float) -> dict[str, float]:
    """Parts of 1. Each gets what it asks for while all can; then none gets more than another that
    asks for as much or more. What nobody asks for is divided evenly.
    """
    left, waiting = whole, len(asked)
    units: dict[str, float] = {}
    for name, wanted in sorted(asked.items(), key=lambda item: item[1]):
        units[name] = min(wanted, left / waiting)
        left -= units[name]
        waiting -= 1
    return {name: (mine + left / len(asked)) / whole for name, mine in units.items()}


@dataclass(slots=True)
class _Holder:
    share: float
    seen_s: float
    number: int = 0
    pending: list[tuple[int, float]] = field(default_factory=list)  # sent, and not held yet
    asked: float = 0.0
    used: float = 0.0
    level: float = 0.0
    given: float = 0.0
    granted: float = 0.0

    @property
    def upper(self) -> float:
        """The most that it may be using now."""
        return max(self.share, *(share for _, share in self.pending), 0.0)


class Book:
    """The shares of one arm; each of `processes` begins with an equal one."""

    def __init__(self, processes: int) -> None:
        self._first = 1.0 / processes
        self._unseen = processes
        self._holders: dict[str, _Holder] = {}
        self._pool = 0.0
        self._whole = self._cap = 0.0
        self._peaks, self._ticks = Peaks(), 0

    def report(self, process: str, report: Report, now_s: float) -> None:
        holder = self._holders.get(process)
        if holder is None:
            holder = self._holders[process] = _Holder(
                share=report.share,
                seen_s=now_s,
                number=report.number,
                given=report.given,
                granted=report.granted,
            )
            # One that came later began with nothing.
            self._unseen -= int(report.share > 0)
        self._pool += report.given - holder.given
        holder.share, holder.given, holder.level = report.share, report.given, report.level
        holder.asked, holder.used, holder.seen_s = report.asked_per_s, report.used_per_s, now_s
        holder.pending = [sent for sent in holder.pending if sent[0] > report.number]
        self._whole, self._cap = report.whole, report.cap

    def leases(self, now_s: float) -> dict[str, Lease]:
        """The leases of the next second, by process."""
        for process in [p for p, h in self._holders.items() if now_s - h.seen_s > RECLAIMED_S]:
            del self._holders[process]
        if not self._holders:
            return {}
        self._ticks += 1
        self._peaks.add(sum(holder.used for holder in self._holders.values()), self._ticks)
        shares = self._shares()
        levels = sum(holder.level for holder in self._holders.values())
        self._pool = max(0.0, min(self._pool, self._cap - levels))
        keeps = {name: max(0.0, share * (levels + self._pool)) for name, share in shares.items()}
        grants = self._grants(keeps)
        peak = self._peaks.earlier(self._ticks)
        leases = {}
        for name, share in shares.items():
            holder = self._holders[name]
            holder.number += 1
            holder.pending.append((holder.number, share))
            holder.granted += grants[name]
            leases[name] = Lease(holder.number, share, keeps[name], holder.granted, peak)
        return leases

    def _shares(self) -> dict[str, float]:
        asked = {name: holder.asked for name, holder in self._holders.items()}
        targets = fair_shares(asked, self._whole)
        uppers = {name: holder.upper for name, holder in self._holders.items()}
        wanted = {name: max(0.0, target - uppers[name]) for name, target in targets.items()}
        free = max(0.0, 1.0 - self._unseen * self._first - sum(uppers.values()))
        part = min(1.0, free / total) if (total := sum(wanted.values())) else 0.0
        return {
            name: min(target, uppers[name] + wanted[name] * part)
            for name, target in targets.items()
        }

    def _grants(self, keeps: Mapping[str, float]) -> dict[str, float]:
        short = {name: max(0.0, keep - self._holders[name].level) for name, keep in keeps.items()}
        total = sum(short.values())
        part = min(1.0, self._pool / total) if total else 0.0
        self._pool -= total * part
        return {name: units * part for name, units in short.items()}


class Tenancy:
    """One process's side of an arm's book."""

    def __init__(self, arm: Arm, now_s: float) -> None:
        self._arm = arm
        self._number = 0
        self._asked, self._used, self._at_s = arm.asked, arm.used, now_s
        self._heard_s = now_s

    def report(self, now_s: float) -> Report:
        """What to say of the time since the last report."""
        arm, span_s = self._arm, max(1e-3, now_s - self._at_s)
        asked, used = arm.asked - self._asked, arm.used - self._used
        self._asked, self._used, self._at_s = arm.asked, arm.used, now_s
        if now_s - self._heard_s > EXPIRES_S:
            arm.hold(0.0, arm.level(now_s), arm.granted, 0.0, now_s)
        return Report(
            self._number,
            arm.share,
            asked / span_s,
            max(0.0, used / span_s),
            arm.level(now_s),
            arm.given,
            arm.granted,
            arm.whole(now_s),
            arm.whole_cap(now_s),
        )

    def hold(self, lease: Lease, now_s: float) -> None:
        """Take up a lease, unless a later one is held already."""
        self._heard_s = now_s
        if lease.number <= self._number:
            return
        self._number = lease.number
        self._arm.hold(lease.share, lease.keep, lease.granted, lease.peak, now_s)
