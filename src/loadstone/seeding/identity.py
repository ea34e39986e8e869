"""Which data set is meant: what is asked for, what the tables hold, and the defaults. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from loadstone.advice import advised
from loadstone.dataset import SCALES, Dataset
from loadstone.errors import BadValue, Refused
from loadstone.system import System

DEFAULT_SCALE = "small"
DEFAULT_LOCALE = "en_US"
TAG_PREFIX = "loadstone:"
#: A tag's value may not hold a comma: "Tag naming restrictions", Tagging for DynamoDB.
_COMMA, _IN_TAG = ",", " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for; None is whatever there is."""

    scale: int | None = None
    seed: int | None = None
    as_of: datetime | None = None
    locales: tuple[str, ...] | None = None
    settings: Mapping[str, int | str] = field(default_factory=dict)


def as_tags(identity: Mapping[str, str]) -> dict[str, str]:
    """An identity as the tags of a table."""
    return {
        f"{TAG_PREFIX}{name}": value.replace(_COMMA, _IN_TAG) for name, value in identity.items()
    }


def from_tags(tags: Mapping[str, str]) -> dict[str, str] | None:
    """The identity that a table's tags hold; None when they hold none."""
    names = ("system", "content", "seed", "scale", "as-of", "locale", "pools", "settings")
    found = {name: tags.get(f"{TAG_PREFIX}{name}") for name in names}
    whole = {
        name: text.replace(_IN_TAG, _COMMA) for name, text in found.items() if text is not None
    }
    return whole if len(whole) == len(names) else None


def settings_from(system: System, environ: Mapping[str, str]) -> dict[str, int | str]:
    """The system's settings that the environment gives another value."""
    found: dict[str, int | str] = {}
    for name in system.settings:
        if text := environ.get(name):
            if not text.isdecimal():
                raise BadValue(f"{name} is {text!r} in the environment; it is a whole number")
            found[name] = int(text)
    return found


def check_locales(system: System, asked: Asked) -> None:
    """BadValue for a locale that nobody knows: a look at one item of each kind, before any table
    is touched."""
    if asked.locales:
        epoch = datetime.fromtimestamp(0, UTC)
        dataset = Dataset(system, scale=1, as_of=epoch, locales=asked.locales)
        for entity in system.stored:
            dataset.item(entity, 0)


def settle(
    system: System,
    asked: Asked,
    held: Mapping[str, Mapping[str, str]],
    *,
    now: datetime,
) -> Dataset:
    """The data set to work with. `held`: the identity of what each table holds, by its name.

    What is not asked for comes from the tables; where they are empty, as-of is today's midnight.
    Asking for something else than they hold is refused.
    """
    there = next(iter(held.values()), {})
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    as_of = asked.as_of or (datetime.fromisoformat(there["as-of"]) if there else midnight)
    locales = asked.locales or tuple(there.get("locale", DEFAULT_LOCALE).split(","))
    dataset = Dataset(
        system,
        scale=asked.scale or int(there.get("scale", SCALES[DEFAULT_SCALE])),
        seed=asked.seed if asked.seed is not None else int(there.get("seed", 1)),
        as_of=as_of,
        locales=locales,
        settings={**_settings(there.get("settings", "")), **asked.settings},
    )
    for table, identity in held.items():
        _check(table, identity, dataset.identity.as_dict())
    return dataset


def _check(table: str, held: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    system = wanted["system"]
    differing = [
        f"{name} {held.get(name, 'unknown')} and not {value}"
        for name, value in wanted.items()
        if held.get(name) != value
    ]
    if differing:
        raise Refused(
            f"{table} holds another data set: {', '.join(differing)}; {_why(held, wanted)}; to "
            f"start over, `{advised('tables drop', system)}`, "
            f"`{advised('tables create', system)}` and `{advised('seed', system)}`"
        )


def _why(held: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """What makes two identities differ, and how to go on with the one that is there."""
    if held.get("content") != wanted["content"]:
        return "the fixtures have changed since it was loaded, and only they can make its items"
    same = all(held.get(name) == wanted[name] for name in ("seed", "locale"))
    if same and held.get("pools") != wanted["pools"]:
        return "its words are others, as another version of Faker draws them"
    return "to go on with that one, leave the flags out"


def _settings(text: str) -> dict[str, int | str]:
    """`A=1,B=x`, as an identity spells them."""
    pairs = (pair.partition("=") for pair in text.split(",") if pair)
    return {name: int(value) if value.lstrip("-").isdigit() else value for name, _, value in pairs}
