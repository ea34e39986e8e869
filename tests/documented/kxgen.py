"""KxGen, as its document has it; inferred enumerations are marked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.documented import AS_OF, ISO, ULID, Documented

_MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_EMAIL = r"[a-z0-9.]+@example\.(com|net|org)"
_PHONE = r"\+1\d{3}55501\d\d"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_SOURCES = frozenset({"sms", "email", "chat", "api", "voice", "social"})
_STATUSES = frozenset(
    {"new", "contacted", "qualified", "nurturing", "customer", "lost"}
)  # inferred
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

_HOURS = {"open": str, "close": str}
_REQUIRED = {"required": bool}
_PERSONALITY = {"tone": str, "style": str, "languageQuirks": [str], "specialBehaviors": [str]}
_INTENT = {
    "id": str,
    "name": str,
    "triggers": [str],
    "response": {"type": str, "template": str},
}
_GOAL = {
    "id": str,
    "name": str,
    "type": str,
    "priority": str,
    "target": {"field": str, "extractionPatterns": [str]},
    "channelRules": {"email": _REQUIRED, "sms": _REQUIRED, "chat": _REQUIRED},
}


def _ms(instant: str) -> int:
    """The milliseconds of an instant, without a float in between."""
    moment = datetime.fromisoformat(instant)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


def _ulid_ms(ulid: str) -> int:
    time = 0
    for character in ulid[:10]:
        time = time * 32 + _CROCKFORD.index(character)
    return time


def _label_agrees(sentiment: dict[str, Any]) -> bool:
    match sentiment["label"]:
        case "positive":
            return bool(sentiment["score"] > 0)
        case "negative":
            return bool(sentiment["score"] < 0)
        case _:
            return bool(abs(sentiment["score"]) <= Decimal("0.1"))


def _shares(item: dict[str, Any]) -> list[Any]:
    meta = item["meta"]
    return [meta["detectedIntent"]["confidence"], meta["sentiment"]["confidence"]]


ENTITIES = {
    "Message": Documented(
        attributes={
            "contact_pk": str,
            "ts": str,
            "tenantId": str,
            "email_lc": str,
            "source": str,
            "direction": str,
            "text": str,
            "conversation_id?": str,
            "lead_id?": str,
            "channel_context": {
                "sms?": {"phoneNumber": str, "provider": str, "segments": int},
                "email?": {
                    "subject": str,
                    "emailAddress": str,
                    "provider": str,
                    "threadId": str,
                },
                "chat?": {"sessionId": str, "clientId": str, "userAgent": str, "ipAddress": str},
                "api?": {"client": str, "requestId": str},
                "voice?": {"callSid": str, "durationSeconds": int, "provider": str},
                "social?": {"platform": str, "handle": str, "postId": str},
            },
            "meta": {
                "model?": str,
                "processingTimeMs": int,
                "detectedIntent": {"id": str, "confidence": Decimal, "category": str},
                "sentiment": {"score": Decimal, "label": str, "confidence": Decimal},
                "triggeredByMessage?": str,
                "processedAt?": str,
            },
            "GSI1PK": str,
            "GSI1SK": str,
            "GSI2PK?": str,
            "GSI2SK?": str,
            "created_at": str,
            "updated_at": str,
        },
        enumerations={
            "source": _SOURCES,
            "direction": frozenset({"inbound", "outbound"}),
            "meta.sentiment.label": frozenset({"positive", "neutral", "negative"}),  # inferred
        },
        links=(
            ("tenantId", "Tenant", "tenantId"),
            ("contact_pk", "Contact", "contactPk"),
            ("lead_id", "Lead", "lead_id"),
            ("conversation_id", "Conversation", "conversationId"),
            ("meta.triggeredByMessage", "Message", "ts"),
        ),
        in_order=(("created_at", "updated_at", AS_OF), ("meta.processedAt", AS_OF)),
        formats={
            "ts": ULID,
            "meta.triggeredByMessage": ULID,
            "created_at": _MILLISECONDS,
            "updated_at": _MILLISECONDS,
            "meta.processedAt": _MILLISECONDS,
            "email_lc": _EMAIL,
            "channel_context.sms.phoneNumber": _PHONE,
        },
        rules={
            "the partition key is tenantId#email_lc": lambda item: (
                item["contact_pk"] == f"{item['tenantId']}#{item['email_lc']}"
            ),
            "the ULID's time is created_at, to the millisecond": lambda item: (
                _ulid_ms(item["ts"]) == _ms(item["created_at"])
            ),
            "the ULID of its conversation is no later": lambda item: (
                "conversation_id" not in item
                or _ulid_ms(item["conversation_id"].removeprefix("conv_"))
                <= _ms(item["created_at"])
            ),
            "GSI1 is the tenant's messages by time": lambda item: (
                (item["GSI1PK"], item["GSI1SK"]) == (item["tenantId"], item["ts"])
            ),
            "GSI2 is the lead's messages by time, where there is a lead": lambda item: (
                (item.get("GSI2PK"), item.get("GSI2SK"))
                == ((item["lead_id"], item["ts"]) if "lead_id" in item else (None, None))
            ),
            "the context is the message's own channel and no other": lambda item: (
                set(item["channel_context"]) == {item["source"]}
            ),
            "an e-mail's address is the contact's": lambda item: (
                item["channel_context"].get("email", {}).get("emailAddress", item["email_lc"])
                == item["email_lc"]
            ),
            "what goes out, and that alone, was triggered and processed": lambda item: (
                {"model", "triggeredByMessage", "processedAt"} & set(item["meta"])
                == (
                    {"model", "triggeredByMessage", "processedAt"}
                    if item["direction"] == "outbound"
                    else set()
                )
            ),
            "it is processed after the message that triggered it": lambda item: (
                "processedAt" not in item["meta"]
                or _ms(item["meta"]["processedAt"]) > _ulid_ms(item["meta"]["triggeredByMessage"])
            ),
            "a sentiment's label agrees with its score": lambda item: _label_agrees(
                item["meta"]["sentiment"]
            ),
            "confidences are between 0 and 1, scores between -1 and 1": lambda item: (
                all(0 <= share <= 1 for share in _shares(item))
                and -1 <= item["meta"]["sentiment"]["score"] <= 1
            ),
            "a short message of seven-bit text has a segment for each 160 or 153": lambda item: (
                "sms" not in item["channel_context"]
                or not item["text"].isascii()
                or item["channel_context"]["sms"]["segments"]
                == (1 if len(item["text"]) <= 160 else -(-len(item["text"]) // 153))
            ),
        },
        prose=("text",),
    ),
    "Lead": Documented(
        attributes={
            "contact_pk": str,
            "sk": str,
            "tenantId": str,
            "email_lc": str,
            "lead_id": str,  # inferred: messages refer to it
            "contactInfo": {
                "firstName": str,
                "lastName": str,
                "fullName": str,
                "email": str,
                "phone?": str,
                "company": str,
                "title": str,
                "preferredChannel": str,
                "timezone": str,
                "language": str,
            },
            "qualification": {
                "score": int,
                "status": str,
                "source": str,
                "campaign": str,
                "interestLevel": Decimal,
                "urgencyLevel": Decimal,
                "budget": {"range": str, "qualified": bool},
                "decisionMaker": bool,
                "timeline": str,
                "notes": [str],
            },
            "preferences": {
                "communication": {"preferredTimes": [str], "frequency": str, "optOuts": [str]},
                "interests": [str],
                "interactionHistory": {
                    "totalInteractions": int,
                    "lastInteraction": str,
                    "primaryChannel": str,
                    "engagementScore": Decimal,
                },
            },
            "GSI1PK?": str,
            "GSI1SK?": str,
            "GSI2PK": str,
            "GSI2SK": str,
            "created_at": str,
            "updated_at": str,
            "created_by": str,
            "updated_by": str,
        },
        enumerations={
            "sk": frozenset({"PROFILE"}),
            "qualification.status": _STATUSES,
            "preferences.communication.frequency": frozenset({"low", "medium", "high"}),  # inferred
            "preferences.interactionHistory.primaryChannel": _SOURCES,
        },
        links=(
            ("tenantId", "Tenant", "tenantId"),
            ("contact_pk", "Contact", "contactPk"),
            ("preferences.interactionHistory.lastInteraction", "Message", "created_at"),
        ),
        in_order=(
            ("created_at", "preferences.interactionHistory.lastInteraction", "updated_at", AS_OF),
        ),
        formats={
            "created_at": _MILLISECONDS,
            "updated_at": _MILLISECONDS,
            "preferences.interactionHistory.lastInteraction": _MILLISECONDS,
            "contactInfo.email": _EMAIL,
            "contactInfo.phone": _PHONE,
            "contactInfo.timezone": r"America/\w+",
            "updated_by": r"agent_[a-z]+",
        },
        rules={
            "the partition key is tenantId#email_lc": lambda item: (
                item["contact_pk"] == f"{item['tenantId']}#{item['email_lc']}"
            ),
            "GSI1 finds the phone, where there is one": lambda item: (
                (item.get("GSI1PK"), item.get("GSI1SK"))
                == (
                    (f"{item['tenantId']}#{item['contactInfo']['phone']}", "PHONE_LOOKUP")
                    if "phone" in item["contactInfo"]
                    else (None, None)
                )
            ),
            "GSI2 is the tenant's leads of a status by creation": lambda item: (
                (item["GSI2PK"], item["GSI2SK"])
                == (
                    f"{item['tenantId']}#{item['qualification']['status']}",
                    item["created_at"],
                )
            ),
            "the contact's name and address are those of the record": lambda item: (
                item["contactInfo"]["email"] == item["email_lc"]
                and item["contactInfo"]["fullName"]
                == f"{item['contactInfo']['firstName']} {item['contactInfo']['lastName']}"
            ),
            "levels are between 0 and 1, the score between 0 and 100": lambda item: (
                0 <= item["qualification"]["score"] <= 100
                and 0 <= item["qualification"]["interestLevel"] <= 1
                and 0 <= item["qualification"]["urgencyLevel"] <= 1
                and 0 <= item["preferences"]["interactionHistory"]["engagementScore"] <= 1
            ),
            "somebody without a phone doesn't prefer to be called or texted": lambda item: (
                "phone" in item["contactInfo"]
                or item["contactInfo"]["preferredChannel"] not in ("sms", "voice")
            ),
            "nobody prefers what they opted out of": lambda item: (
                item["contactInfo"]["preferredChannel"]
                not in item["preferences"]["communication"]["optOuts"]
            ),
            "the ULID of its id has the time of its creation": lambda item: (
                _ulid_ms(item["lead_id"].removeprefix("lead_")) == _ms(item["created_at"])
            ),
        },
    ),
    "Persona": Documented(
        attributes={
            "persona_pk": str,
            "sk": str,
            "tenantId": str,
            "persona_id": str,
            "status": str,
            "config": {
                "name": str,
                "description": str,
                "systemPrompt": str,
                "personality": _PERSONALITY,
                "responseGuidelines": [str],
                "greetings": {"gist": str, "variations": [str]},
                "intentCapturing": {"enabled": bool, "intents": [_INTENT]},
                "goalConfiguration": {"enabled": bool, "goals": [_GOAL]},
                "companyInfo": {
                    "name": str,
                    "industry": str,
                    "description": str,
                    "address": str,
                    "phone": str,
                    "hours": {**dict.fromkeys(_WEEKDAYS, _HOURS), "sunday?": _HOURS},
                },
            },
            "GSI1PK": str,
            "GSI1SK": str,
            "GSI2PK?": str,
            "GSI2SK?": str,
            "isTemplate": bool,
            "templateCategory?": str,
            "popularityScore?": int,
            "templateDescription?": str,
            "created_at": str,
            "updated_at": str,
            "created_by": str,
            "updated_by": str,
        },
        enumerations={
            "sk": frozenset({"CONFIG"}),
            "status": frozenset({"active", "draft", "archived", "template"}),
        },
        links=(("tenantId", "Tenant", "tenantId"),),
        in_order=(("created_at", "updated_at", AS_OF),),
        formats={
            "created_at": ISO,
            "updated_at": ISO,
            "config.companyInfo.phone": _PHONE,
            "config.companyInfo.hours.monday.open": r"\d\d:\d\d",
            "config.companyInfo.hours.saturday.close": r"\d\d:\d\d",
            "GSI2SK": r"\d{6}",
        },
        rules={
            "the partition key is tenantId#persona_id": lambda item: (
                item["persona_pk"] == f"{item['tenantId']}#{item['persona_id']}"
            ),
            "GSI1 is the tenant's personas by status and last change": lambda item: (
                (item["GSI1PK"], item["GSI1SK"])
                == (item["tenantId"], f"{item['status']}#{item['updated_at']}")
            ),
            "a template says so, and has a category, a popularity and a description": lambda item: (
                item["isTemplate"] == (item["status"] == "template")
                and {
                    name in item
                    for name in (
                        "templateCategory",
                        "popularityScore",
                        "templateDescription",
                        "GSI2PK",
                        "GSI2SK",
                    )
                }
                == {item["isTemplate"]}
            ),
            "GSI2 is a category's templates by popularity": lambda item: (
                not item["isTemplate"]
                or (item["GSI2PK"], int(item["GSI2SK"]))
                == (f"TEMPLATE#{item['templateCategory']}", item["popularityScore"])
            ),
        },
    ),
}
