"""A naive maker derived from an item: for each value the call that people would write.

For the entities that have no maker written by hand, and for mimesis, which has none. It makes texts
of the same length and maps of the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from faker import Faker
from mimesis import Generic, Locale

Maker = Callable[[Faker], Any]
Make = Callable[[], Any]
#: Calls by what they make; those for numbers and texts take a size.
Calls = Mapping[str, Callable[..., Any]]

_FORMS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-.*", "uuid"),
    (r"\d{4}-\d\d-\d\dT.*", "instant"),
    (r"[^@\s]+@[^@\s]+\.[a-z]+", "email"),
    (r"https?://\S+", "url"),
    (r"\+\d{8,15}", "phone"),
    (r"\d+\.\d+\.\d+\.\d+", "address"),
    (r"Mozilla/.*", "agent"),
)
#: A sentence of mimesis, in characters, on average.
_SENTENCE = 60


def derived(item: dict[str, Any]) -> Maker:
    """A function of a Faker that makes items of the shape of this one."""
    made: dict[int, Make] = {}

    def make(fake: Faker) -> Any:
        maker = made.get(id(fake))
        if maker is None:
            maker = made[id(fake)] = _maker(item, faker_calls(fake))
        return maker()

    return make


def derived_with_mimesis(item: dict[str, Any]) -> Make:
    """The same with mimesis."""
    return _maker(item, mimesis_calls())


def faker_calls(fake: Faker) -> Calls:
    return {
        "uuid": fake.uuid4,
        "instant": lambda: f"{fake.date_time_between('-1y', 'now').isoformat()}Z",
        "email": fake.safe_email,
        "url": fake.url,
        "phone": fake.msisdn,
        "address": fake.ipv4,
        "agent": fake.user_agent,
        "flag": fake.boolean,
        "whole": lambda most: fake.random_int(0, most),
        "fraction": lambda: Decimal(fake.random_int(0, 100)) / 100,
        "text": lambda length: fake.text(max_nb_chars=length),
        "code": lambda length: fake.bothify("?" * (length // 2) + "#" * (length // 2)),
        "word": fake.word,
    }


def mimesis_calls() -> Calls:
    make = Generic(Locale.EN, seed=1)
    return {
        "uuid": make.cryptographic.uuid,
        "instant": lambda: f"{make.datetime.datetime(start=2025, end=2026).isoformat()}Z",
        "email": make.person.email,
        "url": make.internet.url,
        "phone": make.person.phone_number,
        "address": make.internet.ip_v4,
        "agent": make.internet.user_agent,
        "flag": make.development.boolean,
        "whole": lambda most: make.numeric.integer_number(0, most),
        "fraction": lambda: Decimal(make.numeric.integer_number(0, 100)) / 100,
        "text": lambda length: make.text.text(quantity=-(-length // _SENTENCE)),
        "code": lambda length: make.random.generate_string_by_mask(
            "@" * (length // 2) + "#" * (length // 2)
        ),
        "word": make.text.word,
    }


def _maker(value: Any, calls: Calls) -> Make:
    match value:
        case bool():
            return calls["flag"]
        case int():
            most, whole = max(1, 2 * abs(value)), calls["whole"]
            return lambda: whole(most)
        case Decimal():
            return calls["fraction"]
        case None:
            return lambda: None
        case dict():
            entries = {name: _maker(each, calls) for name, each in value.items()}
            return lambda: {name: make() for name, make in entries.items()}
        case list():
            makers = [_maker(each, calls) for each in value]
            return lambda: [make() for make in makers]
        case _:
            return _text(str(value), calls)


def _text(value: str, calls: Calls) -> Make:
    for form, name in _FORMS:
        if re.fullmatch(form, value, re.DOTALL):
            return calls[name]
    length = len(value)
    if " " in value and length >= 20:
        text = calls["text"]
        return lambda: text(length)
    if re.search(r"\d{3}|#", value):
        code = calls["code"]
        return lambda: code(length)
    return calls["word"]
