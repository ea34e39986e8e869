"""The DynamoDB that is meant, who asks it, what they may do, and whose clock is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from loadstone.advice import advised
from loadstone.aws.account import Caller, caller, clock_of, refused
from loadstone.aws.live import Unread
from loadstone.aws.permissions import Scope, needs
from loadstone.aws.policy import Allowed
from loadstone.aws.session import DUMMY
from loadstone.aws.target import probe, resolve_target
from loadstone.client.target import Target
from loadstone.doctor.finding import Finding
from loadstone.embedded.process import answers
from loadstone.embedded.registry import DEFAULT_FILE, registered
from loadstone.errors import LoadstoneError
from loadstone.system import System
from loadstone.target import Where

#: "Signature Version 4 signing process": a request is good for five minutes.
MOST_SKEW_S = 300.0
NOTED_SKEW_S = 30.0

#: What a person may want to do with a system's tables.
COMMANDS = ("tables create", "seed", "verify", "run", "unseed", "tables drop")
LOCAL = "`--endpoint aws` or a URL means another"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A system whose tables are meant, by the names that they have."""

    system: System
    names: Mapping[str, str]

    def scope(self, target: Target, who: Caller) -> Scope:
        played = [each for mix in self.system.mixes.values() for each in mix.patterns]
        return Scope(
            region=target.region,
            account=who.account,
            tables=self.system.tables,
            names=self.names,
            patterns=list(dict.fromkeys(played)),
        )


def connection(where: Where, about: About | None) -> Iterator[Finding]:
    """What can be said of the target that a command with the same flags would have."""
    try:
        target = resolve_target(
            endpoint=where.endpoint,
            region=where.region,
            profile=where.profile,
            documented_region=about.system.region if about else None,
        )
        if target is None:
            yield from _embedded(where)
            return
        probe(target)
    except LoadstoneError as error:
        yield Finding(
            about="target",
            found=str(error),
            do="put that right, then run this again",
            state="wrong",
        )
        return
    yield Finding(about="target", found=f"{target} answers", do=f"it is used; {LOCAL}")
    yield from credentials(target, about)
    yield clock(clock_of(target), lambda: datetime.now(UTC))


def credentials(target: Target, about: About | None) -> Iterator[Finding]:
    """Whose they are, and what they may do."""
    if target.kind != "aws":
        whose = "nobody's" if target.credentials() == DUMMY else "yours, from the environment"
        yield Finding(
            about="credentials",
            found=f"{whose}; what is no AWS checks no permissions",
            do="nothing to do",
        )
        return
    who = caller(target)
    if isinstance(who, Unread):
        yield Finding(
            about="credentials",
            found="DynamoDB accepts them; whose they are could not be asked of STS",
            do="allow the network to reach sts, if you want to know",
            state="note",
        )
        return
    yield Finding(
        about="credentials",
        found=f"{who.arn} in account {who.account}",
        do="pass --profile for another",
    )
    yield from permissions(target, who, about)


def permissions(target: Target, who: Caller, about: About | None) -> Iterator[Finding]:
    """What IAM's simulation says of each command; nothing is tried on a table."""
    if about is None:
        yield Finding(
            about="permissions",
            found="not asked about: no system is named",
            do=f"`{advised('doctor', 'SYSTEM')}` asks about its tables",
            state="note",
        )
        return
    scope = about.scope(target, who)
    wanted = {command: _of_dynamodb(needs(command, scope)) for command in COMMANDS}
    found = refused(target, who, [each for some in wanted.values() for each in some])
    if isinstance(found, Unread):
        yield Finding(
            about="permissions",
            found="not known: IAM may not be asked (iam:SimulatePrincipalPolicy)",
            do=f"`{advised('permissions', about.system.id)}` prints what each command needs",
            state="note",
        )
        return
    for command, needed in wanted.items():
        lacking = dict.fromkeys(each.action for each in needed if each in found)
        if lacking:
            yield Finding(
                about=f"may {command}",
                found=f"no: not allowed {', '.join(lacking)}",
                do="if it is meant: "
                f"`{advised('permissions', about.system.id, *command.split())}` prints the policy",
                state="note",
            )
        else:
            yield Finding(about=f"may {command}", found="yes", do="nothing to do")


def _of_dynamodb(allowed: Iterable[Allowed]) -> list[Allowed]:
    return [Allowed(*each[:2]) for each in allowed if each.action.startswith("dynamodb:")]


def clock(theirs: datetime | None, now: Callable[[], datetime]) -> Finding:
    """AWS refuses what is signed at another time than its own."""
    if theirs is None:
        return Finding(about="clock", found="the target does not say its time", do="nothing to do")
    skew_s = (now() - theirs).total_seconds()
    ahead = "ahead" if skew_s > 0 else "behind"
    found = f"this machine is {abs(skew_s):,.0f} s {ahead}"
    if abs(skew_s) >= MOST_SKEW_S:
        return Finding(
            about="clock", found=found, do="set it: AWS refuses what it signs", state="wrong"
        )
    if abs(skew_s) >= NOTED_SKEW_S:
        return Finding(
            about="clock", found=found, do="set it before it is off by five minutes", state="note"
        )
    return Finding(about="clock", found="right, to some seconds", do="nothing to do")


def _embedded(where: Where) -> Iterator[Finding]:
    known = registered(where.state)
    if known and answers(known.url):
        found = f"no endpoint is named: the embedded engine at {known.url}, process {known.pid}"
    else:
        found = f"no endpoint is named: the embedded engine, on {where.state / DEFAULT_FILE}"
    yield Finding(about="target", found=found, do=f"nothing to do; {LOCAL}")
    yield Finding(
        about="credentials", found="none are looked for: the engine is nobody's", do="nothing to do"
    )
    yield Finding(about="clock", found="it is this machine's own", do="nothing to do")
