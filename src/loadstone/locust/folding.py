"""The parts of a run made one file, where the run is reported."""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path
from time import time
from typing import Any

import gevent
from locust.runners import MasterRunner

from loadstone.errors import BadRecord
from loadstone.run import Ending, finish
from loadstone.run.record import unclosed_parts

#: So long a worker may take that ends its part.
CLOSED_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1


class Folding:
    """One for each process of a run. `judge` is told each record, and `say` where it is; `known`
    is whether it has been said why there may be none."""

    def __init__(
        self,
        runner: Any,
        judge: Callable[[Path], None],
        known: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        self._runner, self._judge, self._known, self._say = runner, judge, known, say
        self._folding: list[gevent.Greenlet] = []

    def begin(self, directory: Path, ending: Ending) -> None:
        """Fold the parts of a run that has ended."""
        if isinstance(self._runner, MasterRunner):
            # Workers are told to stop only after this, and close their parts then.
            closing = self.there()
            self._folding.append(gevent.spawn(self._fold_closed, directory, ending, closing))
        else:
            self._fold(directory, ending)

    def join(self) -> None:
        gevent.joinall(self._folding)

    def there(self) -> Set[int]:
        """The workers that answer. Others, if they were not lost, have closed their parts."""
        runner: Any = self._runner
        if not isinstance(self._runner, MasterRunner):
            return {0}
        clients = runner.clients
        there = (*clients.ready, *clients.spawning, *clients.running)
        return {runner.get_worker_index(each.id) for each in there}

    def _fold_closed(self, directory: Path, ending: Ending, closing: Set[int]) -> None:
        with gevent.Timeout(CLOSED_WITHIN_S, False):
            while unclosed_parts(directory, closing):
                gevent.sleep(LOOK_EVERY_S)
        self._fold(directory, ending)

    def _fold(self, directory: Path, ending: Ending) -> None:
        try:
            record = finish(directory, ending, unix_ms=int(time() * 1000))
        except BadRecord as error:
            if not self._known():
                self._say(f"loadstone: {error}")
        else:
            self._say(f"run {directory.name}: {record}")
            self._judge(record)
