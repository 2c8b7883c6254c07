"""What an API server would say of a manifest's shape: Kubernetes' own schemas, and those of Dapr's CRDs."""

import functools
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from tests.kubernetes.programs import KUBERNETES

Manifest = dict[str, Any]

VERSION = KUBERNETES.rpartition(".")[0]
CRDS = Path(__file__).parent / "crds"


def name_of(manifest: Manifest) -> str:
    return f"{manifest.get('kind')} {manifest.get('metadata', {}).get('name')}"


def problems(manifests: list[Manifest]) -> list[str]:
    """One line for each manifest that is refused; a field that nobody knows is refused too."""
    found = []
    for manifest in manifests:
        try:
            if str(manifest.get("apiVersion", "")).startswith("dapr.io/"):
                _dapr()[manifest["apiVersion"], manifest["kind"]].validate(manifest)
            else:
                kubernetes_validate.validate(manifest, VERSION, strict=True)
        except jsonschema.ValidationError as error:
            found.append(f"{name_of(manifest)}: {error.json_path}: {error.message}")
        except (kubernetes_validate.SchemaNotFoundError, KeyError):
            found.append(f"{name_of(manifest)}: there is no {manifest.get('apiVersion')} {manifest.get('kind')}")
    return found


@functools.cache
def _dapr() -> dict[tuple[str, str], jsonschema.Draft202012Validator]:
    """apiVersion and kind → what validates it. Made once: to check the schema itself takes longer than the manifest."""
    found = {}
    for path in sorted(CRDS.glob("*.yaml")):
        definition = yaml.safe_load(path.read_text("utf-8"))["spec"]
        for version in definition["versions"]:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
            kind = f"{definition['group']}/{version['name']}", definition["names"]["kind"]
            found[kind] = jsonschema.Draft202012Validator(schema)
    return found


def _closed(schema: Any) -> Any:
    """The same schema, in which an object with listed properties has no others: a cluster would drop them silently."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed
