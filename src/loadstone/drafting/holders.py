"""Whose a partition is: an entity that is stored in it, or one that only its key tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loadstone.drafting.columns import columns_of
from loadstone.drafting.draft import DraftEntity, DraftTable, Line
from loadstone.drafting.entities import Desk, Sheet, sheet_of
from loadstone.drafting.expressions import is_unique, made_of, shared, unique
from loadstone.drafting.forms import form_of
from loadstone.drafting.groups import Group
from loadstone.drafting.kinds import Kind, called, partition_word, says_own, table_word
from loadstone.drafting.names import kebab, pascal, plain, snake, words_in
from loadstone.drafting.pieces import Made, joined
from loadstone.drafting.templates import Part, Template, templates_of
from loadstone.drafting.times import clock_of, days_each, days_of, in_steps, shown
from loadstone.drafting.vocabulary import NOTHING, Vocabulary
from loadstone.drafting.words import singular

#: Numbers of which there are so many and no more.
_COUNTED = frozenset({"year", "month", "week", "day", "hour", "minute", "shard", "bucket"})
_SPANS = {"date": "Day", "midnight": "Day", "month": "Month", "month first": "Month"}
_SHORT = 2  # d of d#123 says less than the key's name, DeviceID
_SEEN_TWICE = 5  # partitions with several items, before an attribute is said to be the partition's


@dataclass(eq=False)
class Holder:
    """The entity of a group's partitions. `parts` are the facts or attributes that tell it apart,
    by the place of each in the partition key; `given` what its items are known by elsewhere."""

    group: Group
    entity: DraftEntity
    sheet: Sheet | None  # None: it is in no table
    template: Template = ()
    values: Mapping[str, str] = field(default_factory=dict)  # names of facts by those of parts
    vocabulary: Vocabulary = NOTHING
    common: dict[str, dict[str, str | None]] = field(default_factory=dict)  # of each partition
    apart: str = ""  # what goes before its number, where another's key would be the same

    @property
    def identities(self) -> frozenset[str]:
        """What an attribute is called that names one."""
        key = self.group.given.table.partition_key
        names = {self.entity.name, f"{self.entity.name}Id", *self.values.values()}
        if self.group.label:
            names |= {self.group.label, f"{self.group.label}Id"}
        word = partition_word(key)
        if word:
            names |= {key, word}
        generic = {"id", "pk", "key", "partitionkey", "hashkey"}
        return frozenset(plain(name) for name in names) - generic

    @property
    def number_text(self) -> str | None:
        """How it is told apart in the draft, where that is by its number."""
        parts = [part for part in self.template if isinstance(part, Part)]
        if len(parts) != 1 or parts[0].numeric:
            return None
        distinct = list(dict.fromkeys(parts[0].present))
        form = form_of(distinct, self.vocabulary)
        return None if is_unique(form) else unique(form, distinct, "n").template

    @property
    def is_nobody(self) -> bool:
        """Whether its partitions are no thing of which there are ever more: all items are in one,
        or those of a year are."""
        parts = [part for part in self.template if isinstance(part, Part)]
        if self.sheet is not None or len(parts) > 1:
            return False
        return not parts or (parts[0].numeric and bool(_COUNTED & set(words_in(parts[0].name))))

    def name_of(self) -> str | None:
        """The fact or attribute that tells one from another, when it is one alone."""
        parts = [part for part in self.template if isinstance(part, Part)]
        return self.values.get(parts[0].name) if len(parts) == 1 else None


@dataclass(eq=False)
class Within(Holder):
    """Items in the partitions of another holder, `home`, that one of their own parts tells apart
    wherever they are: orders among their customers."""

    home: Holder | None = None

    @property
    def identities(self) -> frozenset[str]:
        names = {self.entity.name, f"{self.entity.name}Id", *self.values.values()}
        return frozenset(plain(name) for name in names) - {"id", "pk", "sk", "key"}


def within(home: Holder, sheet: Sheet, part: Part) -> Within:
    """A kind of a holder's partitions, as something that others may belong to."""
    return Within(
        home.group,
        sheet.entity,
        sheet,
        (part,),
        {part.name: part.name},
        home.vocabulary,
        home=home,
    )


def holders_of(desk: Desk, groups: Sequence[Group], table: DraftTable) -> list[Holder]:
    """One for each group; of those whose keys would be alike the first is numbered plainly."""
    found: list[Holder] = []
    for group in groups:
        holder = holder_of(desk, group, table)
        same = (each for each in found if each.group.label == group.label)
        alike = [each.number_text for each in same if each.group.width == group.width]
        if None in alike or holder.number_text in alike or (alike and holder.number_text is None):
            holder.apart = f"{kebab(holder.entity.name)}-"
        found.append(holder)
    return found


