"""AI Agent Server under load: `locust -f locustfiles/agentserver.py`, or `loadstone run
agentserver`."""

from loadstone.locust import ScenarioUser


class AgentserverUser(ScenarioUser):
    system = "agentserver"
