"""The memory of a load, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MOST_MB = 200
#: What a process has besides: the command line, boto3, connections and ledgers.
OTHERS_MB = 35


def fed_mb(system: str, scale: int) -> int:
    """The most memory that rows take of a data set so large, with the interpreter."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fed", system, str(scale)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.parametrize("system", ["acs", "kxgen"])
def test_a_load_of_a_hundred_times_the_items_takes_no_more_memory(system: str) -> None:
    """Of the system with the most tables and of the one with the longest items: what is open at a
    time is as much of 300 million items as of 3 million, and below 200 MB."""
    small, large = fed_mb(system, 3_000_000), fed_mb(system, 300_000_000)
    assert large < small * 1.2
    assert large < MOST_MB - OTHERS_MB
