"""kustomize, and the programs of a Kubernetes cluster, built from Go modules once and kept outside the checkout."""

import fcntl
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.dapr_build import GoBuild
from local.operating_system import go_platform
from local.progress import Progress

KUBERNETES, KWOK, KUSTOMIZE = "1.34.4", "0.7.0", "5.7.1"
_CLUSTER = "k8s.io/kubernetes"


@dataclass(frozen=True)
class Module:
    """A Go module of our own that requires one of somebody else's; `programs` are name → package."""

    path: str
    version: str
    programs: dict[str, str]
    text: str  # what is said while it is built


RENDERER = Module(
    "sigs.k8s.io/kustomize/kustomize/v5",
    KUSTOMIZE,
    {"kustomize": "sigs.k8s.io/kustomize/kustomize/v5"},
    "building kustomize (1 minute on two cores)",
)
CLUSTER = [
    Module(
        _CLUSTER,
        KUBERNETES,
        {
            **{
                name: f"{_CLUSTER}/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
            },
            "etcd": "go.etcd.io/etcd/server/v3",
        },
        "building etcd, kube-apiserver, controller-manager, scheduler, kubectl (4 to 9 minutes on two cores)",
    ),
    Module("sigs.k8s.io/kwok", KWOK, {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, "building kwok (2 minutes on two cores)"),
]


def obtain(*modules: Module) -> Path:
    """The folder with the programs of these modules. Milliseconds and no network once they are there.

    Raises SetupError with the remedy.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
    kept = base / "pyairtable-platform" / "kubernetes" / "-".join([KUBERNETES, KWOK, KUSTOMIZE, *go_platform()])
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / ".lock").open("w") as lock:
        if _missing(kept, modules):
            fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits, and finds the work done
        for module in _missing(kept, modules):
            scratch = Path(tempfile.mkdtemp(dir=kept, prefix=".scratch-"))
            try:
                _build(module, scratch, kept)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    return kept


def _missing(kept: Path, modules: tuple[Module, ...]) -> list[Module]:
    return [each for each in modules if not all(os.access(kept / name, os.X_OK) for name in each.programs)]


def _build(module: Module, scratch: Path, kept: Path) -> None:
    progress = Progress(lambda line: print(line, flush=True))
    build = GoBuild(scratch, progress)
    folder, programs = scratch / "module", scratch / "bin"
    folder.mkdir()
    programs.mkdir()
    wanted = f"{module.path}@v{module.version}"
    answer = json.loads(build.run(f"downloading {wanted}", ["mod", "download", "-json", wanted], scratch))
    lines = ["module programs", "", "go 1.24.0", "", f"require {module.path} v{module.version}"]
    for line in Path(answer["GoMod"]).read_text("utf-8").splitlines():
        name, arrow, target = line.partition(" => ")
        if arrow and target.startswith(
            "./staging/"
        ):  # Kubernetes' own libraries: of its release, under their own names
            lines.append(f"replace {name.split()[-1]} => {name.split()[-1]} v0{module.version[1:]}")
    (folder / "go.mod").write_text("\n".join(lines) + "\n", "utf-8")
    version = f"-s -w -X k8s.io/component-base/version.gitVersion=v{module.version}"
    for name, package in module.programs.items():
        flags = ["-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags", version, "-o", str(programs / name)]
        build.run(f"{module.text}: {name}", ["build", *flags, package], folder)
    for program in programs.iterdir():
        program.replace(kept / program.name)


if __name__ == "__main__":
    print(obtain(RENDERER, *(CLUSTER if sys.argv[1:] == ["cluster"] else [])))
