"""Where operations go, and who sends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Credentials(NamedTuple):
    access_key: str
    secret_key: str
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A DynamoDB endpoint. `credentials` is asked anew when they may have expired."""

    url: str  # scheme://host[:port], no path
    region: str
    kind: Literal["embedded", "endpoint", "aws"]
    credentials: Callable[[], Credentials]

    def __str__(self) -> str:
        match self.kind:
            case "aws":
                return f"DynamoDB in {self.region}"
            case "embedded":
                return f"the embedded engine at {self.url}"
            case _:
                return f"{self.url} (region {self.region})"
