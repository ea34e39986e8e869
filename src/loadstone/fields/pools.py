"""Vocabularies: names, companies, phrases; drawn once from a seeded Faker, then picked from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

import faker

from loadstone.errors import BadContent, BadValue
from loadstone.fields.draws import derive


@dataclass(frozen=True, slots=True)
class Pool:
    """`size` words of a vocabulary: a method of Faker's, or a function of a Faker.

    `provider` is a provider class of one's own, added to the Faker first.
    """

    name: str
    _: KW_ONLY
    size: int = 512
    draw: str | Callable[[faker.Faker], str] = ""
    provider: type[Any] | None = None

    def words(self, locales: tuple[str, ...], seed: int) -> tuple[str, ...]:
        """The vocabulary; the same for the same locales, seed and version of Faker."""
        try:
            source = faker.Faker(list(locales))
        except AttributeError as error:
            raise BadValue(f"Faker knows no locale {', '.join(locales)}: {error}") from error
        if self.provider is not None:
            source.add_provider(self.provider)
        source.seed_instance(derive(seed, "pool", self.name))
        draw = getattr(source, self.draw or self.name) if isinstance(self.draw, str) else None
        words = [draw() if draw else self.draw(source) for _ in range(self.size)]  # type: ignore[operator]
        if not all(isinstance(word, str) and word for word in words):
            raise BadContent(f"pool {self.name} holds something that is no text")
        return tuple(words)
