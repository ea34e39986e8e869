"""The first section says what is true of runs whose truth is known."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from loadstone.client.answer import Attempt, Throttle, Units
from loadstone.client.client import Client
from loadstone.client.target import Credentials, Target
from loadstone.report.html import render_html
from loadstone.report.markdown import render_markdown
from loadstone.report.numbers import duration
from loadstone.report.places import said_cause
from loadstone.report.view import View, view
from loadstone.run import Call, Ending, Gauges, PatternInfo, Run, RunWriter, finish
from tests.faultserver import FaultServer, Step, error, good
from tests.synthetic import (
    MS,
    SECOND_NS,
    START_MS,
    START_NS,
    call,
    finished,
    header,
    known_seconds,
    write,
)

ARN = "arn:aws:dynamodb:us-west-2:000000000000:table/cmz-conversations"
GET = b'{"TableName":"t","Key":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"INDEXES"}'
#: Three digits, rounded up.
DIGITS = 1.001
INDEX_ARN = f"{ARN}/index/SessionIndex"


def held_to(folder: Path, *objectives: str, **changes: Any) -> View:
    """The known run, held to some objectives."""
    settings = {"configuration": {"objective": list(objectives)}, "warm_up_s": 2.0, **changes}
    return view(Run.load(finished(folder, known_seconds(), **settings)))


def throttled(reason: str, resource: str, times: int = 1) -> Call:
    """A write that went through after so many throttled attempts."""
    made = call("write-message", units=(Units("cmz-conversations", None, 0.0, 1.0),))
    (last,) = made.answer.attempts
    refused = Attempt(
        last.sent_ns, last.sent_ns + MS, 400, "ThrottlingException", (Throttle(reason, resource),)
    )
    made.answer.attempts = (*[refused] * times, last)
    return made


def limited(folder: Path, calls: Sequence[Call], heat: Sequence[Any] = (), **gauges: Any) -> str:
    """The sentences of the answer, of a second with those calls."""
    writer = RunWriter.start(folder, header(), now_ns=START_NS, unix_ms=START_MS)
    for made in calls:
        writer.add(made)
    writer.tick(START_NS + SECOND_NS, Gauges(**gauges))
    if heat:
        writer.note("heat", {"heat": list(heat)}, START_NS + SECOND_NS)
    writer.close(Ending("completed"), START_NS + SECOND_NS)
    return " ".join(view(Run.load(finish(folder, Ending("completed"), unix_ms=START_MS))).summary)


def test_a_run_that_kept_to_everything_held(tmp_path: Path) -> None:
    """The answer counts the objectives, and each is in a table with what it was."""
    content = held_to(tmp_path, "p99 < 120ms", "throttle_rate < 5%")
    assert content.answer == "It held: both objectives were met."
    text = render_markdown(content)
    assert "| p99 < 120ms | 99.01 ms | met |" in text
    assert "| throttle_rate < 5% | 1.38% | met |" in text
    assert '<p class="verdict good">It held' in render_html(content)


def test_a_missed_objective_is_named_with_what_it_was(tmp_path: Path) -> None:
    """One that is missed makes the answer, however many others were met."""
    content = held_to(tmp_path, "p99 < 20ms", "throttle_rate < 5%", "error_rate < 1%")
    assert content.answer == (
        "It did not hold: 1 of 3 objectives was missed (p99 < 20ms was 99.01 ms)."
    )
    assert "| p99 < 20ms | 99.01 ms | missed |" in render_markdown(content)
    assert '<p class="verdict bad">It did not hold' in render_html(content)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("p99(nobody) < 5ms", "no pattern in this load 'nobody'; there are session-messages"),
        ("happiness > 9", "objective 'happiness > 9' is not understood"),
        ("wcu(nowhere) < 5/s", "no table or index in this load 'nowhere'"),
        ("achieved > 95%", "the run asks for no rate"),
    ],
)
def test_an_objective_that_cannot_be_judged_is_never_met(
    text: str, why: str, tmp_path: Path
) -> None:
    """A metric, a pattern or a table that is not known is said to be, and the run did not pass."""
    content = held_to(tmp_path, "p99 < 120ms", text)
    assert content.answer == (
        f"It cannot be said to hold: 1 of 2 objectives was not judged ({text})."
    )
    (row,) = [row for row in content.objectives if row.outcome == "not judged"]
    assert why in row.was
    assert '<p class="verdict unsure">' in render_html(content)


def test_without_objectives_the_answer_is_what_went_wrong(tmp_path: Path) -> None:
    """Nothing was promised, so nothing held; how much failed is said all the same."""
    assert held_to(tmp_path).answer == (
        "No objective was set, so nothing says whether it held: 0.7 % of the calls failed, 1.38 % "
        "of the requests were throttled."
    )


def test_a_run_without_calls_has_no_answer(tmp_path: Path) -> None:
    """An objective is neither met nor missed where no call was measured."""
    settings = {"configuration": {"objective": ["p99 < 20ms"]}}
    content = view(Run.load(finished(tmp_path, [[], []], **settings)))
    assert content.answer == "There is nothing to answer with: no call was measured."
    assert {row.outcome for row in content.objectives} == {"not judged"}
    assert render_html(content).count("<figure") == 0


def test_a_run_that_was_cut_off_does_not_pass(tmp_path: Path) -> None:
    """What there is may have held; the answer says that it is not all."""
    configuration = {"objective": ["p99 < 120ms"]}
    write(tmp_path, known_seconds()[2:5], close=False, configuration=configuration)
    content = view(Run.load(tmp_path))
    assert content.answer == (
        "By what there is, its objective was met; the record is not of a whole run (cut off)."
    )
    assert "The record is not whole." in render_markdown(content)
    assert '<p class="verdict unsure">' in render_html(content)


def test_a_run_that_was_interrupted_held_until_then(tmp_path: Path) -> None:
    """It kept to its objectives for as long as it ran, and the answer says how it ended."""
    write(tmp_path, known_seconds()[2:5], configuration={"objective": ["p99 < 120ms"]})
    finish(tmp_path, Ending("interrupted", "by a signal"), unix_ms=START_MS + 3000)
    content = view(Run.load(tmp_path))
    assert content.answer == (
        "It held for as long as it ran: its objective was met; it was interrupted: by a signal."
    )


@pytest.mark.parametrize(
    ("reason", "resource", "said"),
    [
        (
            "TableWriteProvisionedThroughputExceeded",
            ARN,
            "the provisioned write capacity of table cmz-conversations",
        ),
        (
            "IndexWriteProvisionedThroughputExceeded",
            INDEX_ARN,
            "the provisioned write capacity of index SessionIndex of cmz-conversations",
        ),
        (
            "TableReadMaxOnDemandThroughputExceeded",
            ARN,
            "the maximum read throughput set on table cmz-conversations",
        ),
        (
            "IndexReadAccountLimitExceeded",
            INDEX_ARN,
            "the account's read quota, at index SessionIndex of cmz-conversations",
        ),
        ("SomethingNewExceeded", ARN, "SomethingNewExceeded on cmz-conversations"),
    ],
)
def test_what_throttled_is_named_in_words(
    reason: str, resource: str, said: str, tmp_path: Path
) -> None:
    """The table or the index, the direction and the limit come out of the reason; an unknown reason
    is told as it came."""
    assert said_cause(reason, resource) == said
    text = limited(tmp_path, [throttled(reason, resource, 3), *[call()] * 3])
    assert f"What limited it was {said}: all throttles came from there." in text


def test_few_throttles_are_not_called_a_limit(tmp_path: Path) -> None:
    """One request in five hundred is throttling, and limits nothing."""
    calls = [throttled("TableWriteProvisionedThroughputExceeded", ARN), *[call()] * 500]
    assert "What throttled a little of it was the provisioned write" in limited(tmp_path, calls)


def test_a_hot_key_is_named(tmp_path: Path) -> None:
    """Where one partition was asked for too much, the key that did it is named with its share; a
    key that is read throttles no write, and one that is written no table's capacity."""
    calls = [throttled("TableWriteKeyRangeThroughputExceeded", ARN, 2)]
    hot = ["write-message", "cmz-conversations", 100, [[{"S": "user-7"}, 61], [{"S": "b"}, 2]]]
    text = limited(tmp_path / "hot", calls, [hot])
    assert "the write throughput of one partition of table cmz-conversations" in text
    assert "A hot key did that: user-7 had 61 % of the calls of write-message there." in text
    even = ["write-message", "cmz-conversations", 100, [[{"S": "user-7"}, 2]]]
    text = limited(tmp_path / "even", calls, [even])
    assert "hot key" not in text
    assert "its most wanted key, user-7, had 2 % of the calls" in text
    assert "which keys were asked for was not recorded" in limited(tmp_path / "none", calls)
    reads = ["session-messages", "cmz-conversations", 100, [[{"S": "user-7"}, 61]]]
    assert "no key of it was recorded" in limited(tmp_path / "reads", calls, [reads])
    table = [throttled("TableWriteProvisionedThroughputExceeded", ARN, 2)]
    assert "user-7" not in limited(tmp_path / "table", table, [hot])


