"""Somebody who watches a load, or nobody."""

from __future__ import annotations

from typing import Protocol

from loadstone.seeding.tally import Tally


class Progress(Protocol):
    """Somebody who watches. `show` is called every `every_s` seconds, and at the end."""

    every_s: float

    def show(self, tally: Tally) -> None: ...

    def say(self, text: str) -> None:
        """Something worth a line of its own."""
        ...


class Silent:
    every_s = 3600.0

    def show(self, tally: Tally) -> None:
        pass

    def say(self, text: str) -> None:
        pass
