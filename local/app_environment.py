"""What an app's process is told by the environment."""

from . import ports
from .plan import App, Plan
from .run_dir import RunDirectory

COLLECTOR = "analytics-service"  # takes everybody's spans on its telemetry port


def is_setting(name: str, app: App) -> bool:
    """The app's own variables, except the addresses of its database: those are secrets, and read as such."""
    secret = (f"{app.setting_prefix}DATABASE_URL", f"{app.setting_prefix}DATABASE_OWNER_URL")
    return name.startswith(app.setting_prefix) and name not in secret


def shared_environment(run: RunDirectory, plan: Plan, offset: int) -> dict[str, str]:
    """What every app of the run is told. Without audit-service among them, their audit entries stay on this machine;
    without analytics-service, nobody takes their spans."""
    told = {"PLATFORM_RUN_DIR": str(run.path)}
    if "audit-service" not in plan.app_ids:
        told["AUDIT_FOLDER"] = str(run.path / "audit")
    if COLLECTOR in plan.app_ids:
        told["OTLP_ENDPOINT"] = f"http://127.0.0.1:{plan.app(COLLECTOR).port + ports.TELEMETRY + offset}"
    return told
