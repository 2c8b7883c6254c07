"""The order of the files: what takes longest begins first, or one worker is left with it when the others are done."""

from collections import Counter

import pytest

_KEPT = "files/seconds"  # in pytest's cache: what each file took when they last ran side by side
# What is known before the first run; any other file is quick enough to begin late.
_SLOW = {
    "tests/local/test_doctor_mesh.py": 90.0,
    "tests/scaffold/test_making.py": 80.0,
    "tests/kubernetes/test_manifests.py": 60.0,
    "tests/airtable_connector/test_airtable_failing.py": 50.0,
    "tests/airtable_connector/test_v0.py": 40.0,
    "tests/chassis/events/test_bus.py": 40.0,
    "tests/chassis/test_sidecar.py": 30.0,
    "tests/chassis/workflow/test_saga.py": 30.0,
    "tests/local/test_doctor.py": 30.0,
}
_seconds: Counter[str] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cache = getattr(config, "cache", None)  # there is none under `-p no:cacheprovider`
    known = {**_SLOW, **cache.get(_KEPT, {})} if cache else _SLOW
    items.sort(key=lambda item: -known.get(_file(item.nodeid), 0.0))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[_file(report.nodeid)] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    cache = getattr(config, "cache", None)
    if cache and getattr(config.option, "numprocesses", None):  # not a worker, and not a few tests by hand
        cache.set(_KEPT, {**cache.get(_KEPT, {}), **_seconds})


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
