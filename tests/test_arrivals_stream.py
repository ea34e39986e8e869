"""The stream of arrivals: each is played once, at its instant or later, and never dropped."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import perf_counter_ns

import gevent
import gevent.socket
import pytest
from gevent.event import Event

from loadstone.arrivals import turns
from loadstone.arrivals.alarm import NEVER, Alarm, _LoopAlarm, alarm
from loadstone.arrivals.instants import Instants
from loadstone.arrivals.schedule import Line, Schedule
from loadstone.arrivals.stream import BEHIND_NS, Flow, Stream
from loadstone.arrivals.turns import give_way
from loadstone.arrivals.window import Window
from loadstone.client.answer import Throttle
from tests.synthetic import MS, SECOND_NS, START_NS, call


def few(number: int, rate: float = 1000.0) -> Instants:
    """So many arrivals, evenly, and none after them."""
    return Instants(Schedule([Line.flat(rate, (number + 0.5) / rate), Line.flat(0.0)]))


def run_to_end(stream: Stream, done: Callable[[], bool]) -> None:
    """Let the stream work until something is so; a stream that never gets there is a failure."""
    with gevent.Timeout(20):
        while not done():
            gevent.sleep(0.005)
    stream.stop()
    assert stream.drain(20)


def raising(error: Exception) -> None:
    raise error


def test_every_arrival_is_played_once_and_in_order() -> None:
    """What is played are the instants of the schedule: none is missing, early, or played twice."""
    played: list[int] = []
    early: list[int] = []

    def play(intended_ns: int) -> None:
        played.append(intended_ns)
        if perf_counter_ns() < intended_ns:
            early.append(intended_ns)

    stream = Stream(play, raising)
    flow = stream.watch()
    start_ns = perf_counter_ns()
    again = few(100)
    expected = [start_ns + int(again.next_s() * 1e9) for _ in range(100)]
    stream.follow(few(100), start_ns, places=10)
    run_to_end(stream, lambda: len(played) >= 100)
    assert played == expected
    assert early == []
    assert (flow.asked, flow.late) == (100, 0)


def test_arrivals_beyond_the_places_are_late_and_come_in_order() -> None:
    """With two places and answers that do not come, the others wait; then each is played."""
    gate, played = Event(), list[int]()

    def play(intended_ns: int) -> None:
        gate.wait()
        played.append(intended_ns)

    stream = Stream(play, raising)
    flow = stream.watch()
    stream.follow(few(20), perf_counter_ns(), places=2)
    with gevent.Timeout(20):
        while stream.waiting < 18:
            gevent.sleep(0.005)
    assert stream.in_flight == 2
    assert played == []
    gate.set()
    run_to_end(stream, lambda: len(played) >= 20)
    assert played == sorted(played)
    assert len(set(played)) == 20
    assert (flow.asked, flow.late, stream.waiting) == (20, 18, 0)
    # They waited for a place: that is no delay of the generator's.
    assert flow.behind <= 2


def test_a_stream_at_rest_has_let_go_of_what_waits() -> None:
    """What is in flight is finished; nothing that waited for a place is played, and what follows
    then is played at once."""
    gate, played = Event(), list[int]()

    def play(intended_ns: int) -> None:
        gate.wait()
        played.append(intended_ns)

    stream = Stream(play, raising)
    first = perf_counter_ns()
    stream.follow(few(20), first, places=2)
    with gevent.Timeout(20):
        while stream.waiting < 18:
            gevent.sleep(0.005)
    stream.rest()
    assert (stream.in_flight, stream.waiting) == (2, 0)
    gate.set()
    with gevent.Timeout(20):
        while stream.in_flight:
            gevent.sleep(0.005)
    assert len(played) == 2
    second, flow = perf_counter_ns(), stream.watch()
    stream.follow(few(5), second, places=9)
    run_to_end(stream, lambda: len(played) >= 7)
    assert [each >= second for each in played] == [False] * 2 + [True] * 5
    assert (flow.asked, flow.late) == (5, 0)


def test_a_trial_is_served_with_what_is_answered_in_its_time() -> None:
    """Where arrivals queue those that were meant for it come after it, and what it has served are
    those of before; throttles go by the time of the answer as well."""
    flow = Flow(START_NS, START_NS + SECOND_NS)
    window = Window(START_NS, START_NS + SECOND_NS, flow)
    before = START_NS - SECOND_NS
    for intended_ns, service_ns, more in (
        (before, SECOND_NS + MS, {}),
        (before, SECOND_NS, {"throttled": 2}),
        (before, SECOND_NS + MS, {"outcome": "failed", "code": "Boom"}),
        (before, MS, {}),
        (START_NS, MS, {}),
        (START_NS + MS, SECOND_NS, {"throttled": 1}),
    ):
        window.add(call(intended_ns=intended_ns, service_ns=service_ns, **more))
    assert (window.served, window.throttled) == (3, 2)
    assert window.spent
    assert window.seconds.fold().measured["session-messages"].counts.calls == 2


@pytest.mark.parametrize(
    ("reason", "spent"),
    [
        ("TableReadProvisionedThroughputExceeded", True),
        ("ProvisionedThroughputExceededException", True),
        ("IndexWriteProvisionedThroughputExceeded", True),
        ("TableReadKeyRangeThroughputExceeded", False),
        ("TableWriteMaxOnDemandThroughputExceeded", False),
        ("TableReadAccountLimitExceeded", False),
    ],
)
def test_capacity_is_spent_where_it_throttles(reason: str, spent: bool) -> None:
    """A throttle of a table's or an index's own capacity shows that nothing of it is kept for a
    burst; that of one partition, of a maximum or of an account does not, nor does one of before."""
    window = Window(START_NS, START_NS + SECOND_NS, Flow(START_NS, START_NS + SECOND_NS))
    throttled = call(intended_ns=START_NS, service_ns=MS, throttled=1)
    (attempt, *others) = throttled.answer.attempts
    refused = attempt._replace(throttles=(Throttle(reason, "mail"),))
    throttled.answer.attempts = (refused, *others)
    for early in (True, False):
        assert not window.spent
        window.add(throttled._replace(answered_ns=START_NS - early))
    assert window.spent == spent


def test_a_pause_gives_its_place_back_and_takes_a_later_arrival() -> None:
    """With one place, a play that pauses lets others in, and goes on with an arrival after it."""
    went_on: list[tuple[int, int]] = []
    others: list[int] = []
    paused: list[int] = []

    def play(intended_ns: int) -> None:
        if not paused:
            paused.append(perf_counter_ns())
            went_on.append((intended_ns, stream.pause(0.02)))
        else:
            others.append(intended_ns)

    stream = Stream(play, raising)
    stream.follow(few(60), perf_counter_ns(), places=1)
    run_to_end(stream, lambda: len(others) >= 58)
    ((first_ns, second_ns),) = went_on
    assert second_ns >= paused[0] + 20_000_000
    # Sixty arrivals: one began the play, one went on with it, and the others were others'.
    assert len({first_ns, second_ns, *others}) == 60


def test_what_is_owed_takes_the_place_of_arrivals() -> None:
    """A play that sends three operations more than its arrival leaves three arrivals unplayed."""
    played: list[int] = []

    def play(intended_ns: int) -> None:
        if not played:
            stream.owe(3)
        played.append(intended_ns)

    stream = Stream(play, raising)
    flow = stream.watch()
    stream.follow(few(10), perf_counter_ns(), places=5)
    run_to_end(stream, lambda: flow.asked >= 10 and len(played) >= 7)
    assert (len(played), flow.asked) == (7, 10)


def test_an_error_in_a_play_is_told_and_the_next_one_comes() -> None:
    """An exception ends its own play alone."""
    played: list[int] = []
    told: list[Exception] = []

    def play(intended_ns: int) -> None:
        played.append(intended_ns)
        raise ValueError("a scenario's mistake")

    stream = Stream(play, told.append)
    stream.follow(few(5), perf_counter_ns(), places=1)
    run_to_end(stream, lambda: len(played) >= 5)
    assert [str(error) for error in told] == ["a scenario's mistake"] * 5


def test_a_generator_that_is_busy_is_counted_as_behind() -> None:
    """What keeps the process from its arrivals shows in their delay, and not as late."""
    played: list[int] = []
    stream = Stream(played.append, raising)
    flow = stream.watch()
    stream.follow(few(50), perf_counter_ns(), places=100)
    until_ns = perf_counter_ns() + 3 * BEHIND_NS
    while perf_counter_ns() < until_ns:
        pass
    run_to_end(stream, lambda: len(played) >= 50)
    assert flow.late == 0
    assert flow.behind >= 30
    assert flow.delay_max_ns > 2 * BEHIND_NS


def test_flows_hold_what_was_meant_for_their_time() -> None:
    """A window counts its own arrivals; windows side by side make up the whole."""
    stream = Stream(lambda intended_ns: None, raising)
    start_ns = perf_counter_ns()
    middle_ns = start_ns + 25_400_000
    whole = stream.watch()
    first, second = stream.watch(0, middle_ns), stream.watch(middle_ns)
    stream.follow(few(50), start_ns, places=10)
    run_to_end(stream, lambda: whole.asked >= 50)
    assert (first.asked, second.asked) == (25, 25)


def test_flows_that_end_together_hold_the_same() -> None:
    """An arrival that comes due while flows are taken is in all of them, or in none: else it would
    be in neither what was asked until then nor what is asked from there on."""
    stream = Stream(lambda _: None, raising)
    one, other = stream.watch(), stream.watch()
    constant = Schedule.constant(10_000_000.0)
    stream.follow(Instants(constant), perf_counter_ns() - MS, places=1)
    stream.unwatch(one, other)
    rest = stream.watch()
    stream.stop()
    assert one.asked == other.asked > 0
    assert rest.asked == 0


def test_a_stopped_stream_finishes_what_it_has_begun() -> None:
    """After `stop` nothing begins; `drain` waits for what is in flight, and no longer than told."""
    gate, begun, ended = Event(), list[int](), list[int]()

    def play(intended_ns: int) -> None:
        begun.append(intended_ns)
        gate.wait()
        ended.append(intended_ns)

    stream = Stream(play, raising)
    stream.follow(few(30), perf_counter_ns(), places=4)
    with gevent.Timeout(20):
        while stream.waiting < 26:
            gevent.sleep(0.005)
    stream.stop()
    gevent.spawn_later(0.01, gate.set)
    assert stream.drain(20)
    assert len(begun) == len(ended) == 4
    assert stream.waiting == 26

    stuck = Stream(lambda intended_ns: Event().wait(), raising)
    stuck.follow(few(1), perf_counter_ns(), places=1)
    with gevent.Timeout(20):
        while not stuck.in_flight:
            gevent.sleep(0.005)
    stuck.stop()
    assert not stuck.drain(0.01)


def test_a_stream_follows_another_rate_from_where_it_is() -> None:
    """When the share changes, arrivals go on with the new one, and what came before stays."""
    played: list[int] = []
    stream = Stream(played.append, raising)
    stream.follow(few(10), perf_counter_ns(), places=10)
    with gevent.Timeout(20):
        while len(played) < 10:
            gevent.sleep(0.005)
    stream.rest()
    stream.follow(Instants(Schedule.constant(2000), random=Random(1)), perf_counter_ns(), places=10)
    run_to_end(stream, lambda: len(played) >= 40)
    assert played == sorted(played)


@pytest.mark.parametrize("make", [alarm, _LoopAlarm])
def test_an_alarm_rings_when_it_was_set_last(make: Callable[[Callable[[], None]], Alarm]) -> None:
    """Setting it again moves it, an instant that has passed rings at once, and never is never."""
    rung: list[int] = []

    def ring() -> None:
        rung.append(perf_counter_ns())
        clock.ring_at(NEVER)

    clock = make(ring)
    clock.ring_at(NEVER)
    clock.ring_at(perf_counter_ns() + 3_600_000_000_000)
    at_ns = perf_counter_ns() + 5_000_000
    clock.ring_at(at_ns)
    with gevent.Timeout(20):
        while not rung:
            gevent.sleep(0.001)
    assert rung[0] >= at_ns
    clock.ring_at(1)
    with gevent.Timeout(20):
        while len(rung) < 2:
            gevent.sleep(0.001)
    gevent.sleep(0.01)
    assert len(rung) == 2
    clock.close()


def test_answers_are_looked_at_while_arrivals_are_behind() -> None:
    """Of many that are due at once some are begun; then what has come by then is read."""
    played, read_after = list[int](), list[int]()
    near, far = gevent.socket.socketpair()

    def read() -> None:
        while far.recv(1):
            read_after.append(len(played))

    def play(intended_ns: int) -> None:
        played.append(intended_ns)
        if len(played) in (1, 101):
            near.send(b"!")

    reader = gevent.spawn(read)
    gevent.sleep(0.01)  # it waits for the line
    stream = Stream(play, raising)
    stream.follow(few(200), perf_counter_ns() - SECOND_NS, places=10)
    run_to_end(stream, lambda: len(played) >= 200)
    near.close()
    reader.join(20)
    far.close()
    first, second = read_after
    assert first < 100
    assert second < 200


def test_long_work_gives_way_to_what_has_come() -> None:
    """What lies on a line is read within two pauses; two of no length would not do."""
    read = list[bytes]()
    near, far = gevent.socket.socketpair()
    reader = gevent.spawn(lambda: read.append(far.recv(1)))
    gevent.sleep(0.01)
    near.send(b"!")
    give_way()
    give_way()
    assert read == [b"!"]
    reader.join(20)
    near.close()
    far.close()


def test_work_gives_way_where_it_has_gone_on_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not between pieces of no length: a turn of the loop would be most of the work."""
    now_ns, seen = START_NS, list[int]()
    monkeypatch.setattr(turns, "perf_counter_ns", lambda: now_ns)
    others = gevent.get_hub().loop.prepare()
    others.start(lambda: seen.append(now_ns))
    work = turns.GivingWay()
    work.pause()
    assert seen == []
    now_ns += 10 * MS
    work.pause()
    assert set(seen) == {now_ns}
    seen.clear()
    work.pause()
    others.stop()
    assert seen == []