def holder_of(desk: Desk, group: Group, table: DraftTable) -> Holder:
    """The group's own kind; where it has none, an entity that is not stored."""
    if group.own is not None:
        sheet = sheet_of(desk, _called(group, group.own), table)
        template = sheet.templates[table.table.partition_key]
        return Holder(group, sheet.entity, sheet, template, _named(template), desk.vocabulary)
    items = [item for kind in group.kinds for item in kind.items]
    key = table.table.partition_key
    columns, _ = columns_of([{key: item[key]} for item in items], known=[key])
    template = templates_of(columns, desk.vocabulary, [key])[key]
    named = _attribute_names(desk, group, template)
    template = tuple(
        part
        if isinstance(part, str)
        else Part(named.get(part.name, part.name), part.texts, part.numeric)
        for part in template
    )
    name = _phantom_name(group, [part for part in template if isinstance(part, Part)])
    name += _span_of(template)
    taken = {kind.name for kind in group.kinds}
    name = f"{name}Owner" if name in taken else name
    entity = DraftEntity(name, "")  # it gets a variable when it turns out to be written
    entity.notes.append("Not stored: what its items have in common.")
    return Holder(group, entity, None, template, _named(template), desk.vocabulary)


def _called(group: Group, own: Kind) -> Kind:
    """The kind that a partition is about is called as its label is: User, not UserProfile; of what
    has none but Details, as the table's items are."""
    generic = {"", "pk", "sk", "part", "partition", "hash"}
    word = partition_word(group.given.table.partition_key)
    name = pascal(called(group.label)) if group.label else own.name
    if not group.label and own.labels[-1] and word.lower() not in generic:
        name = pascal(singular(word))
    elif not group.label and says_own(own):
        name = pascal(singular(table_word(group.given)))
    taken = {kind.name for kind in group.kinds if kind is not own}
    if name in taken or own.name != pascal(" ".join(map(called, own.labels))):
        return own
    return replace(own, name=name)


def write_phantom(desk: Desk, holder: Holder, known: Mapping[Part, str]) -> None:
    """The facts of an entity that is not stored; the last part of its key tells it apart."""
    entity, key = holder.entity, holder.group.given.table.partition_key
    entity.variable = desk.names.give(snake(entity.name))
    sheet = Sheet(desk, holder.group.kinds[0], entity, {}, {})
    sheet.instant = "moment(days=30, in_order=False)"
    parts = [part for part in holder.template if isinstance(part, Part)]
    for place, part in enumerate(parts):
        distinct = list(dict.fromkeys(part.present))
        form = form_of(distinct, desk.vocabulary)
        made = Made(known[part]) if part in known else None
        if made is None and part.numeric:
            made = Made("number + 1")
        if made is None and place < len(parts) - 1:
            clock = clock_of(part)
            instant = f"moment(days={days_of(clock)}, in_order=False)" if clock else ""
            made = shown(clock, instant) if clock else shared(part.present, form)
            made = made or made_of(form, sheet.context(part.name))
        if made is None and (clock := clock_of(part)) and days_each(clock):
            place_of = "number" if entity.parent is None else "position"
            made = shown(clock, in_steps(clock, place_of))
        if made is None:
            made = (
                made_of(form, sheet.context(part.name))
                if is_unique(form)
                else unique(form, distinct, "number")
            )
        entity.facts.append(Line(part.name, made.source, made.notes))
    entity.identity = frozenset(part.name for part in parts)
    entity.unlike = frozenset({key, *(entity.identity if len(parts) == 1 else ())})
    if holder.template != (*parts,) or len(parts) != 1 or parts[0].name != key:
        _add_key(holder, key)
    desk.written.append(entity)


def inherited(holder: Holder, items_of: Sheet) -> dict[Part, str]:
    """What a child's texts are of its holder: the whole partition key, and its parts."""
    key = holder.group.given.table.partition_key
    template = items_of.templates.get(key, ())
    own = [part for part in template if isinstance(part, Part)]
    theirs = [part for part in holder.template if isinstance(part, Part)]
    owner = holder.entity.variable
    found: dict[Part, str] = {}
    if len(own) == len(theirs):
        for part, other in zip(own, theirs, strict=True):
            name = holder.values.get(other.name)
            if name is not None:
                found[part] = f'{owner}["{name}"]'
    whole = items_of.columns[key].texts()
    alone = holder.name_of() if holder.template == (*theirs,) else None
    if whole is not None and (alone or not _is_composed(holder)):
        found[Part(key, whole, items_of.columns[key].type == "N")] = f'{owner}["{alone or key}"]'
    return found


