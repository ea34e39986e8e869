"""ListBackup: what its eight tables say of each other, and that v2 says the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from operator import itemgetter

from tests.together import Items, by, differ, grouped, instant

_TWINS = {
    "User": ("userId",),
    "Account": ("accountId",),
    "Conversation": ("conversationId",),
    "Message": ("conversationId", "messageId"),
    "Job": ("jobId",),
    "JobRun": ("jobId", "runId"),
    "Integration": ("integrationId",),
    "Analytics": ("queryId",),
}
_KEYS = {"PK", "SK", "GSI1PK", "GSI1SK", "type"}


def v2_holds_the_same(items: Items) -> Iterator[object]:
    for entity, key in _TWINS.items():
        twins = by(items[f"V2{entity}"], *key)
        for name, item in by(items[entity], *key).items():
            twin = {each: value for each, value in twins.pop(name).items() if each not in _KEYS}
            yield from differ(name, twin=(twin, item))
        yield from twins


def v2_says_whose_an_account_is(items: Items) -> Iterator[object]:
    said = {(each["userId"], each["accountId"]) for each in items["V2UserAccount"]}
    yield from said ^ {(each["userId"], each["accountId"]) for each in items["Account"]}


def a_user_has_one_to_five_accounts(items: Items) -> Iterator[object]:
    accounts = grouped(items["Account"], "userId")
    for user in items["User"]:
        own = accounts[user["userId"]]
        if not 1 <= len(own) <= 5:
            yield user["userId"], len(own)
        if user["defaultAccountId"] not in {each["accountId"] for each in own}:
            yield user["userId"], "another's account"


def what_an_account_holds_is_its_owners(items: Items) -> Iterator[object]:
    accounts = by(items["Account"], "accountId")
    for entity in ("Conversation", "Message", "Analytics"):
        for item in items[entity]:
            account = accounts[item["accountId"]]
            yield from differ(item, owner=(item["userId"], account["userId"]))
            if item["createdAt"] < account["createdAt"]:
                yield entity, item["createdAt"], account["createdAt"]


def a_conversation_says_what_its_messages_say(items: Items) -> Iterator[object]:
    messages = grouped(items["Message"], "conversationId")
    for conversation in items["Conversation"]:
        own = sorted(messages[conversation["conversationId"]], key=itemgetter("messageId"))
        yield from differ(
            conversation["conversationId"],
            count=(conversation["messageCount"], len(own)),
            last=(conversation["lastMessageAt"], own[-1]["createdAt"]),
            numbers=([each["messageId"] for each in own], [f"{n + 1:06}" for n in range(len(own))]),
            order=([each["createdAt"] for each in own], sorted(each["createdAt"] for each in own)),
            account=({each["accountId"] for each in own}, {conversation["accountId"]}),
        )
        if own[0]["createdAt"] < conversation["createdAt"]:
            yield conversation["conversationId"], "a message before it began"


def messages_are_kept_as_long_as_the_account_says(items: Items) -> Iterator[object]:
    accounts = by(items["Account"], "accountId")
    for message in items["Message"]:
        kept = timedelta(days=accounts[message["accountId"]]["settings"]["retentionDays"])
        until = (instant(message["createdAt"]) + kept).timestamp()
        yield from differ(message["messageId"], ttl=(message["ttl"], int(until)))


def a_job_says_what_its_runs_say(items: Items) -> Iterator[object]:
    runs = grouped(items["JobRun"], "jobId")
    for job in items["Job"]:
        own = sorted(runs[job["jobId"]], key=itemgetter("startedAt"))
        yield from differ(job["jobId"], last=(job["lastRunId"], own[-1]["runId"]))
        if any(one["finishedAt"] > later["startedAt"] for one, later in pairwise(own)):
            yield job["jobId"], "two runs at one time"
        if own[0]["startedAt"] < job["createdAt"]:
            yield job["jobId"], "run before there was a job"
        if job["updatedAt"] < own[-1]["updatedAt"]:
            yield job["jobId"], "not changed by its last run"
        if job["status"] == "failed" != own[-1]["status"]:
            yield job["jobId"], "failed without a failure"


def jobs_run_for_those_who_are_there_and_connected(items: Items) -> Iterator[object]:
    accounts = by(items["Account"], "accountId")
    integrations = by(items["Integration"], "integrationId")
    for job in items["Job"]:
        account, integration = accounts[job["accountId"]], integrations[job["integrationId"]]
        yield from differ(
            job["jobId"],
            account=(integration["accountId"], job["accountId"]),
            platform=(integration["platform"], job["platform"]),
        )
        if job["status"] == "enabled" and (
            (account["status"], integration["state"]) != ("active", "connected")
        ):
            yield job["jobId"], account["status"], integration["state"]


def a_closed_account_is_connected_to_nothing(items: Items) -> Iterator[object]:
    users, accounts = by(items["User"], "userId"), by(items["Account"], "accountId")
    for account in accounts.values():
        if account["status"] == "active" != users[account["userId"]]["status"]:
            yield account["accountId"], "its owner is not active"
    for integration in items["Integration"]:
        account = accounts[integration["accountId"]]
        if integration["state"] == "connected" and account["status"] != "active":
            yield integration["integrationId"], account["status"]
