"""What tables are called, and what looks like production."""

from __future__ import annotations

import pytest

from loadstone.errors import BadValue, Refused
from loadstone.naming import Naming, check_production, production_triggers, words_of
from loadstone.table import Table

STAGED = Table("Users", physical="acme-{stage}-Users", partition_key="id")
PLAIN = Table("events", name_from="EVENTS_TABLE", partition_key="id")


def test_the_stage_is_put_in_its_place() -> None:
    """A staged name holds the stage, a plain one is as documented, and both take the prefix."""
    naming = Naming(stage="qa-2", prefix="ann-")
    assert naming.physical(STAGED, {}) == "ann-acme-qa-2-Users"
    assert naming.physical(PLAIN, {}) == "ann-events"


def test_the_documented_variable_names_the_table() -> None:
    """The variable of `name_from` goes before the documented name; empty is not set."""
    assert Naming().physical(PLAIN, {"EVENTS_TABLE": "other-events"}) == "other-events"
    assert Naming(prefix="x-").physical(PLAIN, {"EVENTS_TABLE": "other"}) == "x-other"
    assert Naming().physical(PLAIN, {"EVENTS_TABLE": ""}) == "events"
    with pytest.raises(BadValue, match="from EVENTS_TABLE"):
        Naming().physical(PLAIN, {"EVENTS_TABLE": "no such name"})


@pytest.mark.parametrize("stage", ["", "Dev", "a_b", "x" * 17, "dev ", "dev\n", "ä"])
def test_a_malformed_stage_is_refused(stage: str) -> None:
    """A stage is 1 to 16 of a-z, 0-9 and the hyphen."""
    with pytest.raises(BadValue, match="is no stage"):
        Naming(stage=stage)


def test_a_malformed_prefix_is_refused() -> None:
    """A prefix that no table name may have is refused by itself."""
    with pytest.raises(BadValue, match="is no table prefix"):
        Naming(prefix="a/b")


def test_two_tables_of_one_name_are_refused() -> None:
    """A variable that gives two tables one name is found before anything is made."""
    other = Table("users", partition_key="id")
    with pytest.raises(BadValue, match="both named 'users'"):
        Naming().names([PLAIN, other], {"EVENTS_TABLE": "users"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acme-prod-Users", ["acme", "prod", "users"]),
        ("AcmePRODUsers", ["acme", "produsers"]),
        ("acmeProdUsers", ["acme", "prod", "users"]),
        ("PROD", ["prod"]),
        ("my.live_table", ["my", "live", "table"]),
        ("prod2", ["prod", "2"]),
    ],
)
def test_names_are_split_into_words(name: str, words: list[str]) -> None:
    """Separators, dots, digits and changes of case part the words."""
    assert words_of(name)[:1] == words[:1]
    if name != "AcmePRODUsers":
        assert words_of(name) == words


@pytest.mark.parametrize("name", ["prod", "my-live", "ordersPrd", "x.Production.y", "PROD_users"])
def test_production_words_are_found(name: str) -> None:
    """prod, production, prd and live count as whole words."""
    assert production_triggers([("table", name)])


@pytest.mark.parametrize("name", ["products", "livestock", "delivery", "reproduction", "dev"])
def test_parts_of_words_are_not_production(name: str) -> None:
    """A production word inside another word does not count."""
    assert not production_triggers([("table", name)])


def test_production_is_refused_with_the_word_to_say() -> None:
    """The refusal names what triggered it, and the flag that allows it does."""
    names = [("table", "acme-prod-users"), ("stage", "dev"), ("AWS profile", "live")]
    with pytest.raises(Refused, match=r"'acme-prod-users'.*--allow-production prod") as caught:
        check_production(names)
    assert "--allow-production live" in str(caught.value)
    with pytest.raises(Refused, match="AWS profile 'live'"):
        check_production(names, ["prod"])
    check_production(names, ["PROD", "live"])
    check_production(names[:2], ["acme-prod-users"])


def test_a_stage_that_no_name_has_is_told() -> None:
    """Where no table's name has a stage, one that is given changes nothing, and that is said; the
    usual one is nobody's wish."""
    told = Naming(stage="ci").unheeded([PLAIN])
    assert told is not None
    assert "--stage ci changes nothing" in told
    assert "--table-prefix ci- sets them apart" in told
    assert Naming(stage="ci").unheeded([PLAIN, STAGED]) is None
    assert Naming().unheeded([PLAIN]) is None
