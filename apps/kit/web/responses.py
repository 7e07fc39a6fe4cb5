"""Response shapes that every service has, for the OpenAPI documents."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """What went wrong (RFC 9457), with a `code` that stays the same."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


class Liveness(BaseModel):
    status: Literal["ok"]
    service: str


class Readiness(BaseModel):
    status: Literal["ok", "unavailable"]
    service: str
    stale_since: str | None = Field(
        description="since when the frontend's answers may be out of date; null: they are not"
    )


class HealthReport(BaseModel):
    status: Literal["ok", "unavailable"]
    service: str
    database: str
