"""Python for a value: pieces of a text and what fills them, put together as content writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Made:
    """Python source of an expression, what is to be said about it, and the text that it is when it
    is one: `template` with `values` for its slots."""

    source: str
    notes: tuple[str, ...] = ()
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        return bool(self.template)


def as_text(template: str, notes: Sequence[str] = (), **values: str) -> Made:
    """A text(): a template without slots is the text itself."""
    if not values:
        plain = template.replace("{{", "{").replace("}}", "}")
        return Made(quoted(plain), tuple(notes), template)
    given = ", ".join(f"{name}={source}" for name, source in values.items())
    return Made(f"text({quoted(template)}, {given})", tuple(notes), template, values)


def quoted(text: str) -> str:
    """A text as a literal of Python's, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def joined(parts: Sequence[str | tuple[str, Made]]) -> Made:
    """Literals, and named values, one after the other in one text()."""
    template = ""
    notes: list[str] = []
    values: dict[str, str] = {}
    for part in parts:
        if isinstance(part, str):
            template += part.replace("{", "{{").replace("}", "}}")
            continue
        name, made = part
        notes += made.notes
        if made.is_text:
            renamed = {slot: _free(slot, values) for slot in made.values}
            piece = made.template
            for slot, new in renamed.items():
                piece = piece.replace("{" + slot, "{" + new)
                values[new] = made.values[slot]
            template += piece
        else:
            slot = _free(name, values)
            values[slot] = made.source
            template += "{" + slot + "}"
    if len(parts) == 1 and len(values) == 1 and template == "{" + next(iter(values)) + "}":
        return Made(next(iter(values.values())), tuple(notes))
    return as_text(template, notes, **values)


def _free(name: str, taken: Mapping[str, str]) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}{count}"
    return found
