"""Partitions: which kinds of items share them, whose they are, and how many items are in one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from loadstone.drafting.figures import quantile, rounded, share_of, spread_of
from loadstone.drafting.given import Given, WireItem
from loadstone.drafting.kinds import Kind, says_own
from loadstone.drafting.names import pascal

_SIGNS = re.compile(r"[#|]|::")
_MOST_OF_THEM = 0.8
_MANY = 10
#: A label and what it is of: what comes behind tells partitions of one thing apart.
_ABOUT = 2
_SEVERAL = 3
_LARGE = 2
#: A giant is so many times as large as five of six are, and there are at most so many of them.
_GIANT, _MOST_GIANTS, _LEAST_SHARE = 8, 3, 0.05


@dataclass(frozen=True, eq=False)
class Group:
    """Kinds whose partition keys look alike. `own` is the one that the partition itself is about,
    one item in each: the customer among its orders."""

    given: Given
    label: str
    kinds: tuple[Kind, ...]
    own: Kind | None
    width: int = 1  # of how many parts the partition keys are; 0 where they differ in that

    @property
    def others(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind is not self.own]

    def partition(self, item: WireItem) -> str:
        ((_, value),) = item[self.given.table.partition_key].items()
        return str(value)


def groups_of(given: Given, kinds: Sequence[Kind]) -> list[Group]:
    """The kinds by the labels of their partitions, DEVICE#7 apart from DEVICE#7#2026-05-01 and that
    apart from DEVICE#7#ALARMS; where nothing sorts a partition, each alone."""
    if given.table.sort_key is None:
        return [Group(given, kind.label, (kind,), kind) for kind in kinds]
    keyed = [(kind, _parts(given, kind)) for kind in kinds]
    ends = {(kind.label, end) for kind, keys in keyed if (end := _end(keys, least=_SEVERAL))}
    by_label: defaultdict[tuple[str, int, str], list[Kind]] = defaultdict(list)
    for kind, keys in keyed:
        widths = {len(parts) for parts in keys}
        width = widths.pop() if kind.label and len(widths) == 1 else 0
        end = _end(keys)
        by_label[kind.label, width, end if (kind.label, end) in ends else ""].append(kind)
    found = []
    for (label, width, _), some in by_label.items():
        group = Group(given, label, tuple(some), None, width)
        found += [replace(each, own=_own(each)) for each in _by_root(group)]
    return found


def _parts(given: Given, kind: Kind) -> set[tuple[str, ...]]:
    """Its partition keys, by their parts."""
    keys = (next(iter(item[given.table.partition_key].values())) for item in kind.items)
    return {tuple(_SIGNS.split(str(key))) for key in keys}


def _end(keys: Set[tuple[str, ...]], *, least: int = 1) -> str:
    """The word that the keys end with, behind a label and what they are about; of few keys it may
    be a value that they have by chance."""
    ends = {parts[-1] if len(parts) > _ABOUT else "" for parts in keys}
    end = ends.pop() if len(ends) == 1 and len(keys) >= least else ""
    return end if end.isalpha() else ""


def counts(group: Group, kind: Kind) -> list[int]:
    """How many items of a kind each partition has, of those that were read to their end; and of the
    others those that have many more already, since it is the large ones that a sample cuts."""
    held = Counter(group.partition(item) for item in kind.items)
    whole = _whole(group)
    found = [held[partition] for partition in whole]
    most = _LARGE * max(found, default=0)
    return found + [
        times for partition, times in held.items() if times > most and partition not in whole
    ]


def fan_out(numbers: Sequence[int]) -> tuple[str, list[str]]:
    """PerParent() for so many children each, and what to say of it."""
    if not numbers or not sum(numbers):
        return "PerParent(3)", ["How many there are of each could not be told: 3 is made up."]
    mean = sum(numbers) / len(numbers)
    least = min(numbers)
    if max(numbers) <= 1:
        if least == 1:
            return "PerParent(1)", []
        share = max(0.01, float(rounded(mean)))
        return f"PerParent({share}, least=0, most=1)", []
    shown = max(rounded(mean), 1 if least else 0.01)
    giants, share = _giants(numbers)
    spread = spread_of(sorted(number for number in numbers if number)[: -giants or None])
    # A few partitions tell little of how unlike they are.
    arguments = [str(shown)]
    if spread > 1:
        arguments.append(f"spread={min(spread, 20.0)}")
    if not least or shown < 1:
        arguments.append("least=0")
    if giants:
        arguments += [f"giants={giants}", f"giant_share={share}"]
    seen = "1 partition" if len(numbers) == 1 else f"{len(numbers)} partitions"
    few = [f"How many there are of each was seen in {seen} alone."]
    return f"PerParent({', '.join(arguments)})", few if len(numbers) < _MANY else []


