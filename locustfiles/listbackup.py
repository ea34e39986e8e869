"""ListBackup under load: `locust -f locustfiles/listbackup.py`, or `loadstone run listbackup`."""

from loadstone.locust import ScenarioUser


class ListbackupUser(ScenarioUser):
    system = "listbackup"
