"""Blocks and arguments in HashiCorp's configuration language, laid out as `terraform fmt` would."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Reference:
    """What is another block's: written without quotes."""

    text: str


Value: TypeAlias = str | int | bool | Reference | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`type "label" { arguments, then blocks }`."""

    type: str
    labels: tuple[str, ...] = ()
    arguments: Mapping[str, Value] = field(default_factory=dict)
    blocks: Sequence[Block] = ()

    def lines(self) -> Iterator[str]:
        yield " ".join([self.type, *map(_quoted, self.labels), "{"])
        yield from (f"  {line}" if line else "" for line in self._body())
        yield "}"

    def _body(self) -> Iterator[str]:
        yield from _aligned({key: self.arguments[key] for key in self._short()})
        between = bool(self._short())
        for key in self.arguments:
            value = self.arguments[key]
            if isinstance(value, Mapping):
                yield from ([""] if between else [])
                yield f"{key} = {{"
                yield from (f"  {line}" for line in _aligned(value))
                yield "}"
                between = True
        for block in self.blocks:
            yield from ([""] if between else [])
            yield from block.lines()
            between = True

    def _short(self) -> list[str]:
        return [key for key, value in self.arguments.items() if not isinstance(value, Mapping)]


def _aligned(arguments: Mapping[str, Value]) -> Iterator[str]:
    width = max(map(len, arguments), default=0)
    yield from (f"{key:{width}} = {_written(value)}" for key, value in arguments.items())


def _written(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return _quoted(value)
        case Reference():
            return value.text
        case _:
            return f"[{', '.join(map(_quoted, value))}]"


def _quoted(text: str) -> str:
    """As JSON has it, but that `${` and `%{` would begin a template."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.replace("${", "$${").replace("%{", "%%{")
