"""Workers for a keeper: one in this process."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Protocol

from loadstone.dataset import Dataset
from loadstone.seeding.clock import Clock
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.messages import ENDED
from loadstone.seeding.place import Place
from loadstone.seeding.sender import Sends
from loadstone.seeding.worker import Opens, Worker


class Crew(Protocol):
    """Workers of one kind, and what carries messages between them and the keeper."""

    def run(self, keeper: Keeper) -> None:
        """Have the work done; return when no worker is left. What went wrong, the keeper knows.

        For each worker `keeper.join` once, `keeper.hear` for each message, and `keeper.lost` when
        it is gone without having said that it ended.
        """
        ...


class OwnCrew:
    """One worker, in this process: messages are calls."""

    def __init__(
        self,
        dataset: Dataset,
        places: Sequence[Place],
        client: Sends,
        in_flight: int,
        clock: Clock,
        opens: Opens | None = None,
    ) -> None:
        self._dataset, self._places, self._client = dataset, places, client
        self._in_flight, self._clock, self._opens = in_flight, clock, opens

    def run(self, keeper: Keeper) -> None:
        name = "the worker"
        worker = Worker(
            self._dataset,
            self._places,
            keeper.shares,
            self._client,
            lambda message: keeper.hear(name, message),
            opens=self._opens,
            clock=self._clock,
        )
        keeper.join(name, worker.hear)
        # What is there now stays to the end: looking through it again and again takes its time.
        gc.freeze()
        try:
            worker.run(self._in_flight)
        except Exception as error:
            keeper.fail(error)
        finally:
            gc.unfreeze()
        keeper.hear(name, ENDED)
