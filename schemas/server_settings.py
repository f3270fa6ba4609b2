"""The settings of a Prefect server and its pages: this home's own server, or one that homes of several cities share."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings


class ServerSettings(BaseSettings):
    """What concerns the server, read from `FILING_*` variables with the other settings."""

    hosts: str = Field(
        default="",
        title="Names of the server",
        description="Names by which people's browsers reach the pages, divided by commas, beside this machine's own.",
    )
    city: str = Field(
        default="",
        pattern="^([a-z][a-z0-9]{0,30})?$",
        title="City on a shared server",
        description="Small letters and digits, such as `ezhou`: this home's pool and deployments bear it in their names, so "
        "that a Prefect server may serve several cities. Blank where the server is this home's alone.",
    )
    shared_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Shared server: secret",
        description="What lies in `machine.secret` of the home that the shared server is started in.",
    )
    shared_server: str = Field(
        default="",
        title="Shared server",
        description="Address of another home's Prefect server, such as `http://10.0.0.1:4200`: `filing up` starts none of "
        "its own, and hands on to that one what Prefect is asked for. Needs a city and the secret.",
    )
    keep_runs_days: int = Field(
        default=365,
        ge=7,
        title="Runs: kept for",
        description="Days for which Prefect keeps a run that has ended, with its logs and artifacts.",
    )
    keep_log_megabytes: int = Field(
        default=16, ge=1, title="Logs: kept at most", description="Megabytes a file of `logs/` may grow to."
    )

    @field_validator("shared_server")
    @classmethod
    def _is_whole(cls, address: str, info: ValidationInfo) -> str:
        if address and not address.startswith(("http://", "https://")):
            raise ValueError("it is an address that begins with http:// or https://")
        if address and not info.data.get("city"):
            raise ValueError("a shared server needs FILING_CITY, by which it tells this home's runs from others'")
        if address and not info.data.get("shared_secret"):
            raise ValueError("a shared server needs FILING_SHARED_SECRET, by which it knows this home")
        return address.rstrip("/")
