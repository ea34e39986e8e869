"""A test that is ended before its time: the one way that Locust bears from any greenlet."""

from __future__ import annotations

from typing import Any

import gevent


def stop_soon(environment: Any, runner: Any) -> None:
    """End the test, and the process where it has no page."""
    if environment.parsed_options.headless:
        quit_soon(environment, runner)
    else:
        gevent.spawn(runner.stop)


def quit_soon(environment: Any, runner: Any) -> None:
    """End the test and the process; not from here, as that may be one of the greenlets that end."""
    shape = runner.shape_greenlet
    if environment.parsed_options.headless and shape is not None:
        # Locust waits for it, and quits then: beside that, all users would be stopped twice.
        gevent.spawn(shape.kill)
    else:
        gevent.spawn(runner.quit)