def test_the_generator_is_owned_up_to(tmp_path: Path) -> None:
    """Where it fell behind, it is the limit, and no table is."""
    text = limited(tmp_path, [call()] * 100, asked=100, behind=40, delay_max_us=90_000)
    assert "The generator, not the database, was the limit" in text
    assert "What limited it" not in text


def test_a_miss_that_may_be_the_generators_is_told_with_that(tmp_path: Path) -> None:
    """A latency from the intended start holds the generator's delay; a service time does not."""
    gauges = Gauges(asked=150, behind=40, delay_max_us=90_000)
    excuse = "The load generator was behind at times, and such a latency holds that."
    assert held_to(tmp_path / "wait", "p99 < 20ms", gauges=gauges).answer.endswith(excuse)
    served = held_to(tmp_path / "served", "service_p99 < 20ms", gauges=gauges)
    assert served.answer.startswith("It did not hold")
    assert excuse not in served.answer


def test_where_nothing_was_a_limit_that_is_said(tmp_path: Path) -> None:
    """An answer that names no limit says what was looked at, and that more was not tried."""
    assert (
        "Nothing that was measured limited it: nothing was throttled, and the load generator was "
        "busy 20 % of a core at most; what more load would meet was not tried."
    ) in limited(tmp_path, [call()], cpu_s=0.2)


