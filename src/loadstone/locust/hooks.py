"""What happens when Locust starts, begins a test, ends it, and quits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import RLock
from locust import events
from locust.runners import STATE_CLEANUP, LocalRunner, MasterRunner, WorkerRunner

from loadstone.arrivals.turns import give_way
from loadstone.capacity.price_file import known_prices
from loadstone.errors import EngineError, LoadstoneError, TableMismatch
from loadstone.gate.asked import refuse_throttle
from loadstone.locust.beats import Beats
from loadstone.locust.classes import ours, played_by, refuse_idle, systems_of
from loadstone.locust.console import Console
from loadstone.locust.dynamo_user import handmade_users, host_of, name_of
from loadstone.locust.ending import BY_SIGNAL, NO_MASTER, NO_WORKER, ending_by_caller
from loadstone.locust.folding import Folding
from loadstone.locust.form import Form, classes_in, refuse, refuse_other_host
from loadstone.locust.handmade import Handmade, prepare_handmade, refuse_arrivals
from loadstone.locust.keeping import Keeping
from loadstone.locust.leaving import Leaving
from loadstone.locust.live_share import LiveShare
from loadstone.locust.losses import Losses
from loadstone.locust.open_run import OpenRun
from loadstone.locust.options import add_arguments, keep_given
from loadstone.locust.prepare import Prepared, check_run_name, prepare, refuse_taken
from loadstone.locust.quitting import quit_soon, stop_soon
from loadstone.locust.readiness import Readiness
from loadstone.locust.recording import Recording
from loadstone.locust.refusals import Refusals
from loadstone.locust.spending import Spending, budget_of, prices_of
from loadstone.locust.targets import Targets
from loadstone.locust.throttling import GateShares
from loadstone.locust.user import AskedTags, ScenarioUser
from loadstone.locust.web import add_tabs, refuse_start
from loadstone.run import Ending, Gauges, runs_folder
from loadstone.run.live import About
from loadstone.run.tally import Phases
from loadstone.system import System, load_system
from loadstone.target import Where

#: A user that is stopped finishes its call: what is in flight belongs to the record.
FINISH_S = 2.0
PREPARED_WITHIN_S = 60.0
STOPPED_EVERY_S = 0.05
INTERRUPTED = 130

_initialised = Event()


def install() -> None:
    """Listen to Locust; once, when loadstone.locust is imported."""
    listen: Any = events
    listen.init_command_line_parser.add_listener(add_arguments)
    listen.init.add_listener(_on_init)
    listen.test_start.add_listener(_on_test_start)


def _on_init(environment: Any, runner: Any, **_: Any) -> None:
    if not ours(environment.user_classes):
        _initialised.set()
        return
    systems = systems_of(environment.user_classes)
    host = environment.loadstone = Host(environment, runner, systems)
    # Before anything that waits: a worker may be told to begin while it still prepares.
    _initialised.set()
    environment.events.test_stop.add_listener(host.end)
    environment.events.quitting.add_listener(host.settle)
    environment.events.quit.add_listener(host.close)
    host.prepare_or_leave()


def _on_test_start(environment: Any, **_: Any) -> None:
    # A worker may be told to begin as soon as it is connected, which is before its own init.
    if not isinstance(environment.runner, LocalRunner | MasterRunner):
        _initialised.wait(PREPARED_WITHIN_S)
    host: Host | None = getattr(environment, "loadstone", None)
    if host is not None:
        host.begin()


class Host:
    """Loadstone's part of a Locust process: master, worker, or both in one."""

    def __init__(self, environment: Any, runner: Any, systems: list[str]) -> None:
        self.environment, self._runner, self._systems = environment, runner, systems
        self.loads: dict[str, Recording] = {}
        self._prepared: dict[str, Prepared | Handmade] = {}
        self._users = handmade_users(environment)
        self.handmade = name_of(self._users)
        if self._users:
            self._systems = [*systems, self.handmade]
        self._playing = self._systems  # those whose classes are picked for a test
        self._content: dict[str, System | None] = {}
        self._targets = Targets(_say)
        self._beats = Beats(runner, Console())
        self._keeping = Keeping(environment, _say, self._stop_for)
        self._live = LiveShare(environment, runner, self._keeping.hear)
        self._prices = known_prices()
        self._refusals = Refusals(environment, runner, _say)
        if environment.web_ui:
            absent = self._refusals.absent
            add_tabs(environment.web_ui, lambda: self._live.live, lambda: self._prices, absent)
            refuse_start(environment.web_ui, absent, self._wrong_with, _say)
        self._readiness = Readiness(runner, self._refusals.replaced)
        self._gate_shares = GateShares(runner)
        self._spending = Spending(runner, self._stop_for)
        Losses(environment, runner, _say)
        self._open = OpenRun(environment, runner, self.loads, _say)
        self._plays = not isinstance(runner, MasterRunner)
        self._reports = not isinstance(runner, WorkerRunner)
        self._name = ""  # that it gave the last run itself
        self._ready = Event()
        self._directories: list[Path] = []
        self._folding = Folding(runner, self._keeping.judge, lambda: bool(self.failure), _say)
        self.failure = self._stopped_for = ""
        self._over = self._settles = False
        self._ending_it = RLock()
        self._host = environment.host
        environment.stop_timeout = environment.stop_timeout or FINISH_S
        self._leaving = Leaving(environment, runner, self._refusals, self.release, _say)
        self._interrupts = self._leaving.interrupts

    def prepare_or_leave(self) -> None:
        """Get ready for a test; where that cannot be, end this process, and say why."""
        self._leaving.prepare_or_leave(self.prepare)

    def prepare(self) -> None:
        """Open the targets, and find the data that is in the tables."""
        options = self.environment.parsed_options
        refuse_idle(self.environment.user_classes)
        keep_given(options)
        check_run_name(options.run_name)
        # The mix is narrowed by them; Locust is to leave the one task that plays it.
        task: Any = ScenarioUser.replay
        task.locust_tag_set = AskedTags(options)
        refuse_throttle(self.environment.host or None, options.throttle, os.environ)
        if self._reports:
            refuse_taken(options.run_name)
        # What is picked on the page is not known yet.
        plan = self._open.plan(1 if options.class_picker else len(self._systems))
        if self._users:
            refuse_arrivals(self.handmade, plan)
        budget = budget_of(options)
        asked, lacking = self.environment.host, []
        own = {name for name in self._systems if self._users and name == self.handmade}
        self._content = {n: None if n in own else load_system(n) for n in self._systems}
        self._keeping.prepare(self._content, plan, tell=self._reports)
        for name, system in self._content.items():
            host = asked or host_of(self._users)
            where = Where(endpoint=host, region=options.region or None)
            target = self._targets.open(name, where, system.region if system else None)
            if self._plays and system:
                try:
                    self._prepared[name] = prepare(system, target, options)
                except TableMismatch as error:
                    lacking.append(str(error))
            elif self._plays:
                source = Path(self.environment.locustfile or "").name
                self._prepared[name] = prepare_handmade(name, source, target, options, say=_say)
            if name in self._prepared:
                self._spending.bill(name, self._prepared[name].billed)
            self._host = self.environment.host = self.environment.host or target.url
        self._spending.begin(budget, prices_of(options))
        if lacking:
            raise TableMismatch("\n".join(lacking))
        self._readiness.tell()
        if options.headless or options.autostart:
            self._readiness.wait(options, self._refusals, _say)
        # The loop has not looked at its clock meanwhile: a test that is timed now would end early.
        gevent.get_hub().loop.update_now()
        self._ready.set()

    def release(self) -> None:
        """Let go of the targets; an engine of our own ends here."""
        self._targets.release()

    def begin(self) -> None:
        """A test starts: begin to record, unless Locust ends already."""
        with self._ending_it:  # the page starts one while the one before still ends
            pass
        if self._settles:
            return
        self._interrupts.begun()
        self._refusals.forget()
        self._readiness.told()
        options = self.environment.parsed_options
        if self._reports:
            # What a worker does not know of itself, Locust tells it with our other arguments.
            options.loadstone_playing = self._played_by(self.environment.user_classes)
            if options.run_name in ("", self._name):  # the page may say another for each
                names = "-".join(options.loadstone_playing)
                self._name = f"{names}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
                options.run_name = self._name
            options.loadstone_members = sorted(self._folding.there())
        self.failure = self._stopped_for = ""
        self._over = False
        self._prices = prices_of(options)
        run = runs_folder() / options.run_name
        self._playing = options.loadstone_playing
        self._directories = [run / name for name in self._playing]
        if len(self._playing) == 1:
            self._directories = [run]
        if not self._playing:
            return  # other users alone were picked: nothing is ours to record
        try:
            self._begin(options)
            self._readiness.begun()
        except (LoadstoneError, OSError) as error:
            self.fail(str(error))

    def _wrong_with(self, form: Form) -> str:
        """Why a test cannot begin with what the page asks for; "" where it can."""
        names = self._played_by(classes_in(form, self.environment))
        content = {name: self._content[name] for name in names}
        options, opened = self.environment.parsed_options, self._host
        try:
            refuse(form, options, content, self._prepared, opened, named=self._name)
        except (LoadstoneError, OSError) as error:
            return str(error)
        return ""

    def _played_by(self, classes: Sequence[type]) -> list[str]:
        """The systems of the classes that play: with --class-picker some of those there are."""
        return played_by(classes, self._systems, self.handmade)

    def _begin(self, options: Any) -> None:
        if not self._ready.wait(PREPARED_WITHIN_S):
            raise EngineError(f"not ready after {PREPARED_WITHIN_S} s: its target does not answer")
        for name in self._prepared.keys() & self._playing:
            prepared = self._prepared[name] = self._prepared[name].as_told(options)
            self._spending.bill(name, prepared.billed)
        self._spending.begin(budget_of(options), prices_of(options))
        refuse_other_host(self.environment.host, self._host)
        plan = self._open.plan(len(self._playing))
        self._keeping.prepare({name: self._content[name] for name in self._playing}, plan)
        plan = self._keeping.settle(plan)
        self._keeping.begin()
        self._open.begin(plan, self._keeping.evidence(self._targets.region(self._playing[0])))
        pairs = zip(self._playing, self._directories, strict=True)
        for number, (name, directory) in enumerate(pairs):
            give_way()  # a master gives up a worker that is silent for three seconds
            if name in self._prepared:
                load = self._prepared[name].load(
                    self.environment,
                    directory,
                    worker=max(getattr(self._runner, "worker_index", 0), 0),
                    members=options.loadstone_members,
                    on_second=partial(self._show, name),
                    plan=plan,
                )
                self._keeping.hold(name, load, plan)
                self._open.start(load, number, len(self._playing))
                self.loads[name] = load
        gates = {name: load.gate for name, load in self.loads.items()}
        headers = [load.header for load in self.loads.values()]
        simulated = any(header.simulated_throttling for header in headers)
        self._beats.begin(options.run_name, simulated=simulated)
        self._live.begin(options.run_name, {name: self._about(name) for name in self.loads})
        self._gate_shares.begin(options.run_name, len(options.loadstone_members), gates)

    def _about(self, name: str) -> About:
        """What the page is to know of a system's target."""
        prepared, header = self._prepared[name], self.loads[name].header
        return About(
            region=header.region,
            kind=header.target_kind,
            simulated=bool(header.simulated_throttling),
            provisioned=tuple(prepared.provisioned),
        )

    def end(self, **_: Any) -> None:
        """A test stops: end the record, and fold it when this process is the one to report."""
        with self._ending_it:  # a second time only when the first is over
            self._end()

    def _end(self) -> None:
        self._over = True
        ending = self._ending()
        self._gate_shares.end()
        self._open.end()
        for load in self.loads.values():
            load.stop(ending)
        ending = self._ending()  # there may have been no room for the last second
        self.loads.clear()
        directories, self._directories = self._directories, []
        if ending is NO_MASTER:
            _say(f"loadstone: {ending.reason}: this worker ends")
            self.environment.process_exit_code = 1
        if not self._reports:
            return
        for directory in directories:
            self._folding.begin(directory, ending)
        if ending is NO_WORKER and getattr(self.environment.parsed_options, "headless", False):
            # Locust would wait until its run time is over, with nobody to play.
            self.fail(f"{ending.reason}: the run ends before its time")

    def settle(self, **_: Any) -> None:
        """The process is about to end, and with which code is asked next.

        SIGTERM has Locust do so beside a test that it stops already, or a process that ends.
        """
        try:
            self._settle()
        except KeyboardInterrupt:  # a second one
            _say(
                "loadstone: interrupted before its parts were made one record: they stay, and "
                "`loadstone report` reads them"
            )
            raise SystemExit(INTERRUPTED) from None

    def _settle(self) -> None:
        if self._settles:
            Event().wait()  # for the other to end the process
        self._settles = True
        self._leaving.quits()
        with gevent.Timeout(self.environment.stop_timeout + FINISH_S, False):
            while self._runner.state == STATE_CLEANUP:  # or it would stop the users twice
                gevent.sleep(STOPPED_EVERY_S)
        if not self._reports:
            self._runner.stop()  # its part is whole before its master hears that it quits
        with self._ending_it:
            self._folding.join()

    def close(self, **_: Any) -> None:
        """The process ends."""
        self.end()
        self._folding.join()
        try:
            self.release()
        except EngineError as error:
            if str(error) != self.failure:
                _say(f"loadstone: {error}")
            self.environment.process_exit_code = error.exit_code

    def _show(self, system: str, phases: Phases, gauges: Gauges) -> None:
        if system != next(iter(self.loads), system):
            gauges = replace(gauges, cpu_s=0.0)  # of this process, which another load has told
        self._beats.count(phases, gauges)
        give_way()  # calls go on between any two of these
        self._live.count(system, phases)
        if self._over:
            return
        give_way()
        self._spending.count(phases)
        for reason in self._targets.died():
            self.fail(reason)

    def _stop_for(self, reason: str) -> None:
        """End the run in good order, before its time."""
        self._stopped_for = reason
        _say(f"loadstone: stopped, {reason}")
        self.environment.process_exit_code = 1
        stop_soon(self.environment, self._runner)

    def fail(self, reason: str) -> None:
        """End the run, as it cannot go on."""
        self.failure = reason
        _say(f"loadstone: {reason}")
        self._refusals.tell(reason)
        self.environment.process_exit_code = 1
        quit_soon(self.environment, self._runner)

    def _ending(self) -> Ending:
        if self.failure:
            return Ending("failed", self.failure)
        if self._stopped_for:
            return Ending("stopped", self._stopped_for)
        if self._interrupts.happened:
            return BY_SIGNAL[self._interrupts.happened]
        return Ending("completed") if self._open.found_all else ending_by_caller()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
