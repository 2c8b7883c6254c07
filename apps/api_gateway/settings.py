"""What the gateway can be told by its environment."""

from functools import cached_property
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from apps.api_gateway.domain import route_file
from apps.api_gateway.domain.routing import RouteTable
from chassis import AppSettings

MIB = 1024 * 1024


class Settings(AppSettings):
    apps_file: Path = Path("dapr.yaml")  # where it exists, every routed app must be in it
    routes_file: Path = Field(Path("config/routes.yaml"), validate_default=True)
    processes_file: Path | None = None  # the launcher's record; by default processes.json in the run directory
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("*",)  # separated by commas
    body_in_memory: int = Field(64 * 1024, ge=0, le=1024 * 1024)  # bytes; a larger body passes without being kept
    max_header_bytes: int = Field(64 * 1024, ge=4096, le=64 * 1024)  # address included; sidecars take no more
    max_body_bytes: int = 64 * MIB  # only so that the route's own limit, 16 MiB at most, is the one that is met
    remembered_failures: int = Field(2_000, ge=1)  # per tenant, for `why`
    remembered_successes: int = Field(500, ge=1)
    count_every: float = Field(30.0, gt=0)  # seconds between two entries of how many changes came through
    document_lifetime: float = Field(30.0, ge=0)  # seconds the OpenAPI document is kept

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value

    @field_validator("routes_file")
    @classmethod
    def _is_a_route_table(cls, path: Path, info: ValidationInfo) -> Path:
        try:
            _table(path, info.data.get("apps_file", Path("dapr.yaml")))
        except OSError as error:
            raise ValueError(f"{path.name} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.name} is not UTF-8") from error
        except route_file.RouteFileError as error:
            raise ValueError(f"{path.name} {error}") from error
        return path

    @cached_property
    def table(self) -> RouteTable:
        return _table(self.routes_file, self.apps_file)

    @property
    def launcher_record(self) -> Path | None:
        """Where the launcher says what became of every process; None where no launcher does (Kubernetes)."""
        if self.processes_file is not None:
            return self.processes_file
        return Path(self.platform_run_dir) / "processes.json" if self.platform_run_dir else None


def _table(path: Path, apps_file: Path) -> RouteTable:
    known = None
    if apps_file.is_file():
        known = {str(app["appID"]) for app in yaml.safe_load(apps_file.read_text("utf-8"))["apps"]}
    return route_file.parse(path.read_text("utf-8"), known)