def _is_composed(holder: Holder) -> bool:
    """Whether its partition key is made of attributes of an item of another table."""
    return isinstance(holder.sheet, Sheet) and any(
        part not in holder.sheet.templates.get(holder.group.given.table.partition_key, ())
        for part in holder.template
        if isinstance(part, Part)
    )


def settled(holder: Holder, sheet: Sheet) -> dict[Part, str]:
    """What all items of a partition have in common becomes the partition's own: the name of the
    tenant that stands in each of its messages."""
    if holder.sheet is not None:
        return {}
    partitions = [holder.group.partition(item) for item in sheet.kind.items]
    several = sum(times > 1 for times in Counter(partitions).values())
    if several < _SEEN_TWICE:
        return {}
    found: dict[Part, str] = {}
    keys = sheet.entity.table.table.key if sheet.entity.table else ()
    for name, column in sheet.columns.items():
        texts = column.texts()
        if name in keys or texts is None or not column.always or len(set(texts)) < 3:
            continue
        if clock_of(Part(name, texts, column.type == "N")) or column.type == "N":
            continue
        pairs = set(zip(partitions, texts, strict=True))
        known = holder.common.get(name, {})
        if known.keys() & set(partitions) and all(
            known.get(at, text) == text for at, text in pairs
        ):
            found[Part(name, texts)] = f'{holder.entity.variable}["{name}"]'
            continue
        taken = {line.name for line in holder.entity.facts}
        if len(pairs) == len(set(partitions)) and name not in taken and _is_own(sheet, name):
            form = form_of([text for _, text in pairs if text], sheet.desk.vocabulary)
            context = sheet.context(name)
            made = shared([text for _, text in pairs if text], form) or made_of(form, context)
            holder.entity.facts.append(Line(name, made.source, made.notes))
            holder.common[name] = dict(pairs)
            found[Part(name, texts)] = f'{holder.entity.variable}["{name}"]'
    return found


def _is_own(sheet: Sheet, name: str) -> bool:
    """Whether an attribute is not made of others, and not known yet."""
    template = sheet.templates.get(name, ())
    part = template[0] if len(template) == 1 else None
    return isinstance(part, Part) and part.name == name and sheet.found(part) is None


def _named(template: Template) -> dict[str, str]:
    return {part.name: part.name for part in template if isinstance(part, Part)}


def _attribute_names(desk: Desk, group: Group, template: Template) -> dict[str, str]:
    """What the parts of a partition key are called in the items: userId."""
    key = group.given.table.partition_key
    mine = [part.name for part in template if isinstance(part, Part)]
    for kind in group.kinds:
        columns, _ = columns_of(kind.items, published=desk.vocabulary.published)
        found = templates_of(columns, desk.vocabulary, group.given.table.key_attributes)[key]
        theirs = [part.name for part in found if isinstance(part, Part)]
        if len(theirs) == len(mine) and any(name in columns and name != key for name in theirs):
            return dict(zip(mine, theirs, strict=True))
    return {}


def _phantom_name(group: Group, parts: Sequence[Part]) -> str:
    """After the label, or the attribute: User of USER#1, Customer of customerId."""
    generic = {"", "pk", "sk", "part", "partition", "hash"}
    key = partition_word(group.given.table.partition_key)
    if group.label and len(group.label) <= _SHORT and key.lower() not in generic:
        return pascal(singular(key))
    if group.label:
        return pascal(called(group.label))
    words: Iterable[str] = (partition_word(part.name) for part in parts)
    named = next((word for word in words if word.lower() not in generic), "")
    if named and not named.lower().endswith(("part1", "part2", "part3")):
        return pascal(singular(named))
    return f"{pascal(singular(table_word(group.given)))}Owner"


def _span_of(template: Template) -> str:
    """Day, where a key is of a thing and a day."""
    parts = [part for part in template if isinstance(part, Part)]
    clocks = [clock for part in parts if len(parts) > 1 and (clock := clock_of(part))]
    spans = [_SPANS[clock.form.precision] for clock in clocks if clock.form and days_each(clock)]
    return spans[0] if spans else ""


def _add_key(holder: Holder, key: str) -> None:
    """The partition key itself, put together of its parts."""
    entity = holder.entity
    variables: dict[str, str] = {}
    for place, line in enumerate(entity.facts):
        variables[line.name] = variable = snake(f"{entity.variable}_{line.name}")
        entity.before.append(Line(variable, line.source, line.notes))
        entity.facts[place] = Line(line.name, variable)
    pieces: list[str | tuple[str, Made]] = [
        part if isinstance(part, str) else (snake(part.name), Made(variables[part.name]))
        for part in holder.template
    ]
    entity.facts.append(Line(key, joined(pieces).source))
