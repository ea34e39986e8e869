"""CMZ Chat, as its document has it."""

from __future__ import annotations

from datetime import datetime

from tests.documented import AS_OF, ISO, Documented


def _epoch(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


ENTITIES = {
    "Message": Documented(
        attributes={
            "userId": str,
            "sessionIdTimestamp": str,
            "sessionId": str,
            "timestamp": str,
            "animalId": str,
            "parentUserId?": str,
            "messageType": str,
            "content": str,
            "tokensUsed": int,
            "ttl": int,
        },
        enumerations={"messageType": frozenset({"user", "assistant"})},
        links=(
            ("userId", "Student", "userId"),
            ("sessionId", "Session", "sessionId"),
            ("parentUserId", "Household", "parentUserId"),
        ),
        in_order=(("timestamp", AS_OF),),
        formats={"timestamp": ISO, "userId": r"student_\d+", "animalId": r"[a-z]+_\d{3}"},
        rules={
            "the sort key is sessionId#timestamp": lambda item: (
                item["sessionIdTimestamp"] == f"{item['sessionId']}#{item['timestamp']}"
            ),
            "ttl is the timestamp plus 90 days": lambda item: (
                item["ttl"] == _epoch(item["timestamp"]) + 90 * 86400
            ),
        },
        prose=("content",),
    ),
}
