"""What `--throttle` may say, and what it means for a table and an index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.capacity.limits import Limit, OnDemand, Provisioned
from loadstone.capacity.throttle_rules import Named, Rules
from loadstone.errors import BadValue

TABLES = [Named(("dev-messages", "messages"), ("ByUser",)), Named(("sessions",), ())]


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("provisioned:100rcu,50wcu", Provisioned(read=100, write=50)),
        ("provisioned:50wcu,100rcu", Provisioned(read=100, write=50)),
        ("provisioned:1rcu,1wcu,burst=0s", Provisioned(read=1, write=1, burst_s=0)),
        ("provisioned:9rcu,9wcu,partitions=4", Provisioned(read=9, write=9, partitions=4)),
        ("on-demand", OnDemand()),
        ("on-demand:24000rru,8000wru", OnDemand(read=24_000, write=8_000)),
        ("on-demand:max=500wru", OnDemand(max_write=500)),
        ("Provisioned:100RCU,50WCU", Provisioned(read=100, write=50)),
        ("as-created", "as-created"),
        ("none", None),
    ],
)
def test_one_limit_for_everything(text: str, limit: Limit | str | None) -> None:
    """A limit without a name holds for every table and every index."""
    rules = Rules.parse([text])
    assert rules.given(["messages"]) == limit
    assert rules.given(["messages"], "ByUser") == limit


def test_the_one_that_names_most_decides() -> None:
    """An index's own limit comes before its table's, and that before the one for everything."""
    rules = Rules.parse(
        ["provisioned:9rcu,9wcu", "messages=on-demand; messages/ByUser=on-demand:max=5wru"]
    )
    assert rules.given(["sessions"], "ByUser") == Provisioned(read=9, write=9)
    assert rules.given(["messages", "dev-messages"]) == OnDemand()
    assert rules.given(["messages"], "BySession") == OnDemand()
    assert rules.given(["messages"], "ByUser") == OnDemand(max_write=5)


def test_tables_that_are_not_named_are_not_throttled() -> None:
    """Where one table alone has a limit, the others have none."""
    assert Rules.parse(["messages=on-demand"]).given(["sessions"]) is None


def test_a_message_says_whose_limits_are_wrong() -> None:
    """What a scenario declares is not taken for what was typed."""
    with pytest.raises(BadValue, match=r"^scenarios/shop\.py, Throttle: 'x' is no limit"):
        Rules.parse(["x"], origin="scenarios/shop.py, Throttle:")


numbers = st.integers(1, 99_999)
limits = st.one_of(
    st.builds(
        Provisioned,
        read=numbers,
        write=numbers,
        burst_s=st.integers(0, 300),
        partitions=st.none() | st.integers(1, 99),
    ),
    st.builds(
        OnDemand,
        read=numbers,
        write=numbers,
        max_read=st.none() | numbers,
        max_write=st.none() | numbers,
        partitions=st.none() | st.integers(1, 99),
    ),
    st.just("as-created"),
    st.none(),
)


@given(limit=limits, place=st.sampled_from(["", "messages=", "messages/By.User-1="]))
def test_what_is_shown_can_be_typed(limit: Limit | str | None, place: str) -> None:
    """A rule reads back as it is written."""
    rules = Rules.parse([f"{place}{'none' if limit is None else limit}"])
    assert Rules.parse([str(rules)]) == rules
    assert rules.rules[0].given == limit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "100rcu,50wcu",
        "provisioned",
        "provisioned:",
        "provisioned:100rcu",
        "provisioned:100,50",
        "provisioned:0rcu,50wcu",
        "provisioned:100rcu,50wcu,50wcu",
        "provisioned:100rcu,50wcu,burst=900s",
        "provisioned:100rcu,50wcu,burst=10",
        "provisioned:100rcu,50wcu,max=5wcu",
        "provisioned:100rru,50wru",
        "provisioned: 100rcu, 50wcu",
        "provisioned:100rcu,50wcu,",
        "provisioned:9999999999rcu,50wcu",
        "on-demand:500wcu",
        "on-demand:max=0wru",
        "on-demand:burst=5s",
        "on_demand",
        "none:5",
        "messages:provisioned:1rcu,1wcu",
        "a/b/c=on-demand",
        "on-demand provisioned:1rcu,1wcu",
    ],
)
def test_what_cannot_be_read_is_answered_with_an_example(text: str) -> None:
    """A mistake is refused, and shown how it is written or what to keep."""
    with pytest.raises(BadValue, match=r"messages=provisioned:100rcu,50wcu|keep") as refused:
        Rules.parse([text])
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mesages=on-demand", "no table 'mesages'; there are dev-messages, sessions"),
        ("messages/ByUsr=on-demand", "no global index 'ByUsr'; it has ByUser"),
        ("sessions/ByUser=on-demand", "it has none"),
        ("on-demand messages/ByUser=provisioned:1rcu,1wcu", "in one mode"),
    ],
)
def test_names_are_held_against_the_tables(text: str, said: str) -> None:
    """A rule for what is not there is refused, and so is an index billed another way."""
    with pytest.raises(BadValue, match=said):
        Rules.parse([text]).check(TABLES)


def test_both_names_of_a_table_serve() -> None:
    """A table is named as its document has it, or as the account has it."""
    for name in ("messages", "dev-messages"):
        Rules.parse([f"{name}/ByUser=on-demand"]).check(TABLES)
