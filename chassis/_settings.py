"""An app's settings, read from the environment: typed, and refused before anything starts when they are wrong."""

import difflib
import os
import re
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

MIB = 1024 * 1024
VERSION = "0.1.0"  # of the platform


class ConfigError(Exception):
    """The configuration is wrong. `str()` is one line that names the variable and never shows its value."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"config.invalid: {variable}: {problem}")


class AppSettings(BaseSettings):
    """What every app is told by whoever starts it. An app subclasses it and adds its own fields.

    A subclass in `apps.note_service.settings` is app `note-service` and reads its own field `page_size` from
    `NOTE_SERVICE_PAGE_SIZE`; the fields below come from the variables they name. Outside of `apps`, name the app:
    `class Settings(AppSettings, app_id="note-service")`.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, populate_by_name=True, extra="forbid", frozen=True)

    APP: ClassVar[str] = ""
    # True: another role owns the app's tables (the secret `database-owner-url/<app-id>`), and migrations run as it.
    OWNED_APART: ClassVar[bool] = False

    app_id: str = Field(default="", validation_alias="APP_ID")
    app_host: str = Field(default="127.0.0.1", validation_alias="APP_HOST")
    app_port: int = Field(default=8000, ge=0, le=65535, validation_alias="APP_PORT")
    dapr_http_port: int = Field(default=3500, ge=1, le=65535, validation_alias="DAPR_HTTP_PORT")
    dapr_grpc_port: int = Field(default=50001, ge=1, le=65535, validation_alias="DAPR_GRPC_PORT")
    telemetry_host: str = Field(default="127.0.0.1", validation_alias="TELEMETRY_HOST")
    telemetry_port: int = Field(default=0, ge=0, le=65535, validation_alias="TELEMETRY_PORT")
    # Where spans go (OTLP/HTTP), an address without /v1/traces; empty: nowhere. Not OTEL_EXPORTER_OTLP_ENDPOINT, which
    # would divert a sidecar that shares the environment.
    otlp_endpoint: str = Field(default="", pattern="^(https?://.+)?$", validation_alias="OTLP_ENDPOINT")
    app_api_token: SecretStr | None = Field(default=None, validation_alias="APP_API_TOKEN")
    dapr_api_token: SecretStr | None = Field(default=None, validation_alias="DAPR_API_TOKEN")
    platform_run_dir: str = Field(default="", validation_alias="PLATFORM_RUN_DIR")
    # Where audit entries go when no audit-service is in the mesh, a file an app; empty: to audit-service.
    audit_folder: str = Field(default="", validation_alias="AUDIT_FOLDER")
    log_level: str = Field(default="info", pattern="(?i)^(debug|info|warning|error)$", validation_alias="LOG_LEVEL")
    max_body_bytes: int = Field(default=MIB, ge=1024, le=16 * MIB)  # a sidecar takes 16 MiB at most
    default_timeout: float = Field(
        default=30.0, gt=0, le=600
    )  # seconds a public app gives a request that brings no limit

    database_pool: int = Field(default=4, ge=1, le=4)  # connections of one replica; all apps share one server
    database_statement_timeout: float = Field(default=5.0, gt=0, le=60)  # seconds; also the wait for a connection

    def __init_subclass__(cls, *, app_id: str | None = None, **options: Any) -> None:
        package = cls.__module__.split(".")
        if app_id is None and package[0] == "apps" and len(package) > 1:
            app_id = package[1].replace("_", "-")
        if app_id:
            cls.APP = app_id
            cls.model_config = SettingsConfigDict(
                **{**cls.model_config, "env_prefix": f"{app_id.upper().replace('-', '_')}_"}
            )
        super().__init_subclass__(**options)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings

    def model_post_init(self, context: Any, /) -> None:
        # Frozen for everybody else: these two follow from the others.
        if not self.app_id:
            self.__dict__["app_id"] = self.APP
        if not self.telemetry_port and self.app_port:
            self.__dict__["telemetry_port"] = self.app_port + 5900

    def digests(self) -> dict[str, str]:
        """A digest of each own setting that somebody gave, by its variable: it tells a change and no value. Secrets are
        left out."""
        prefix = str(self.model_config.get("env_prefix") or "APP_")
        given = {variable_of(type(self), name): getattr(self, name) for name in sorted(self.model_fields_set)}
        return {
            name: sha256(str(value).encode()).hexdigest()[:12]
            for name, value in given.items()
            if name.startswith(prefix) and not isinstance(value, SecretStr)
        }

    @classmethod
    def load(cls) -> "AppSettings":
        """The settings in this process' environment. Raises ConfigError for what is missing, wrong or unknown."""
        prefix = cls.model_config.get("env_prefix") or ""
        known = {variable_of(cls, name) for name in cls.model_fields}
        for name in sorted(os.environ):
            if prefix and name.startswith(prefix) and name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                raise ConfigError(name, f"no such setting{f'; did you mean {close[0]}?' if close else ''}")
        try:
            settings = cls()
        except SettingsError as error:  # says nothing but which field was to be JSON and is not
            named = re.search(r'field "(\w+)"', str(error))
            raise ConfigError(variable_of(cls, named[1]) if named else cls.APP, "is not valid JSON") from None
        except ValidationError as error:
            raise _config_error(cls, error) from None
        if cls.APP and settings.app_id != cls.APP:
            raise ConfigError("APP_ID", f"is not {cls.APP}, whose settings these are")
        return settings


def variable_of(settings: type[AppSettings], name: str) -> str:
    """The environment variable a field is read from."""
    alias = settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"{settings.model_config.get('env_prefix') or ''}{name}".upper()


def _config_error(cls: type[AppSettings], error: ValidationError) -> ConfigError:
    found: list[tuple[str, str]] = []
    by_variable = {variable_of(cls, name): name for name in cls.model_fields}
    for each in error.errors(include_url=False):
        name = str(each["loc"][0]) if each["loc"] else ""
        variable = name if name in by_variable else variable_of(cls, name) if name in cls.model_fields else name
        problem = "is not set" if each["type"] == "missing" else each["msg"].removeprefix("Value error, ")
        value = each.get("input")
        if isinstance(value, str) and len(value) > 2:
            problem = problem.replace(value, "…")  # a validator's own message may quote it
        found.append((variable, problem))
    variable, problem = found[0]
    more = ", ".join(dict.fromkeys(v for v, _ in found[1:] if v != variable))
    return ConfigError(variable, problem + (f" (also wrong: {more})" if more else ""))
