"""Every code an app can answer with has a page, and the page says what the code's class says."""

import importlib
import pkgutil

import pytest

import apps
from apps.api_gateway.domain.catalogue import FAULTS
from apps.api_gateway.domain.pages.problems import single
from apps.api_gateway.service import ProblemPages
from chassis import AppError

for module in pkgutil.walk_packages(apps.__path__, "apps."):
    importlib.import_module(module.name)

CODES = AppError.registry("apps.", "chassis.")
PAGES = {page.code: page for page in ProblemPages().pages}


def test_codes_and_pages_are_the_same_set():
    assert set(CODES) == set(PAGES)


@pytest.mark.parametrize("code", sorted(PAGES))
def test_a_page_repeats_what_the_codes_class_says(code):
    page, error = PAGES[code], CODES[code]
    assert (page.status, page.fault, page.title) == (error.status, error.fault, error.title)


@pytest.mark.parametrize("code", sorted(PAGES))
def test_a_page_tells_what_happened_whose_fault_it_is_and_what_to_do(code):
    page = PAGES[code]
    html = single(page)
    assert "<h2>What happened</h2>" in html
    assert "<h2>What to do</h2>" in html
    assert FAULTS[page.fault] in html.replace("&#x27;", "'")
    assert f"/problems/{code}" in html
    assert min(len(page.happened), len(page.do), len(page.detail)) > 10


async def test_a_page_is_html_for_people(client):
    answer = await client.get("/problems/peer.unavailable", headers={"accept": "text/html,*/*", "authorization": None})
    assert answer.body.decode() == single(PAGES["peer.unavailable"])


async def test_a_page_is_json_for_programs(client):
    answer = await client.get("/problems/peer.unavailable", headers={"accept": "application/json"})
    assert answer.json()["example"]["code"] == "peer.unavailable"


async def test_all_codes_are_listed(client):
    assert {page["code"] for page in (await client.get("/problems")).json()} == set(PAGES)
    html = (await client.get("/problems", headers={"accept": "text/html"})).body.decode()
    assert all(f'href="/problems/{code}"' in html for code in PAGES)


async def test_an_unknown_code_has_no_page(client):
    assert (await client.get("/problems/nothing.such")).problem == ("problem.unknown", 404, "api-gateway")


async def test_a_code_from_the_address_is_not_put_into_the_page(client):
    answer = await client.get("/problems/%3Cscript%3E", headers={"accept": "text/html"})
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_example_has_every_member_of_a_real_problem(client, peers):
    peers["airtable-connector"].fails("dead")
    real = (await client.get("/api/v1/bases")).json()
    example = PAGES["peer.unavailable"].example()
    assert example.keys() == real.keys()
    assert {each: example[each] for each in ("type", "title", "status", "code", "service", "fault")} == {
        each: real[each] for each in ("type", "title", "status", "code", "service", "fault")
    }
