"""Stands in for a system that has no locustfile of its own."""

import os

from loadstone.locust import ScenarioUser


class SystemUser(ScenarioUser):
    system = os.environ["LOADSTONE_SYSTEM"]
