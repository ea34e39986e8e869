"""KxGen's items, made the way people make them with Faker: a call for each value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from faker import Faker

CHANNELS = ("sms", "email", "chat", "api", "voice", "social")
INTENTS = (
    ("pricing_request", "business_inquiry"),
    ("hours_request", "information_request"),
    ("booking_request", "appointment"),
    ("billing_question", "support"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def message(fake: Faker) -> dict[str, Any]:
    tenant = f"tenant{fake.random_int(0, 9999):04}"
    email = fake.safe_email().lower()
    created = fake.date_time_between("-1y", "-1h")
    ts = _ulid(fake)
    lead_id = fake.bothify("lead_????????").lower()
    source = fake.random_element(CHANNELS)
    outbound = fake.boolean()
    intent, category = fake.random_element(INTENTS)
    meta: dict[str, Any] = {
        "processingTimeMs": fake.random_int(220, 3000),
        "detectedIntent": {"id": intent, "confidence": _share(fake), "category": category},
        "sentiment": {
            "score": _share(fake),
            "label": fake.random_element(("positive", "neutral", "negative")),
            "confidence": _share(fake),
        },
    }
    if outbound:
        meta["model"] = "anthropic.claude-3-sonnet-20240229-v1:0"
        meta["triggeredByMessage"] = _ulid(fake)
        meta["processedAt"] = _iso(created)
    return {
        "contact_pk": f"{tenant}#{email}",
        "ts": ts,
        "tenantId": tenant,
        "email_lc": email,
        "source": source,
        "direction": "outbound" if outbound else "inbound",
        "text": fake.paragraph(nb_sentences=5),
        "conversation_id": fake.bothify("conv_????????").lower(),
        "lead_id": lead_id,
        "channel_context": {source: _context(fake, source, email)},
        "meta": meta,
        "GSI1PK": tenant,
        "GSI1SK": ts,
        "GSI2PK": lead_id,
        "GSI2SK": ts,
        "created_at": _iso(created),
        "updated_at": _iso(created),
    }


def lead(fake: Faker) -> dict[str, Any]:
    tenant = f"tenant{fake.random_int(0, 9999):04}"
    first, last = fake.first_name(), fake.last_name()
    email = f"{first}.{last}@{fake.safe_domain_name()}".lower()
    phone = f"+1{fake.random_int(201, 989)}55501{fake.random_int(0, 99):02}"
    status = fake.random_element(("new", "contacted", "qualified", "nurturing", "customer", "lost"))
    created = fake.date_time_between("-1y", "-2d")
    updated = fake.date_time_between(created, "-1d")
    return {
        "contact_pk": f"{tenant}#{email}",
        "sk": "PROFILE",
        "tenantId": tenant,
        "email_lc": email,
        "lead_id": fake.bothify("lead_????????").lower(),
        "contactInfo": {
            "firstName": first,
            "lastName": last,
            "fullName": f"{first} {last}",
            "email": email,
            "phone": phone,
            "company": fake.company(),
            "title": fake.job(),
            "preferredChannel": fake.random_element(("sms", "email", "voice")),
            "timezone": fake.timezone(),
            "language": "en",
        },
        "qualification": {
            "score": fake.random_int(0, 100),
            "status": status,
            "source": fake.random_element(("website_form", "website_chat", "referral")),
            "campaign": fake.slug(),
            "interestLevel": _share(fake),
            "urgencyLevel": _share(fake),
            "budget": {
                "range": fake.random_element(("$50-100/month", "$100-200/month")),
                "qualified": fake.boolean(),
            },
            "decisionMaker": fake.boolean(),
            "timeline": fake.random_element(("immediately", "this_month", "next_quarter")),
            "notes": [fake.sentence(nb_words=6) for _ in range(fake.random_int(0, 2))],
        },
        "preferences": {
            "communication": {
                "preferredTimes": ["18:00-20:00"],
                "frequency": fake.random_element(("low", "medium", "high")),
                "optOuts": [],
            },
            "interests": fake.words(nb=fake.random_int(1, 3)),
            "interactionHistory": {
                "totalInteractions": fake.random_int(2, 40),
                "lastInteraction": _iso(updated),
                "primaryChannel": fake.random_element(CHANNELS),
                "engagementScore": _share(fake),
            },
        },
        "GSI1PK": f"{tenant}#{phone}",
        "GSI1SK": "PHONE_LOOKUP",
        "GSI2PK": f"{tenant}#{status}",
        "GSI2SK": _iso(created),
        "created_at": _iso(created),
        "updated_at": _iso(updated),
        "created_by": "system",
        "updated_by": f"agent_{fake.first_name().lower()}",
    }


def persona(fake: Faker) -> dict[str, Any]:
    tenant = f"tenant{fake.random_int(0, 9999):04}"
    persona_id = fake.slug()
    status = fake.random_element(("active", "draft", "archived", "template"))
    name, company = fake.first_name(), fake.company()
    created = fake.date_time_between("-2y", "-2d")
    updated = fake.date_time_between(created, "-1d")
    opens = {"open": "09:00", "close": "19:00"}
    made: dict[str, Any] = {
        "persona_pk": f"{tenant}#{persona_id}",
        "sk": "CONFIG",
        "tenantId": tenant,
        "persona_id": persona_id,
        "status": status,
        "config": {
            "name": f"{name} - Assistant",
            "description": fake.sentence(nb_words=9),
            "systemPrompt": fake.paragraph(nb_sentences=50),
            "personality": {
                "tone": ", ".join(fake.words(nb=3)),
                "style": fake.sentence(nb_words=3),
                "languageQuirks": [fake.sentence(nb_words=4) for _ in range(3)],
                "specialBehaviors": [fake.sentence(nb_words=8)],
            },
            "responseGuidelines": [fake.sentence(nb_words=10) for _ in range(7)],
            "greetings": {
                "gist": fake.sentence(nb_words=6),
                "variations": [fake.sentence(nb_words=10) for _ in range(3)],
            },
            "intentCapturing": {
                "enabled": True,
                "intents": [
                    {
                        "id": intent,
                        "name": fake.sentence(nb_words=3),
                        "triggers": fake.words(nb=4),
                        "response": {"type": "persona_handled", "template": ""},
                    }
                    for intent, _ in (*INTENTS, *INTENTS)
                ],
            },
            "goalConfiguration": {
                "enabled": True,
                "goals": [
                    {
                        "id": f"collect_{field}",
                        "name": f"Collect {field}",
                        "type": "collect_info",
                        "priority": fake.random_element(("critical", "high", "medium")),
                        "target": {"field": field, "extractionPatterns": ["(\\w+)"]},
                        "channelRules": {
                            channel: {"required": fake.boolean()} for channel in CHANNELS[:3]
                        },
                    }
                    for field in ("firstName", "email", "phone")
                ],
            },
            "companyInfo": {
                "name": company,
                "industry": fake.bs(),
                "description": fake.catch_phrase(),
                "address": fake.address().replace("\n", ", "),
                "phone": f"+1{fake.random_int(201, 989)}5550199",
                "hours": dict.fromkeys(WEEKDAYS, opens),
            },
        },
        "GSI1PK": tenant,
        "GSI1SK": f"{status}#{_iso(updated)}",
        "isTemplate": status == "template",
        "created_at": _iso(created),
        "updated_at": _iso(updated),
        "created_by": "admin",
        "updated_by": "admin",
    }
    if status == "template":
        category, score = fake.word(), fake.random_int(1, 90_000)
        made["GSI2PK"] = f"TEMPLATE#{category}"
        made["GSI2SK"] = f"{score:06}"
        made["templateCategory"] = category
        made["popularityScore"] = score
        made["templateDescription"] = fake.sentence(nb_words=10)
    return made


def _context(fake: Faker, source: str, email: str) -> dict[str, Any]:
    match source:
        case "sms":
            phone = f"+1{fake.random_int(201, 989)}55501{fake.random_int(0, 99):02}"
            return {"phoneNumber": phone, "provider": "twilio", "segments": 1}
        case "email":
            return {
                "subject": fake.sentence(nb_words=4),
                "emailAddress": email,
                "provider": "gmail",
                "threadId": fake.bothify("thread_????????"),
            }
        case "chat":
            return {
                "sessionId": fake.bothify("sess_????????"),
                "clientId": "web_client",
                "userAgent": fake.user_agent(),
                "ipAddress": fake.ipv4_private(),
            }
        case "api":
            return {"client": "website_form", "requestId": str(fake.uuid4())}
        case "voice":
            seconds = fake.random_int(12, 1800)
            return {
                "callSid": str(fake.uuid4()),
                "durationSeconds": seconds,
                "provider": "twilio",
            }
        case _:
            return {
                "platform": fake.random_element(("instagram", "facebook", "tiktok")),
                "handle": f"@{fake.user_name()}",
                "postId": fake.bothify("post_#########"),
            }


def _ulid(fake: Faker) -> str:
    return "01" + "".join(fake.random_choices(ULID, length=24))


def _share(fake: Faker) -> Decimal:
    return Decimal(fake.random_int(0, 100)) / 100


def _iso(instant: datetime) -> str:
    return f"{instant.isoformat(timespec='milliseconds')}Z"