class Served(NamedTuple):
    """When a server had read a request, and when it was about to answer it."""

    read_ns: int
    answered_ns: int


def timed(step: Step, seen: list[Served], delay_s: float = 0.0) -> Step:
    """A step that notes its own times, and takes so long."""

    def answer(sock: socket.socket) -> bool:
        read_ns = time.perf_counter_ns()
        time.sleep(delay_s)
        seen.append(Served(read_ns, time.perf_counter_ns()))
        return step(sock)

    return answer


def ranked(values: Iterable[float], percent: float) -> float:
    """The smallest of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def play(writer: RunWriter, url: str, calls: int) -> None:
    """One call after the other, each with its retries, none of which waits."""
    target = Target(
        url=url, region="us-east-1", kind="endpoint", credentials=lambda: Credentials("key", "no")
    )
    with Client(target, draw=lambda: 0.0) as client:
        for _ in range(calls):
            intended_ns = time.perf_counter_ns()
            answer = client.send("GetItem", GET)
            writer.add(Call("get", intended_ns, time.perf_counter_ns(), answer, 1, len(GET)))


def test_a_scripted_server_is_reported_as_scripted(tmp_path: Path) -> None:
    """Of a server that takes 30 ms and throttles each fifth request, the answer says both; and its
    latencies lie between what the server took and what the server saw pass from its answer before
    to the request that came next."""
    item = {
        "ConsumedCapacity": {
            "TableName": "t",
            "CapacityUnits": 0.5,
            "Table": {"CapacityUnits": 0.5},
        },
        "Item": {"pk": {"S": "a"}},
    }
    reasons = [{"reason": "TableReadProvisionedThroughputExceeded", "resource": ARN}]
    refusal = error("ProvisionedThroughputExceededException", ThrottlingReasons=reasons)
    seen: list[Served] = []
    script = [timed(refusal, seen), *[timed(good(item), seen, delay_s=0.03)] * 4]
    told = header(
        patterns={"get": PatternInfo(operation="GetItem", table="t")},
        configuration={"objective": ["service_p50 > 30ms", "throttle_rate < 1%"]},
        target_kind="endpoint",
    )
    writer = RunWriter.start(tmp_path, told, now_ns=START_NS, unix_ms=START_MS)
    with FaultServer(script * 5) as server:
        before_ns = time.perf_counter_ns()
        play(writer, server.url, 20)
        after_ns = time.perf_counter_ns()
    writer.close(Ending("completed"), START_NS + SECOND_NS)
    content = view(Run.load(tmp_path))
    assert "1 of 2 objectives was missed (throttle_rate < 1% was 20%)" in content.answer
    answered = [before_ns, *(each.answered_ns for each in seen)]
    read = [*(each.read_ns for each in seen), after_ns]
    last = [n for n in range(len(seen)) if n % 5]  # what is not refused
    took = [(seen[n].answered_ns - seen[n].read_ns) / 1000 for n in last]
    passed = [(read[n + 1] - answered[n]) / 1000 for n in last]
    # A call begins after the answer to the one before it, which may be that before a refusal.
    called = [(read[n + 1] - answered[n - (n % 5 == 1)]) / 1000 for n in last]
    assert min(took) >= 30_000
    for percent, name in {50: "p50_us", 90: "p90_us", 100: "max_us"}.items():
        service = getattr(content.figures.service, name)
        latency = getattr(content.figures.latency, name)
        assert ranked(took, percent) <= service + 1
        assert service <= ranked(passed, percent) * DIGITS + 1
        assert ranked(took, percent) <= latency + 1
        assert latency <= ranked(called, percent) * DIGITS + 1
    assert f"Half of the calls took {duration(content.figures.latency.p50_us)} or less" in " ".join(
        content.summary
    )
    assert content.figures.total.throttled == 5
    text = " ".join(content.summary)
    assert "What limited it was the provisioned read capacity of table cmz" in text
