"""Loadstone's user under plain Locust, with every event fired and everything accounted for."""

from benchmarks.measured import measure
from loadstone.locust import ScenarioUser

measure()


class BenchUser(ScenarioUser):
    system = "bench"
