"""A simulated day in one-second steps, and searches over settings, in processor time.

    python -m benchmarks.simulate [--tables 28]

Each table has an index; items are put, got and queried, and one key has a tenth of the writes. The
day is that of an office, smooth or with the chance of single arrivals in it. `scarce` is the worst
case: every table is short half of the day, and its writes go to its index too.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Mapping
from functools import partial
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadstone.arrivals.day import day_of
from loadstone.capacity.admission import Resource
from loadstone.capacity.limits import OnDemand, Provisioned
from loadstone.capacity.simulation import (
    AutoScaled,
    Demand,
    HotKey,
    Profile,
    Scaling,
    Setting,
    Side,
    demand_of_day,
    find_fixed,
    find_scaled,
    simulate,
)

ALLOWED = 0.001


def profiles(tables: int) -> list[Profile]:
    found: list[Profile] = []
    for number in range(tables):
        table, index = Resource(f"table-{number}"), Resource(f"table-{number}", "index")
        write, its_write = Side(table, "write"), Side(index, "write")
        read, its_read = Side(table, "read"), Side(index, "read")
        hot = (HotKey("hot", 1 << 60, 0.1),)
        put = {write: 2.0, its_write: 1.0}
        found += [
            Profile(name="put", per_s=50 + 10 * number, units=put, keyed=write, hot=hot),
            Profile(name="get", per_s=200, units={read: 0.5}, keyed=read),
            Profile(name="query", per_s=100, units={its_read: 4.0}, keyed=its_read),
        ]
    return found


def settings(tables: int) -> dict[str, dict[Resource, Setting]]:
    scaling = Scaling(minimum=5, maximum=4000)

    def each(made: Callable[[int], Setting]) -> dict[Resource, Setting]:
        return {Resource(f"table-{number}"): made(number) for number in range(tables)}

    return {
        "provisioned": each(lambda _: Provisioned(read=500, write=1000)),
        "auto scaling": each(lambda _: AutoScaled(read=scaling, write=scaling)),
        "on demand": each(lambda _: OnDemand()),
        "scarce": each(lambda number: Provisioned(read=80, write=60 + 10 * number)),
    }


def measured(name: str, work: Callable[[], Any]) -> Any:
    start_s = process_time()
    found = work()
    print(f"{name:32} {process_time() - start_s:6.2f} s", end="  ")
    return found


def days(tables: int) -> Mapping[str, Demand]:
    day = day_of("office-hours")
    chance: NDArray[np.float64] = np.random.default_rng(1).poisson(100 * day) / 100
    return {
        "smooth": demand_of_day(profiles(tables), day),
        "by chance": demand_of_day(profiles(tables), chance),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulated days, and searches over settings.")
    parser.add_argument("--tables", type=int, default=28)
    tables = parser.parse_args().tables
    print(f"{tables} tables, each with an index; {platform.machine()} {platform.python_version()}")
    for name, demand in days(tables).items():
        for setting, held in settings(tables).items():
            outcome = measured(f"{name} day, {setting}", partial(simulate, demand, held))
            print(f"throttled {outcome.throttled_share:.3%}, {outcome.unit_hours:,.0f} unit-hours")
        for kind, find in (("fixed", find_fixed), ("auto scaling", find_scaled)):
            found = measured(f"{name} day, search {kind}", partial(find, demand, allowed=ALLOWED))
            outcome = found.outcome
            print(f"throttled {outcome.throttled_share:.3%}, {outcome.unit_hours:,.0f} unit-hours")


if __name__ == "__main__":
    main()
