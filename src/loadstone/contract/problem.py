"""Something that is wrong with a system, or worth a look."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`about` is the entity, pattern or table; `attribute` where it is about one of those. What is
    not `wrong` is only worth a look."""

    about: str
    says: str
    attribute: str | None = None
    wrong: bool = True
    place: str = ""  # file:line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        name = f"{self.about}.{self.attribute}" if self.attribute else self.about
        return f"{f'{self.place}: ' if self.place else ''}{name}: {self.says}"
