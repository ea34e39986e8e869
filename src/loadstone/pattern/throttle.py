"""Throttling: what a scenario says its tables may consume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Throttle:
    """What tables and indexes may consume where the engine throttles nothing by itself.

    Each limit is written as it is after --throttle, and that goes before all of them:
    Throttle(["provisioned:100rcu,50wcu", "messages/ByUser=provisioned:5rcu,5wcu"]).
    """

    limits: str | Sequence[str]

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.limits,) if isinstance(self.limits, str) else tuple(self.limits)
