"""A request as a template: what is always the same is put into words once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from loadstone.fields.expr import Constant, Expr
from loadstone.fields.shapes import List, Map, When
from loadstone.wire import encode, encode_value

#: What a request says beside what is always the same: names to items or values.
Fields = Mapping[str, Mapping[str, Any]]

_VARIES: Final = object()


class Template:
    """Words, and between them the attributes of fields that vary from request to request."""

    def __init__(self, head: Mapping[str, Any], fields: Mapping[str, Map]) -> None:
        self._holes: list[tuple[bytes, str, tuple[str, ...]]] = []
        words = orjson.dumps(head)[:-1]
        for name, field in fields.items():
            if not field.attributes:
                continue
            same, varying = _divided(field)
            lead = b"" if words == b"{" else b","
            words += b"%b%b:%b" % (lead, orjson.dumps(name), orjson.dumps(encode(same))[:-1])
            if varying:
                self._holes.append((words + (b"," if same else b""), name, varying))
                words = b""
            else:
                words += b"}"
        self._end = words + b"}"

    def body(self, fields: Fields) -> bytes:
        """The request of these values."""
        pieces: list[bytes] = []
        for words, name, varying in self._holes:
            values = fields[name]
            wire = {}
            for each in varying:
                if each in values:
                    value = values[each]
                    wire[each] = {"S": value} if type(value) is str else encode_value(value)
            pieces += words, orjson.dumps(wire)[1:]
        pieces.append(self._end)
        return b"".join(pieces)


def _divided(field: Map) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values that are always the same, and the names of the others.

    Of these one at least is always there, unless there are none: so a comma goes before them.
    """
    known = {name: _known(expr) for name, expr in field.attributes.items()}
    same = {name: value for name, value in known.items() if value is not _VARIES}
    varying = [name for name in known if name not in same]
    if varying and all(isinstance(field.attributes[name], When) for name in varying):
        name, _ = same.popitem()
        varying.append(name)
    return same, tuple(varying)


def _known(expr: Expr) -> Any:
    """The value of an expression that has but one."""
    match expr:
        case Constant():
            return expr.value
        case Map():
            values = {name: _known(each) for name, each in expr.attributes.items()}
            return _VARIES if _VARIES in values.values() else values
        case List():
            listed = [_known(each) for each in expr.values]
            return _VARIES if _VARIES in listed else listed
    return _VARIES
