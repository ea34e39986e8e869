"""Units asked for by the second, in rows, with what a minute of them comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.capacity.simulation.demand import MINUTE_S, Amounts


class Series:
    """Rows of seconds, filled up with silence to whole minutes."""

    def __init__(self, rows: Sequence[Amounts]) -> None:
        self.seconds = len(rows[0])
        self.minutes = -(-self.seconds // MINUTE_S)
        self.units = np.zeros((len(rows), self.minutes * MINUTE_S))
        for row, units in enumerate(rows):
            self.units[row, : self.seconds] = units
        by_minute = self.units.reshape(len(rows), self.minutes, MINUTE_S)
        self.peak = by_minute.max(axis=2)
        self.total = by_minute.sum(axis=2)
        self.last = by_minute[:, :, -1].copy()

    def minute(self, rows: NDArray[Any] | int, minute: int) -> Amounts:
        """The seconds of a minute, of several rows or of one."""
        found: Amounts = self.units[rows, minute * MINUTE_S : (minute + 1) * MINUTE_S]
        return found
