"""What a run's header says of the options, the software and the machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

from loadstone import __version__
from loadstone.arrivals.flags import open_settings
from loadstone.capacity.readings import Reading
from loadstone.client.sender import Sender
from loadstone.locust.senders import OWN, described
from loadstone.native import INTERPRETED

_OF_ANY_LOAD = ("warm_up", "retries", "throttle")
_OF_A_SCENARIO = ("mix", "skew", "sampled", "stage", "table_prefix")
#: What is expected of a call depends on how these are read.
_EXPECTED_BY = ("numbers", "respelled")
_PACKAGES = ("locust", "gevent", "boto3", "botocore", "faker", "numpy")


def configuration(options: Any, client: Sender, *, scenario: bool = True) -> dict[str, Any]:
    """What was asked for, in the words of the command line."""
    names = (*_OF_A_SCENARIO, *_OF_ANY_LOAD) if scenario else _OF_ANY_LOAD
    arrivals = open_settings(options) if scenario else {}
    locusts = ("run_time",) if arrivals else ("num_users", "spawn_rate", "run_time")
    found = {name: getattr(options, name) for name in names}
    found |= {name: getattr(options, name, None) for name in locusts} | arrivals
    if scenario:
        reading = Reading.of(options.reading)
        found["reading"] = [f"{name}={getattr(reading, name)}" for name in _EXPECTED_BY]
    if options.client != OWN:
        found["client"] = described(options, client)
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def versions() -> dict[str, str]:
    return {
        "loadstone": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def machine() -> dict[str, str]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": str(os.cpu_count() or "unknown"),
        "hot path": "interpreted" if INTERPRETED else "compiled",
    }
