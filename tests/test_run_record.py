"""The record of a run: what is written is what is read, whatever happened to the process."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from loadstone.client.answer import Units
from loadstone.errors import BadRecord, UnknownName
from loadstone.run import Ending, Gauges, Run, RunWriter, Written, find_run, finish, list_runs
from loadstone.run.histogram import Histogram, Percentiles
from loadstone.run.tally import Counts, Tally
from tests.synthetic import (
    ARN,
    MS,
    PATTERNS,
    SECOND_NS,
    START_MS,
    START_NS,
    call,
    finished,
    header,
    known_seconds,
    write,
)


def test_percentiles_of_a_known_sequence() -> None:
    """Of 1 to 1,000 ms the p99 is the 990th: nearest rank, to three digits."""
    found = Percentiles.of(Histogram.of_ns([ms * MS for ms in range(1, 1001)]))
    assert found.count == 1000
    for value_us, known_ms in (
        (found.p50_us, 500),
        (found.p90_us, 900),
        (found.p99_us, 990),
        (found.p999_us, 999),
        (found.max_us, 1000),
    ):
        assert known_ms * 1000 <= value_us <= known_ms * 1001


def test_the_rank_of_a_percentile_is_rounded_up() -> None:
    """Of 160 values the p99 is the 159th, which 99 % of them do not exceed."""
    assert Histogram.of_ns([us * 1000 for us in range(1, 161)]).percentile_us(99) == (159,)


def test_histograms_survive_writing_and_add_up() -> None:
    """Decoded and merged, two halves give what one histogram of everything gives."""
    values = [us * 1000 for us in range(1, 2001, 3)]
    whole = Histogram.of_ns(values)
    halves = [Histogram.of_ns(values[:200]), Histogram.of_ns(values[200:])]
    merged = Histogram.merged(half.encode() for half in halves)
    assert Percentiles.of(merged) == Percentiles.of(whole)
    assert merged.encode() == whole.encode()


def test_latencies_out_of_range_are_kept_at_its_ends() -> None:
    """Nothing measured below 1 µs or above 1 h is lost."""
    found = Percentiles.of(Histogram.of_ns([0, 10**16]))
    assert (found.count, found.p50_us) == (2, 1)
    assert found.max_us == pytest.approx(3.6e9, rel=1e-3)


def test_a_histogram_without_values_says_zero() -> None:
    """An empty histogram has percentiles of zero rather than an error."""
    assert Percentiles.of(Histogram()).p99_us == 0


def test_every_field_of_counts_is_written_and_read() -> None:
    """Counts survive JSON, with throttles by reason and units by index."""
    counts = Counts()
    counts.add(call(throttled=2, wait_ns=3 * MS, body=b"x" * 10))
    counts.add(call(code="ValidationException", outcome="failed", rows=0))
    counts.add(call(code="ConditionalCheckFailedException", outcome="limit-reached"))
    assert Counts.from_json(orjson.loads(orjson.dumps(counts.to_json()))) == counts
    assert (counts.calls, counts.ok, counts.failed, counts.attempts) == (3, 1, 1, 5)
    assert counts.declared == {"limit-reached": 1}
    assert counts.failures == {"ValidationException": 1}
    assert counts.attempt_errors["ThrottlingException"] == 2
    assert counts.throttles == {("TableWriteProvisionedThroughputExceeded", ARN): 2}
    assert counts.units == {("cmz-conversations", "SessionIndex"): (1.5, 0.0)}
    assert (counts.response_bytes, counts.wait_max_us) == (14, 3000)


def test_a_finished_run_is_one_file(tmp_path: Path) -> None:
    """Parts are folded into `run.jsonl` and removed, and the run reads back whole."""
    whole = finished(tmp_path / "a", known_seconds(), warm_up_s=2.0)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["run.jsonl"]
    run = Run.load(whole)
    assert run.problems == ()
    assert run.ending == Ending("completed")
    assert run.header == header(warm_up_s=2.0)
    assert len(run.seconds) == 10
    assert run.lasted_s == 10.0
    assert run.measured["session-messages"].counts.calls == 800
    assert run.warm_up["session-messages"].counts.calls == 200


def test_totals_are_the_sum_of_the_seconds(tmp_path: Path) -> None:
    """What a process wrote at its end equals what its seconds say, histograms included."""
    run = Run.load(finished(tmp_path, known_seconds(), warm_up_s=2.0))
    for pattern in PATTERNS:
        again = Tally.merged(s.patterns[pattern] for s in run.seconds if pattern in s.patterns)
        assert again.counts == run.measured[pattern].counts
        assert again.latency.encode() == run.measured[pattern].latency.encode()
        assert again.service.encode() == run.measured[pattern].service.encode()
    everything = Counts.total(Counts.from_json(second.all) for second in run.seconds)
    parts = [tally.counts for phase in (run.measured, run.warm_up) for tally in phase.values()]
    assert everything == Counts.total(parts)


def test_two_workers_are_one_run(tmp_path: Path) -> None:
    """Calls spread over two workers give the figures of one worker that made them all."""
    seconds = known_seconds()
    one = Run.load(finished(tmp_path / "one", seconds))
    for worker in (0, 1):
        half = [calls[worker::2] for calls in seconds]
        write(tmp_path / "two", half, worker=worker, workers=2)
    two = Run.load(finish(tmp_path / "two", Ending("completed"), unix_ms=START_MS + 10_000))
    assert two.problems == ()
    assert len(two.workers) == 2
    for pattern, tally in one.measured.items():
        assert two.measured[pattern].counts == tally.counts
        assert two.measured[pattern].latency.encode() == tally.latency.encode()
    times = [second.at_ms for second in two.seconds]
    assert times == sorted(times)


def test_a_run_without_an_end_was_cut_off(tmp_path: Path) -> None:
    """The parts of a crashed run are read up to their last second, and said to be cut off."""
    write(tmp_path, known_seconds()[:3], close=False)
    run = Run.load(tmp_path)
    assert str(run.ending) == "cut off"
    assert run.measured["session-messages"].counts.calls == 100
    assert any("cut off" in problem for problem in run.problems)
    assert any("worker 0 stops after 3 s" in problem for problem in run.problems)


def test_a_torn_last_line_costs_that_line_alone(tmp_path: Path) -> None:
    """A crash in the middle of a line loses that second and no other."""
    write(tmp_path, known_seconds(), close=False)
    part = tmp_path / "part-0000.jsonl"
    part.write_bytes(part.read_bytes()[:-40])
    run = Run.load(tmp_path)
    assert len(run.seconds) == 9
    assert any("torn" in problem for problem in run.problems)


def test_a_lost_worker_is_named(tmp_path: Path) -> None:
    """A worker without a part, and one that stopped early, are named after the run is folded."""
    seconds = known_seconds()
    write(tmp_path, seconds, worker=0, workers=3)
    write(tmp_path, seconds[:4], worker=2, workers=3, close=False)
    run = Run.load(finish(tmp_path, Ending("interrupted", "Ctrl-C"), unix_ms=START_MS + 10_000))
    assert str(run.ending) == "interrupted: Ctrl-C"
    assert any("worker 1 is missing" in problem for problem in run.problems)
    assert any("worker 2 stops after 4 s" in problem for problem in run.problems)
    assert not any("worker 0" in problem for problem in run.problems)
    assert run.measured["session-messages"].counts.calls == (8 + 2) * 100


def test_workers_keep_their_numbers(tmp_path: Path) -> None:
    """Where workers were lost before a run, those that are left have other numbers than 0 and so
    on: of those one is missing that has no part, and no other."""
    seconds = known_seconds()
    for number in (1, 4):
        write(tmp_path, seconds, worker=number, workers=2, members=(1, 4))
    assert Run.load(finish(tmp_path, Ending("completed"), unix_ms=START_MS + 10_000)).problems == ()
    other = tmp_path / "other"
    write(other, seconds, worker=1, workers=2, members=(1, 4))
    (problem,) = Run.load(finish(other, Ending("completed"), unix_ms=START_MS + 10_000)).problems
    assert "worker 4 is missing" in problem


def test_an_empty_part_is_a_lost_worker_too(tmp_path: Path) -> None:
    """A process that died before its first line does not keep the others from being read."""
    write(tmp_path, known_seconds()[:1], workers=2)
    (tmp_path / "part-0001.jsonl").touch()
    assert any("worker 1 is missing" in problem for problem in Run.load(tmp_path).problems)
    run = Run.load(finish(tmp_path, Ending("completed"), unix_ms=START_MS + 1000))
    assert any("worker 1 is missing" in problem for problem in run.problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"kind":"part"', "is empty"),
        (b"[1]\n", "line 1 of it is no JSON object"),
        (b'{"kind":"letter"}\n', "no record of a run"),
        (b'{"kind":"run","version":99}\n', "version 99, and this Loadstone reads up to 1"),
        (b'{"kind":"run","version":1}\n', "is damaged: it lacks"),
        (
            b'{"kind":"run","version":1,"workers":[{"number":0,"started_unix_ms":0}],"header":{"x":1}}\n',
            "not one of a run",
        ),
        (b'{"kind":"run","version":1}\ngarbage\n{}\n', "line 2 of it is no JSON object"),
    ],
)
def test_a_record_that_cannot_be_read_says_why(content: bytes, said: str, tmp_path: Path) -> None:
    """Empty, damaged, foreign and newer records each get their own one-line message."""
    record = tmp_path / "run.jsonl"
    record.write_bytes(content)
    with pytest.raises(BadRecord, match=said) as caught:
        Run.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_patterns_did_in_a_second_is_read_when_asked_for(tmp_path: Path) -> None:
    """It is what was written, whatever a pattern is called; damage in it is said when it is met."""
    patterns = {"patterns": PATTERNS["write-message"], "other": PATTERNS["write-message"]}
    names = ("other", "patterns")
    seconds = [[call(name, warm_up=warm_up) for name in names] for warm_up in (True, False)]
    record = finished(tmp_path, [*seconds, []], patterns=patterns, warm_up_s=1.0)
    lines = record.read_bytes().splitlines(keepends=True)
    written = [orjson.loads(line) for line in lines if b'"second"' in line]
    for second, line in zip(Run.load(tmp_path).seconds, written, strict=True):
        assert dict(second.patterns) == line.get("patterns", {})
        assert dict(second.warm_up) == line.get("warm_up", {})
    whole, damaged = b',"patterns":{"other":', b',"patterns":{other:'
    record.write_bytes(record.read_bytes().replace(whole, damaged))  # totals hold `{"patterns"`
    run = Run.load(tmp_path)
    assert run.measured["other"].counts.calls == 1
    with pytest.raises(BadRecord, match=rf"second {run.seconds[1].at_ms} of it is no JSON"):
        len(run.seconds[1].patterns)


def test_a_directory_without_a_run_is_said_to_be_one(tmp_path: Path) -> None:
    """A directory that holds no record is not an empty run."""
    with pytest.raises(BadRecord, match="no run in"):
        Run.load(tmp_path)
    with pytest.raises(BadRecord, match="no part"):
        finish(tmp_path, Ending("completed"), unix_ms=0)


def test_a_run_never_overwrites_another(tmp_path: Path) -> None:
    """A second writer of the same part, or of a finished run, is refused."""
    write(tmp_path, [])
    with pytest.raises(BadRecord, match="choose another name"):
        write(tmp_path, [])
    finish(tmp_path, Ending("completed"), unix_ms=START_MS)
    with pytest.raises(BadRecord, match="choose another name"):
        write(tmp_path, [], worker=1)


def test_finishing_twice_changes_nothing(tmp_path: Path) -> None:
    """Parts left by a crash while folding are removed, and the file stays as it was."""
    whole = finished(tmp_path, known_seconds()[:1])
    before = whole.read_bytes()
    (tmp_path / "part-0000.jsonl").write_text("{}\n")
    assert finish(tmp_path, Ending("failed"), unix_ms=0).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.jsonl"]


def test_each_second_is_on_disk_when_it_has_ticked(tmp_path: Path) -> None:
    """A reader sees a second as soon as it ended, with its gauges and what it wrote."""
    writer = RunWriter.start(tmp_path, header(), now_ns=START_NS, unix_ms=START_MS)
    writer.add(call())
    gauges = Gauges(
        in_flight=7, asked=10, late=2, cpu_s=0.5, written={"write-message": Written(3, 10, 13)}
    )
    phases = writer.tick(START_NS + SECOND_NS, gauges)
    assert phases.measured["session-messages"].counts.calls == 1
    (second,) = Run.load(tmp_path).seconds
    assert (second.in_flight, second.asked, second.late, second.cpu_s) == (7, 10, 2, 0.5)
    assert second.written == {"write-message": (3, 10, 13)}
    assert (second.at_ms, second.span_s) == (START_MS + 1000, 1.0)
    writer.close(Ending("completed"), START_NS + SECOND_NS)


def test_calls_during_a_tick_are_the_next_seconds(tmp_path: Path) -> None:
    """While a second is folded and written, calls go on, and none is lost or counted twice."""
    writer = RunWriter.start(tmp_path, header(), now_ns=START_NS, unix_ms=START_MS)
    writer.add(call())
    meanwhile: list[None] = []

    def pause() -> None:
        meanwhile.append(None)
        writer.add(call())

    ended = writer.tick(START_NS + SECOND_NS, pause=pause)
    assert ended.measured["session-messages"].counts.calls == 1
    assert meanwhile
    writer.close(Ending("completed"), START_NS + 2 * SECOND_NS)
    run = Run.load(tmp_path)
    calls = [each.all["calls"] for each in run.seconds]
    assert calls == [1, len(meanwhile)]
    assert run.measured["session-messages"].counts.calls == sum(calls)


def test_calls_after_the_last_tick_are_kept(tmp_path: Path) -> None:
    """Closing writes the second under way before it says the end."""
    writer = RunWriter.start(tmp_path, header(), now_ns=START_NS, unix_ms=START_MS)
    writer.tick(START_NS + SECOND_NS)
    writer.add(call(units=[Units("cmz-conversations", None, 2.0, 0.0)]))
    writer.close(Ending("completed"), START_NS + SECOND_NS + 200 * MS)
    run = Run.load(tmp_path)
    assert run.measured["session-messages"].counts.read_units == 2.0
    assert run.lasted_s == 1.2


def test_of_many_runs_the_newest_are_named(tmp_path: Path) -> None:
    """Who asks for a run that is not there is told the newest ten, how many there are, where all of
    them are listed, and which one may be meant."""
    for number in range(12):
        started = START_MS + 5000 * number
        finished(tmp_path / f"r{number:02}", [], name=f"r{number:02}", started_unix_ms=started)
    with pytest.raises(UnknownName) as refused:
        find_run("r00x", tmp_path)
    assert str(refused.value) == (
        "no run 'r00x'; the newest of 12 are r02, r03, r04, r05, r06, r07, r08, r09, r10, r11; "
        "`loadstone runs` lists all; you may mean r00"
    )


def test_runs_are_found_by_name_path_and_last(tmp_path: Path) -> None:
    """RUN is a path, a name, or `last`, and a wrong name lists the right ones."""
    finished(tmp_path / "b-first", [], name="b-first")
    finished(tmp_path / "a-second", [], name="a-second", started_unix_ms=START_MS + 5000)
    assert find_run("b-first", tmp_path) == tmp_path / "b-first"
    assert find_run(str(tmp_path / "b-first"), tmp_path) == tmp_path / "b-first"
    assert find_run("last", tmp_path) == tmp_path / "a-second"
    with pytest.raises(UnknownName, match="no run 'c'; there are b-first, a-second"):
        find_run("c", tmp_path)
    with pytest.raises(UnknownName, match="no run in"):
        find_run("last", tmp_path / "nowhere")


def test_the_list_of_runs_survives_broken_ones(tmp_path: Path) -> None:
    """A list shows finished, unfinished and unreadable runs, each as what it is."""
    finished(tmp_path / "whole", known_seconds()[:2], name="whole")
    write(tmp_path / "cut", known_seconds()[:1], name="cut", close=False)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.jsonl").write_text("nonsense\n")
    (tmp_path / "not-a-run").mkdir()
    listed = {run.name: run for run in list_runs(tmp_path)}
    assert set(listed) == {"whole", "cut", "broken"}
    assert (listed["whole"].calls, listed["whole"].failed, listed["whole"].lasted_s) == (286, 2, 2)
    assert str(listed["cut"].ending) == "cut off"
    assert "no JSON object" in listed["broken"].problem
