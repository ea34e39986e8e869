"""AI Agent Server, as its document has it. What a metadata map holds is our own."""

from __future__ import annotations

from tests.documented import AS_OF, UUID, Documented

ISO_MS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
TENANT = r"[a-z]+(-[a-z]+)*-\d{3,}"
INTENT = r"[a-z]+\.[a-z]+"

ENTITIES = {
    "Session": Documented(
        attributes={
            "id": str,
            "tenantId": str,
            "userId": str,
            "locationId?": str,
            "isActive": bool,
            "createdAt": str,
            "updatedAt": str,
            "metadata?": {"channel": str, "agent": str, "topic": str, "title": str},
        },
        enumerations={"metadata.channel": frozenset({"web", "mobile", "api", "voice"})},
        links=(
            ("tenantId", "Tenant", "tenantId"),
            ("userId", "User", "userId"),
            ("id", "Message", "sessionId"),
        ),
        in_order=(("createdAt", "updatedAt", AS_OF),),
        formats={
            "id": UUID,
            "tenantId": TENANT,
            "userId": r"user-\d{6,}",
            "createdAt": ISO_MS,
            "updatedAt": ISO_MS,
            "metadata.topic": INTENT,
        },
        rules={
            "a location belongs to the tenant": lambda item: item.get(
                "locationId", item["tenantId"]
            ).startswith(item["tenantId"]),
        },
    ),
    "Message": Documented(
        attributes={
            "id": str,
            "tenantId": str,
            "sessionId": str,
            "userId": str,
            "content": str,
            "role": str,
            "timestamp": str,
            "metadata?": {
                "intent": str,
                "model": str,
                "latencyMs": int,
                "tokens": {"prompt": int, "completion": int},
            },
        },
        enumerations={"role": frozenset({"user", "agent"})},
        links=(
            ("tenantId", "Tenant", "tenantId"),
            ("userId", "User", "userId"),
            ("sessionId", "Session", "id"),
        ),
        in_order=(("timestamp", AS_OF),),
        formats={
            "id": UUID,
            "sessionId": UUID,
            "tenantId": TENANT,
            "timestamp": ISO_MS,
            "metadata.intent": INTENT,
        },
        rules={
            "only the agent's answers have metadata": lambda item: (
                "metadata" not in item or item["role"] == "agent"
            ),
            "something is said": lambda item: len(item["content"]) > 0,
        },
        prose=("content",),
    ),
}
