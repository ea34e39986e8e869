"""A naive maker derived from an item: for each value the Faker call that people would write.

For the entities that have no maker written by hand. It makes texts of the same length and maps of
the same shape; it is as naive as those, and no slower than they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from faker import Faker

Maker = Callable[[Faker], Any]

_FORMS: tuple[tuple[str, Maker], ...] = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-.*", lambda fake: fake.uuid4()),
    (r"\d{4}-\d\d-\d\dT.*", lambda fake: fake.iso8601()),
    (r"[^@\s]+@[^@\s]+\.[a-z]+", lambda fake: fake.safe_email()),
    (r"https?://\S+", lambda fake: fake.url()),
    (r"\+\d{8,15}", lambda fake: fake.msisdn()),
    (r"\d+\.\d+\.\d+\.\d+", lambda fake: fake.ipv4()),
    (r"Mozilla/.*", lambda fake: fake.user_agent()),
)


def derived(item: dict[str, Any]) -> Maker:
    """A function that makes items of the shape of this one."""
    makers = {name: _maker(value) for name, value in item.items()}
    return lambda fake: {name: maker(fake) for name, maker in makers.items()}


def _maker(value: Any) -> Maker:
    match value:
        case bool():
            return lambda fake: fake.boolean()
        case int():
            return lambda fake: fake.random_int(0, max(1, 2 * abs(value)))
        case Decimal():
            return lambda fake: Decimal(str(fake.pyfloat(right_digits=2, min_value=0, max_value=1)))
        case None:
            return lambda fake: None
        case dict():
            return derived(value)
        case list():
            makers = [_maker(each) for each in value]
            return lambda fake: [maker(fake) for maker in makers]
        case _:
            return _text(str(value))


def _text(value: str) -> Maker:
    for form, maker in _FORMS:
        if re.fullmatch(form, value, re.DOTALL):
            return maker
    if " " in value and len(value) >= 20:
        return lambda fake: fake.text(max_nb_chars=len(value))
    if re.search(r"\d{3}|#", value):
        return lambda fake: fake.bothify("?" * (len(value) // 2) + "#" * (len(value) // 2))
    return lambda fake: fake.word()
