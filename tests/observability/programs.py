"""Prometheus and an OpenTelemetry Collector, built from Go modules once and kept outside the checkout."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from local.dapr_build import GoBuild
from local.operating_system import go_platform
from local.progress import Progress

PROMETHEUS, COLLECTOR, PROVIDER = "0.316.0", "0.165.0", "1.71.0"
PROGRAMS = ("prometheus", "otelcol")
_PROMETHEUS = "github.com/prometheus/prometheus"
_OPENTELEMETRY = "go.opentelemetry.io/collector"
# For the collector's own builder: OTLP in, every span in words out.
_COLLECTOR = f"""\
dist: {{name: otelcol, module: otelcol, version: {COLLECTOR}, output_path: %s}}
receivers: [{{gomod: {_OPENTELEMETRY}/receiver/otlpreceiver v{COLLECTOR}}}]
exporters: [{{gomod: {_OPENTELEMETRY}/exporter/debugexporter v{COLLECTOR}}}]
providers:
  - gomod: {_OPENTELEMETRY}/confmap/provider/envprovider v{PROVIDER}
  - gomod: {_OPENTELEMETRY}/confmap/provider/fileprovider v{PROVIDER}
"""


def obtain() -> Path:
    """The folder with both programs. Milliseconds and no network once they are there; raises SetupError otherwise."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
    kept = base / "pyairtable-platform" / "observability" / "-".join([PROMETHEUS, COLLECTOR, *go_platform()])
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits, and finds the work done
        if not all(os.access(kept / name, os.X_OK) for name in PROGRAMS):
            scratch = Path(tempfile.mkdtemp(dir=kept, prefix=".scratch-"))
            try:
                _build(scratch)
                for name in PROGRAMS:
                    (scratch / name).replace(kept / name)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    return kept


def _build(scratch: Path) -> None:
    build = GoBuild(scratch, Progress(lambda line: print(line, flush=True)))
    flags = ["-buildvcs=false", "-trimpath", "-ldflags=-s -w"]
    folder = scratch / "module"
    folder.mkdir()
    required = f"require {_PROMETHEUS} v{PROMETHEUS}"
    (folder / "go.mod").write_text(f"module programs\n\ngo 1.25.0\n\n{required}\n", "utf-8")
    # Nothing but the targets in its file is found, so none of the clouds' libraries is needed.
    tags = ["-mod=mod", "-tags=remove_all_sd", "-o", str(scratch / "prometheus"), f"{_PROMETHEUS}/cmd/prometheus"]
    build.run("building Prometheus (3 minutes of CPU)", ["build", *flags, *tags], folder)
    source, manifest = scratch / "collector", scratch / "collector.yaml"
    manifest.write_text(_COLLECTOR % source, "utf-8")
    builder = f"{_OPENTELEMETRY}/cmd/builder@v{COLLECTOR}"
    build.run("writing the collector", ["run", builder, "--skip-compilation", f"--config={manifest}"], scratch)
    build.run(
        "building the collector (1 minute of CPU)", ["build", *flags, "-o", str(scratch / "otelcol"), "."], source
    )


if __name__ == "__main__":
    print(obtain())
