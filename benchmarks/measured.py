"""What a Locust process has used while its test ran: a line of JSON, for who started it."""

from __future__ import annotations

import json
import sys
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


def measure() -> None:
    """Print it when the test ends. What starting takes is left out."""
    # Not above: its import changes the process that asks for MARK.
    import gevent
    from locust import events

    began = {"cpu_s": 0.0, "wall_s": 0.0, "waited_s": 0.0}

    def wake(**_: Any) -> None:
        # The loop has not looked at its clock since it began: the test would end before its time.
        gevent.get_hub().loop.update_now()

    def start(**_: Any) -> None:
        began.update(cpu_s=process_time(), wall_s=perf_counter(), waited_s=waited_for_a_cpu_s())

    def stop(environment: Any, **_: Any) -> None:
        total = environment.stats.total
        found = {
            "requests": total.num_requests,
            "failures": total.num_failures,
            "cpu_s": process_time() - began["cpu_s"],
            "wall_s": perf_counter() - began["wall_s"],
            "waited_s": waited_for_a_cpu_s() - began["waited_s"],
            "p99_ms": total.get_response_time_percentile(0.99),
            "memory_mb": getrusage(RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(MARK + json.dumps(found), file=sys.stderr, flush=True)

    events.init.add_listener(wake)  # type: ignore[no-untyped-call]
    events.test_start.add_listener(start)  # type: ignore[no-untyped-call]
    events.quitting.add_listener(stop)  # type: ignore[no-untyped-call]
