"""Reads as much of HashiCorp's configuration language as a table needs; refuses all else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r'(?P<space>[ \t]+|#[^\n]*)|(?P<end>\n)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+)'
    r"|(?P<name>[A-Za-z_][\w.-]*)|(?P<mark>[{}=\[\],])"
)


@dataclass
class Block:
    type: str
    labels: list[str]
    arguments: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def one(self, kind: str) -> Block | None:
        """The block of a kind that there is one of at most."""
        found = self.all(kind)
        assert len(found) <= 1, f"{len(found)} blocks {kind}"
        return found[0] if found else None

    def all(self, kind: str) -> list[Block]:
        return [block for block in self.blocks if block.type == kind]


class Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def blocks(self) -> Iterator[Block]:
        """Those at the top; nothing else may be there."""
        while self._skip_ends():
            yield self._block(self._take("name"))

    def _skip_ends(self) -> bool:
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "end":
            self._at += 1
        return self._at < len(self._tokens)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, kind: str, text: str | None = None) -> str:
        found, said = self._peek()
        assert (found, text or said) == (kind, said), f"{kind} {text or ''}, and not {said!r}"
        self._at += 1
        return said

    def _block(self, kind: str) -> Block:
        block = Block(kind, [])
        while self._peek()[0] == "text":
            block.labels.append(_unquoted(self._take("text")))
        self._take("mark", "{")
        self._take("end")
        while self._skip_ends() and self._peek() != ("mark", "}"):
            name = self._take("name")
            if self._peek() == ("mark", "="):
                self._take("mark")
                assert name not in block.arguments, f"{name} twice"
                block.arguments[name] = self._value()
            else:
                block.blocks.append(self._block(name))
            self._take("end")
        self._take("mark", "}")
        return block

    def _value(self) -> Any:
        match self._peek():
            case ("text", _):
                return _unquoted(self._take("text"))
            case ("number", _):
                return int(self._take("number"))
            case ("name", "true" | "false"):
                return self._take("name") == "true"
            case ("name", said) if "." in said:
                return (self._take("name"),)
            case ("mark", "["):
                return self._list()
            case _:
                return self._map()

    def _list(self) -> list[Any]:
        self._take("mark", "[")
        found = []
        while self._peek() != ("mark", "]"):
            found.append(self._value())
            if self._peek() == ("mark", ","):
                self._take("mark")
        self._take("mark", "]")
        return found

    def _map(self) -> dict[str, Any]:
        self._take("mark", "{")
        found = {}
        while self._skip_ends() and self._peek() != ("mark", "}"):
            name = (
                self._take("name") if self._peek()[0] == "name" else _unquoted(self._take("text"))
            )
            self._take("mark", "=")
            found[name] = self._value()
        self._take("mark", "}")
        return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found is not None, f"what is {text[at : at + 20]!r}?"
        at = found.end()
        if found.lastgroup != "space":
            yield str(found.lastgroup), found[0]


def _unquoted(text: str) -> str:
    plain: str = json.loads(text)
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", plain), f"{text} is a template"
    return plain.replace("$${", "${").replace("%%{", "%{")
