"""Which KMS key a name means, and what an account is called: asked of AWS alone."""

from __future__ import annotations

from typing import Any

from loadstone.aws.live import Unread
from loadstone.aws.session import neighbour
from loadstone.client.target import Target


def key_arn(target: Target, name: str) -> str | Unread:
    """The ARN of the key that an alias, an id or an ARN names."""
    if name.startswith("arn:") and ":key/" in name:
        return name
    if target.kind != "aws":
        return Unread.UNSUPPORTED
    found = _asked(target, "kms", "describe_key", KeyId=name)
    return found if isinstance(found, Unread) else str(found["KeyMetadata"]["Arn"])


def account_aliases(target: Target) -> list[str] | Unread:
    """What the account calls itself."""
    if target.kind != "aws":
        return Unread.UNSUPPORTED
    found = _asked(target, "iam", "list_account_aliases")
    return found if isinstance(found, Unread) else [str(each) for each in found["AccountAliases"]]


def _asked(target: Target, service: str, operation: str, **arguments: Any) -> Any:
    """An answer, or DENIED: whatever the reason, it is not known."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        return getattr(neighbour(target, service), operation)(**arguments)
    except (BotoCoreError, ClientError, HTTPClientError):
        return Unread.DENIED
