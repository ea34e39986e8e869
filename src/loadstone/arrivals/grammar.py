"""`200ops/s`, `1h30m` and `ramp:from=10,over=60s`: what is written on a command line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isfinite
from pathlib import Path

from loadstone.arrivals.schedule import Line, Piece, Schedule, Wave
from loadstone.errors import BadValue

MOST_STEPS = 10_000

_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+")
_RATE = re.compile(r"(?P<number>[\d.]+)\s*(?P<unit>ops/s)")
_APART = re.compile(r"([\d.]*)\s*(.*)", re.DOTALL)
_SPAN = re.compile(r"(?=.)((?P<h>\d+)h)?((?P<m>\d+)m)?((?P<s>\d+(\.\d+)?)s?)?")


def rate_of(text: str, said: str = "--rate") -> float:
    """`200ops/s` as operations a second."""
    found = _RATE.fullmatch(text.strip())
    if not found or not _NUMBER.fullmatch(found["number"]) or float(found["number"]) <= 0:
        raise BadValue(f"{_put(said, text)}: write it as 200ops/s, {_lacks(text.strip())}")
    return float(found["number"])


def _put(said: str, text: str) -> str:
    """As it stands on a command line: `--rate 200`, and `from=200` within a shape."""
    return f"{said}{text}" if said.endswith("=") else f"{said} {text}"


def _lacks(text: str) -> str:
    """What is wrong with a rate: its number or its unit."""
    number, unit = _APART.fullmatch(text).groups()  # type: ignore[union-attr]
    if not _NUMBER.fullmatch(number) or not float(number):
        return "with a number above 0"
    return f"in operations a second, not {unit!r}" if unit else "with its unit"


def seconds_of(text: str, said: str) -> float:
    """`90`, `90s`, `1m30s`, `1h`."""
    found = _SPAN.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise BadValue(f"{_put(said, text)}: write it as 30s, 5m or 1h30m")
    hours, minutes, seconds = (float(found[unit] or 0) for unit in "hms")
    return hours * 3600 + minutes * 60 + seconds


def length_of(text: str, said: str) -> float:
    """The same, and any number of seconds, which whoever asks holds to its limits."""
    try:
        return float(text)
    except ValueError:
        return seconds_of(text, said)


def schedule_of(rate: str | None, shape: str | None) -> Schedule:
    """What `--rate` and `--shape` ask for together."""
    name, _, rest = (shape or "constant").partition(":")
    if name == "csv":
        return _from_csv(rest, rate_of(rate) if rate else None)
    known = _SHAPES.get(name)
    if known is None:
        raise BadValue(f"--shape {shape}: no shape {name!r}; there are {', '.join(SHAPE_EXAMPLES)}")
    if not rate:
        raise BadValue(f"--shape {shape} goes with a rate: add --rate 200ops/s")
    return Schedule(known.pieces(rate_of(rate), _values(known, rest, str(shape))))


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape's rates and times, by the names that they are written with, and what they make."""

    example: str
    rates: Sequence[str]
    times: Sequence[str]
    pieces: Callable[[float, Mapping[str, float]], Sequence[Piece]]


def _ramp(rate: float, value: Mapping[str, float]) -> Sequence[Piece]:
    return [Line(length_s=value["over"], first=value["from"], last=rate), Line.flat(rate)]


def _step(rate: float, value: Mapping[str, float]) -> Sequence[Piece]:
    if value["from"] >= rate or (rate - value["from"]) / value["by"] > MOST_STEPS:
        raise BadValue(
            f"--shape step: from={value['from']:g} is to be below the --rate of {rate:g}, and by "
            f"large enough to get there in {MOST_STEPS:,} steps"
        )
    steps = ceil((rate - value["from"]) / value["by"])
    rises = (value["from"] + step * value["by"] for step in range(steps))
    return [*(Line.flat(rise, value["every"]) for rise in rises), Line.flat(rate)]


def _spike(rate: float, value: Mapping[str, float]) -> Sequence[Piece]:
    before, during = Line.flat(rate, value["at"]), Line.flat(value["to"], value["for"])
    return [before, during, Line.flat(rate)]


