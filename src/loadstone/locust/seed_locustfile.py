"""What a distributed seed has Locust run. The writing is done beside its users."""

import gevent
from locust import User, task

from loadstone.locust.seeding import install

IDLE_S = 3600.0


class Writer(User):
    """Stands in Locust's page for a worker that writes."""

    @task
    def wait_for_the_end(self) -> None:
        gevent.sleep(IDLE_S)


install()
