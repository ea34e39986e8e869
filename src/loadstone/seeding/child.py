"""A worker in a process of its own: `python -m loadstone.seeding.child FD`.

The socket FD leads to the keeper's process. When that is gone, so is this one: what nobody writes
down need not be written.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import Any

import gevent
from gevent import socket

from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from loadstone.errors import LoadstoneError
from loadstone.seeding import messages
from loadstone.seeding.job import Job
from loadstone.seeding.link import Link
from loadstone.seeding.worker import Worker


class _Lent:
    """Credentials that the keeper's process lends, and renews."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __call__(self) -> Credentials:
        return Credentials(*self.values)


def main(descriptor: int) -> None:
    """Work until the keeper says to finish."""
    link = Link(socket.socket(fileno=descriptor))
    heard = link.messages()
    begin = next(heard, None)
    if begin is None:
        return
    try:
        _work(link, heard, begin)
    except LoadstoneError as error:
        link.tell(messages.failed(str(error)))
    except Exception as error:
        traceback.print_exc()
        link.tell(messages.failed(f"{type(error).__name__}: {error}; this is a bug in Loadstone"))
    link.tell(messages.ENDED)
    link.close()


def _work(link: Link, heard: Any, begin: dict[str, Any]) -> None:
    job, lent = Job.from_dict(begin["job"]), _Lent(begin["credentials"])
    dataset, places = job.prepare()
    target = Target(**begin["target"], credentials=lent)
    with Client(target, attempts=1) as client:
        worker = Worker(dataset, places, job.shares, client, link.tell)

        def listen() -> None:
            for message in heard:
                if message["kind"] == "credentials":
                    lent.values = message["credentials"]
                else:
                    worker.hear(message)
            os._exit(1)  # the keeper is gone

        # What is there now stays to the end: looking through it again and again costs a tenth.
        gc.freeze()
        listening = gevent.spawn(listen)
        try:
            worker.run(job.in_flight)
        finally:
            listening.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]))
