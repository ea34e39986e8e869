"""The vocabularies of a draft: texts of a length, and what Faker has a name for."""

from __future__ import annotations

from collections.abc import Mapping

from loadstone.drafting.forms import Prose
from loadstone.drafting.names import words_in
from loadstone.drafting.shapes import Run
from loadstone.drafting.words import plural

_POOL = 256
_LONG, _LONG_POOL = 4_000, 32
#: What an attribute of such a name holds: a method of Faker's.
_FAKER = {
    ("first", "name"): "first_name",
    ("given", "name"): "first_name",
    ("last", "name"): "last_name",
    ("family", "name"): "last_name",
    ("full", "name"): "name",
    ("user", "name"): "user_name",
    ("username",): "user_name",
    ("name",): "name",
    ("city",): "city",
    ("country",): "country",
    ("street",): "street_address",
    ("address",): "street_address",
    ("zip",): "postcode",
    ("zip", "code"): "postcode",
    ("postal", "code"): "postcode",
    ("company",): "company",
    ("company", "name"): "company",
    ("user", "agent"): "user_agent",
}
_LONGEST_NAME = 120
_PEOPLE = {"user", "person", "people", "customer", "member", "employee", "player", "author"}
_PEOPLE |= {"student", "teacher", "patient", "doctor", "contact", "lead", "guest", "owner"}
_ALPHABETS = {"capitals": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "small": "abcdefghijklmnopqrstuvwxyz"}


class Palette:
    """Gives each vocabulary one line and one variable in the fixtures."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self.hidden: dict[str, dict[str, str]] = {}

    @property
    def lines(self) -> list[str]:
        return [f"{variable} = {source}" for variable, source in sorted(self._lines.items())]

    def hide(self, attribute: str, stand_ins: Mapping[str, str]) -> None:
        """Words of an attribute's that are in no file, and what stands for each."""
        self.hidden.setdefault(attribute, {}).update(stand_ins)

    def prose(self, form: Prose, name: str, entity: str) -> str:
        """A pick from a vocabulary of texts that are as long; named ones where Faker has some."""
        method = faker_method(name, entity, people=form.people)
        if method is not None and form.longest <= _LONGEST_NAME:
            return self.named(method)
        low, high = max(form.low, 1), max(form.high, 1)
        what = "TEXTS" if form.spaced and high >= 5 else "WORDS"
        variable = f"{what}_{low}_{high}"
        size = _LONG_POOL if high > _LONG else _POOL
        self._lines[variable] = (
            "Pool(\n"
            f'    "{what.lower()}-{low}-{high}",\n'
            f"    size={size},\n"
            f"    draw=lambda fake: {_draw(what, low, high)},\n"
            ")"
        )
        return f"pick({variable})"

    def letters(self, run: Run) -> str:
        """A pick from letters at random."""
        variable = f"{run.kind.upper()}_{run.low}_{run.high}"
        size = f"fake.random_int({run.low}, {run.high})" if run.low < run.high else str(run.high)
        alphabet = _ALPHABETS.get(run.kind)
        given = f', "{alphabet}"' if alphabet else ""
        self._lines[variable] = (
            "Pool(\n"
            f'    "{run.kind}-{run.low}-{run.high}",\n'
            f"    size={_POOL},\n"
            f'    draw=lambda fake: fake.lexify("?" * {size}{given}),\n'
            ")"
        )
        return f"pick({variable})"

    def named(self, method: str) -> str:
        """A pick from what a method of Faker's makes."""
        variable = plural(method).upper()
        self._lines[variable] = f'Pool("{method}")'
        return f"pick({variable})"


def faker_method(name: str, entity: str, *, people: bool) -> str | None:
    """The vocabulary that an attribute is named after: firstName, or the name of a company. A plain
    name is somebody's where that is what the values look like, or what has it is a person."""
    words = tuple(words_in(name))
    if words == ("name",) and entity.lower() in {"company", "organization", "organisation"}:
        return "company"
    if words == ("name",) and not people and entity.lower() not in _PEOPLE:
        return None  # the name of a thing
    return _FAKER.get(words) or (_FAKER.get(words[-2:]) if len(words) > 2 else None)


def _draw(what: str, low: int, high: int) -> str:
    if what == "WORDS":
        return f"fake.pystr(min_chars={low}, max_chars={high})"
    if high < 5:
        return f"fake.pystr(min_chars={low}, max_chars={high})"
    return f"fake.text(max_nb_chars=fake.random_int({max(low, 5)}, {high}))"
