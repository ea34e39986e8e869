"""boto3 clients and credentials, with every setting said."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from loadstone.client.target import Credentials, Target
from loadstone.errors import TargetError

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient

#: The address is the target's: neither the environment nor the account moves it.
UNMOVED: dict[str, Any] = {
    "ignore_configured_endpoint_urls": True,
    "account_id_endpoint_mode": "disabled",
}

#: The first that is set names the profile.
PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
#: Local engines want an Authorization header and check no signature. The access key is the
#: namespace of some of them, so it never changes.
DUMMY = Credentials("loadstone", "loadstone")


def dummy_credentials() -> Credentials:
    return DUMMY


def open_session(profile: str | None) -> Session:
    """A botocore session; TargetError when there is no such profile."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        session = Session(profile=profile)
        session.get_scoped_config()
    except BotoCoreError as error:
        raise TargetError(_bad_profile(profile, error)) from error
    return session


def _bad_profile(profile: str | None, error: Exception) -> str:
    line = " ".join(str(error).split())
    if type(error).__name__ != "ProfileNotFound":
        return f"the AWS configuration cannot be used: {line}; put it right, or unset AWS_PROFILE"
    origins = ("--profile", profile), *((each, os.environ.get(each)) for each in PROFILE_VARIABLES)
    named = next((f"{origin} {value}" for origin, value in origins if value), "AWS profile")
    if known := _profiles():
        return f"{named}: there is no such AWS profile; there are {', '.join(known)}"
    return f"{named}: there are no AWS profiles on this machine (`aws configure` makes one)"


def profile_region(session: Session) -> str | None:
    region = session.get_scoped_config().get("region")
    return str(region) if region else None


def chain_credentials(session: Session, *, near: bool) -> Callable[[], Credentials] | None:
    """botocore's chain, asked anew at each call; None when it finds nothing.

    `near`: for an endpoint on this machine, without asking for a machine's or container's role.
    """
    from botocore.exceptions import BotoCoreError

    if near:
        providers: Any = session.get_component("credential_provider")
        providers.remove("container-role")
        providers.remove("iam-role")
    try:
        found = session.get_credentials()
        if found is None:
            return None
        found.get_frozen_credentials()
    except BotoCoreError as error:
        line = " ".join(str(error).split())
        raise TargetError(
            f"the AWS credentials cannot be used: {line}; sign in again (`aws sso login`), "
            "or pass another --profile"
        ) from error

    def credentials() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token)

    return credentials


def aws_url(session: Session, region: str) -> str:
    """DynamoDB's own address in a region, whatever the environment says of endpoints."""
    from botocore.config import Config

    client = session.create_client(
        "dynamodb",
        region_name=region,
        aws_access_key_id=DUMMY.access_key,
        aws_secret_access_key=DUMMY.secret_key,
        config=Config(**UNMOVED),
    )
    return str(client.meta.endpoint_url)


def dynamodb(target: Target, *, patience: Literal["probe", "work"] = "work") -> DynamoDBClient:
    """The control plane of a target. A probe is short and asks once."""
    import boto3

    access_key, secret_key, token = target.credentials()
    client: DynamoDBClient = boto3.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        region_name=target.region,
        botocore_session=_nobodys() if target.kind == "embedded" else None,
    ).client(
        "dynamodb",
        endpoint_url=target.url,
        verify=False if target.url.startswith("http://") else None,
        config=_config(target, patience),
    )
    return client


def _nobodys() -> Session:
    """For the embedded engine: no profile and no file of the person's plays a part."""
    from botocore.session import Session

    nothing = (None, None, os.devnull, None)
    files = {"config_file": nothing, "credentials_file": nothing}
    return Session(session_vars={"profile": (None, None, None, None), **files})


def neighbour(target: Target, service: str, *, patience: Literal["probe", "work"] = "probe") -> Any:
    """Another AWS service, with the credentials of a target."""
    import boto3

    access_key, secret_key, token = target.credentials()
    session: Any = boto3.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
        region_name=target.region,
    )
    return session.client(service, config=_config(target, patience))


def _config(target: Target, patience: Literal["probe", "work"]) -> Config:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": 1 if patience == "probe" else 4},
        connect_timeout=3 if patience == "probe" else 5,
        read_timeout=5 if patience == "probe" else 30,
        max_pool_connections=10,
        **UNMOVED,
        proxies=None if target.kind == "aws" else {},
    )


def _profiles() -> list[str]:
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        return sorted(Session().available_profiles)
    except BotoCoreError:
        return []
