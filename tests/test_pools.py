"""Vocabularies: drawn from Faker, in one locale or in several."""

from __future__ import annotations

import pytest
from faker.providers import BaseProvider

from loadstone import Pool

SIZE = 300
SEEDS = range(3)


class Guests(BaseProvider):
    """People by both of their names."""

    def guest(self) -> str:
        return f"{self.generator.first_name()} {self.generator.last_name()}"


def is_japanese(word: str) -> bool:
    """Whether all of it is; a name of two locales is of neither."""
    wide = {letter > "\u3000" for letter in word if letter != " "}
    assert len(wide) == 1, word
    return wide.pop()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "pool",
    [
        Pool("first_name", size=SIZE),
        Pool("names", size=SIZE, draw=lambda fake: fake.first_name()),
        Pool("guests", size=SIZE, draw="guest", provider=Guests),
    ],
    ids=lambda pool: pool.name,
)
def test_several_locales_all_give_words(pool: Pool, seed: int) -> None:
    """However a pool is drawn, each locale has a part of it, and draws it the same again."""
    words = pool.words(("de_DE", "ja_JP"), seed)
    japanese = sum(map(is_japanese, words))
    assert SIZE // 5 < japanese < SIZE - SIZE // 5
    assert words == pool.words(("de_DE", "ja_JP"), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_only_locale_gives_all_words(seed: int) -> None:
    """One locale is that of every word."""
    assert all(map(is_japanese, Pool("first_name", size=SIZE).words(("ja_JP",), seed)))
