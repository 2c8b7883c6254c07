"""What may be imported, what every unsafe route declares, what every error code has."""

import pytest

from tests.house.rules import code


def test_apps_and_chassis_import_nothing_slow(root):
    assert code.no_forbidden_import(root) == []


@pytest.mark.parametrize(
    "line",
    [
        "import httpx",
        "import requests",
        "from httpx import AsyncClient",
        "from starlette.middleware.base import BaseHTTPMiddleware",
        "from fastapi.encoders import jsonable_encoder",
    ],
)
@pytest.mark.parametrize("file", ["apps/note_service/clients.py", "chassis/_mesh.py"])
def test_a_slow_import_is_caught(plant, file, line):
    assert len(code.no_forbidden_import(plant(file, f"{line}\n"))) == 1


def test_the_domain_of_every_app_is_pure(root):
    assert code.the_domain_is_pure(root) == []


def test_a_domain_with_errors_and_a_principal_is_pure(plant):
    assert code.the_domain_is_pure(plant("apps/note_service/domain.py", "from chassis import Principal\n")) == []


@pytest.mark.parametrize(
    "planted", ["async def wait() -> None: ...\n", "from chassis import Mesh\n", "import chassis\n"]
)
def test_a_domain_that_waits_or_reaches_for_the_mesh_is_caught(plant, planted):
    assert len(code.the_domain_is_pure(plant("apps/note_service/domain.py", planted))) == 1


def test_every_unsafe_route_declares_its_audit_action(root):
    assert code.unsafe_routes_declare_their_audit_action(root) == []


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_an_unsafe_route_without_an_audit_action_is_caught(plant, verb):
    house = plant("apps/note_service/routes.py", f'@router.{verb}("/x")\nasync def x() -> None: ...\n')
    assert len(code.unsafe_routes_declare_their_audit_action(house)) == 1


def test_a_reasoned_exemption_is_an_audit_declaration_and_an_empty_one_is_not(plant):
    house = plant("apps/note_service/routes.py", '@router.put("/x", no_audit="a probe")\ndef x() -> None: ...\n')
    assert code.unsafe_routes_declare_their_audit_action(house) == []
    plant("apps/note_service/routes.py", '@router.put("/y", no_audit="")\ndef y() -> None: ...\n')
    assert len(code.unsafe_routes_declare_their_audit_action(house)) == 1


def test_every_error_code_has_a_page_and_every_page_a_code(root):
    assert code.every_error_code_has_a_page(root) == []


def test_a_code_without_a_page_and_a_page_without_a_code_are_caught(plant):
    assert code.every_error_code_has_a_page(plant("chassis/_x.py", "")) == []
    house = plant("chassis/_errors.py", 'class Lost:\n    code, status = "peer.lost", 502\n')
    plant("apps/api_gateway/problems.yaml", "- code: note.ghost\n")
    assert code.every_error_code_has_a_page(house) == [
        "peer.lost (chassis/_errors.py) has no page in apps/api_gateway/problems.yaml",
        "note.ghost has a page in apps/api_gateway/problems.yaml and no class that declares it",
    ]


def test_every_error_code_is_reached_by_a_test(root):
    assert code.error_codes(root), "no error class was found at all: the rule would be blind"
    assert code.every_error_code_is_reached_by_a_test(root) == []


def test_an_error_code_that_no_test_reaches_is_caught(plant):
    assert code.every_error_code_is_reached_by_a_test(plant("chassis/_x.py", "")) == []
    house = plant("chassis/_errors.py", 'class Lost:\n    code: str = "peer.lost"\n')
    assert code.every_error_code_is_reached_by_a_test(house) == ["peer.lost (chassis/_errors.py) is reached by no test"]
