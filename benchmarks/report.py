"""The report of an hour of sixty patterns: how long it takes, in processor time and by the clock.

    python -m benchmarks.report [--seconds 3600] [--patterns 60] [--calls 3] [--times 5]

The record is made by hand: in each second so many calls of every pattern, of latencies by chance.
Each report is `loadstone report` as a person starts it, imports and all; there is none before the
first that could have kept something for it.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter

from loadstone.client.answer import Answer, Attempt, Units
from loadstone.run import Call, Ending, Header, PatternInfo, RunWriter, finish

SECOND_NS = 1_000_000_000
START_MS = 1_767_225_600_000  # 2026-01-01 00:00:00 UTC
WARM_UP_S = 10


def record(folder: Path, seconds: int, patterns: int, calls: int) -> Path:
    infos = {
        f"pattern-{n:02}": PatternInfo(operation="Query", table=f"table-{n % 7}")
        for n in range(patterns)
    }
    header = Header(
        name="hour",
        system="bench",
        source="made by benchmarks/report.py",
        started_unix_ms=START_MS,
        region="us-east-1",
        target="nothing at all",
        target_kind="endpoint",
        configuration={"duration": f"{seconds}s"},
        versions={},
        dataset={},
        patterns=infos,
        stored=(),
        warm_up_s=WARM_UP_S,
    )
    random, now_ns = Random(1), SECOND_NS
    writer = RunWriter.start(folder, header, 0, now_ns=now_ns, unix_ms=START_MS)
    for second in range(seconds):
        for name, info in infos.items():
            for _ in range(calls):
                writer.add(_call(name, info.table, random, now_ns, warm_up=second < WARM_UP_S))
        now_ns += SECOND_NS
        writer.tick(now_ns)
    writer.close(Ending("completed"), now_ns)
    return finish(folder, Ending("completed"), unix_ms=START_MS + seconds * 1000)


def _call(name: str, table: str, random: Random, now_ns: int, *, warm_up: bool) -> Call:
    sent_ns = now_ns + int(random.expovariate(1) * 1e5)
    answered_ns = sent_ns + int(random.lognormvariate(1, 0.6) * 1e6)
    attempts = (Attempt(sent_ns, answered_ns, 200, None),)
    answer = Answer("Query", attempts, (Units(table, None, 1.5, 0.0),), b"{}")
    return Call(name, now_ns, answered_ns, answer, rows=20, request_bytes=300, warm_up=warm_up)


def report(folder: Path) -> tuple[float, float]:
    """Processor time and time by the clock, in seconds."""
    before, began = getrusage(RUSAGE_CHILDREN), perf_counter()
    command = [sys.executable, "-m", "loadstone", "report", "hour"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name, default in (("seconds", 3600), ("patterns", 60), ("calls", 3), ("times", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place)
        run = folder / ".loadstone" / "runs" / "hour"
        size = record(run, asked.seconds, asked.patterns, asked.calls).stat().st_size
        print(
            f"{asked.seconds:,} s of {asked.patterns} patterns, "
            f"{asked.seconds * asked.patterns * asked.calls:,} calls, a record of "
            f"{size / 1e6:,.0f} MB; Python {platform.python_version()}"
        )
        for number in range(asked.times):
            cpu_s, wall_s = report(folder)
            print(f"report {number + 1}: {cpu_s:.2f} CPU-s, {wall_s:.2f} s by the clock")
        page = (run / "report.html").stat().st_size
        print(f"the page has {page / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
