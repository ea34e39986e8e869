"""What Python says of a slip in a content file, in words of content."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from difflib import get_close_matches

_PACKAGE = __name__.partition(".")[0]
_MISSING = re.compile(r"(\w+)\.__init__\(\) missing \d+ required [\w -]*arguments?: (.+)")
_UNEXPECTED = re.compile(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")
_POSITIONS = re.compile(r"(\w+)(?:\.__init__)?\(\) takes .+ positional arguments? but .+ given")
_NAME = re.compile(r"name '(\w+)' is not defined")
_IMPORT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE = re.compile(r"No module named '([\w.]+)'")


def in_words(error: Exception) -> str:
    """The error as one line that says what to do, where it is one that people make."""
    if isinstance(error, SyntaxError):
        return f"is no Python: {error.msg} (line {error.lineno})"
    text = " ".join(str(error).split())
    for pattern, words in _WORDS:
        found = pattern.search(text)
        if found is not None:
            return words(found)
    return f"cannot be loaded: {type(error).__name__}: {text}"


def _missing(found: re.Match[str]) -> str:
    names = re.findall(r"'(\w+)'", found[2])
    return f"{found[1]} needs {' and '.join(f'{name}=…' for name in names)}"


def _unexpected(found: re.Match[str]) -> str:
    word = getattr(sys.modules.get(_PACKAGE), found[1], None)
    known = [name for name in getattr(word, "__dataclass_fields__", {}) if name != "_"]
    return f"{found[1]} has no {found[2]!r}{_there('; it has ', known)}"


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
    (_MODULE, lambda found: f"imports {found[1]!r}, which is not there"),
)
