"""Airtable's rate limits, by a clock that the test moves."""

import pytest

from sandbox.airtable.limits import Limiter, LimitSettings

CRM, OTHER = "appAAAAAAAAAAAAAA", "appBBBBBBBBBBBBBB"


@pytest.fixture
def limiter():
    return Limiter(LimitSettings())


def served(limiter, times, base=CRM, user="usr1"):
    return [limiter.admit(base, user, at) for at in times]


def test_five_requests_fit_in_any_second(limiter):
    assert served(limiter, [10, 10.1, 10.2, 10.3, 10.4, 11.0, 11.1, 11.2]) == [True] * 8


def test_the_sixth_within_a_second_is_refused_and_the_base_is_closed_for_thirty_seconds(limiter):
    assert served(limiter, [10, 10, 10, 10, 10, 10.9]) == [True] * 5 + [False]
    assert served(limiter, [12, 25, 40.89]) == [False] * 3
    assert served(limiter, [40.91]) == [True]


def test_requests_during_a_penalty_do_not_prolong_it(limiter):
    served(limiter, [10] * 6)
    assert served(limiter, [39.9] * 20) == [False] * 20
    assert served(limiter, [40.0] * 5) == [True] * 5


def test_the_window_slides_and_does_not_start_at_whole_seconds(limiter):
    assert served(limiter, [10.8] * 3 + [11.2] * 2) == [True] * 5
    assert served(limiter, [11.7]) == [False]


def test_one_bases_penalty_does_not_touch_another_base(limiter):
    served(limiter, [10] * 6)
    assert served(limiter, [10], base=OTHER) == [True]


def test_all_users_share_a_bases_budget(limiter):
    answers = [limiter.admit(CRM, f"usr{number}", 10) for number in range(6)]
    assert answers == [True] * 5 + [False]


def test_a_user_has_fifty_a_second_over_all_bases_and_no_penalty(limiter):
    bases = [f"app{number:014d}" for number in range(12)]
    answers = [limiter.admit(base, "usr1", 10) for base in bases for _ in range(5)]
    assert answers == [True] * 50 + [False] * 10
    assert limiter.admit(OTHER, "usr1", 11) is True


def test_requests_outside_any_base_count_only_for_the_user(limiter):
    assert served(limiter, [10] * 50, base=None) == [True] * 50
    assert served(limiter, [10], base=None) == [False]


def test_off_admits_everything():
    assert served(Limiter(LimitSettings(enabled=False)), [10] * 100) == [True] * 100


def test_windows_of_the_past_are_forgotten_when_there_are_many(limiter):
    for number in range(20_000):
        limiter.admit(None, f"usr{number}", float(number))
    assert len(limiter._arrivals) <= 10_002


def test_a_refusal_has_the_plural_form_and_no_retry_after(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact"})
    path = client.path("CRM", "Companies")
    answers = [client.send("GET", path, params={"maxRecords": 1}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json() == {
        "errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]
    }
    assert "retry-after" not in answers[-1].headers


def test_metadata_of_a_base_counts_for_the_base(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact"})
    path = f"/v0/meta/bases/{client.base('CRM').id}/tables"
    assert [client.send("GET", path).status_code for _ in range(6)] == [200] * 5 + [429]
    assert client.send("GET", client.path("CRM", "Deals")).status_code == 429
    assert client.send("GET", client.path("Projects", "Tasks")).status_code == 200


def test_a_request_without_a_valid_token_costs_a_base_nothing(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact"})
    path = client.path("CRM", "Companies")
    refused = [client.send("GET", path, headers={"authorization": None}).status_code for _ in range(10)]
    assert refused == [401] * 10
    assert client.send("GET", path).status_code == 200


def test_all_tokens_of_a_user_share_fifty_a_second(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact", "userPerSecond": 4})
    tokens = [f"patNumber{number}" for number in range(5)]
    answers = [client.send("GET", "/v0/meta/whoami", headers={"authorization": f"Bearer {each}"}) for each in tokens]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]


def test_refused_writes_count_as_well(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact", "retryAfter": 30})
    path = client.path("CRM", "Companies")
    answers = [client.send("POST", path, json={}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "30"


def test_a_month_has_as_many_calls_as_its_plan_and_the_next_month_begins_anew(client, admin):
    clock = client.sandbox.clock
    clock.freeze(1_769_904_000 - 10)  # ten seconds before February 2026
    admin.send("POST", "/limits", json={"callsPerMonth": 3})
    crm, projects = client.path("CRM", "Companies"), client.path("Projects", "Tasks")
    statuses = [client.send("GET", path).status_code for path in (crm, projects, "/v0/meta/whoami", crm, projects)]
    assert statuses == [200, 200, 200, 429, 429]
    assert client.send("GET", crm).json()["error"]["type"] == "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
    clock.advance(10)
    assert client.send("GET", crm).status_code == 200


def test_a_call_refused_by_the_rate_limit_costs_nothing_of_the_month(client, admin):
    client.sandbox.clock.freeze()
    admin.send("POST", "/limits", json={"mode": "exact", "callsPerMonth": 6})
    path = client.path("CRM", "Companies")
    assert [client.send("GET", path).status_code for _ in range(8)] == [200] * 5 + [429] * 3
    client.sandbox.clock.advance(31)
    answers = [client.send("GET", path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "error" in answers[1].json()