def _wave(rate: float, value: Mapping[str, float]) -> Sequence[Piece]:
    if value["low"] >= rate:
        raise BadValue(f"--shape wave: low={value['low']:g} is to be below the --rate of {rate:g}")
    return [Wave(low=value["low"], high=rate, every_s=value["every"])]


_SHAPES = {
    "constant": _Shape("constant", (), (), lambda rate, _: [Line.flat(rate)]),
    "ramp": _Shape("ramp:from=10,over=60s", ("from",), ("over",), _ramp),
    "step": _Shape("step:from=50,by=50,every=30s", ("from", "by"), ("every",), _step),
    "spike": _Shape("spike:to=1000,at=30s,for=10s", ("to",), ("at", "for"), _spike),
    "wave": _Shape("wave:low=50,every=5m", ("low",), ("every",), _wave),
}
SHAPE_EXAMPLES = (*(shape.example for shape in _SHAPES.values()), "csv:FILE")
SHAPE_HELP = (
    "How the rate goes over time, --rate being where it leads: "
    "ramp:from=10,over=60s; step:from=50,by=50,every=30s; wave:low=50,every=5m (from low to --rate "
    "and back); spike:to=1000,at=30s,for=10s (away from --rate and back); csv:FILE (a line for "
    "each time,rate, straight lines between; with --rate scaled to that as its highest). "
    "The last rate stays."
)


def _values(shape: _Shape, text: str, said: str) -> dict[str, float]:
    """The parameters of a shape, each there once."""
    wrong = f"--shape {said}: write it as {shape.example}"
    given: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        name, equals, value = pair.partition("=")
        if name not in (*shape.rates, *shape.times) or not equals or name in given:
            raise BadValue(f"{wrong}; {pair!r} is not understood")
        given[name] = value
    missing = [name for name in (*shape.rates, *shape.times) if name not in given]
    if missing:
        raise BadValue(f"{wrong}; it lacks {', '.join(missing)}")
    values = {name: _rate_or_zero(given[name], f"--shape {said}: {name}=") for name in shape.rates}
    for name in shape.times:
        values[name] = seconds_of(given[name], f"--shape {said}: {name}=")
        if not values[name] and name != "at":
            raise BadValue(f"{wrong}; {name} is more than 0")
    if values.get("by") == 0:
        raise BadValue(f"{wrong}; by is more than 0")
    return values


def _rate_or_zero(text: str, said: str) -> float:
    """A shape's rates have the unit of its `--rate`."""
    number = text.removesuffix("ops/s")
    return float(number) if _NUMBER.fullmatch(number) else rate_of(text, said)


def _from_csv(text: str, highest: float | None) -> Schedule:
    """Straight lines between the rows; times count from the first row."""
    path = Path(text)
    rows = _rows(path)
    peak = max((rate for _, rate in rows), default=0.0)
    if not peak:
        raise BadValue(f"--shape csv: {path} holds no time,rate row with a rate above 0")
    scale = highest / peak if highest else 1.0
    pieces: list[Piece] = []
    for (start_s, first), (end_s, last) in pairwise(rows):
        if end_s < start_s:
            raise BadValue(f"--shape csv: in {path} the time {end_s:g} comes after {start_s:g}")
        if end_s > start_s:
            line = Line(length_s=end_s - start_s, first=first * scale, last=last * scale)
            pieces.append(line)
    return Schedule([*pieces, Line.flat(rows[-1][1] * scale)])


def _rows(path: Path) -> list[tuple[float, float]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = [(number, row) for number, row in enumerate(csv.reader(file), 1) if row]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadValue(f"--shape csv: {str(path) or 'no file'} cannot be read: {reason}") from None
    rows: list[tuple[float, float]] = []
    for at, (number, row) in enumerate(lines):
        try:
            time_s, rate = (float(cell) for cell in row)
        except ValueError:
            if at == 0:
                continue  # the names of the columns
            raise _bad_row(path, number) from None
        if rate < 0 or not isfinite(rate) or not isfinite(time_s):
            raise _bad_row(path, number)
        rows.append((time_s, rate))
    return rows


def _bad_row(path: Path, number: int) -> BadValue:
    return BadValue(
        f"--shape csv: line {number} of {path} is to be a time in seconds and a rate of 0 or more, "
        "as 30,200"
    )
