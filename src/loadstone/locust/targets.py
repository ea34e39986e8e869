"""Where the systems of a process are: opened once, and let go of at its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache

from loadstone.client.target import Target
from loadstone.errors import EngineError
from loadstone.target import Opened, Where, opened_target


class Targets:
    """One for each process."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = cache(say)  # once, of systems that are in one place
        self._stack = ExitStack()
        self._targets: dict[str, Target] = {}
        self._alive: list[Opened] = []

    def open(self, name: str, where: Where, documented_region: str | None) -> Target:
        """A system's."""
        opened = self._stack.enter_context(
            opened_target(where, documented_region=documented_region, say=self._say)
        )
        self._alive.append(opened)
        self._targets[name] = opened.target
        return opened.target

    def region(self, name: str) -> str:
        """Where a system is; "" where it is not open."""
        return self._targets[name].region if name in self._targets else ""

    def died(self) -> list[str]:
        """Of engines of ours, how each ended that somebody else ended; each is told once."""
        told = []
        for opened in list(self._alive):
            try:
                opened.raise_if_dead()
            except EngineError as error:
                self._alive.remove(opened)
                told.append(str(error))
        return told

    def release(self) -> None:
        """Let go of all; an engine of our own ends here."""
        self._stack.close()
