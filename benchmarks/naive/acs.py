"""ACS's items, made the way people make them with Faker: a call for each value."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from faker import Faker


def conversation(fake: Faker) -> dict[str, Any]:
    sender = fake.ascii_safe_email()
    message_id = fake.uuid4()
    return {
        "conversation_id": fake.uuid4(),
        "response_id": fake.uuid4(),
        "message_id": message_id,
        "associated_account": fake.uuid4(),
        "sender_email": sender,
        "recipient_email": fake.ascii_safe_email(),
        "subject": fake.sentence(nb_words=5),
        "body": f"Hi,\n\n{fake.paragraph(nb_sentences=8)}\n\nBest,\n{fake.name()}",
        "timestamp": f"{fake.date_time_between('-90d', 'now').isoformat(timespec='seconds')}Z",
        "is_first_email": fake.random_element(("true", "false")),
        "thread_id": fake.uuid4(),
        "status": fake.random_element(("received", "processed", "responded", "scheduled")),
        "ai_response": (
            f"Hello {fake.first_name()},\n\n{fake.paragraph(nb_sentences=5)}\n\n"
            f"Best regards,\n{fake.name()}\n{fake.company()}"
        ),
        "ev_score": Decimal(fake.random_int(5, 95)) / 100,
        "metadata": {
            "headers": {"Message-ID": f"<{message_id}@mail.example>", "From": sender},
            "attachments": [],
            "spam_score": Decimal(fake.random_int(0, 20)) / 100,
        },
    }


def user(fake: Faker) -> dict[str, Any]:
    user_id = fake.uuid4()
    created = fake.date_time_between("-900d", "-90d")
    created_at = f"{created.isoformat(timespec='seconds')}Z"
    updated = fake.date_time_between(created, "now")
    return {
        "id": user_id,
        "email": fake.ascii_safe_email(),
        "name": fake.name(),
        "created_at": created_at,
        "updated_at": f"{updated.isoformat(timespec='seconds')}Z",
        "status": fake.random_element(("active", "inactive", "suspended")),
        "preferences": {
            "email_notifications": fake.boolean(chance_of_getting_true=75),
            "ai_auto_response": fake.boolean(chance_of_getting_true=60),
        },
        "organization_id": fake.uuid4(),
        "role": fake.random_element(("admin", "user", "member")),
        "responseEmail": fake.ascii_safe_email(),
        "userId": user_id,
        "createdAt": created_at,
    }


def thread(fake: Faker) -> dict[str, Any]:
    created = fake.date_time_between("-90d", "-3d")
    last = created + timedelta(minutes=fake.random_int(0, 4000))
    updated = last + timedelta(seconds=fake.random_int(5, 3000))
    return {
        "conversation_id": fake.uuid4(),
        "associated_account": fake.uuid4(),
        "thread_id": fake.uuid4(),
        "created_at": f"{created.isoformat(timespec='seconds')}Z",
        "updated_at": f"{updated.isoformat(timespec='seconds')}Z",
        "status": fake.random_element(("active", "closed", "archived")),
        "subject": fake.sentence(nb_words=5),
        "participants": [fake.ascii_safe_email(), fake.ascii_safe_email()],
        "message_count": fake.random_int(1, 12),
        "last_message_at": f"{last.isoformat(timespec='seconds')}Z",
        "attributes": {
            "urgency": fake.random_element(("high", "medium", "low")),
            "category": fake.random_element(("support", "sales", "general")),
            "priority": fake.random_int(1, 10),
            "sentiment": fake.random_element(("positive", "neutral", "negative")),
        },
        "ai_settings": {
            "auto_response_enabled": fake.boolean(chance_of_getting_true=70),
            "response_delay_hours": fake.random_int(0, 24),
            "max_response_length": fake.random_element((1000, 1200, 1500, 2000)),
        },
    }
