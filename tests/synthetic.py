"""Runs whose truth is known: calls made by hand, on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from loadstone.client.answer import Answer, Attempt, Throttle, Units
from loadstone.run import Call, Ending, Gauges, Header, PatternInfo, RunWriter, Stored, finish

START_MS = 1_767_225_600_000  # 2026-01-01 00:00:00 UTC
START_NS = 5_000_000_000
SECOND_NS = 1_000_000_000
MS = 1_000_000
ARN = "arn:aws:dynamodb:us-west-2:000000000000:table/cmz-conversations"
THROTTLE = Throttle("TableWriteProvisionedThroughputExceeded", ARN)

PATTERNS = {
    "session-messages": PatternInfo(
        operation="Query",
        table="cmz-conversations",
        index="SessionIndex",
        source="Conversation table: sessions",
    ),
    "write-message": PatternInfo(operation="PutItem", table="cmz-conversations"),
}


def header(**changes: Any) -> Header:
    values: dict[str, Any] = {
        "name": "known",
        "system": "cmz",
        "source": "Conversation table",
        "started_unix_ms": START_MS,
        "region": "us-west-2",
        "target": "the embedded engine at http://127.0.0.1:8000",
        "target_kind": "embedded",
        "configuration": {"users": 2, "duration": "3s", "mix": "default"},
        "versions": {"loadstone": "0.1.0", "python": "3.11.7"},
        "dataset": {"seed": "1", "scale": "20000"},
        "patterns": PATTERNS,
        "stored": (
            Stored(table="cmz-conversations", items=20_000, size_bytes=12_000_000),
            Stored(
                table="cmz-conversations",
                index="SessionIndex",
                items=20_000,
                size_bytes=12_000_000,
            ),
        ),
    }
    return Header(**values | changes)


def call(
    pattern: str = "session-messages",
    *,
    intended_ns: int = START_NS,
    wait_ns: int = 0,
    service_ns: int = 2 * MS,
    throttled: int = 0,
    code: str | None = None,
    units: Sequence[Units] = (Units("cmz-conversations", "SessionIndex", 0.5, 0.0),),
    body: bytes = b"{}",
    **rest: Any,
) -> Call:
    """A call with so many throttled attempts of 1 ms before the last, each with 10 ms back-off."""
    attempts = []
    sent_ns = intended_ns + wait_ns
    for _ in range(throttled):
        answered_ns = sent_ns + MS
        attempts.append(
            Attempt(sent_ns, answered_ns, 400, "ThrottlingException", (THROTTLE,), 10 * MS)
        )
        sent_ns = answered_ns + 10 * MS
    answered_ns = sent_ns + service_ns
    attempts.append(Attempt(sent_ns, answered_ns, 400 if code else 200, code))
    answer = Answer("Query", tuple(attempts), tuple(units), body)
    values = {"rows": 20, "request_bytes": 300} | rest
    return Call(pattern, intended_ns, answered_ns, answer, **values)


def write(
    directory: Path,
    seconds: Iterable[Iterable[Call]],
    *,
    worker: int = 0,
    gauges: Gauges | None = None,
    close: bool = True,
    **changes: Any,
) -> None:
    """One worker's part: so many calls in each second."""
    writer = RunWriter.start(
        directory, header(**changes), worker, now_ns=START_NS, unix_ms=START_MS
    )
    now_ns = START_NS
    for calls in seconds:
        for made in calls:
            writer.add(made)
        now_ns += SECOND_NS
        writer.tick(now_ns, gauges)
    if close:
        writer.close(Ending("completed"), now_ns)


def finished(directory: Path, seconds: Iterable[Iterable[Call]], **changes: Any) -> Path:
    """A whole run of one worker."""
    lines = [list(calls) for calls in seconds]
    write(directory, lines, **changes)
    return finish(directory, Ending("completed"), unix_ms=START_MS + len(lines) * 1000)


def known_seconds() -> list[list[Call]]:
    """Ten seconds: queries of 1 to 100 ms, writes of 4 ms, some throttled, failed or expected."""
    write_units = (
        Units("cmz-conversations", None, 0.0, 1.0),
        Units("cmz-conversations", "SessionIndex", 0.0, 1.0),
    )
    seconds = []
    for second in range(10):
        warm_up = second < 2
        calls = [call(service_ns=ms * MS, warm_up=warm_up) for ms in range(1, 101)]
        calls += [
            call("write-message", service_ns=4 * MS, units=write_units, rows=1, warm_up=warm_up)
            for _ in range(40)
        ]
        calls.append(call("write-message", throttled=2, units=write_units, rows=1, warm_up=warm_up))
        calls.append(
            call(
                "write-message",
                code="ValidationException",
                units=(),
                rows=0,
                outcome="failed",
                problem="ValidationException",
                warm_up=warm_up,
            )
        )
        calls.append(
            call(
                "write-message",
                code="ConditionalCheckFailedException",
                units=(),
                rows=0,
                outcome="ConditionalCheckFailedException",
                warm_up=warm_up,
            )
        )
        seconds.append(calls)
    return seconds
