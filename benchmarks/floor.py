"""Open arrivals out of the smallest loop there is: what a machine makes of a latency by itself.

One request, always the same, at the instants of a Poisson process, over sockets that are open
already; nothing is signed, read, checked or counted. What it shows above the server's own time is
the machine's, and no load generator in this language shows less.
"""

from __future__ import annotations

import gc
import json
import select
import socket
import sys
from random import Random
from time import perf_counter, process_time
from urllib.parse import urlsplit

from benchmarks.measured import MARK, waited_for_a_cpu_s

CONNECTIONS = 900
REQUEST = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


def latencies_s(url: str, rate: float, seconds: float) -> list[float]:
    """From each arrival's instant to its answer."""
    where = urlsplit(url)
    poll, free, by_number = select.epoll(), [], {}
    for _ in range(CONNECTIONS):
        each = socket.create_connection((where.hostname, where.port))
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        each.setblocking(False)
        poll.register(each, select.EPOLLIN)
        by_number[each.fileno()] = each
        free.append(each)
    random, found = Random(1), []
    asked_s: dict[socket.socket, float] = {}
    next_s = perf_counter()
    end_s = next_s + seconds
    while next_s < end_s or asked_s:
        while free and next_s < end_s and next_s <= perf_counter():
            sender = free.pop()
            asked_s[sender] = next_s
            sender.send(REQUEST)
            next_s += random.expovariate(rate)
        # An epoll waits in whole milliseconds, a select on it does not.
        until_s = next_s if next_s < end_s else perf_counter() + 0.01
        select.select([poll], [], [], max(0.0, until_s - perf_counter()))
        for number, _ in poll.poll(0):
            answered = by_number[number]
            answered.recv(1 << 16)
            found.append(perf_counter() - asked_s.pop(answered))
            free.append(answered)
    return found


def main() -> None:
    url, rate, seconds = sys.argv[1:]
    gc.disable()
    cpu_s, wall_s, waited_s = process_time(), perf_counter(), waited_for_a_cpu_s()
    found = sorted(latencies_s(url, float(rate), float(seconds)))
    told = {
        "requests": len(found),
        "failures": 0,
        "cpu_s": process_time() - cpu_s,
        "wall_s": perf_counter() - wall_s,
        "waited_s": waited_for_a_cpu_s() - waited_s,
        "p99_ms": found[len(found) * 99 // 100] * 1000,
    }
    print(MARK + json.dumps(told), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
