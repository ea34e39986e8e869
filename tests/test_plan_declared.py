"""What a plan makes of declared patterns: keys, indexes, Scans and designs, without a run."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest

from loadstone import Index, Mix, Table
from loadstone.arrivals.day import day_of
from loadstone.capacity.admission import Resource
from loadstone.capacity.prices import builtin_prices
from loadstone.dataset import Dataset
from loadstone.planning import Plan, Terms, declared, plan
from loadstone.planning.designs import pair_of_designs
from loadstone.planning.indexes import repeated
from loadstone.planning.keys import heat_of, zipf_shares
from loadstone.planning.plan import known_of
from loadstone.planning.terms import objectives_of
from loadstone.report.numbers import usd
from loadstone.report.plan.answer import answer
from loadstone.scenario.costing import Costing
from loadstone.scenario.expected import expectations
from loadstone.scenario.forecast import plays_of_entry
from loadstone.scenario.popularity import Popularity
from loadstone.system import load_system
from tests import shop

DATASET = shop.shop_dataset(1500)
SKEW = 0.99


def terms() -> Terms:
    return Terms(
        region="us-east-1",
        prices=builtin_prices(),
        day=day_of("flat")[:3600],
        shape="an hour",
        objectives=objectives_of(()),
    )


def planned(mix: Mix, dataset: Dataset = DATASET, growth: float = 1.0) -> Plan:
    load = declared(dataset, mix, peak_per_s=100, skew=SKEW)
    return plan(load, terms(), growth=growth, known=known_of(dataset, SKEW, mix))


def test_zipf_shares_are_those_of_the_law() -> None:
    """Of three with a skew of 1, the shares are 6, 3 and 2 elevenths; an even skew has equal ones,
    and those of many add up to one."""
    three = zipf_shares(3, 1.0, np.arange(1, 4))
    assert three * 11 == pytest.approx([6, 3, 2])
    assert zipf_shares(5_000_000, 0.0, np.array([1, 9])) == pytest.approx([2e-7, 2e-7])
    every = zipf_shares(2_000_000, 1.2, np.arange(1, 2_000_001))
    assert float(every.sum()) == pytest.approx(1, abs=1e-6)


def test_the_hottest_key_is_as_hot_as_a_run_would_make_it() -> None:
    """The share that is reckoned for the hottest key is how often it comes up when subjects are
    drawn as a run draws them."""
    (heat,) = heat_of(shop.one_customer, DATASET, SKEW)
    assert heat.hot
    count = DATASET.count(shop.customer)
    key = next(iter(heat.hot))
    popular = Popularity(count, SKEW, _key())
    random = Random(3)
    drawn = Counter(DATASET.item(shop.customer, popular.draw(random))["id"] for _ in range(20_000))
    name, times = drawn.most_common(1)[0]
    assert key.name == name
    assert times / 20_000 == pytest.approx(key.share, rel=0.1)


def _key() -> int:
    from loadstone.fields.draws import derive

    return derive(DATASET.seed, "popularity", shop.customer.name)


def test_evenly_asked_items_make_no_hot_key() -> None:
    """With a skew of 0 every key has the same share, and none stands out."""
    (heat,) = heat_of(shop.one_customer, DATASET, 0.0)
    assert heat.hot is not None
    shares = {round(key.share, 6) for key in heat.hot}
    assert len(shares) <= 1


def test_a_declared_load_asks_what_its_patterns_cost() -> None:
    """Rates are of calls, add up to the peak, and come in the proportions of the mix; the units are
    those that a run of the same mix is held against."""
    mix = DATASET.system.mixes["all"]
    load = declared(DATASET, mix, peak_per_s=100, skew=SKEW)
    assert load.peak_per_s == pytest.approx(100)
    costing = Costing(DATASET, SKEW)
    calls = {
        pattern: times * costing.units(pattern).requests
        for pattern, times in plays_of_entry(mix, DATASET).items()
    }
    expected = expectations(calls, DATASET, SKEW)
    for pattern, times in calls.items():
        (work,) = [each for each in load.work if each.pattern == pattern.id]
        assert work.per_s == pytest.approx(100 * times / sum(calls.values()), rel=0.05)
        for kind in ("read", "write"):
            units = sum(each for side, each in work.units.items() if side.direction == kind)
            assert units == pytest.approx(getattr(expected[pattern.id], f"{kind}_units"))


def test_indexes_are_priced_and_named_where_nothing_asks_them() -> None:
    """Every index has a row; one that no pattern asks is said to be so, and KEYS_ONLY saves no more
    than the index costs."""
    found = planned(DATASET.system.mixes["all"])
    rows = {row.index: row for row in found.indexes}
    assert set(rows) == {"mail", "state", "due"}
    for row in rows.values():
        for each in row.smaller:
            assert 0 <= each.saves_usd <= row.usd_per_month
    asked = {each.index for each in DATASET.system.patterns.values() if each.index}
    assert {name for name, row in rows.items() if row.used_by} == asked


@pytest.mark.parametrize(
    ("index", "whose"),
    [
        (Index("i", partition_key="a", sort_key="b"), "the table's key"),
        (Index("i", partition_key="a"), "the table's key"),
        (
            Index("i", partition_key="a", sort_key="c"),
            "the table's partition key, sorted otherwise",
        ),
        (Index("i", partition_key="d"), "index other"),
        (Index("i", partition_key="c"), ""),
    ],
)
def test_an_index_that_repeats_a_key_is_found(index: Index, whose: str) -> None:
    """An index repeats the table's key, or that of an index before it, when a query of those could
    ask what it answers."""
    other = Index("other", partition_key="d", sort_key="e")
    table = Table("table", partition_key="a", sort_key="b", indexes=(other, index))
    assert repeated(table, index) == whose


def test_a_scan_is_priced_beside_the_index_it_lacks() -> None:
    """The index pays from where its cost is what the Scans cost more than the Queries; more data
    makes the Scan dearer, and the Query not."""
    system = load_system("acs")
    dataset = Dataset(system, scale=2000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    one, three = (planned(system.mix("read-heavy"), dataset, growth) for growth in (1.0, 3.0))
    assert {row.pattern for row in one.scans} == {"active-sessions", "user-by-own-address"}
    for row, larger in zip(one.scans, three.scans, strict=True):
        calls = row.pays_from_per_month
        assert calls is not None
        saved = float(row.scan_usd_per_million_calls - row.query_usd_per_million_calls) / 1e6
        assert calls * saved == pytest.approx(float(row.index_usd_per_month))
        assert larger.scan_units == pytest.approx(3 * row.scan_units)
        assert larger.query_units == row.query_units


def test_two_designs_are_found_and_do_the_same_work() -> None:
    """Mixes of the same weights over other tables are two designs; both do as many entries a
    second. A system with one design has no such pair."""
    system = load_system("listbackup")
    pair = pair_of_designs(list(system.mixes.values()))
    assert pair is not None
    assert [mix.name for mix in pair] == ["core", "v2"]
    assert pair_of_designs(list(load_system("cmz").mixes.values())) is None
    dataset = Dataset(system, scale=2000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    one, other = planned(system.mix("core"), dataset).designs
    assert one.peak_per_s / one.operations_per_entry == pytest.approx(
        other.peak_per_s / other.operations_per_entry
    )
    assert not set(one.tables) & set(other.tables)
    assert one.best.total_usd > 0


def test_an_answer_that_pays_for_two_designs_names_the_cheaper() -> None:
    """A mix of both designs is answered with the figure of the cheaper one alone; the mix of one
    of them is not."""
    system = load_system("listbackup")
    dataset = Dataset(system, scale=2000, as_of=datetime(2026, 5, 1, tzinfo=UTC))
    both = planned(system.mix("balanced"), dataset)
    cheap = min(both.designs, key=lambda each: each.best.total_usd)
    said = f"the cheaper, {cheap.mix} alone, is about {usd(cheap.best.total_usd)} a month"
    assert said in answer(both)
    assert "two designs" not in answer(planned(system.mix("core"), dataset))


def test_storage_is_that_of_the_data_set() -> None:
    """Items and entries of every table are counted, and growth multiplies them."""
    one, two = (planned(DATASET.system.mixes["all"], growth=growth) for growth in (1.0, 2.0))
    assert sum(row.items for row in one.storage) == DATASET.stored
    assert sum(row.items for row in two.storage) == 2 * DATASET.stored
    assert one.load.stored[Resource("customers", "mail")].entries < DATASET.count(shop.customer)
