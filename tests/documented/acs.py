"""ACS, as its document has it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.documented import AS_OF, ISO, UUID, Documented

PERIOD = r"\d{4}-(0[1-9]|1[0-2])"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


def share(value: Any) -> bool:
    """A score or factor: from 0 to 1."""
    return bool(0 <= value <= 1)


MODEL_USAGE = {"requests": int, "tokens": int, "cost": Decimal}

ENTITIES = {
    "User": Documented(
        attributes={
            "id": str,
            "email": str,
            "name": str,
            "created_at": str,
            "updated_at": str,
            "status": str,
            "preferences": {"email_notifications": bool, "ai_auto_response": bool},
            "organization_id": str,
            "role": str,
            "responseEmail": str,
            "userId": str,
            "createdAt": str,
        },
        enumerations={
            "status": words("active|inactive|suspended"),
            "role": words("admin|user|member"),
        },
        links=(("organization_id", "Organization", "organization_id"),),
        in_order=(("created_at", "updated_at", AS_OF),),
        formats={"id": UUID, "created_at": ISO, "updated_at": ISO, "responseEmail": r"\S+@\S+"},
        rules={
            "userId is the id, createdAt is created_at": lambda item: (
                item["userId"] == item["id"] and item["createdAt"] == item["created_at"]
            ),
        },
    ),
    "Conversation": Documented(
        attributes={
            "conversation_id": str,
            "response_id": str,
            "message_id": str,
            "associated_account": str,
            "sender_email": str,
            "recipient_email": str,
            "subject": str,
            "body": str,
            "timestamp": str,
            "is_first_email": str,
            "thread_id": str,
            "status": str,
            "ai_response": str,
            "ev_score": Decimal,
            "metadata": {
                "headers": {"Message-ID": str, "From": str},
                "attachments": [{"filename": str, "content_type": str, "size_bytes": int}],
                "spam_score": Decimal,
            },
        },
        enumerations={
            "is_first_email": words("true|false"),
            "status": words("received|processed|responded|scheduled"),
        },
        links=(
            ("conversation_id", "Thread", "conversation_id"),
            ("thread_id", "Thread", "thread_id"),
            ("associated_account", "User", "id"),
            ("recipient_email", "User", "responseEmail"),
        ),
        in_order=(("timestamp", AS_OF),),
        formats={
            "conversation_id": UUID,
            "response_id": UUID,
            "message_id": UUID,
            "thread_id": UUID,
            "timestamp": ISO,
        },
        rules={
            "scores are from 0 to 1": lambda item: (
                share(item["ev_score"]) and share(item["metadata"]["spam_score"])
            ),
            "only what is received has no answer yet": lambda item: (
                (item["ai_response"] == "") == (item["status"] == "received")
            ),
            "a reply's subject says so": lambda item: (
                item["subject"].startswith("Re: ") == (item["is_first_email"] == "false")
            ),
            "there is a subject and a body": lambda item: item["subject"] and item["body"],
        },
        prose=("body", "ai_response"),
    ),
    "Thread": Documented(
        attributes={
            "conversation_id": str,
            "associated_account": str,
            "thread_id": str,
            "created_at": str,
            "updated_at": str,
            "status": str,
            "subject": str,
            "participants": [str],
            "message_count": int,
            "last_message_at": str,
            "attributes": {"urgency": str, "category": str, "priority": int, "sentiment": str},
            "ai_settings": {
                "auto_response_enabled": bool,
                "response_delay_hours": int,
                "max_response_length": int,
            },
        },
        enumerations={
            "status": words("active|closed|archived"),
            "attributes.urgency": words("high|medium|low"),
            "attributes.category": words("support|sales|general"),
            "attributes.sentiment": words("positive|neutral|negative"),
        },
        links=(
            ("associated_account", "User", "id"),
            ("conversation_id", "Conversation", "conversation_id"),
        ),
        in_order=(
            ("created_at", "last_message_at", "updated_at", AS_OF),
            ("created_at", "updated_at"),
        ),
        formats={"conversation_id": UUID, "thread_id": UUID, "created_at": ISO, "updated_at": ISO},
        rules={
            "priority is 1 to 10": lambda item: 1 <= item["attributes"]["priority"] <= 10,
            "it has a message": lambda item: item["message_count"] >= 1,
            "the participants differ": lambda item: (
                len(set(item["participants"])) == len(item["participants"]) >= 2
            ),
        },
    ),
    "Organization": Documented(
        attributes={
            "organization_id": str,
            "name": str,
            "domain": str,
            "created_at": str,
            "updated_at": str,
            "status": str,
            "settings": {
                "email_domain_verification": bool,
                "ai_response_enabled": bool,
                "max_users": int,
                "storage_limit_gb": int,
            },
            "billing": {
                "plan": str,
                "next_billing_date": str,
                "usage": {"emails_processed": int, "storage_used_gb": Decimal},
            },
        },
        enumerations={
            "status": words("active|inactive|suspended"),
            "billing.plan": words("basic|pro|enterprise"),
        },
        in_order=(("created_at", "updated_at", AS_OF), (AS_OF, "billing.next_billing_date")),
        formats={
            "organization_id": UUID,
            "created_at": ISO,
            "updated_at": ISO,
            "domain": r"[a-z0-9.-]+\.example",
        },
        rules={
            "what is stored is within the limit": lambda item: (
                0
                <= item["billing"]["usage"]["storage_used_gb"]
                <= item["settings"]["storage_limit_gb"]
            ),
        },
    ),
    "OrganizationMember": Documented(
        attributes={
            "organization_id": str,
            "user_id": str,
            "role": str,
            "joined_at": str,
            "status": str,
            "permissions": {
                "manage_users": bool,
                "view_conversations": bool,
                "edit_settings": bool,
            },
            "invited_by": str,
            "last_active": str,
        },
        enumerations={
            "role": words("owner|admin|member|viewer"),
            "status": words("active|inactive|pending"),
        },
        links=(
            ("organization_id", "Organization", "organization_id"),
            ("user_id", "User", "id"),
            ("invited_by", "User", "id"),
        ),
        in_order=(("joined_at", "last_active", AS_OF),),
        formats={"joined_at": ISO, "last_active": ISO},
        rules={
            "only owners and administrators manage users": lambda item: (
                item["permissions"]["manage_users"] == (item["role"] in ("owner", "admin"))
            ),
            "only owners edit settings": lambda item: (
                item["permissions"]["edit_settings"] == (item["role"] == "owner")
            ),
        },
    ),
    "OrganizationInvite": Documented(
        attributes={
            "invite_id": str,
            "timestamp": str,
            "organization_id": str,
            "email": str,
            "invite_token": str,
            "invited_by": str,
            "role": str,
            "status": str,
            "expires_at": str,
            "accepted_at?": str,
        },
        enumerations={
            "role": words("member|admin"),
            "status": words("pending|accepted|expired|cancelled"),
        },
        links=(
            ("organization_id", "Organization", "organization_id"),
            ("invited_by", "User", "id"),
        ),
        in_order=(
            ("timestamp", AS_OF),
            ("timestamp", "expires_at"),
            ("timestamp", "accepted_at", AS_OF),
            ("accepted_at", "expires_at"),
        ),
        formats={"invite_id": UUID, "timestamp": ISO, "expires_at": ISO, "accepted_at": ISO},
        rules={
            "accepted_at is there when it is accepted": lambda item: (
                ("accepted_at" in item) == (item["status"] == "accepted")
            ),
            "it expires after a week": lambda item: (
                instant(item["expires_at"]) - instant(item["timestamp"]) == timedelta(days=7)
            ),
        },
    ),
    "Session": Documented(
        attributes={
            "session_id": str,
            "user_id": str,
            "account_id": str,
            "created_at": str,
            "last_activity": str,
            "expires_at": str,
            "ttl": int,
            "ip_address": str,
            "user_agent": str,
            "is_active": bool,
            "metadata": {"login_method": str, "device_type": str},
        },
        enumerations={
            "metadata.login_method": words("form|google"),
            "metadata.device_type": words("desktop|mobile|tablet"),
        },
        links=(("user_id", "User", "id"), ("account_id", "User", "id")),
        in_order=(("created_at", "last_activity", AS_OF, "expires_at"), (AS_OF, "ttl")),
        formats={
            "session_id": UUID,
            "created_at": ISO,
            "last_activity": ISO,
            "expires_at": ISO,
            "user_agent": r"Mozilla/5\.0 .+",
        },
        rules={
            "ttl is the epoch second of expires_at": lambda item: (
                item["ttl"] == instant(item["expires_at"]).timestamp()
            ),
            "an account is a user": lambda item: item["account_id"] == item["user_id"],
        },
    ),
    "RL_AI": Documented(
        attributes={
            "associated_account": str,
            "request_count": int,
            "window_start": str,
            "window_end": str,
            "last_request": str,
            "limit": int,
            "reset_time": str,
            "blocked_until": (str, None),
            "metadata": {"function_calls": {"generate_email": int, "llm_response": int}},
        },
        links=(("associated_account", "User", "id"),),
        in_order=(
            ("window_start", "last_request", "window_end"),
            ("last_request", AS_OF),
            ("last_request", "blocked_until"),
        ),
        formats={"window_start": ISO, "window_end": ISO, "last_request": ISO, "blocked_until": ISO},
        rules={
            "function_calls add up to request_count": lambda item: (
                sum(item["metadata"]["function_calls"].values()) == item["request_count"]
            ),
            "it is blocked above the limit": lambda item: (
                (item["blocked_until"] is not None) == (item["request_count"] > item["limit"])
            ),
            "it resets when the window ends": lambda item: item["reset_time"] == item["window_end"],
        },
    ),
    "RL_AWS": Documented(
        attributes={
            "associated_account": str,
            "aws_requests": int,
            "window_start": str,
            "window_end": str,
            "last_request": str,
            "limit": int,
            "reset_time": str,
            "throttled_requests": int,
            "metadata": {"service_calls": {"dynamodb": int, "s3": int, "ses": int}},
        },
        links=(("associated_account", "User", "id"),),
        in_order=(("window_start", "last_request", "window_end"), ("last_request", AS_OF)),
        formats={"window_start": ISO, "window_end": ISO, "last_request": ISO},
        rules={
            "service_calls add up to aws_requests": lambda item: (
                sum(item["metadata"]["service_calls"].values()) == item["aws_requests"]
            ),
            "no more are throttled than there are": lambda item: (
                0 <= item["throttled_requests"] <= item["aws_requests"]
            ),
            "it resets when the window ends": lambda item: item["reset_time"] == item["window_end"],
        },
    ),
    "EVDataCollection": Documented(
        attributes={
            "conversation_id": str,
            "ev_score": Decimal,
            "calculation_date": str,
            "factors": {
                "urgency": Decimal,
                "priority": Decimal,
                "sentiment": Decimal,
                "response_time": Decimal,
            },
            "algorithm_version": str,
            "confidence_score": Decimal,
            "recommendations": [str],
            "metadata": {"calculation_time_ms": int, "data_points_used": int},
        },
        links=(("conversation_id", "Thread", "conversation_id"),),
        in_order=(("calculation_date", AS_OF),),
        formats={"calculation_date": ISO, "algorithm_version": r"\d+\.\d+\.\d+"},
        rules={
            "scores and factors are from 0 to 1": lambda item: all(
                share(value)
                for value in (
                    item["ev_score"],
                    item["confidence_score"],
                    *item["factors"].values(),
                )
            ),
            "what is urgent is to be answered soon": lambda item: (
                ("Respond within 2 hours" in item["recommendations"])
                == (item["factors"]["urgency"] >= Decimal("0.7"))
            ),
        },
    ),
    "LLMDataCollection": Documented(
        attributes={
            "conversation_id": str,
            "model_used": str,
            "prompt_tokens": int,
            "response_tokens": int,
            "total_tokens": int,
            "response_time_ms": int,
            "quality_score": Decimal,
            "generated_at": str,
            "prompt": str,
            "response": str,
            "metadata": {
                "temperature": Decimal,
                "top_p": Decimal,
                "max_tokens": int,
                "cost_usd": Decimal,
            },
        },
        links=(
            ("conversation_id", "Thread", "conversation_id"),
            ("response", "Conversation", "ai_response"),
        ),
        in_order=(("generated_at", AS_OF),),
        formats={"generated_at": ISO},
        rules={
            "prompt and response are the total tokens": lambda item: (
                item["prompt_tokens"] + item["response_tokens"] == item["total_tokens"]
            ),
            "the response is within max_tokens": lambda item: (
                0 < item["response_tokens"] <= item["metadata"]["max_tokens"]
            ),
            "quality is from 0 to 1": lambda item: share(item["quality_score"]),
            "it took time and money": lambda item: (
                item["response_time_ms"] > 0 and item["metadata"]["cost_usd"] > 0
            ),
        },
        prose=("prompt", "response"),
    ),
    "LLMReportData": Documented(
        attributes={
            "report_id": str,
            "account_id": str,
            "report_period": str,
            "generated_at": str,
            "total_requests": int,
            "total_tokens": int,
            "total_cost_usd": Decimal,
            "average_response_time_ms": int,
            "average_quality_score": Decimal,
            "model_usage": {
                "meta-llama/Llama-3.3-70B-Instruct-Turbo": MODEL_USAGE,
                "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo?": MODEL_USAGE,
            },
            "function_breakdown": {"generate_email": int, "llm_response": int},
        },
        links=(("account_id", "User", "id"),),
        in_order=(("generated_at", AS_OF),),
        formats={"report_id": UUID, "report_period": PERIOD, "generated_at": ISO},
        rules={
            f"model_usage adds up to the total {whole}": lambda item, part=part, whole=whole: (
                sum(each[part] for each in item["model_usage"].values()) == item[whole]
            )
            for part, whole in (
                ("requests", "total_requests"),
                ("tokens", "total_tokens"),
                ("cost", "total_cost_usd"),
            )
        }
        | {
            "function_breakdown adds up to total_requests": lambda item: (
                sum(item["function_breakdown"].values()) == item["total_requests"]
            ),
            "quality is from 0 to 1": lambda item: share(item["average_quality_score"]),
        },
    ),
    "Invocation": Documented(
        attributes={
            "id": str,
            "associated_account": str,
            "function_name": str,
            "invoked_at": str,
            "duration_ms": int,
            "memory_used_mb": int,
            "status": str,
            "error_message?": str,
            "request_id": str,
            "cold_start": bool,
            "metadata": {"http_method": str, "endpoint": str, "user_agent": str},
        },
        enumerations={"status": words("success|error|timeout")},
        links=(("associated_account", "User", "id"),),
        in_order=(("invoked_at", AS_OF),),
        formats={
            "id": UUID,
            "request_id": UUID,
            "invoked_at": ISO,
            "metadata.endpoint": r"/api/.+",
        },
        rules={
            "error_message is there when it failed": lambda item: (
                ("error_message" in item) == (item["status"] != "success")
            ),
            "it took time and memory": lambda item: (
                item["duration_ms"] > 0 and item["memory_used_mb"] > 0
            ),
        },
    ),
}
