"""The DynamoDB that a person means, opened: probed, and the embedded engine started or shared."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loadstone.aws.keys import account_aliases
from loadstone.aws.session import PROFILE_VARIABLES
from loadstone.naming import Naming, check_production

if TYPE_CHECKING:
    from loadstone.client.target import Target
    from loadstone.embedded.registry import Lease


#: The address of an embedded engine that the calling process lends, instead of the project's.
LENT_ENGINE = "LOADSTONE_LENT_ENGINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What `--endpoint`, `--region`, `--profile` and `--project` say."""

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    project: Path | None = None

    @property
    def state(self) -> Path:
        """The folder of the project's own state."""
        from loadstone.embedded.registry import STATE
        from loadstone.system import project_root

        return (project_root(self.project) or Path.cwd()) / STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A target that answered; `lease` when it is the embedded engine."""

    target: Target
    lease: Lease | None = None

    def raise_if_dead(self) -> None:
        """EngineDied when the embedded engine ended under us."""
        if self.lease:
            self.lease.raise_if_dead()


@contextmanager
def opened_target(
    where: Where, *, documented_region: str | None = None, say: Callable[[str], None]
) -> Iterator[Opened]:
    """The target, said and probed; the embedded engine is started, or shared, meanwhile.

    When the block fails and the engine turns out to be dead, that is the error.
    """
    from loadstone.aws.target import embedded_target, probe, resolve_target
    from loadstone.embedded.registry import Lease, project_engine

    target = resolve_target(
        endpoint=where.endpoint,
        region=where.region,
        profile=where.profile,
        documented_region=documented_region,
    )
    with ExitStack() as stack:
        lease = None
        if target is None:
            lent = os.environ.get(LENT_ENGINE)
            if lent:
                lease = Lease(url=lent, owner=os.getppid())
            else:
                lease = stack.enter_context(project_engine(where.state, say=say))
            target = embedded_target(
                lease.url, region=where.region, documented_region=documented_region
            )
        say(f"target: {target}")
        opened = Opened(target=target, lease=lease)
        try:
            probe(target)
            yield opened
        except Exception:
            opened.raise_if_dead()
            raise
        opened.raise_if_dead()


def refuse_production(
    target: Target,
    *,
    naming: Naming,
    tables: Sequence[str],
    allowed: Sequence[str],
    say: Callable[[str], None],
    profile: str | None = None,
) -> None:
    """Refused when a name looks like production; the embedded engine alone is nobody's."""
    if target.kind == "embedded":
        return
    names = [*(("table", name) for name in tables), ("stage", naming.stage)]
    if target.kind == "aws":
        chosen = profile or next(filter(None, map(os.environ.get, PROFILE_VARIABLES)), "")
        names.append(("AWS profile", chosen))
        aliases = account_aliases(target)
        if isinstance(aliases, list):
            names += [("account", alias) for alias in aliases]
        else:
            say(f"account alias: {aliases.value}; whether the account is production is not known")
    check_production(names, allowed)
