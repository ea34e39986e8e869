"""Loadstone's arguments on Locust's command line, and in its web form."""

from __future__ import annotations

from typing import Any


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
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="The first seconds are counted apart.",
    )
    parser.add_argument(
        "--retries",
        type=int,
        default=3,
        help="How often a failed operation is sent again, with back-off; 0: never.",
    )
    parser.add_argument(
        "--sampled",
        type=float,
        default=0.02,
        help="The share of answers that are compared with the data set, row by row.",
    )
    parser.add_argument("--stage", default="dev", help="For systems whose table names have one.")
    parser.add_argument("--table-prefix", default="", help="Put before every table's name.")
    parser.add_argument("--region", default="", help="Else as for every other command.")
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
