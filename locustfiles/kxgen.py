"""KxGen under load: `locust -f locustfiles/kxgen.py`, or `loadstone run kxgen`."""

from loadstone.locust import ScenarioUser


class KxgenUser(ScenarioUser):
    system = "kxgen"
