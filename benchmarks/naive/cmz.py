"""CMZ Chat's items, made the way people make them with Faker: a call for each value."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from faker import Faker

ANIMALS = ("lion_001", "penguin_001", "elephant_001", "redpanda_001", "giraffe_001")


def message(fake: Faker) -> dict[str, Any]:
    sent = fake.date_time_between("-90d", "now", tzinfo=UTC)
    timestamp = sent.strftime("%Y-%m-%dT%H:%M:%SZ")
    session = f"session_{fake.random_int(0, 9_999_999):07}"
    return {
        "userId": f"student_{fake.random_int(0, 999_999):06}",
        "sessionIdTimestamp": f"{session}#{timestamp}",
        "sessionId": session,
        "timestamp": timestamp,
        "animalId": fake.random_element(ANIMALS),
        "parentUserId": f"parent_{fake.random_int(0, 999_999):06}",
        "messageType": fake.random_element(("user", "assistant")),
        "content": fake.text(max_nb_chars=fake.random_int(60, 240)),
        "tokensUsed": fake.random_int(5, 60),
        "ttl": int((sent + timedelta(days=90)).timestamp()),
    }
