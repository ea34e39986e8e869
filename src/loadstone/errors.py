"""What can go wrong that is not our bug: each error says what happened and what to do."""

from __future__ import annotations

from difflib import get_close_matches


class LoadstoneError(Exception):
    """Something that the person at the keyboard can put right; shown as one line, no traceback."""

    #: 2: asked wrongly or refused; 1: the answer is no, or the work could not be finished.
    exit_code = 2

    def __str__(self) -> str:
        return " ".join(str(arg) for arg in self.args)


def meant(name: str, known: list[str] | tuple[str, ...]) -> str:
    """`; you may mean library` where a name is one that is known but for a slip, or the path of its
    file."""
    stem = name.rpartition("/")[2].removesuffix(".py").lower()
    lower = {each.lower(): each for each in known}
    near = get_close_matches(stem, lower, n=1, cutoff=0.66)
    return f"; you may mean {lower[near[0]]}" if near else ""


class UnknownName(LoadstoneError, KeyError):
    """A system, entity, pattern or mix that is not there."""

    @classmethod
    def among(cls, kind: str, name: str, known: list[str] | tuple[str, ...]) -> UnknownName:
        """`no system 'asc'; there are acs, agentserver, cmz; you may mean acs`"""
        if not known:
            return cls(f"no {kind} {name!r}; there is none")
        verb = "is" if len(known) == 1 else "are"
        return cls(f"no {kind} {name!r}; there {verb} {', '.join(known)}{meant(name, known)}")


class BadValue(LoadstoneError, ValueError):
    """A value that cannot be used: a scale of -1, a malformed stage, an unknown unit."""


class BadContent(LoadstoneError, TypeError):
    """A fixture or scenario module that does not say what the engine needs to know."""


class Refused(LoadstoneError):
    """Something that could hurt, asked for without the word that allows it."""


class TargetError(LoadstoneError, ConnectionError):
    """The endpoint does not answer, is no DynamoDB, or does not accept the credentials."""


class TableMismatch(LoadstoneError):
    """A table that exists, but is not the one that the system describes."""


class EngineError(LoadstoneError, RuntimeError):
    """The embedded engine could not be found, started, or kept alive."""


class EngineDied(EngineError):
    """The embedded engine ended while it was in use."""

    exit_code = 1


class BadRecord(LoadstoneError, ValueError):
    """A run record that is empty, damaged, or of a newer version."""


class NoPrice(LoadstoneError, KeyError):
    """A price that the table of prices does not have."""


class BadInstallation(LoadstoneError, FileNotFoundError):
    """A part of Loadstone is not there that came with it."""


class Unfinished(LoadstoneError, TimeoutError):
    """Something that was begun and takes longer than we wait."""

    exit_code = 1
