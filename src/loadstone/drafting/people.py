"""Whether a word is somebody's name: first names and last names of all the languages of Faker's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterator
from functools import cache

import faker.providers.person


def is_somebody(word: str) -> bool:
    return word.lower() in _names()


def are_people(texts: Collection[str]) -> bool:
    """Whether most texts are names of people: the first word and the last of Ada B. Lovelace."""
    ends = [(words[0], words[-1]) for text in texts if len(words := text.split()) > 1]
    return 2 * sum(all(map(is_somebody, each)) for each in ends) > len(texts)


@cache
def _names() -> frozenset[str]:
    return frozenset(str(name).lower() for name in _listed())


def _listed() -> Iterator[object]:
    package = faker.providers.person
    for module in pkgutil.iter_modules(package.__path__):
        provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if attribute.startswith(("first_name", "last_name")):
                names = getattr(provider, attribute)
                if isinstance(names, Collection):
                    yield from names
