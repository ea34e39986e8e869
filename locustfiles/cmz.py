"""CMZ Chat under load: `locust -f locustfiles/cmz.py`, or `loadstone run cmz`."""

from loadstone.locust import ScenarioUser


class CmzUser(ScenarioUser):
    system = "cmz"
