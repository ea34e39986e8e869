"""ListBackup: tables and attributes as inferred from its document, and version 2's single table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.documented import AS_OF, ISO, ULID, Documented, Shape

DAY_S = 86_400
WITHIN = {"createdAt": ISO, "updatedAt": ISO, "deletedAt": ISO}
SOFT_DELETED: dict[str, Shape] = {"deletedAt?": str, "ttl?": int}
USER, ACCOUNT, JOB, INTEGRATION = r"usr_\d{7,}", r"acc_\d{7,}", r"job_\d{8,}", r"int_\d{8,}"
RETENTION = {"free": 90, "pro": 365, "business": 730}
PLATFORMS = frozenset(
    {
        "mailchimp",
        "hubspot",
        "klaviyo",
        "activecampaign",
        "keap",
        "shopify",
        "google_contacts",
        "convertkit",
    }
)
CRON = r"\d{1,2} (\*|\*/6|\d{1,2}) \* \* (\*|[0-6])"


def _epoch(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def _deleted_together(item: dict[str, Any]) -> bool:
    """A deleted item has a TTL 30 days after its deletion, and no other has either."""
    if "deletedAt" not in item:
        return "ttl" not in item
    return bool(item["ttl"] == _epoch(item["deletedAt"]) + 30 * DAY_S)


CORE = {
    "User": Documented(
        attributes={
            "userId": str,
            "email": str,
            "name": str,
            "status": str,
            "defaultAccountId": str,
            "lastLoginAt": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        enumerations={"status": frozenset({"active", "suspended", "deleted"})},
        links=(("defaultAccountId", "Account", "accountId"),),
        in_order=(
            ("createdAt", "lastLoginAt", "updatedAt", AS_OF),
            ("lastLoginAt", "deletedAt", AS_OF, "ttl"),
        ),
        formats={"userId": USER, "lastLoginAt": ISO, **WITHIN},
        rules={
            "deleted is deleted": lambda item: (
                ("deletedAt" in item) == (item["status"] == "deleted") and _deleted_together(item)
            ),
        },
    ),
    "Account": Documented(
        attributes={
            "accountId": str,
            "userId": str,
            "name": str,
            "plan": str,
            "settings": {
                "timezone": str,
                "retentionDays": int,
                "notifications": {"onFailure": bool, "onSuccess": bool, "weeklyReport": bool},
            },
            "status": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        enumerations={
            "plan": frozenset({"free", "pro", "business"}),
            "status": frozenset({"active", "suspended", "deleted"}),
        },
        links=(("userId", "User", "userId"),),
        in_order=(("createdAt", "updatedAt", AS_OF), ("createdAt", "deletedAt", AS_OF, "ttl")),
        formats={"accountId": ACCOUNT, **WITHIN},
        rules={
            "deleted is deleted": lambda item: (
                ("deletedAt" in item) == (item["status"] == "deleted") and _deleted_together(item)
            ),
            "the plan says how long messages are kept": lambda item: (
                item["settings"]["retentionDays"] == RETENTION[item["plan"]]
            ),
        },
    ),
    "Conversation": Documented(
        attributes={
            "accountId": str,
            "conversationId": str,
            "userId": str,
            "title": str,
            "assistant": str,
            "messageCount": int,
            "lastMessageAt": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        links=(
            ("accountId", "Account", "accountId"),
            ("userId", "User", "userId"),
            ("conversationId", "Message", "conversationId"),
        ),
        in_order=(
            ("createdAt", "lastMessageAt", "updatedAt", AS_OF),
            ("lastMessageAt", "deletedAt", AS_OF, "ttl"),
        ),
        formats={"conversationId": ULID, "lastMessageAt": ISO, **WITHIN},
        rules={
            "deleted is deleted": _deleted_together,
            "questions have answers": lambda item: item["messageCount"] % 2 == 0,
        },
    ),
    "Message": Documented(
        attributes={
            "conversationId": str,
            "messageId": str,
            "accountId": str,
            "userId": str,
            "role": str,
            "content": str,
            "tokens": int,
            "createdAt": str,
            "updatedAt": str,
            "ttl": int,
        },
        enumerations={"role": frozenset({"user", "assistant"})},
        links=(
            ("conversationId", "Conversation", "conversationId"),
            ("accountId", "Account", "accountId"),
            ("userId", "User", "userId"),
        ),
        in_order=(("createdAt", "updatedAt", AS_OF, "ttl"),),
        formats={"conversationId": ULID, "messageId": r"\d{6}", **WITHIN},
        rules={
            "odd ones ask, even ones answer": lambda item: (
                (int(item["messageId"]) % 2 == 1) == (item["role"] == "user")
            ),
            "kept as long as a plan says": lambda item: (
                item["ttl"] - _epoch(item["createdAt"])
                in {days * DAY_S for days in RETENTION.values()}
            ),
        },
        prose=("content",),
    ),
    "Job": Documented(
        attributes={
            "accountId": str,
            "jobId": str,
            "name": str,
            "platform": str,
            "integrationId": str,
            "schedule": str,
            "status": str,
            "nextRunAt?": str,
            "lastRunId": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        enumerations={
            "status": frozenset({"enabled", "paused", "failed"}),
            "platform": PLATFORMS,
        },
        links=(
            ("accountId", "Account", "accountId"),
            ("integrationId", "Integration", "integrationId"),
            ("lastRunId", "JobRun", "runId"),
        ),
        in_order=(
            ("createdAt", "updatedAt", AS_OF, "nextRunAt"),
            ("createdAt", "deletedAt", AS_OF, "ttl"),
        ),
        formats={"jobId": JOB, "schedule": CRON, "lastRunId": ULID, "nextRunAt": ISO, **WITHIN},
        rules={
            "deleted is deleted": _deleted_together,
            "enabled jobs alone run again": lambda item: (
                ("nextRunAt" in item) == (item["status"] == "enabled")
            ),
            "only paused jobs are deleted": lambda item: (
                "deletedAt" not in item or item["status"] == "paused"
            ),
        },
    ),
    "JobRun": Documented(
        attributes={
            "jobId": str,
            "runId": str,
            "accountId": str,
            "status": str,
            "startedAt": str,
            "finishedAt?": str,
            "items": int,
            "bytes": int,
            "error?": str,
            "createdAt": str,
            "updatedAt": str,
        },
        enumerations={
            "status": frozenset({"queued", "running", "succeeded", "failed", "cancelled"})
        },
        links=(("jobId", "Job", "jobId"), ("accountId", "Account", "accountId")),
        in_order=(("createdAt", "startedAt", "finishedAt", "updatedAt", AS_OF),),
        formats={"runId": ULID, "startedAt": ISO, "finishedAt": ISO, **WITHIN},
        rules={
            "only failed runs have an error": lambda item: (
                ("error" in item) == (item["status"] == "failed")
            ),
            "what is over has an end": lambda item: (
                ("finishedAt" in item) == (item["status"] not in {"queued", "running"})
            ),
            "nothing is saved before it runs": lambda item: (
                item["status"] != "queued" or item["items"] == item["bytes"] == 0
            ),
        },
        prose=("error",),
    ),
    "Integration": Documented(
        attributes={
            "accountId": str,
            "integrationId": str,
            "platform": str,
            "accessToken": str,
            "refreshToken": str,
            "tokenExpiresAt": str,
            "scopes": [str],
            "state": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        enumerations={
            "platform": PLATFORMS,
            "state": frozenset({"connected", "expired", "revoked"}),
        },
        links=(("accountId", "Account", "accountId"),),
        in_order=(
            ("createdAt", "updatedAt", AS_OF),
            ("createdAt", "tokenExpiresAt", "deletedAt"),
            ("deletedAt", AS_OF, "ttl"),
        ),
        formats={
            "integrationId": INTEGRATION,
            "tokenExpiresAt": ISO,
            "accessToken": r"[\w-]{9}(~[\w-]{9}){3}",
            "refreshToken": r"[\w-]{9}(~[\w-]{9}){2}",
            **WITHIN,
        },
        rules={
            "deleted is deleted": lambda item: (
                _deleted_together(item) and ("deletedAt" not in item or item["state"] == "revoked")
            ),
        },
    ),
    "Analytics": Documented(
        attributes={
            "accountId": str,
            "queryId": str,
            "userId": str,
            "question": str,
            "sql": str,
            "durationMs": int,
            "rows": int,
            "status": str,
            "createdAt": str,
            "updatedAt": str,
        },
        enumerations={"status": frozenset({"succeeded", "failed"})},
        links=(("accountId", "Account", "accountId"), ("userId", "User", "userId")),
        in_order=(("createdAt", "updatedAt", AS_OF),),
        formats={"queryId": ULID, "sql": r"(SELECT|WITH) [^;]*:account[^;]*", **WITHIN},
        rules={
            "a failed query gives no rows": lambda item: (
                item["status"] == "succeeded" or item["rows"] == 0
            ),
            "every slot of a question is filled": lambda item: "{" not in item["question"],
        },
    ),
}


def _second(kind: str, sparse: str = "", **keys: str) -> Documented:
    """The same in the single table: its keys there, as texts with {slots}, and its type."""
    core = CORE[kind]
    optional = sparse.split()
    shape: dict[str, Shape] = {f"{key}{'?' if key in optional else ''}": str for key in keys}

    def keys_are(item: dict[str, Any]) -> bool:
        return all(
            item[key] == form.format(**item)
            for key, form in keys.items()
            if key in item or key not in optional
        )

    return Documented(
        attributes={**shape, "type": str, **core.attributes},
        enumerations={"type": frozenset({kind}), **core.enumerations},
        links=core.links,
        in_order=core.in_order,
        formats=core.formats,
        rules={**core.rules, "its keys say what it is": keys_are},
        prose=core.prose,
    )


ENTITIES = {
    **CORE,
    "V2User": _second(
        "User", PK="USER#{userId}", SK="PROFILE", GSI1PK="EMAIL#{email}", GSI1SK="USER"
    ),
    "V2UserAccount": Documented(
        attributes={
            "PK": str,
            "SK": str,
            "type": str,
            "userId": str,
            "accountId": str,
            "name": str,
            "status": str,
            "createdAt": str,
            "updatedAt": str,
            **SOFT_DELETED,
        },
        enumerations={"type": frozenset({"UserAccount"})},
        links=(("userId", "User", "userId"), ("accountId", "Account", "accountId")),
        in_order=(("createdAt", "updatedAt", AS_OF), ("createdAt", "deletedAt", AS_OF, "ttl")),
        formats=WITHIN,
        rules={
            "its keys say what it is": lambda item: (
                (item["PK"], item["SK"])
                == (f"USER#{item['userId']}", f"ACCOUNT#{item['accountId']}")
            ),
        },
    ),
    "V2Account": _second("Account", PK="ACCOUNT#{accountId}", SK="SETTINGS"),
    "V2Conversation": _second(
        "Conversation",
        PK="CONVERSATION#{conversationId}",
        SK="METADATA",
        GSI1PK="ACCOUNT#{accountId}",
        GSI1SK="CONVERSATION#{conversationId}",
    ),
    "V2Message": _second("Message", PK="CONVERSATION#{conversationId}", SK="MESSAGE#{messageId}"),
    "V2Job": _second(
        "Job",
        sparse="GSI1PK GSI1SK",
        PK="ACCOUNT#{accountId}",
        SK="JOB#{jobId}",
        GSI1PK="JOBS#{status}",
        GSI1SK="{nextRunAt}",
    ),
    "V2JobRun": _second(
        "JobRun",
        PK="JOB#{jobId}",
        SK="RUN#{runId}",
        GSI1PK="ACCOUNT#{accountId}",
        GSI1SK="RUN#{startedAt}",
    ),
    "V2Integration": _second(
        "Integration",
        PK="ACCOUNT#{accountId}",
        SK="INTEGRATION#{integrationId}",
        GSI1PK="EXPIRES#{platform}",
        GSI1SK="{tokenExpiresAt}",
    ),
    "V2Analytics": _second(
        "Analytics",
        PK="ACCOUNT#{accountId}",
        SK="ANALYTICS#{queryId}",
        GSI1PK="USER#{userId}",
        GSI1SK="ANALYTICS#{createdAt}",
    ),
}
