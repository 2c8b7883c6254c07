"""No secret is ever written, whatever it was called and wherever it stood."""

import io
import logging

import orjson
import pytest
import structlog

from chassis import Log, redact
from chassis._logs import own_process

CANARIES = [
    "pya_canary0123456789", "patCANARY12345678.canary0123456789abcdef", "Bearer canary.canary-canary",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjYW5hcnkifQ.canary", "sk-ant-canary0123456789",
    "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----", "postgresql://app:canary@127.0.0.1/db",
    "redis://:canary@127.0.0.1", "/bases/postgresql:/app:canary@db/x",
]  # fmt: skip


@pytest.fixture
def log():
    return Log("note-service", out=io.StringIO())


def written(log):
    return log._out.getvalue()


@pytest.mark.parametrize("canary", CANARIES)
def test_a_secret_inside_of_any_text_is_hidden(log, canary):
    log.info(f"event {canary}", detail=f"and {canary} again", nested={"deep": [canary, (canary,)]}, raw=canary.encode())
    log.error("failed", error=RuntimeError(f"with {canary}"))
    assert "canary" not in written(log).lower()
    assert written(log).count("[hidden]") >= 6


@pytest.mark.parametrize(
    "name",
    ["token", "Authorization", "app_api_token", "client_secret", "redis-password", "api_key", "x-api-key", "cookie",
     "signing-key", "key"],
)  # fmt: skip
def test_a_value_with_a_telling_name_is_hidden(log, name):
    log.info("event", **{name: "canary"}, headers={name: "canary"}, many=[{name: b"canary"}])
    assert "canary" not in written(log)


def test_what_is_no_secret_is_written():
    fields = {"keys": 3, "path": "/v0/app1/T", "monkey": "banana", "ok": True, "nothing": None, "ms": 1.5}
    assert redact(fields) == fields


def test_a_line_is_json_whatever_is_logged(log):
    log.info('quote " newline \n\x1b[31m', weird=object(), big=10**30, set={1})
    (line,) = written(log).splitlines()
    document = orjson.loads(line)
    assert (document["app"], document["level"]) == ("note-service", "info")


def test_lines_below_the_level_are_not_written():
    log = Log("note-service", "warning", io.StringIO())
    log.info("no")
    log.warning("yes")
    assert "yes" in written(log)
    assert "no" not in [orjson.loads(line)["event"] for line in written(log).splitlines()]


@pytest.fixture
def process(log):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own_process(log)
    yield log
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_what_libraries_log_goes_the_same_way(process):
    try:
        raise ValueError("pya_canary0123456789")
    except ValueError:
        logging.getLogger("some.library").exception("went wrong with %s", "Bearer canary.canary")
    structlog.get_logger().warning("told by structlog", token="canary")
    first, second = (orjson.loads(line) for line in written(process).splitlines())
    assert (first["logger"], first["level"]) == ("some.library", "error")
    assert "ValueError" in first["exception"]
    assert (second["event"], second["level"]) == ("told by structlog", "warning")
    assert "canary" not in written(process)
