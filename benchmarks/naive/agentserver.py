"""AI Agent Server's items, made the way people make them with Faker: a call for each value."""

from __future__ import annotations

from typing import Any

from faker import Faker


def session(fake: Faker) -> dict[str, Any]:
    created = fake.date_time_between("-180d", "-1d")
    updated = fake.date_time_between(created, "now")
    return {
        "id": fake.uuid4(),
        "tenantId": f"{fake.slug()}-{fake.random_int(0, 999):03}",
        "userId": f"user-{fake.random_int(0, 999_999):06}",
        "locationId": fake.bothify("location-????-##"),
        "isActive": fake.boolean(chance_of_getting_true=10),
        "createdAt": f"{created.isoformat(timespec='milliseconds')}Z",
        "updatedAt": f"{updated.isoformat(timespec='milliseconds')}Z",
        "metadata": {
            "channel": fake.random_element(("web", "mobile", "api", "voice")),
            "agent": fake.first_name(),
            "topic": fake.random_element(("order.status", "leave.request", "access.reset")),
            "title": fake.sentence(nb_words=3),
        },
    }


def message(fake: Faker) -> dict[str, Any]:
    content = fake.paragraph(nb_sentences=3)
    role = fake.random_element(("user", "agent"))
    made: dict[str, Any] = {
        "id": fake.uuid4(),
        "tenantId": f"{fake.slug()}-{fake.random_int(0, 999):03}",
        "sessionId": fake.uuid4(),
        "userId": f"user-{fake.random_int(0, 999_999):06}",
        "content": content,
        "role": role,
        "timestamp": (
            f"{fake.date_time_between('-180d', 'now').isoformat(timespec='milliseconds')}Z"
        ),
    }
    if role == "agent":
        made["metadata"] = {
            "intent": fake.random_element(("order.status", "leave.request", "access.reset")),
            "model": fake.random_element(("agent-small-3", "agent-base-4")),
            "latencyMs": fake.random_int(400, 19_000),
            "tokens": {
                "prompt": fake.random_int(240, 900),
                "completion": len(content.split()) * 4 // 3,
            },
        }
    return made
