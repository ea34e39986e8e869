"""What Python says of a slip in a content file, in words of content."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from linecache import getlines
from traceback import walk_tb

from loadstone.mistakes.arguments import wrong_argument
from loadstone.mistakes.hints import UNKNOWN_YET, asks_a_value

_MOST = 200
_PACKAGE = __name__.partition(".")[0]
_MISSING = re.compile(r"(\w+)(?:\.__init__)?\(\) missing \d+ required [\w -]*arguments?: (.+)")
_UNEXPECTED = re.compile(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")
_TWICE = re.compile(r"(\w+)(?:\.__init__)?\(\) got multiple values for argument '(\w+)'")
_POSITIONS = re.compile(r"(\w+)(?:\.__init__)?\(\) takes .+ positional arguments? but .+ given")
_NAME = re.compile(r"name '(\w+)' is not defined")
_IMPORT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE = re.compile(r"No module named '([\w.]+)'")
_WORD_OF = re.compile(r"module '(\w+)' has no attribute '(\w+)'")
_ATTRIBUTE = re.compile(r"'Entity' object has no attribute '(\w+)'")


def in_words(error: Exception) -> str:
    """What follows the place of an error: what is wrong, and to do, where people make such."""
    if isinstance(error, SyntaxError):
        return f" is no Python: {error.msg}"
    if said := wrong_argument(error):
        return f": {said}"
    text = " ".join(str(error).split())
    if asks_a_value(text):
        return f": {UNKNOWN_YET}"
    if isinstance(error, NameError) and (name := _declared_below(error)):
        return (
            f" uses {name!r}, which is declared further down: count_of(…), any_of(…) and the like "
            f"take it as lambda: {name}, and anything else stands below it"
        )
    for pattern, words in _WORDS:
        found = pattern.search(text)
        if found is not None:
            return f" {words(found)}"
    return f" raises {type(error).__name__}: {text[:_MOST] or 'it says nothing more'}"


def _declared_below(error: NameError) -> str | None:
    """The name that was not there, where a later line of the file gives it a value."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    below = getlines(frame.f_code.co_filename)[line:]
    return error.name if any(each.startswith(f"{error.name} =") for each in below) else None


def _missing(found: re.Match[str]) -> str:
    names = re.findall(r"'(\w+)'", found[2])
    return f"{found[1]} needs {' and '.join(f'{name}=…' for name in names)}"


def _unexpected(found: re.Match[str]) -> str:
    word = getattr(sys.modules.get(_PACKAGE), found[1], None)
    known = [name for name in getattr(word, "__dataclass_fields__", {}) if name != "_"]
    return f"{found[1]} has no {found[2]!r}{_there('; it has ', known)}"


def _word_of(found: re.Match[str]) -> str:
    near = _there("; there is ", get_close_matches(found[2], _words(), n=1))
    return f"uses {found[1]}.{found[2]}, which is not there{near}"


def _positions(found: re.Match[str]) -> str:
    return f"{found[1]}: after the first, arguments are written with their names: {found[0]}"


def _name(found: re.Match[str]) -> str:
    if found[1] in _words():
        return f"uses {found[1]} without `from {_PACKAGE} import {found[1]}`"
    near = _there("; Loadstone has ", get_close_matches(found[1], _words(), n=1))
    return (
        f"uses {found[1]!r}, which is not declared above it: mind the order and the spelling{near}"
    )


def _import(found: re.Match[str]) -> str:
    if found[2] != _PACKAGE:
        return f"imports {found[1]!r}, which {found[2].replace('.', '/')}.py does not have"
    near = get_close_matches(found[1], _words(), n=1)
    return f"imports {found[1]!r}, which Loadstone does not have{_there('; there is ', near)}"


def _there(before: str, names: list[str]) -> str:
    return before + ", ".join(names) if names else ""


def _words() -> list[str]:
    """What content may import: the package is loaded, or nothing could be of use to it."""
    return list(getattr(sys.modules.get(_PACKAGE), "__all__", ()))


_WORDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_MISSING, _missing),
    (_UNEXPECTED, _unexpected),
    (_POSITIONS, _positions),
    (_NAME, _name),
    (_IMPORT, _import),
    (_TWICE, lambda found: f"gives {found[2]} to {found[1]} twice: leave one of them out"),
    (_WORD_OF, _word_of),
    (
        _ATTRIBUTE,
        lambda found: (
            f"asks an entity for .{found[1]}: an attribute of its items is in brackets, "
            f"entity[{found[1]!r}]"
        ),
    ),
    (_MODULE, lambda found: f"imports {found[1]!r}, which is not there"),
)
