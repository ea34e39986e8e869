"""What a Locust process has used while its test ran: a line of JSON, for who started it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Any

MARK = "MEASURED "


def waited_for_a_cpu_s() -> float:
    """How long this process was ready to run and did not, by the word of Linux; elsewhere 0."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


class Quietest:
    """Requests per second of processor time in that second of a load which had most of them.

    Others who use the machine empty its caches, and processor time has that in it: a whole run says
    as much of them as of the load. A second is long enough to have all in it that a load does now
    and then, as writing its record; of the others there is one that they left alone.
    """

    def __init__(self) -> None:
        self.per_cpu_s = 0.0

    def watch(self, requests: Callable[[], int], sleep: Callable[[float], object]) -> None:
        """Look on for as long as the process lives; its first second is its start."""
        sleep(1)
        while True:
            asked, cpu_s = requests(), process_time()
            sleep(1)
            self.per_cpu_s = max(self.per_cpu_s, (requests() - asked) / (process_time() - cpu_s))


def measure() -> None:
    """Print it when the test ends. What starting takes is left out."""
    # Not above: its import changes the process that asks for MARK.
    import gevent
    from locust import events

    began = {"cpu_s": 0.0, "wall_s": 0.0, "waited_s": 0.0}
    quietest = Quietest()

    def wake(**_: Any) -> None:
        # The loop has not looked at its clock since it began: the test would end before its time.
        gevent.get_hub().loop.update_now()

    def start(environment: Any, **_: Any) -> None:
        began.update(cpu_s=process_time(), wall_s=perf_counter(), waited_s=waited_for_a_cpu_s())
        total = environment.stats.total
        gevent.spawn(quietest.watch, lambda: total.num_requests, gevent.sleep)

    def stop(environment: Any, **_: Any) -> None:
        total = environment.stats.total
        found = {
            "requests": total.num_requests,
            "failures": total.num_failures,
            "cpu_s": process_time() - began["cpu_s"],
            "quietest": quietest.per_cpu_s,
            "wall_s": perf_counter() - began["wall_s"],
            "waited_s": waited_for_a_cpu_s() - began["waited_s"],
            "p99_ms": total.get_response_time_percentile(0.99),
            "memory_mb": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(MARK + json.dumps(found), file=sys.stderr, flush=True)

    events.init.add_listener(wake)  # type: ignore[no-untyped-call]
    events.test_start.add_listener(start)  # type: ignore[no-untyped-call]
    events.quitting.add_listener(stop)  # type: ignore[no-untyped-call]
