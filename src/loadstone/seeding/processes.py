"""Workers in processes of their own, on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from time import monotonic

import gevent
from gevent import socket

from loadstone.client.target import Credentials, Target
from loadstone.seeding.job import Job
from loadstone.seeding.keeper import Keeper
from loadstone.seeding.link import Link
from loadstone.seeding.messages import Message
from loadstone.seeding.sender import SeedStopped

LEND_EVERY_S = 20.0
ENDS_WITHIN_S = 10.0
POLL_S = 0.01


class ProcessCrew:
    """So many processes; one that dies is replaced as long as it had brought anything about."""

    def __init__(self, job: Job, target: Target, processes: int) -> None:
        self._job, self._target, self._processes = job, target, processes
        self._children: list[_Child] = []
        self._tending: list[gevent.Greenlet] = []

    def run(self, keeper: Keeper) -> None:
        if keeper.finishing:
            return
        lending = gevent.spawn(self._lend)
        try:
            for _ in range(self._processes):
                self._start(keeper)
            while waiting := [each for each in self._tending if not each.dead]:
                gevent.joinall(waiting, count=1)
        finally:
            lending.kill()
            gevent.killall(self._tending)
            for child in self._children:
                child.kill()
        if any(keeper.shares.values()) and not keeper.finishing:
            keeper.fail(
                SeedStopped(
                    "every worker process died before it had written anything: what they said is "
                    "above; what is written stays written, and the same command goes on"
                )
            )

    def _start(self, keeper: Keeper) -> None:
        child = _Child(f"worker process {len(self._children) + 1}")
        self._children.append(child)
        keeper.join(child.name, child.link.tell)
        credentials = self._target.credentials()
        child.link.tell(
            {
                "job": self._job.as_dict(),
                "target": {
                    "url": self._target.url,
                    "region": self._target.region,
                    "kind": self._target.kind,
                },
                "credentials": list(credentials),
            }
        )
        self._tending.append(gevent.spawn(self._tend, keeper, child))

    def _tend(self, keeper: Keeper, child: _Child) -> None:
        """Pass on what a child says, until it is gone."""
        ended = False
        for message in child.link.messages():
            ended = ended or message["kind"] == "ended"
            keeper.hear(child.name, message)
        how = child.end()
        if not ended and keeper.lost(child.name, how):
            self._start(keeper)

    def _lend(self) -> None:
        """Credentials expire; here is who can renew them."""
        lent: Credentials = self._target.credentials()
        while True:
            gevent.sleep(LEND_EVERY_S)
            fresh = self._target.credentials()
            if fresh != lent:
                lent = fresh
                message: Message = {"kind": "credentials", "credentials": list(fresh)}
                for child in self._children:
                    child.link.tell(message)


class _Child:
    def __init__(self, name: str) -> None:
        self.name = name
        ours, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C in a terminal is for us, who then tell it to finish.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "loadstone.seeding.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=os.environ,
            )
        self.link = Link(ours)

    def end(self) -> str:
        """Wait until the process is gone, which hung up on us; how it ended."""
        self.link.close()
        deadline_s = monotonic() + ENDS_WITHIN_S
        while self._process.poll() is None:
            if monotonic() > deadline_s:
                self.kill()
            gevent.sleep(POLL_S)
        code = self._process.returncode
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
