"""The live tables of a system, and which data set they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadstone.aws.control import Control
from loadstone.aws.faults import is_denied
from loadstone.aws.live import LiveTable, Unread
from loadstone.aws.settings import TAG, check_shape
from loadstone.aws.tables import Wanted
from loadstone.client.target import Target
from loadstone.errors import Refused, TargetError
from loadstone.seeding.identity import TAG_PREFIX, as_tags, from_tags
from loadstone.seeding.ledger import LEDGERS, held_identity, is_open
from loadstone.seeding.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A table that is there. `live` is None when it may not be asked about."""

    place: Place
    live: LiveTable | None
    held: Mapping[str, str] | None  # the identity of the data set in it, where one is known

    def is_ours(self, system: str) -> bool:
        return self.live is not None and self.live.tag(TAG) == system


def refuse_untagged(tables: Sequence[Found], system: str, allowed: Sequence[str]) -> None:
    """Refused when a table is not seen to carry Loadstone's tag, unless it is named."""
    names = [each.place.name for each in tables if not each.is_ours(system)]
    refused = [name for name in names if name not in allowed]
    if refused:
        flags = " ".join(f"--allow-untagged {name}" for name in refused)
        raise Refused(
            f"{', '.join(refused)}: not seen to carry Loadstone's tag, so it may be in use; "
            f"if it is meant, add {flags}"
        )


def refuse_open(places: Iterable[Place], ledgers: Path) -> None:
    """Refused while another command changes what a table holds, or counts it."""
    names = [place.name for place in places if is_open(ledgers, place)]
    if names:
        raise Refused(
            f"{', '.join(names)}: a seed, an unseed or a verification is under way there; wait for "
            "it, or stop it: the same command goes on with it later"
        )


class Places:
    """The tables that a system wants at one target."""

    def __init__(
        self, target: Target, *, ledgers: Path = LEDGERS, say: Callable[[str], None]
    ) -> None:
        self.control = Control(target, say=say)
        self._ledgers, self._say = ledgers, say
        self._denied = False

    def find(self, wanted: Sequence[Wanted]) -> list[Found]:
        """Those that are there, each of the shape that is wanted."""
        return [found for each in wanted if (found := self._find(each)) is not None]

    def mark(self, found: Sequence[Found], identity: Mapping[str, str]) -> None:
        """Write on each table which data set it holds, from now on."""
        tags = as_tags(identity)
        for each in found:
            if each.live is None or isinstance(each.live.tags, Unread):
                continue
            if any(each.live.tags.get(name) != value for name, value in tags.items()):
                self._mark(each.live, tags)

    def unmark(self, found: Found) -> None:
        """No data set is in it any more. That it is ours stays on it."""
        if found.live is None or isinstance(found.live.tags, Unread):
            return
        names = [name for name in found.live.tags if name.startswith(TAG_PREFIX)]
        if names:
            self._tried(lambda live: self.control.untag(live, names), found.live)

    def _find(self, each: Wanted) -> Found | None:
        try:
            live = self.control.read(each.name)
        except TargetError as error:
            self._raise_unless_denied(error)
            self._say_once(f"{error}; the ledger alone knows what {each.name} holds")
            return self._unseen(each)
        if live is None:
            return None
        check_shape(each.table, live)
        place = Place(table=each.table, name=each.name, arn=live.arn, table_id=live.table_id)
        tagged = None if isinstance(live.tags, Unread) else from_tags(live.tags)
        return Found(place=place, live=live, held=tagged or held_identity(self._ledgers, place))

    def _unseen(self, each: Wanted) -> Found:
        """A table that may be written to and not described, as some policies have it."""
        address = f"{self.control.target.url}/{self.control.target.region}/{each.name}"
        place = Place(table=each.table, name=each.name, arn=address, table_id="")
        return Found(place=place, live=None, held=held_identity(self._ledgers, place))

    def _mark(self, live: LiveTable, tags: Mapping[str, str]) -> None:
        self._tried(lambda live: self.control.tag(live, tags), live)

    def _tried(self, change: Callable[[LiveTable], object], live: LiveTable) -> None:
        try:
            change(live)
        except TargetError as error:
            self._raise_unless_denied(error)
            self._say_once(f"{error}; the ledger alone knows what {live.name} holds")

    def _raise_unless_denied(self, error: TargetError) -> None:
        if not isinstance(error.__cause__, Exception) or not is_denied(error.__cause__):
            raise error

    def _say_once(self, text: str) -> None:
        if not self._denied:
            self._denied = True
            self._say(text)
