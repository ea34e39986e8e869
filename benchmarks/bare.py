"""Our client by itself, as a process: no Locust, no scenario, no record. What benchmarks/load.py
sets beside a load generator on another SDK."""

from __future__ import annotations

import json
import sys
from time import perf_counter, process_time

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402

from benchmarks.measured import MARK  # noqa: E402
from loadstone.aws.target import embedded_target  # noqa: E402
from loadstone.client.client import Client  # noqa: E402


def main() -> None:
    """Send one request again and again, from many greenlets, for some seconds."""
    url, operation, body, users, seconds = sys.argv[1:]
    sent = failed = 0

    def send() -> None:
        nonlocal sent, failed
        while perf_counter() < until_s:
            answer = client.send(operation, body.encode())
            sent += 1
            failed += not (answer.ok and answer.units)

    with Client(embedded_target(url, environ={})) as client:
        began_s, until_s = process_time(), perf_counter() + float(seconds)
        gevent.joinall([gevent.spawn(send) for _ in range(int(users))], raise_error=True)
        cpu_s = process_time() - began_s
    found = {"requests": sent, "failures": failed, "cpu_s": cpu_s}
    print(MARK + json.dumps(found), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
