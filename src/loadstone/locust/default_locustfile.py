"""Stands in for systems that have no locustfile of their own."""

import os

from loadstone.locust import ScenarioUser

for name in os.environ["LOADSTONE_SYSTEM"].split(","):
    user = f"{name.title().replace('_', '')}User"
    globals()[user] = type(user, (ScenarioUser,), {"system": name})
