"""What tables would throttle, second by second, under any setting: the live gate's model, offline.

    demand = demand_of_day(profiles, day)            what is asked: flows of requests over time
    settings = {Resource("orders"): AutoScaled(...)} what is provisioned, table by table
    outcome = simulate(demand, settings)             which requests it throttles, when, and why
    found = find_fixed(demand, objective=0.001)      the least that throttles no more than that

Arithmetic on arrays, without clocks, files and sockets. Capacity, burst, partitions, growth and the
names of reasons are those of `loadstone.capacity.limits` and `admission`, which a live gate uses
too. Requests are a fluid here: in a second in which something runs short, what is asked of it is
served in the order of time, and what comes after that instant is throttled. What is throttled is
not sent again.
"""

from loadstone.capacity.simulation.demand import (
    Demand,
    Flow,
    HotKey,
    Profile,
    Side,
    demand_of_day,
    demand_of_minutes,
)
from loadstone.capacity.simulation.outcome import Episode, Outcome, SideOutcome, Throttling
from loadstone.capacity.simulation.search import Found, find_fixed, find_scaled
from loadstone.capacity.simulation.settings import AutoScaled, Scaling, Setting
from loadstone.capacity.simulation.simulate import simulate

__all__ = [
    "AutoScaled",
    "Demand",
    "Episode",
    "Flow",
    "Found",
    "HotKey",
    "Outcome",
    "Profile",
    "Scaling",
    "Setting",
    "Side",
    "SideOutcome",
    "Throttling",
    "demand_of_day",
    "demand_of_minutes",
    "find_fixed",
    "find_scaled",
    "simulate",
]
