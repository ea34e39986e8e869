"""What happens when Locust starts, begins a test, ends it, and quits."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, time
from types import FrameType
from typing import Any

import gevent
from gevent.event import Event
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from loadstone.errors import BadRecord, BadValue, EngineError, LoadstoneError
from loadstone.locust.console import Console
from loadstone.locust.load import Load
from loadstone.locust.options import add_arguments
from loadstone.locust.prepare import Prepared, check_run_name, prepare
from loadstone.run import Ending, Gauges, finish, runs_folder
from loadstone.run.record import closed_parts
from loadstone.run.tally import Phases
from loadstone.system import load_system
from loadstone.target import Opened, Where, opened_target

CLOCKS_DIFFER_S = 0.9
#: A user that is stopped finishes its call: what is in flight belongs to the record.
FINISH_S = 2.0
PREPARED_WITHIN_S = 60.0
CLOSED_WITHIN_S = 10.0


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
    host = environment.loadstone = Host(environment, runner, sorted(systems))
    # Before anything that waits: a worker may be told to begin while it still prepares.
    environment.events.test_start.add_listener(host.begin)
    environment.events.test_stop.add_listener(host.end)
    environment.events.quit.add_listener(host.close)
    try:
        host.prepare()
    except (LoadstoneError, OSError) as error:
        host.release()
        _say(f"loadstone: {error}")
        raise SystemExit(getattr(error, "exit_code", 2)) from None


class Host:
    """Loadstone's part of a Locust process: master, worker, or both in one."""

    def __init__(self, environment: Any, runner: Any, systems: list[str]) -> None:
        self.environment, self._runner, self._systems = environment, runner, systems
        self.loads: dict[str, Load] = {}
        self._prepared: dict[str, Prepared] = {}
        self._stack = ExitStack()
        self._opened: list[Opened] = []
        self._console = Console()
        self._plays = not isinstance(runner, MasterRunner)
        self._reports = not isinstance(runner, WorkerRunner)
        self._names_itself = not environment.parsed_options.run_name
        self._ready = Event()
        self._directories: list[Path] = []
        self._folding: list[gevent.Greenlet] = []
        self._began_s = 0.0
        self._failure = ""
        self._interrupted = False
        self._host = environment.host
        environment.stop_timeout = environment.stop_timeout or FINISH_S
        self._note_interrupts()

    def prepare(self) -> None:
        """Open the targets, and find the data that is in the tables."""
        options = self.environment.parsed_options
        check_run_name(options.run_name)
        if options.run_name and self._reports and (runs_folder() / options.run_name).exists():
            raise BadValue(f"there is a run {options.run_name!r} already: choose another name")
        for name in self._systems:
            system = load_system(name)
            where = Where(endpoint=self.environment.host or None, region=options.region or None)
            opened = self._stack.enter_context(
                opened_target(where, documented_region=system.region, say=_say)
            )
            self._opened.append(opened)
            if self._plays:
                self._prepared[name] = prepare(system, opened.target, options)
            self._host = self.environment.host = self.environment.host or opened.target.url
        self._ready.set()

    def release(self) -> None:
        """Let go of the targets; an engine of our own ends here."""
        self._stack.close()

    def begin(self, **_: Any) -> None:
        """A test starts: begin to record."""
        options = self.environment.parsed_options
        if self._reports:
            if self._names_itself:
                options.run_name = f"{'-'.join(self._systems)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            # What a worker does not know of itself, Locust tells it with our other arguments.
            options.loadstone_workers = getattr(self._runner, "worker_count", 1) or 1
        self._began_s, self._failure = monotonic(), ""
        self._console.restart()
        run = runs_folder() / options.run_name
        self._directories = [run / name for name in self._systems]
        if len(self._systems) == 1:
            self._directories = [run]
        try:
            self._begin(options)
        except (LoadstoneError, OSError) as error:
            self._fail(str(error))

    def _begin(self, options: Any) -> None:
        if not self._ready.wait(PREPARED_WITHIN_S):
            raise EngineError(f"not ready after {PREPARED_WITHIN_S} s: its target does not answer")
        if self.environment.host != self._host:
            raise BadValue(
                f"this process has opened {self._host}: to load {self.environment.host}, start "
                "Locust with that --host"
            )
        for name, directory in zip(self._systems, self._directories, strict=True):
            if name in self._prepared:
                load = self._prepared[name].load(
                    self.environment,
                    directory,
                    worker=max(getattr(self._runner, "worker_index", 0), 0),
                    workers=options.loadstone_workers,
                    on_second=self._show,
                )
                load.start()
                self.loads[name] = load

    def end(self, **_: Any) -> None:
        """A test stops: end the record, and fold it when this process is the one to report."""
        ending = self._ending()
        for load in self.loads.values():
            load.stop(ending)
        self.loads.clear()
        directories, self._directories = self._directories, []
        if not self._reports:
            return
        for directory in directories:
            if self._plays:
                self._fold(directory, ending)
            else:
                # Workers are told to stop only after this, and close their parts then.
                self._folding.append(gevent.spawn(self._fold_closed, directory, ending))

    def _fold_closed(self, directory: Path, ending: Ending) -> None:
        workers = self.environment.parsed_options.loadstone_workers
        with gevent.Timeout(CLOSED_WITHIN_S, False):
            while closed_parts(directory) < workers:
                gevent.sleep(0.1)
        self._fold(directory, ending)

    def _fold(self, directory: Path, ending: Ending) -> None:
        """Make one file of the parts."""
        try:
            record = finish(directory, ending, unix_ms=int(time() * 1000))
        except BadRecord as error:
            _say(f"loadstone: {error}; workers on other machines keep their parts there")
        else:
            _say(f"run {directory.name}: {record}")

    def close(self, **_: Any) -> None:
        """The process ends."""
        self.end()
        gevent.joinall(self._folding)
        try:
            self.release()
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
        if isinstance(self._runner, WorkerRunner):
            return Ending("completed")  # its own part: how the run ended is the master's to say
        # Locust's clock starts a moment before the test does.
        if run_time_s and lasted_s >= run_time_s - CLOCKS_DIFFER_S:
            return Ending("completed")
        return Ending("stopped", f"after {lasted_s:.0f} s")

    def _note_interrupts(self) -> None:
        """The first Ctrl-C ends a headless test in good order; a further one goes where it went."""
        before = signal.getsignal(signal.SIGINT)

        def interrupted(number: int, frame: FrameType | None) -> None:
            first, self._interrupted = not self._interrupted, True
            headless = getattr(self.environment.parsed_options, "headless", False)
            if first and headless and self._ready.is_set():
                gevent.spawn(self._runner.quit)
            elif callable(before):
                before(number, frame)

        signal.signal(signal.SIGINT, interrupted)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
