"""Names in a draft: of entities, of variables, of patterns."""

from __future__ import annotations

import builtins
import keyword
import re

import loadstone

_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_ID = re.compile(r"[_\-. ]?(id|ID|Id|key|Key|KEY|pk|PK)$")
_TAKEN = frozenset({*keyword.kwlist, *dir(builtins), *loadstone.__all__, "DOCUMENT"})


def words_in(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def pascal(name: str) -> str:
    """`order_item` and `ORDER-ITEM` are OrderItem; what has no letter is Thing."""
    made = "".join(word.capitalize() for word in words_in(name))
    return made if made[:1].isalpha() else f"Thing{made}"


def snake(name: str) -> str:
    """`OrderItem` is order_item; a name that Python or Loadstone has taken gets a tail."""
    made = "_".join(words_in(name)) or "thing"
    made = made if made[:1].isalpha() else f"n{made}"
    return f"{made}_" if made in _TAKEN else made


def kebab(name: str) -> str:
    return "-".join(words_in(name)) or "thing"


def without_id(name: str) -> str:
    """`customerId` is customer; `pk` and `id` are nothing."""
    return _ID.sub("", name)


def plain(name: str) -> str:
    """Letters and digits alone, to compare names by: customerId and customer_id are one."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


class Names:
    """Gives each name once: the second `order` is order_2."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, name: str) -> str:
        found, count = name, 1
        while found.lower() in self._given:
            count += 1
            found = f"{name}_{count}" if name == name.lower() else f"{name}{count}"
        self._given.add(found.lower())
        return found
