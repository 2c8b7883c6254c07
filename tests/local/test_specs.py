"""What an app's process is given."""

from pathlib import Path

from local.credentials import Credentials
from local.options import ROOT
from local.plan import load_plan
from local.run_dir import RunDirectory
from local.specs import Specs


def test_an_app_gets_its_own_settings_and_learns_the_address_of_its_database_as_a_secret_only(tmp_path):
    given = {
        "API_GATEWAY_DEFAULT_TIMEOUT": "5",
        "API_GATEWAY_DATABASE_URL": "postgresql://me:secret@db/x",
        "AIRTABLE_CONNECTOR_READ_CACHE_TTL": "0",
        "AWS_SECRET_ACCESS_KEY": "of somebody",
    }
    credentials = Credentials.load_or_create(tmp_path / "run")
    specs = Specs(ROOT, RunDirectory(tmp_path / "run"), 0, credentials, Path("binaries"), given)

    environment = specs.app(load_plan(ROOT / "dapr.yaml").app("api-gateway")).environment

    assert {name for name in environment if name in given} == {"API_GATEWAY_DEFAULT_TIMEOUT"}
