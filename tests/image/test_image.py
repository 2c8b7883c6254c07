"""Each app starts from the files and the packages its image would hold. No container engine takes part."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from tests.chassis.sidecars import READY, free_ports
from tests.image import dockerfile
from tests.system.mesh import eventually

ROOT = Path(__file__).parents[2]
APPS = [str(app["appID"]) for app in yaml.safe_load((ROOT / "dapr.yaml").read_text("utf-8"))["apps"]]
STAGES = dockerfile.stages((ROOT / "Dockerfile").read_text("utf-8"))


@pytest.fixture(scope="session")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an engine would be sent of this checkout."""
    target = tmp_path_factory.mktemp("context")
    dockerfile.context(ROOT, target, (ROOT / ".dockerignore").read_text("utf-8"))
    return target


@pytest.fixture(scope="session")
def packages(sent: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The environment of an app's image, made by the Dockerfile's own `uv sync`; apps without an extra share one."""
    made: dict[str, Path] = {}

    def of(app_id: str) -> Path:
        key = app_id if f"\n{app_id} = " in (sent / "pyproject.toml").read_text("utf-8") else ""
        if key not in made:
            folder = tmp_path_factory.mktemp("dependencies")
            settings = {**STAGES["dependencies"].environment, "UV_PROJECT_ENVIRONMENT": str(folder / ".venv")}
            settings |= {"UV_LINK_MODE": "hardlink", "VIRTUAL_ENV": ""}
            dockerfile.run(STAGES["dependencies"], sent, folder, app_id, settings)
            made[key] = folder / ".venv"
        return made[key]

    return of


@pytest.fixture
def image(sent: Path, packages: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """The image's /app as a folder."""

    def of(app_id: str) -> Path:
        build, app = tmp_path / "build", tmp_path / "app"
        build.mkdir()
        app.mkdir()
        dockerfile.run(STAGES["files"], sent, build, app_id)
        for stage, there, here in dockerfile.copied_between(STAGES["image"]):
            if stage == "files":
                shutil.copytree(build / Path(there).relative_to("/build"), app / here, dirs_exist_ok=True)
            else:
                assert there == "/app/.venv"
                (app / here).symlink_to(packages(app_id))
        return app

    return of


def start(app: Path, app_id: str, **settings: object) -> subprocess.Popen[str]:
    """The image's command, with nothing of this checkout within reach."""
    given = {name: value.replace("${APP}", app_id) for name, value in STAGES["image"].environment.items()}
    given["PATH"] = f"{app}/.venv/bin:/usr/bin:/bin"
    given |= {"APP_HOST": "127.0.0.1"} | {name: str(value) for name, value in settings.items()}
    return subprocess.Popen(
        STAGES["image"].command, cwd=app, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def serves(app: Path, app_id: str) -> list[str]:
    """Start the app, which opens its port before it has a sidecar, and stop it as an engine does; what went wrong."""
    port, telemetry, nobody = free_ports(3)
    before = set(app.rglob("*"))
    problems = []
    with start(app, app_id, APP_PORT=port, TELEMETRY_PORT=telemetry, DAPR_HTTP_PORT=nobody) as process:
        try:

            def answers() -> bool:
                return process.poll() is not None or httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200

            eventually(answers, within=READY, what=f"{app_id} answers")
            if process.poll() is None:
                readiness = httpx.get(f"http://127.0.0.1:{port}/readyz").text
                if "its sidecar" not in readiness:
                    problems.append(f"it is to wait for its sidecar, and says {readiness}")
                process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=10)
            if process.returncode:
                problems.append(f"exit code {process.returncode}: {output[-500:]}")
        finally:
            process.kill()
    return problems + [f"it wrote {path}" for path in sorted(set(app.rglob("*")) - before)]


@pytest.mark.parametrize("app_id", APPS)
def test_an_app_starts_from_what_its_image_holds_and_writes_nothing_into_it(image, app_id):
    assert serves(image(app_id), app_id) == []


@pytest.mark.parametrize("missing", ["chassis/_problem.py", "apps/api_gateway/problems.yaml", "config/routes.yaml"])
def test_a_file_that_the_image_lacks_is_found(image, missing):
    app = image("api-gateway")
    (app / missing).unlink()
    assert serves(app, "api-gateway") != []


def test_a_package_that_only_development_has_is_found_missing(image):
    app = image("api-gateway")
    wiring = app / "apps" / "api_gateway" / "app.py"
    wiring.write_text("import httpx\n" + wiring.read_text("utf-8"))
    (problem,) = serves(app, "api-gateway")
    assert "No module named 'httpx'" in problem


def test_an_image_holds_one_app_and_nothing_of_the_workshop(image):
    app = image("rate-limiter-service")
    assert {path.name for path in app.iterdir()} == {".venv", "apps", "chassis", "contracts"}
    assert {path.name for path in (app / "apps").iterdir()} == {"__init__.py", "__pycache__", "rate_limiter_service"}
    assert not (app / "chassis" / "testing").exists()


def test_a_heavy_package_of_one_app_is_in_no_other_image(packages):
    assert list(packages("rate-limiter-service").glob("lib/*/site-packages/redis"))
    assert not list(packages("api-gateway").glob("lib/*/site-packages/redis"))


def test_the_image_runs_as_nobody_by_number():
    user, _, group = STAGES["image"].all("USER")[-1].partition(":")
    assert int(user) > 1000
    assert int(group) > 1000


def test_what_an_engine_is_sent_holds_no_secret_and_no_test(sent):
    names = {str(path.relative_to(sent)) for path in sent.rglob("*") if path.is_file()}
    assert {name.split("/")[0] for name in names} == {
        "pyproject.toml",
        "uv.lock",
        "apps",
        "chassis",
        "contracts",
        "config",
    }
    assert not [name for name in names if "testing" in name or "__pycache__" in name or name.startswith("config/dapr")]


def test_an_instruction_that_would_not_be_carried_out_here_is_refused():
    with pytest.raises(ValueError, match="HEALTHCHECK is not understood"):
        dockerfile.stages("FROM x\nHEALTHCHECK CMD true\n")
