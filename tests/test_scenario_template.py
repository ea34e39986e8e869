"""Requests as templates: the same words as if each were written anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.fields.expr import Expr, lift
from loadstone.fields.numbers import chance, number
from loadstone.fields.shapes import Map, When
from loadstone.scenario.template import Template
from loadstone.wire import encode

HEAD = {"TableName": "orders", "ReturnConsumedCapacity": "INDEXES"}

texts = st.text(max_size=8)
plain = st.recursive(
    texts | st.integers(-(10**9), 10**9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def attributes(draw: st.DrawFn) -> tuple[Map, Mapping[str, Any]]:
    """Attributes, some always the same and some sparse, and the values of one request."""
    shape: dict[str, Expr] = {}
    values: dict[str, Any] = {}
    for name in draw(st.lists(texts, max_size=5, unique=True)):
        value = draw(plain)
        how = draw(st.sampled_from(["same", "varies", "sparse"] if shape else ["same", "varies"]))
        shape[name] = lift(value) if how == "same" else Map({"inside": number})
        if how == "sparse":
            shape[name] = When(chance(0.5), shape[name])
        if how != "sparse" or draw(st.booleans()):
            values[name] = value
    return Map(shape), values


@given(st.sampled_from([HEAD, {}]), st.dictionaries(texts, attributes(), max_size=3))
def test_a_template_says_what_is_said_anew(
    head: Mapping[str, Any], fields: Mapping[str, tuple[Map, Mapping[str, Any]]]
) -> None:
    """Whatever is always the same, varies or is not there, the request is the one that encoding
    every value gives; a field without attributes is left out."""
    fields = {name: held for name, held in fields.items() if name not in head}
    template = Template(head, {name: shape for name, (shape, _) in fields.items()})
    body = template.body({name: values for name, (_, values) in fields.items()})
    said = {name: encode(values) for name, (shape, values) in fields.items() if shape.attributes}
    assert orjson.loads(body) == {**head, **said}


@pytest.mark.parametrize("there", [True, False])
def test_what_is_sparse_leaves_no_comma_behind(there: bool) -> None:
    """Where all that varies is sparse, a request without it is whole as well."""
    shape = Map({"pk": "a", "sk": "b", "more": When(chance(0.5), number)})
    values = {"pk": "a", "sk": "b"} | ({"more": 7} if there else {})
    body = Template(HEAD, {"Item": shape}).body({"Item": values})
    assert orjson.loads(body) == {**HEAD, "Item": encode(values)}
