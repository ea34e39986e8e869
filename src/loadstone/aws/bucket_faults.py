"""What S3 and the way to it refuse, as one line that says what to do. Pure."""

from __future__ import annotations

from typing import Any

from loadstone.aws.faults import CREDENTIAL_FAULTS, DENIED, NEW_CREDENTIALS, code_of

#: S3 has codes of its own for what other services call otherwise: "Amazon S3 error responses".
_FAULTS = {
    **CREDENTIAL_FAULTS,
    "InvalidAccessKeyId": CREDENTIAL_FAULTS["UnrecognizedClientException"],
    "SignatureDoesNotMatch": CREDENTIAL_FAULTS["InvalidSignatureException"],
    "RequestTimeTooSkewed": CREDENTIAL_FAULTS["RequestExpired"],
    "InvalidToken": f"the session token is not valid: {NEW_CREDENTIALS}",
    "SlowDown": "it is asked too much at the moment: run the same command again",
    "InternalError": "it failed: run the same command again",
}
#: A bucket is in one region. botocore follows where it may, and raises these where it may not.
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)


def in_words(error: Exception, *, place: str, bucket: str, endpoint: str, doing: str) -> str:
    """`place` is the bucket and the prefix, `doing` what was tried, such as `writing data/x`."""
    code, name = code_of(error), type(error).__name__
    if fault := _FAULTS.get(code):
        return f"{place} refused {doing}: {fault}"
    if code in DENIED:
        return (
            f"{place} does not allow {doing}: these credentials need s3:PutObject, "
            "s3:GetObject, s3:ListBucket and s3:AbortMultipartUpload there"
        )
    if code == "NoSuchBucket":
        return f"there is no bucket {bucket}: make it, or write to another one"
    if code in _ELSEWHERE:
        return f"the bucket {bucket} is in another region: pass --region {_region(error)}"
    if code:
        return f"{place} refused {doing} ({code}): {_said(error)}"
    if name in {"NoCredentialsError", "PartialCredentialsError"}:
        return f"no AWS credentials for {place}: pass --profile, or set AWS_ACCESS_KEY_ID"
    if name in {"TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"}:
        return f"the credentials for {place} have expired: {NEW_CREDENTIALS}"
    if name == "EndpointConnectionError":
        return (
            f"nothing answers at {endpoint}, where {place} is asked for: check "
            "AWS_ENDPOINT_URL_S3 and the network, and run the same command again"
        )
    return f"{place}: {doing} failed ({name}): {_said(error)}; run the same command again"


def _region(error: Exception) -> str:
    """Where S3 says that the bucket is."""
    answer: Any = getattr(error, "response", {})
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(
        headers.get("x-amz-bucket-region") or answer.get("Error", {}).get("Region") or "ITS-REGION"
    )


def _said(error: Exception) -> str:
    answer: Any = getattr(error, "response", {})
    message = answer.get("Error", {}).get("Message") or str(error)
    return " ".join(str(message).split())[:300]
