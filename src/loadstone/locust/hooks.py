"""What happens when Locust starts, begins a test, ends it, and quits."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from time import monotonic, time
from types import FrameType
from typing import Any

import gevent
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from loadstone.errors import EngineError, LoadstoneError
from loadstone.locust.console import Console
from loadstone.locust.load import Load
from loadstone.locust.options import add_arguments
from loadstone.locust.prepare import Prepared, check_run_name, prepare
from loadstone.run import RUNS, Ending, Gauges, finish
from loadstone.run.tally import Phases
from loadstone.system import load_system
from loadstone.target import Opened, Where, opened_target

CLOCKS_DIFFER_S = 2.0


def install() -> None:
    """Listen to Locust; once, when loadstone.locust is imported."""
    listen: Any = events
    listen.init_command_line_parser.add_listener(add_arguments)
    listen.init.add_listener(_on_init)


def _on_init(environment: Any, runner: Any, **_: Any) -> None:
    systems = {
        user.system
        for user in environment.user_classes
        if isinstance(getattr(user, "system", 0), str)
    }
    if not systems:
        return
    try:
        host = Host(environment, runner)
        for system in sorted(systems):
            host.take_in(system)
    except LoadstoneError as error:
        print(f"loadstone: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(error.exit_code) from None
    environment.loadstone = host
    environment.events.test_start.add_listener(host.begin)
    environment.events.test_stop.add_listener(host.end)
    environment.events.quit.add_listener(host.close)


class Host:
    """Loadstone's part of a Locust process: master, worker, or both in one."""

    def __init__(self, environment: Any, runner: Any) -> None:
        self.environment, self._runner = environment, runner
        self.loads: dict[str, Load] = {}
        self._prepared: dict[str, Prepared] = {}
        self._stack = ExitStack()
        self._opened: list[Opened] = []
        self._console = Console()
        self._plays = not isinstance(runner, MasterRunner)
        self._reports = not isinstance(runner, WorkerRunner)
        self._names_itself = not environment.parsed_options.run_name
        self._began_s = 0.0
        self._failure = ""
        self._interrupted = False
        check_run_name(environment.parsed_options.run_name)
        self._note_interrupts()

    def take_in(self, name: str) -> None:
        """Open a system's target and find its data."""
        options = self.environment.parsed_options
        system = load_system(name)
        where = Where(endpoint=self.environment.host or None, region=options.region or None)
        opened = self._stack.enter_context(
            opened_target(where, documented_region=system.region, say=_say)
        )
        self._opened.append(opened)
        if self._plays:
            self._prepared[name] = prepare(system, opened.target, options)
        self.environment.host = self.environment.host or opened.target.url

    def begin(self, **_: Any) -> None:
        """A test starts: begin to record."""
        options = self.environment.parsed_options
        if self._names_itself and self._reports:
            names = "-".join(sorted(self._prepared)) or "run"
            options.run_name = f"{names}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        self._began_s, self._failure = monotonic(), ""
        self._console.restart()
        worker = getattr(self._runner, "worker_index", 0)
        workers = getattr(self._runner, "worker_count", 1) or 1
        for name, prepared in self._prepared.items():
            load = prepared.load(
                self.environment,
                RUNS if len(self._prepared) == 1 else RUNS / options.run_name,
                worker=max(worker, 0),
                workers=workers,
                on_second=self._show,
            )
            try:
                load.start()
            except LoadstoneError as error:
                self._fail(str(error))
                return
            self.loads[name] = load

    def end(self, **_: Any) -> None:
        """A test stops: end the record, and fold it when this process is the one to report."""
        ending = self._ending()
        for load in self.loads.values():
            if load.stop(ending) and self._reports:
                record = finish(load.directory, ending, unix_ms=int(time() * 1000))
                _say(f"run {load.header.name}: {record}")
        self.loads.clear()

    def close(self, **_: Any) -> None:
        """The process ends."""
        self.end()
        try:
            self._stack.close()
        except EngineError as error:
            _say(f"loadstone: {error}")
            self.environment.process_exit_code = error.exit_code

    def _show(self, phases: Phases, gauges: Gauges) -> None:
        if self._reports:
            self._console.show(phases, gauges)
        for opened in self._opened:
            try:
                opened.raise_if_dead()
            except EngineError as error:
                self._opened.remove(opened)
                self._fail(str(error))

    def _fail(self, reason: str) -> None:
        self._failure = reason
        _say(f"loadstone: {reason}")
        self.environment.process_exit_code = 1
        # Not from here: quitting ends the greenlet that found the fault.
        gevent.spawn(self._runner.quit)

    def _ending(self) -> Ending:
        options = self.environment.parsed_options
        if self._failure:
            return Ending("failed", self._failure)
        if self._interrupted:
            return Ending("interrupted")
        run_time_s = getattr(options, "run_time", None)
        lasted_s = monotonic() - self._began_s
        # Locust's clock starts a moment before the test does.
        if run_time_s and lasted_s >= run_time_s - CLOCKS_DIFFER_S:
            return Ending("completed")
        return Ending("stopped", f"after {lasted_s:.0f} s")

    def _note_interrupts(self) -> None:
        """Ctrl-C goes where it went before; we only remember that there was one."""
        before = signal.getsignal(signal.SIGINT)

        def interrupted(number: int, frame: FrameType | None) -> None:
            self._interrupted = True
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGINT, interrupted)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
