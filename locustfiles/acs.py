"""ACS under load: `locust -f locustfiles/acs.py`, or `loadstone run acs`."""

from loadstone.locust import ScenarioUser


class AcsUser(ScenarioUser):
    system = "acs"
