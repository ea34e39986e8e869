"""ListBackup's items, made the way people make them with Faker: a call for each value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from faker import Faker
from ulid import ULID

PLATFORMS = ("mailchimp", "hubspot", "klaviyo", "activecampaign", "keap", "shopify")
SCOPES = ("contacts.read", "lists.read", "tags.read", "campaigns.read", "offline_access")


def message(fake: Faker) -> dict[str, Any]:
    content = fake.paragraph(nb_sentences=4)
    created = fake.date_time_between("-1y", "now")
    return {
        "conversationId": str(ULID.from_datetime(created)),
        "messageId": f"{fake.random_int(1, 40):06}",
        "accountId": fake.bothify("acc_#######"),
        "userId": fake.bothify("usr_#######"),
        "role": fake.random_element(("user", "assistant")),
        "content": content,
        "tokens": len(content.split()) * 4 // 3,
        "createdAt": f"{created.isoformat(timespec='seconds')}Z",
        "updatedAt": f"{created.isoformat(timespec='seconds')}Z",
        "ttl": int((created + timedelta(days=365)).timestamp()),
    }


def job_run(fake: Faker) -> dict[str, Any]:
    started = fake.date_time_between("-1y", "now")
    finished = started + timedelta(seconds=fake.random_int(8, 1180))
    status = fake.random_element(("succeeded", "succeeded", "succeeded", "failed", "cancelled"))
    items = fake.random_int(12, 60_000)
    made: dict[str, Any] = {
        "jobId": fake.bothify("job_########"),
        "runId": str(ULID.from_datetime(started)),
        "accountId": fake.bothify("acc_#######"),
        "status": status,
        "startedAt": f"{started.isoformat(timespec='seconds')}Z",
        "finishedAt": f"{finished.isoformat(timespec='seconds')}Z",
        "items": items,
        "bytes": items * fake.random_int(240, 3_800),
        "createdAt": f"{started.isoformat(timespec='seconds')}Z",
        "updatedAt": f"{finished.isoformat(timespec='seconds')}Z",
    }
    if status == "failed":
        made["error"] = fake.sentence(nb_words=12)
    return made


def integration(fake: Faker) -> dict[str, Any]:
    created = fake.date_time_between("-2y", "-10d")
    updated = fake.date_time_between("-1h", "now")
    expires = fake.date_time_between("now", "+30d")
    return {
        "accountId": fake.bothify("acc_#######"),
        "integrationId": fake.bothify("int_########"),
        "platform": fake.random_element(PLATFORMS),
        "accessToken": fake.password(length=39, special_chars=False),
        "refreshToken": fake.password(length=29, special_chars=False),
        "tokenExpiresAt": f"{expires.isoformat(timespec='seconds')}Z",
        "scopes": list(fake.random_elements(SCOPES, length=3, unique=True)),
        "state": fake.random_element(("connected", "connected", "expired", "revoked")),
        "createdAt": f"{created.isoformat(timespec='seconds')}Z",
        "updatedAt": f"{updated.isoformat(timespec='seconds')}Z",
    }
