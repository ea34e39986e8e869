"""Loadstone in Locust: a User that replays a system's mix, and the record of what it did.

A locustfile is a subclass of ScenarioUser that names its system.
"""

import locust as _locust  # noqa: F401  # patches the standard library; before boto3, or that recurses

from loadstone.locust import hooks
from loadstone.locust.user import ScenarioUser

hooks.install()

__all__ = ["ScenarioUser"]
