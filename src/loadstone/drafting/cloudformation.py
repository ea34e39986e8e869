"""Tables of a CloudFormation template: JSON or YAML, of SAM or the Serverless Framework too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadstone.drafting.given import Given
from loadstone.drafting.local_indexes import left_out
from loadstone.drafting.misread import in_words, json_of, other_format, text_of
from loadstone.drafting.names import words_in
from loadstone.errors import BadValue
from loadstone.table import Index, KeyType, Table, Throughput

TABLE, GLOBAL, SIMPLE = (
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Serverless::SimpleTable",
)
_FLAG = "--from-cloudformation"
#: What a template calls the word that tells one deployment from another.
_STAGES = {"stage", "env", "environment", "envname", "stagename", "environmentname", "deployenv"}
_SLOT = re.compile(r"\$\{([^}]*)\}")
_LETTERS = re.compile(r"[A-Za-z0-9_.-]+")


class Reader:
    """Values of a template's properties. What an intrinsic function hides is noted."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters
        self.notes: list[str] = []

    def plain(self, value: Any, what: str) -> Any:
        """A value as it is written, or as a parameter has it by default; else None."""
        if not isinstance(value, Mapping) or not is_intrinsic(value):
            return value
        default = self._default(value)
        if default is None:
            self.notes.append(f"{what} is {told(value)}, which only a deployment knows.")
        else:
            self.notes.append(f"{what} is {told(value)}: {default} by default.")
        return default

    def text(self, value: Any) -> str | None:
        """A text with `${...}` where something is filled in; None where it cannot be written so."""
        if isinstance(value, str):
            return value
        if not isinstance(value, Mapping):
            return None
        match next(iter(value.items()), None):
            case ("Ref", str() as name):
                return f"${{{name}}}"
            case ("Fn::Sub", str() as text):
                return text
            case ("Fn::Sub", [str() as text, *_]):
                return text
            case ("Fn::Join", [str() as between, list() as parts]):
                texts = [self.text(part) for part in parts]
                return None if None in texts else between.join(filter(None, texts))
        return None

    def _default(self, value: Mapping[str, Any]) -> Any:
        name = value.get("Ref")
        parameter = self._parameters.get(name, {}) if isinstance(name, str) else {}
        return parameter.get("Default") if isinstance(parameter, Mapping) else None


def read_template(path: Path) -> list[Given]:
    """Every table of a template."""
    template = _loaded(path)
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        nested = template.get("resources")
        resources = nested.get("Resources") if isinstance(nested, Mapping) else None
    if not isinstance(resources, Mapping):
        instead = other_format(template, _FLAG) or "is it a CloudFormation template?"
        raise BadValue(f"{_FLAG}: {path} has no Resources: {instead}")
    parameters = template.get("Parameters")
    found = [
        _given(path, name, resource, parameters if isinstance(parameters, Mapping) else {})
        for name, resource in resources.items()
        if isinstance(resource, Mapping) and resource.get("Type") in (TABLE, GLOBAL, SIMPLE)
    ]
    if not found:
        raise BadValue(f"{_FLAG}: {path} has no table: no resource is of type {TABLE}")
    return found


def is_intrinsic(value: Mapping[str, Any]) -> bool:
    """Whether a map is a function of CloudFormation's, not a property."""
    return (len(value) == 1 and next(iter(value)) in ("Ref", "Condition")) or any(
        str(name).startswith("Fn::") for name in value
    )


def told(value: Mapping[str, Any]) -> str:
    """A function as a person writes it: !Ref Name."""
    name, argument = next(iter(value.items()))
    shown = argument if isinstance(argument, str) else json.dumps(argument, default=str)
    return f"!{name.removeprefix('Fn::')} {shown}"


def _loaded(path: Path) -> Mapping[str, Any]:
    text = text_of(path, _FLAG)
    try:
        found = json_of(text) if text.lstrip().startswith("{") else _yaml(text)
    except ValueError as error:
        raise BadValue(f"{_FLAG}: {path} is neither JSON nor YAML: {error}") from error
    if not isinstance(found, Mapping):
        raise BadValue(f"{_FLAG}: {path} is no template: there is no map in it")
    return found


