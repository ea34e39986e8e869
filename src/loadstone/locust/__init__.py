"""Loadstone in Locust: users that replay a system's mix, or tasks of their own, and the record.

A locustfile is a subclass of ScenarioUser that names its system, or a subclass of DynamoUser that
has tasks.
"""

import locust as _locust  # noqa: F401  # patches the standard library; before boto3, or that recurses

from loadstone.locust import hooks
from loadstone.locust.dynamo_user import DynamoUser
from loadstone.locust.user import ScenarioUser

hooks.install()

__all__ = ["DynamoUser", "ScenarioUser"]
