"""Which words of the data may be written into a draft, and which were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadstone.drafting.names import words_in
from loadstone.drafting.schema_words import names_attributes
from loadstone.drafting.words import is_common, is_thing, singular

_LABEL = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
_CAPITALS = re.compile(r"[A-Z][A-Z_-]+")
_SHORT = 2


@dataclass(frozen=True)
class Vocabulary:
    """`names` are words of the schema: of tables, indexes and attributes. `published`: the items
    are an example, and their words are for everybody."""

    names: frozenset[str] = frozenset()
    published: bool = False
    #: What was taken from the data for a label although it is in no list of ours.
    taken: dict[str, None] = field(default_factory=dict)
    #: What looked like a label and turned out to be somebody's name.
    refused: set[str] = field(default_factory=set)
    #: What has a stand-in: for the person who asks for the draft, and for no file.
    hidden: dict[str, str] = field(default_factory=dict)

    def keeps(self, word: str) -> bool:
        """Whether a member of an enumeration may be written: orderItem and Warning2 as well."""
        bare = word[:-1] if word[-1:].isdigit() else word
        made = bool(_LABEL.fullmatch(bare)) and self.knows(bare)
        return is_common(word) or self._is_name(word) or made

    def knows(self, word: str) -> bool:
        """Whether a word is the schema's, or used everywhere, or is made of such: unitPrice."""
        parts = words_in(word)
        several = [part for part in parts if len(part) > 1 or len(parts) == 1]
        return self._is_known(word) or (bool(several) and all(map(self._is_known, several)))

    def describes(self, name: str) -> bool:
        """Whether the name of an attribute, or the key of a map, is made of known words alone."""
        if self.knows(name):
            return True
        parts = words_in(name)
        return bool(parts) and all(
            self._is_known(part) or names_attributes([part]) for part in parts
        )

    def writes(self, word: str) -> bool:
        """Whether a word that stands in values may be written: it is known, one letter, or stands
        for a key's label."""
        if self.published:
            return self.labels(word)
        return len(word) == 1 or self.knows(word) or word in self.taken

    def labels(self, word: str) -> bool:
        """Whether a part of a key may be taken for the name of a kind: USER in USER#123."""
        if not _LABEL.fullmatch(word):
            return False
        if self.knows(word):
            return True
        if word in self.refused:
            return False
        if self.published or len(word) <= _SHORT or _CAPITALS.fullmatch(word):
            self.taken[word] = None
            return True
        return False

    def published_label(self, word: str) -> bool:
        """Whether a word of an example is all of a key: METADATA."""
        return self.published and word.isupper() and self.labels(word)

    def take(self, word: str) -> None:
        """A word that the items themselves tell to be a label."""
        if not self.knows(word) and word not in self.taken:
            self.taken[word] = None

    def refuse(self, word: str) -> None:
        self.taken.pop(word, None)
        self.refused.add(word)

    def stands_for(self, stand_in: str, word: str) -> None:
        """From now on there is another word where the data had a label."""
        self.taken.pop(word, None)
        self.taken[stand_in] = None
        self.hidden[word] = stand_in

    def _is_known(self, word: str) -> bool:
        return is_thing(word) or is_common(word) or self._is_name(word)

    def _is_name(self, word: str) -> bool:
        parts = words_in(word)
        return bool(parts) and all(singular(part) in self.names for part in parts)


NOTHING = Vocabulary()


def vocabulary_of(names: Iterable[str], *, published: bool) -> Vocabulary:
    """Of a schema's names."""
    words = (singular(word) for name in names for word in words_in(name))
    return Vocabulary(frozenset(words), published)