def _yaml(text: str) -> Any:
    """YAML with the short forms of functions: !Sub x is {"Fn::Sub": "x"}."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
        pass

    def function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_mapping(node, deep=True)}

    Loader.add_multi_constructor("!", function)
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _given(
    path: Path, logical: str, resource: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Given:
    properties = resource.get("Properties") or {}
    read = Reader(parameters)
    where = f"{path}: {logical}"
    try:
        table = _table(where, logical, properties, read, simple=resource["Type"] == SIMPLE)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"{where} cannot be read as a table: {in_words(error)}") from error
    for index in properties.get("LocalSecondaryIndexes") or ():
        read.notes.append(left_out(index.get("IndexName", "")))
    if resource["Type"] == GLOBAL:
        read.notes.append("A global table: its replicas are left out.")
    return Given(table=table, notes=read.notes)


def _table(
    where: str, logical: str, properties: Mapping[str, Any], read: Reader, *, simple: bool
) -> Table:
    name, physical, name_from = _name(logical, properties.get("TableName"), read)
    if simple:
        key = properties.get("PrimaryKey") or {"Name": "id", "Type": "String"}
        kinds = {str(key["Name"]): str(key.get("Type", "String"))[0]}
        keys: tuple[str, str | None] = (str(key["Name"]), None)
    else:
        kinds = {
            str(each["AttributeName"]): str(each["AttributeType"])
            for each in properties["AttributeDefinitions"]
        }
        keys = _keys(properties["KeySchema"])
    indexes = tuple(_index(each, read) for each in properties.get("GlobalSecondaryIndexes") or ())
    used = {*keys, *(name for index in indexes for name in index.key)} - {None}
    if left := sorted(str(name) for name in used if name not in kinds):
        raise BadValue(f"{where}: AttributeDefinitions has no {', '.join(left)}")
    key_types: dict[str, KeyType] = {
        name: kind  # type: ignore[misc]
        for name, kind in kinds.items()
        if name in used and kind in ("N", "B")
    }
    sse = properties.get("SSESpecification") or {}
    return Table(
        name,
        physical=physical,
        name_from=name_from,
        partition_key=keys[0],
        sort_key=keys[1],
        indexes=indexes,
        provisioned=_throughput(properties, read),
        ttl=_ttl(properties, read),
        pitr_days=_recovery(properties, read),
        kms_key=read.plain(sse.get("KMSMasterKeyId"), "The encryption key"),
        stream=read.plain(
            (properties.get("StreamSpecification") or {}).get("StreamViewType"), "The stream"
        ),
        deletion_protection=bool(
            read.plain(properties.get("DeletionProtectionEnabled"), "Deletion protection")
        ),
        key_types=key_types,
    )


def _name(logical: str, given: Any, read: Reader) -> tuple[str, str, str | None]:
    """What a table is called, here and in an account, and the variable that says otherwise."""
    variable = "_".join(words_in(logical)).upper() + "_NAME"
    text = read.text(given)
    if text is None:
        how = told(given) if isinstance(given, Mapping) else "made by CloudFormation"
        read.notes.append(f"Its name is {how}: set {variable} to what it is in your account.")
        return logical, "", variable
    slots = _SLOT.findall(text)
    if not slots:
        return text, "", None
    rest = [piece for piece in re.split(r"[^A-Za-z0-9]+", _SLOT.sub(" ", text)) if piece]
    own = "-".join(rest) or logical
    own = own if len(own) > 2 else logical
    if len(slots) == 1 and _is_stage(slots[0]) and _LETTERS.fullmatch(_SLOT.sub("", text)):
        return own, _SLOT.sub("{stage}", text), None
    read.notes.append(f"Its name is {text}: set {variable} to what it is in your account.")
    return own, "", variable


def _is_stage(slot: str) -> bool:
    last = re.split(r"[.:]", slot)[-1]
    return last.lower().replace("_", "") in _STAGES


def _keys(schema: Any) -> tuple[str, str | None]:
    by_kind = {each["KeyType"]: str(each["AttributeName"]) for each in schema}
    return by_kind["HASH"], by_kind.get("RANGE")


def _index(given: Mapping[str, Any], read: Reader) -> Index:
    partition_key, sort_key = _keys(given["KeySchema"])
    projection = given.get("Projection") or {}
    name = read.text(given["IndexName"]) or "index"
    return Index(
        name,
        partition_key=partition_key,
        sort_key=sort_key,
        projection=projection.get("ProjectionType", "ALL"),
        include=tuple(projection.get("NonKeyAttributes") or ()),
        provisioned=_throughput(given, read, f" of index {name}"),
    )


def _throughput(given: Mapping[str, Any], read: Reader, whose: str = "") -> Throughput | None:
    if read.plain(given.get("BillingMode"), "The billing mode") == "PAY_PER_REQUEST":
        return None
    units = given.get("ProvisionedThroughput")
    if not isinstance(units, Mapping):
        return None
    counts = [
        read.plain(units.get(f"{kind}CapacityUnits"), f"{kind} capacity{whose}")
        for kind in ("Read", "Write")
    ]
    if any(count is None for count in counts) or min(map(int, counts)) < 1:
        return None
    return Throughput(read_units=int(counts[0]), write_units=int(counts[1]))


def _ttl(properties: Mapping[str, Any], read: Reader) -> str | None:
    given = properties.get("TimeToLiveSpecification") or {}
    enabled = read.plain(given.get("Enabled"), "Whether items expire")
    return read.plain(given.get("AttributeName"), "The TTL attribute") if _is_on(enabled) else None


def _recovery(properties: Mapping[str, Any], read: Reader) -> int | None:
    given = properties.get("PointInTimeRecoverySpecification") or {}
    on = read.plain(given.get("PointInTimeRecoveryEnabled"), "Point-in-time recovery")
    days = read.plain(given.get("RecoveryPeriodInDays"), "The days of recovery")
    return int(days or 35) if _is_on(on) else None


def _is_on(value: Any) -> bool:
    return value is True or str(value).lower() == "true"
