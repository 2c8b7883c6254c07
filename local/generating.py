"""What is derived from the code: config, components, k8s. `make configure` writes it, a house test checks it."""

from pathlib import Path

from . import callers, configuration, observability, programs, service_map, topics
from .kubernetes import generating as kubernetes
from .plan import load_plan

# Where every file of this shape is a generated one: one that is not wanted any more is removed.
_OURS = (
    "config/dapr/**/*.yaml",
    "components/alternatives/*.yaml",
    "components/workflow-store.yaml",
    "k8s/base/**/*.yaml",
    "k8s/components/*.yaml",
)


def configure(root: Path, *, check: bool = False) -> int:
    """Write every generated file; with `check` only say which are not current. 1 if some are not."""
    wanted = generated(root)
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    forgotten = [path for pattern in _OURS for path in sorted(root.glob(pattern)) if path not in wanted]
    for path in stale + forgotten:
        print(f"{path.relative_to(root)} {'is not current' if check else 'written' if path in wanted else 'removed'}")
    if check:
        if stale or forgotten:
            print("Write them: make configure")
        return 1 if stale or forgotten else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    for path in forgotten:
        path.unlink()
    return 0


def generated(root: Path) -> dict[Path, str]:
    """Every generated file with the text it should have. Raises SetupError for code that cannot be read."""
    plan = load_plan(root / "dapr.yaml")
    calls = callers.find(root, plan.app_ids)
    found = topics.find(root, plan.app_ids)
    others = programs.load(root, plan.app_ids, found)
    for program, heard in others.items():
        found.allow(program, heard)
    files = configuration.generated(root, plan, calls, found, others) | observability.generated(root, plan)
    files |= service_map.generated(root, plan, calls)
    return files | kubernetes.generated(root, plan, calls, found)
