"""Objectives: what a scenario says that its runs keep to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Objectives:
    """What every run of a system is to keep to, whatever its mix.

    Each is written as it is after --objective, which goes before it where both limit one figure:
    Objectives(["p99(inbox) < 20ms", "throttle_rate < 0.1%", "usd_per_month < 300"]). One of a
    pattern that a mix does not play is left out with that mix.
    """

    limits: str | Sequence[str]

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.limits,) if isinstance(self.limits, str) else tuple(self.limits)
