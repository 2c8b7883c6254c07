"""What an app's process is given."""

from pathlib import Path

import pytest

from local.app_environment import shared_environment
from local.credentials import Credentials
from local.options import ROOT
from local.plan import load_plan
from local.run_dir import RunDirectory
from local.specs import Specs

PLAN = load_plan(ROOT / "dapr.yaml")


def test_an_app_gets_its_own_settings_and_learns_the_address_of_its_database_as_a_secret_only(tmp_path):
    given = {
        "API_GATEWAY_DEFAULT_TIMEOUT": "5",
        "API_GATEWAY_DATABASE_URL": "postgresql://me:secret@db/x",
        "AIRTABLE_CONNECTOR_READ_CACHE_TTL": "0",
        "AWS_SECRET_ACCESS_KEY": "of somebody",
    }
    credentials = Credentials.load_or_create(tmp_path / "run")
    run, plan = RunDirectory(tmp_path / "run"), PLAN.part(["api-gateway"])
    specs = Specs(ROOT, run, 0, credentials, Path("binaries"), given, plan)

    environment = specs.app(PLAN.app("api-gateway")).environment

    assert {name for name in environment if name in given} == {"API_GATEWAY_DEFAULT_TIMEOUT"}


@pytest.mark.parametrize(("apps", "told"), [(["api-gateway"], True), (["api-gateway", "audit-service"], False)])
def test_audit_entries_stay_on_the_machine_when_audit_service_is_not_in_the_run(tmp_path, apps, told):
    environment = shared_environment(RunDirectory(tmp_path / "run"), PLAN.part(apps), 0)
    assert environment.get("AUDIT_FOLDER") == (str(tmp_path / "run" / "audit") if told else None)


@pytest.mark.parametrize(("apps", "told"), [(["api-gateway"], None), (["analytics-service"], "http://127.0.0.1:14060")])
def test_spans_go_to_analytics_service_when_it_is_in_the_run(tmp_path, apps, told):
    environment = shared_environment(RunDirectory(tmp_path / "run"), PLAN.part(apps), 100)
    assert environment.get("OTLP_ENDPOINT") == told
