"""A worker of a distributed seed: writes, in a process of Locust, what its master hands out."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent

from loadstone.client.answer import Answer
from loadstone.client.client import Client
from loadstone.client.target import Target
from loadstone.dataset import Dataset
from loadstone.errors import LoadstoneError
from loadstone.seeding import messages
from loadstone.seeding.elsewhere import OWN, Own, check_asked, check_tables, own_target
from loadstone.seeding.job import Job
from loadstone.seeding.messages import ENDED, FINISH, Message
from loadstone.seeding.place import Place
from loadstone.seeding.worker import Worker
from loadstone.system import load_system

TO_WORKER, FROM_WORKER = "loadstone_seed_to_worker", "loadstone_seed_from_worker"
#: How long a worker that is told to go waits for what it has in flight.
ENDS_WITHIN_S = 30.0


class WriteFailed(Exception):
    """What Locust shows of a batch that was refused, failed, or was left undone in part."""


class SeedWorker:
    """One process of Locust. The messages are those of any worker, but for how it begins."""

    def __init__(self, environment: Any, runner: Any) -> None:
        self._environment, self._runner = environment, runner
        self._own: Own = json.loads(os.environ[OWN])
        self._worker: Worker | None = None
        self._working: Any = None
        environment.process_exit_code = 0
        runner.register_message(TO_WORKER, self._hear)
        environment.events.quitting.add_listener(self._leave)

    def _hear(self, environment: Any, msg: Any, **_: Any) -> None:
        if msg.data["kind"] == "begin":
            self._working = gevent.spawn(self._begin, msg.data)
        elif self._worker is not None:
            self._worker.hear(msg.data)

    def _tell(self, message: Message) -> None:
        self._runner.send_message(FROM_WORKER, dict(message))

    def _begin(self, begin: Message) -> None:
        job = Job.from_dict(begin["job"])
        try:
            dataset, places, target = self._prepared(job, begin["target"])
        except LoadstoneError as error:
            # This worker alone cannot take part: the others go on without it.
            self._give_up(error.exit_code, str(error), messages.refused(str(error)))
            return
        try:
            self._work(job, dataset, places, target)
        except LoadstoneError as error:
            self._give_up(error.exit_code, str(error), messages.failed(str(error)))
        except Exception as error:
            traceback.print_exc()
            said = f"{type(error).__name__}: {error}; this is a bug in Loadstone"
            self._give_up(1, said, messages.failed(said))
        self._worker = None
        self._tell(ENDED)

    def _prepared(
        self, job: Job, masters: Mapping[str, str]
    ) -> tuple[Dataset, Sequence[Place], Target]:
        check_asked(job, self._own)
        target = own_target(self._own, masters)
        _say(f"target: {target}")
        # In a thread: it takes a while, and meanwhile Locust tells its master that we live.
        dataset, places = gevent.get_hub().threadpool.apply(self._made, (job,))
        check_tables(target, places)
        return dataset, places, target

    def _made(self, job: Job) -> tuple[Dataset, Sequence[Place]]:
        project = self._own["project"]
        return job.prepare(load_system(job.system, Path(project) if project else None))

    def _work(self, job: Job, dataset: Dataset, places: Sequence[Place], target: Target) -> None:
        with Client(target, attempts=1) as client:
            self._worker = Worker(
                dataset, places, job.shares, client, self._tell, observe=self._observe
            )
            # What is there now stays to the end: looking through it again and again costs a tenth.
            gc.freeze()
            _say("writing what the master hands out")
            self._worker.run(self._own["in_flight"] or job.in_flight)
            _say(f"ended: this worker has written {self._worker.written:,} items")

    def _observe(self, table: str, answer: Answer, took_ns: int) -> None:
        """One event for each batch, with the table as its name."""
        self._environment.events.request.fire(
            request_type=answer.operation,
            name=table,
            response_time=took_ns / 1e6,
            response_length=len(answer.body),
            exception=_failure(answer),
            context={},
            response=None,
        )

    def _give_up(self, exit_code: int, said: str, message: Message) -> None:
        _say(f"loadstone: {said}")
        self._environment.process_exit_code = exit_code
        self._tell(message)
        # Not from here: quitting waits for what works.
        gevent.spawn_later(0.5, self._runner.quit)

    def _leave(self, **_: Any) -> None:
        """Finish what is in flight before this process ends."""
        if self._worker is not None:
            self._worker.hear(FINISH)
        if self._working is not None:
            self._working.join(timeout=ENDS_WITHIN_S)


def _failure(answer: Answer) -> WriteFailed | None:
    if not answer.ok:
        return WriteFailed(answer.code)
    if answer.throttles:
        return WriteFailed("UnprocessedItems")
    return None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
