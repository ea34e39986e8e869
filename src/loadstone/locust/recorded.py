"""A user whose calls are recorded; where no record could be begun it does nothing."""

from __future__ import annotations

from typing import Any

from gevent.pool import Group
from locust import User


class RecordedUser(User):
    """Locust makes its users, and starts them, also of a test that has failed to begin."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        host = getattr(environment, "loadstone", None)
        self._idle = host is not None and bool(host.failure) and not host.loads

    def start(self, group: Group) -> Any:
        if not self._idle:
            return super().start(group)
        self._group = group
        self._greenlet = group.spawn(_do_nothing, self)  # Locust asks a greenlet for its user
        return self._greenlet


def _do_nothing(_: User) -> None:
    pass
