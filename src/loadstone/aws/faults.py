"""What botocore raises, as one line that says what to do."""

from __future__ import annotations

from loadstone.client.target import Target
from loadstone.errors import LoadstoneError, TargetError

NEW_CREDENTIALS = "renew them (`aws sso login`, or a fresh session token) and run it again"

#: Error codes about who asks, and what to do about each.
CREDENTIAL_FAULTS = {
    "ExpiredTokenException": f"the credentials have expired: {NEW_CREDENTIALS}",
    "ExpiredToken": f"the credentials have expired: {NEW_CREDENTIALS}",
    "RequestExpired": "the request came too late: set this machine's clock",
    "UnrecognizedClientException": "it does not know these credentials: pass another --profile, "
    "or set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
    "InvalidClientTokenId": "it does not know these credentials: pass another --profile",
    "InvalidSignatureException": "the secret key does not go with the access key, or the clock of "
    "this machine is wrong: check AWS_SECRET_ACCESS_KEY or pass another --profile",
    "MissingAuthenticationTokenException": "it saw no credentials: pass --profile, "
    "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "MissingAuthenticationToken": "it saw no credentials: pass --profile",
    "IncompleteSignatureException": "the credentials are malformed: check AWS_ACCESS_KEY_ID",
    "OptInRequired": "this account does not use that region: pass another --region",
}
DENIED = frozenset({"AccessDeniedException", "AccessDenied", "NotAuthorized"})
#: botocore's errors about ~/.aws/config and ~/.aws/credentials.
AWS_FILE_FAULTS = frozenset({"ProfileNotFound", "ConfigParseError", "ConfigNotFound"})
#: Its errors, and Python's, for an address that does not answer.
UNANSWERED = frozenset({"ConnectionError", "HTTPClientError", "OSError"})
UNSUPPORTED = frozenset({"UnknownOperationException", "UnknownOperation", "NotImplemented"})


def code_of(error: Exception) -> str:
    """DynamoDB's error code, "" for what is no answer of it."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(code).rpartition("#")[2]


def status_of(error: Exception) -> int:
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return 0
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_unsupported(error: Exception) -> bool:
    return code_of(error) in UNSUPPORTED or status_of(error) == 501


def is_denied(error: Exception) -> bool:
    return code_of(error) in DENIED


def translated(error: Exception, target: Target, doing: str) -> LoadstoneError:
    """The error to show instead: `doing` is what was tried, such as `creating table x`."""
    code = code_of(error)
    if fault := CREDENTIAL_FAULTS.get(code):
        return TargetError(f"{target} refused: {fault}")
    if code in DENIED:
        return TargetError(f"{target} does not allow {doing}: {_message(error)}")
    if code:
        return TargetError(f"{target} refused {doing} ({code}): {_message(error)}")
    return TargetError(_silent(error, target, doing))


def _silent(error: Exception, target: Target, doing: str) -> str:
    """No answer at all, or none that is DynamoDB's."""
    name = type(error).__name__
    if name in {"NoCredentialsError", "PartialCredentialsError"}:
        return f"no AWS credentials for {target}: pass --profile, or set AWS_ACCESS_KEY_ID"
    if name in {"TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"}:
        return f"the credentials for {target} have expired: {NEW_CREDENTIALS}"
    if name == "CredentialRetrievalError":
        line = _line(str(error))
        return f"the AWS credentials could not be fetched: {line}; pass another --profile"
    if name == "SSLError":
        return (
            f"{target.url} does not speak TLS, or shows a certificate that is not trusted: "
            "check http or https, and AWS_CA_BUNDLE"
        )
    if isinstance(error, OSError) and "CA certificate" in str(error):
        return f"{_line(str(error))}: check AWS_CA_BUNDLE"
    if name in {"ResponseParserError", "BadStatusLine"}:
        return no_dynamodb(target)
    if name == "ParamValidationError":
        return f"{doing} was not asked of {target}: a value is not allowed, {_line(str(error))}"
    if name in AWS_FILE_FAULTS:
        return f"the AWS configuration cannot be used: {_line(str(error))}; see AWS_PROFILE"
    if UNANSWERED.isdisjoint(base.__name__ for base in type(error).__mro__):
        return f"{doing} could not be asked of {target} ({name}): {_line(str(error))}"
    cure = "check the network, HTTPS_PROXY and --region"
    if target.kind != "aws":
        cure = "start what should listen there, or pass another --endpoint"
    return f"nothing answers at {target.url} ({name}): {cure}"


def no_dynamodb(target: Target) -> str:
    return (
        f"{target.url} answers, but is no DynamoDB: pass the address of one as --endpoint, "
        "or none for the embedded engine"
    )


def _message(error: Exception) -> str:
    response = getattr(error, "response", {})
    return _line(str(response.get("Error", {}).get("Message", "") or "it said nothing more"))


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
