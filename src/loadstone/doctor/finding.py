"""One line of the doctor's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, what was found, and what to do about it, or with it.

    A note stands in nobody's way today.
    """

    about: str
    found: str
    do: str
    state: State = "ok"

    def as_dict(self) -> dict[str, str]:
        return {"about": self.about, "state": self.state, "found": self.found, "do": self.do}