def _giants(numbers: Sequence[int]) -> tuple[int, float]:
    """The few partitions that are much larger than all others, and how much of everything is
    theirs: a tail that no spread has."""
    ordered = sorted(numbers)
    if len(ordered) < _MANY:
        return 0, 0.0
    usual = max(1, quantile(ordered, 0.84))
    found = [number for number in ordered[-_MOST_GIANTS:] if number > _GIANT * usual]
    share = sum(found) / sum(ordered)
    if not found or ordered[-_MOST_GIANTS - 1] > _GIANT * usual or share < _LEAST_SHARE:
        return 0, 0.0
    return len(found), min(0.9, share_of(sum(found), sum(ordered)))


def _by_root(group: Group) -> list[Group]:
    """A group for each kind that partitions are about, where those of several kinds look alike:
    accounts of users, and of organizations with their members."""
    roots = _roots(group)
    if not roots:
        return [group]
    whose = {group.partition(item): at for at, root in enumerate(roots) for item in root.items}
    kinds = [[root] for root in roots]
    for kind in group.kinds:
        if all(kind is not root for root in roots):
            for at, part in _dealt(group, kind, roots, whose):
                kinds[at].append(part)
    return [replace(group, kinds=tuple(some)) for some in kinds]


def _roots(group: Group) -> list[Kind]:
    """Kinds with the same labels of which each partition has one item, and none has two kinds."""
    for kind in group.kinds:
        alike = [each for each in group.kinds if each.labels == kind.labels]
        partitions = [group.partition(item) for each in alike for item in each.items]
        single = len(set(partitions)) == len(partitions)
        if len(alike) > 1 and single and all(_repeats(group, each) for each in alike):
            return alike
    return []


def _dealt(
    group: Group, kind: Kind, roots: Sequence[Kind], whose: Mapping[str, int]
) -> Iterator[tuple[int, Kind]]:
    """A kind by whose partitions its items are in; those of no root that was seen are with most."""
    times = Counter(whose.get(group.partition(item)) for item in kind.items)
    most = max(range(len(roots)), key=lambda at: times[at])
    found = [whose.get(group.partition(item), most) for item in kind.items]
    for at in dict.fromkeys(found):
        some = [row for row, root in enumerate(found) if root == at]
        name = kind.name if at == most else pascal(f"{roots[at].name} {kind.name}")
        items = tuple(kind.items[row] for row in some)
        places = tuple(kind.places[row] for row in some)
        yield at, replace(kind, name=name, items=items, places=places)


def _own(group: Group) -> Kind | None:
    """The kind with one item in each partition, or in nearly all."""
    partitions = _whole(group)
    sort_key = group.given.table.sort_key
    for kind in sorted(group.kinds, key=lambda kind: (not says_own(kind), len(kind.labels[-1]))):
        held = Counter(group.partition(item) for item in kind.items)
        if max(held.values()) > 1:
            continue
        if len(group.kinds) == 1 and (sort_key is None or len(held) > 1):
            return kind
        covered = sum(partition in held for partition in partitions) / max(1, len(partitions))
        if covered >= _MOST_OF_THEM and (_is_about(group, kind) or _is_labelled(group, kind)):
            return kind
    return None


def _is_about(group: Group, kind: Kind) -> bool:
    """Whether its sort key is a word, or the partition key again, if under another label."""
    sort_key = group.given.table.sort_key
    if sort_key is None:
        return True
    keys = {str(next(iter(item[sort_key].values()))) for item in kind.items}
    return len(keys) == 1 or _repeats(group, kind) or _ends_alike(group, kind, sort_key)


def _ends_alike(group: Group, kind: Kind, sort_key: str) -> bool:
    """Whether what is behind the labels is the same: GAME#7 and #METADATA#7."""
    pairs = [
        (group.partition(item), str(next(iter(item[sort_key].values())))) for item in kind.items
    ]
    ends = [tuple(_SIGNS.split(key)[-1] for key in pair) for pair in pairs]
    return says_own(kind) and all(one == other for one, other in ends)


def _is_labelled(group: Group, kind: Kind) -> bool:
    """Whether what says that it is an order is said shorter by the key: o#17."""
    label = group.label.lower()
    return bool(label) and kind.said_by is not None and kind.name.lower().startswith(label)


def _repeats(group: Group, kind: Kind) -> bool:
    """Whether its sort key is the partition key again."""
    sort_key = group.given.table.sort_key
    return sort_key is not None and all(
        str(next(iter(item[sort_key].values()))).endswith(group.partition(item))
        for item in kind.items
    )


def _whole(group: Group) -> list[str]:
    """The partitions that were read to their end; all, when those are too few to tell."""
    every: dict[str, None] = {}
    cut: set[str] = set()
    labelled = {id(item) for kind in group.kinds for item in kind.items}
    for run in group.given.runs:
        for item in run:
            if id(item) in labelled:
                every[group.partition(item)] = None
        if run and not group.given.published:
            cut.add(group.partition(run[-1]))
    kept = [partition for partition in every if partition not in cut]
    return kept if len(kept) >= 3 else list(every)
