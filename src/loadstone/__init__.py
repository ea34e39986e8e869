"""Loadstone: believable data in DynamoDB, documented access patterns replayed, the bill explained.

What a content author needs is here; a fixture or scenario module imports nothing else of ours.
"""

from loadstone.entity import Entity
from loadstone.fanout import PerParent
from loadstone.fields.choices import choose, nth, one_of, pick
from loadstone.fields.distributions import LogNormal, Weights, Zipf
from loadstone.fields.expr import Expr
from loadstone.fields.ids import token, ulid, ulid_of, uuid
from loadstone.fields.links import count_of, first_of, last_of
from loadstone.fields.numbers import (
    Setting,
    as_of,
    chance,
    decimal,
    least,
    most,
    number,
    position,
    scaled,
    shaped,
    siblings,
    split,
    whole,
)
from loadstone.fields.pools import Pool
from loadstone.fields.shapes import case, either, several, when
from loadstone.fields.text import fill, segments, text, word_count
from loadstone.fields.times import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    calendar,
    days,
    epoch,
    iso,
    moment,
    month_start,
    seconds,
)
from loadstone.pattern import (
    Every,
    Exactly,
    GetItem,
    Journey,
    Mix,
    Pattern,
    PutItem,
    Query,
    Some,
    Think,
    Touched,
    Written,
)
from loadstone.table import Index, Table, Throughput

__version__ = "0.1.0"

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "MINUTE_MS",
    "Entity",
    "Every",
    "Exactly",
    "Expr",
    "GetItem",
    "Index",
    "Journey",
    "LogNormal",
    "Mix",
    "Pattern",
    "PerParent",
    "Pool",
    "PutItem",
    "Query",
    "Setting",
    "Some",
    "Table",
    "Think",
    "Throughput",
    "Touched",
    "Weights",
    "Written",
    "Zipf",
    "as_of",
    "calendar",
    "case",
    "chance",
    "choose",
    "count_of",
    "days",
    "decimal",
    "either",
    "epoch",
    "fill",
    "first_of",
    "iso",
    "last_of",
    "least",
    "moment",
    "month_start",
    "most",
    "nth",
    "number",
    "one_of",
    "pick",
    "position",
    "scaled",
    "seconds",
    "segments",
    "several",
    "shaped",
    "siblings",
    "split",
    "text",
    "token",
    "ulid",
    "ulid_of",
    "uuid",
    "when",
    "whole",
    "word_count",
]
