"""Greenlets that share one piece of work; what goes wrong in one of them is raised, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import gevent

T = TypeVar("T")


def run_crew(work: Callable[[], None], size: int) -> None:
    """Run `work` in `size` greenlets until all have returned; then raise the first failure.

    Ctrl-C, whichever greenlet it meets, ends them all.
    """
    failures: list[BaseException] = []

    def member() -> None:
        # Caught here: gevent would print the traceback of a greenlet that fails.
        try:
            work()
        except Exception as error:
            failures.append(error)
        except KeyboardInterrupt as error:
            failures.insert(0, error)
            gevent.killall([each for each in members if each is not gevent.getcurrent()])

    members = [gevent.spawn(member) for _ in range(size)]
    try:
        gevent.joinall(members)
    finally:
        gevent.killall(members)
    if failures:
        raise failures[0]


def gather(jobs: Iterable[Callable[[], T]], size: int) -> list[T]:
    """What the jobs return, in their order, `size` of them at a time."""
    waiting = list(enumerate(jobs))[::-1]
    results: dict[int, T] = {}

    def work() -> None:
        while waiting:
            number, job = waiting.pop()
            try:
                results[number] = job()
            except Exception:
                waiting.clear()
                raise

    run_crew(work, min(size, len(waiting)))
    return [results[number] for number in sorted(results)]
