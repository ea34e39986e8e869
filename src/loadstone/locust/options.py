"""Loadstone's arguments on Locust's command line, and in its web form."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from typing import Any

from loadstone.advice import GIVEN, remember
from loadstone.arrivals.flags import FLAGS, Flag
from loadstone.arrivals.grammar import length_of
from loadstone.errors import BadValue
from loadstone.locust.senders import DEFAULT_RETRIES, FLAVOURS, OWN
from loadstone.naming import DEFAULT_STAGE


def add_arguments(parser: Any) -> None:
    """What `loadstone run` and plain `locust -f` both understand."""
    parser.add_argument(
        "--mix", default="balanced", help="Which of the scenario's mixes is played."
    )
    parser.add_argument(
        "--skew",
        type=float,
        default=0.99,
        help="How much more popular hot keys are: Zipf's exponent; 0 is even.",
    )
    parser.add_argument(
        "--warm-up",
        type=_seconds,
        default=0.0,
        metavar="TIME",
        help="So many seconds at the start are counted apart.",
    )
    parser.add_argument(
        "--retries",
        type=int,
        default=DEFAULT_RETRIES,
        help="How often a failed operation is sent again, with back-off; 0: never.",
    )
    parser.add_argument(
        "--client",
        default=OWN,
        choices=FLAVOURS,
        help="What sends: Loadstone's own client; boto3 as you have configured it; or boto3 tuned "
        "for load. The scenario and the accounts are the same.",
    )
    parser.add_argument(
        "--sampled",
        type=float,
        default=0.02,
        help="The share of answers that are compared with the data set, row by row.",
    )
    parser.add_argument(
        "--throttle",
        action="append",
        default=[],
        include_in_web_ui=False,
        metavar="LIMITS",
        help="Throttle as DynamoDB would: provisioned:100rcu,50wcu or on-demand, of one table as "
        "messages=..., of one index as messages/ByUser=...; may be repeated. Simulated.",
    )
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        include_in_web_ui=False,
        metavar="NAME=CHOICE",
        help="Where sources on DynamoDB disagree on what a call is expected to consume: "
        "numbers=by-parts, respelled=same; may be repeated.",
    )
    for flag in FLAGS:
        _add(parser, flag)
    parser.add_argument(
        "--stage", default=DEFAULT_STAGE, help="For systems whose table names have one."
    )
    parser.add_argument("--table-prefix", default="", help="Put before every table's name.")
    parser.add_argument("--region", default="", help="Else as for every other command.")
    parser.add_argument(
        "--budget",
        default="",
        metavar="USD",
        help="Stop the run when it has cost so much, on AWS.",
    )
    parser.add_argument(
        "--prices",
        default="",
        include_in_web_ui=False,
        metavar="FILE",
        help="Prices that go before the built-in ones.",
    )
    parser.add_argument("--run-name", default="", help="The run's name; else system and time.")
    parser.add_argument(
        "--allow-untagged",
        action="append",
        default=[],
        include_in_web_ui=False,
        metavar="TABLE",
        help="Write to this table on AWS although it does not carry Loadstone's tag.",
    )
    parser.add_argument(
        "--allow-production",
        action="append",
        default=[],
        include_in_web_ui=False,
        metavar="WORD-OR-TABLE",
        help="Go on although this word or name looks like production.",
    )


def keep_given(options: Any) -> None:
    """Have what Locust was given in the commands that messages advise, if `loadstone run` has not
    handed on what it was given itself."""
    if GIVEN in os.environ:
        return
    stage = options.stage if options.stage != DEFAULT_STAGE else ""
    for option, value in (
        ("--stage", stage),
        ("--table-prefix", options.table_prefix),
        ("--endpoint", options.host),
        ("--region", options.region),
    ):
        if value:
            remember(option, value)


class _Verbatim(str):
    """A help text that is shown as it is written: argparse fills in what follows a percent sign,
    and Locust's web form does not."""

    __slots__ = ()

    def __mod__(self, _: Any) -> str:
        return str(self)


def _seconds(text: str) -> float:
    try:
        return length_of(text, "--warm-up")
    except BadValue as error:
        raise ArgumentTypeError(str(error)) from None


def _add(parser: Any, flag: Flag) -> None:
    """An option in argparse's terms."""
    about: dict[str, Any] = {"default": flag.default, "help": _Verbatim(flag.help)}
    if isinstance(flag.default, bool):
        parser.add_argument(flag.spelled, action="store_true", **about)
        return
    if isinstance(flag.default, tuple):
        # An empty list would be one of numbers to Locust's web form, which could then not start.
        about |= {"action": "append", "default": list(flag.default) or [""]}
    else:
        about |= {"type": type(flag.default), "choices": flag.choices}
    parser.add_argument(flag.spelled, metavar=flag.metavar, **about)
