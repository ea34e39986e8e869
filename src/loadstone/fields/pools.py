"""Vocabularies: names, companies, phrases; drawn once from a seeded Faker, then picked from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from loadstone.errors import BadContent, BadValue
from loadstone.fields.draws import derive
from loadstone.mistakes import check_fields, shown

if TYPE_CHECKING:
    import faker


@dataclass(frozen=True, slots=True)
class Pool:
    """`size` words of a vocabulary: a method of Faker's, or a function of a Faker.

    The function may also return a record, a mapping of texts: `one_of(pool)["field"]`. `provider`
    is a provider class of one's own, added to the Faker first.
    """

    name: str
    _: KW_ONLY
    size: int = 512
    draw: str | Callable[[faker.Faker], str | Mapping[str, str]] = ""
    provider: type[Any] | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.draw, str) and not callable(self.draw):
            raise BadContent(
                f"Pool({self.name!r}): draw is the name of a method of Faker's, or a function of a "
                f"Faker, not {shown(self.draw)}"
            )

    def words(self, locales: tuple[str, ...], seed: int) -> tuple[Any, ...]:
        """The vocabulary; the same for the same locales, seed and version of Faker."""
        import faker

        try:
            source = faker.Faker(list(locales))
        except AttributeError as error:
            raise BadValue(f"Faker knows no locale {', '.join(locales)}: {error}") from error
        if self.provider is not None:
            for factory in source.factories:  # Faker adds none to several locales at once
                factory.add_provider(self.provider)
        source.seed_instance(derive(seed, "pool", self.name))
        if isinstance(self.draw, str):
            name = self.draw or self.name
            if not hasattr(source, name):
                raise BadContent(
                    f"Pool({self.name!r}): Faker has no method {name!r}; "
                    'Pool("mine", draw="first_name") takes one of its own name, and '
                    "draw=lambda fake: … anything that it makes"
                )
            # Asked for anew each time: of several locales Faker then takes one by chance.
            words = self._made(lambda fake: getattr(fake, name)(), source)
        else:
            words = self._made(self.draw, source)
        if not all(word and isinstance(word, (str, Mapping)) for word in words):
            raise BadContent(f"pool {self.name} holds something that is neither text nor record")
        return tuple(words)

    def _made(self, draw: Callable[[faker.Faker], Any], source: faker.Faker) -> list[Any]:
        try:
            return [draw(source) for _ in range(self.size)]
        except Exception as error:
            raise BadContent(
                f"Pool({self.name!r}): its draw raises {type(error).__name__}: {error}"
            ) from error


@lru_cache(maxsize=256)
def drawn(pool: Pool, locales: tuple[str, ...], seed: int) -> tuple[Any, ...]:
    """A vocabulary, drawn once in a process however many data sets use it."""
    return pool.words(locales, seed)
