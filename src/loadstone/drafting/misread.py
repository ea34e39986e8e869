"""What is wrong with a file that a draft is to be made from, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadstone.errors import BadValue

#: What a file is called that has such a thing in it, and what reads it.
_OTHERS = {
    "Resources": ("a CloudFormation template", "--from-cloudformation"),
    "resources": ("a template", "--from-cloudformation"),
    "DataModel": ("a NoSQL Workbench model", "--from-workbench"),
}


def text_of(path: Path, flag: str) -> str:
    """What a file holds, if that is text."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadValue(
            f"{flag}: {path} cannot be read: it is no text in UTF-8, from byte {error.start:,} on"
        ) from error
    except OSError as error:
        raise BadValue(f"{flag}: {path} cannot be read: {error.strerror or error}") from error
    if not text.strip():
        raise BadValue(f"{flag}: {path} cannot be read: it is empty")
    return text


def json_of(text: str) -> Any:
    """JSON; a ValueError that says where it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text[error.pos :].strip():
            raise ValueError("it breaks off before its end: is the file whole?") from error
        where = f"line {error.lineno:,}, column {error.colno:,}"
        raise ValueError(f"no JSON from {where} on: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def other_format(found: Any, flag: str) -> str:
    """What else a file seems to be, and which flag reads that; empty where nothing is known."""
    if isinstance(found, Mapping):
        for name, (kind, its_flag) in _OTHERS.items():
            if name in found and its_flag != flag:
                return f"it looks like {kind}, which {its_flag} reads"
    return ""


def in_words(error: Exception) -> str:
    """What was stumbled over: something that is missing, or of another kind."""
    if isinstance(error, KeyError):
        return f"{error} is missing"
    if isinstance(error, (AttributeError, TypeError, IndexError)):
        return "something in it is of another kind than such files have, a list for a map, say"
    return str(error)
