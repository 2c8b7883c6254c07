"""Comments: their shape, their order, threads and mentions, and who may change them."""

import pytest

from tests.sandbox.bodies import INVALID_REQUEST, NOT_FOUND, error


@pytest.fixture
def path(client):
    record = next(iter(client.table("CRM", "Contacts").records))
    return f"{client.path('CRM', 'Contacts')}/{record}/comments"


def post(client, path, **body):
    answer = client.send("POST", path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_comment_has_its_author_its_time_and_no_reactions(client, path):
    client.sandbox.clock.freeze(1_767_225_600.5)
    made = post(client, path, text="Hello")
    me = client.get("/v0/meta/whoami")
    assert made["id"].startswith("com")
    assert (made["author"]["id"], made["author"]["email"]) == (me["id"], me["email"])
    assert (made["text"], made["createdTime"], made["lastUpdatedTime"]) == ("Hello", "2026-01-01T00:00:00.500Z", None)
    assert (made["mentioned"], made["reactions"]) == ({}, [])
    assert "parentCommentId" not in made
    assert client.get(path) == {"comments": [made], "offset": None}


def test_comments_are_listed_newest_first_in_pages(client, path):
    made = [post(client, path, text=str(number))["id"] for number in range(5)]
    seen, offset = [], None
    while True:
        body = client.get(path, pageSize=2, **({"offset": offset} if offset else {}))
        seen += [comment["id"] for comment in body["comments"]]
        offset = body["offset"]
        if offset is None:
            break
    assert seen == made[::-1]


def test_a_mention_names_the_user_and_an_edit_counts_them_anew(client, path):
    user = list(client.base("CRM").users.values())[-1]
    made = post(client, path, text=f"Hi @[{user['id']}] and @[usr00000000000000]")
    assert made["mentioned"] == {
        user["id"]: {"type": "user", "id": user["id"], "displayName": user["name"], "email": user["email"]}
    }
    edited = client.send("PATCH", f"{path}/{made['id']}", json={"text": "Nobody"}).json()
    assert (edited["text"], edited["mentioned"]) == ("Nobody", {})
    assert edited["lastUpdatedTime"] >= made["createdTime"]


def test_a_reply_names_its_parent_and_goes_with_it(client, path):
    parent = post(client, path, text="Question")
    reply = post(client, path, text="Answer", parentCommentId=parent["id"])
    assert reply["parentCommentId"] == parent["id"]
    gone = client.send("DELETE", f"{path}/{parent['id']}").json()
    assert gone == {"id": parent["id"], "deleted": True}
    assert client.get(path)["comments"] == []


def test_comments_count_in_the_record_and_go_with_it(client, path):
    post(client, path, text="One")
    table = client.path("CRM", "Contacts")
    first = client.get(table, **{"recordMetadata[]": "commentCount"})["records"][0]
    assert first["commentCount"] == 1
    client.send("DELETE", f"{table}/{first['id']}")
    assert client.send("GET", path).status_code == 404


def test_only_the_author_changes_a_comment(client):
    record = next(record for record in client.table("CRM", "Deals").records.values() if record.comments)
    comment = record.comments[0]
    comment.author_id = list(client.base("CRM").users)[-1]
    client.base("CRM").version += 1
    path = f"{client.path('CRM', 'Deals')}/{record.id}/comments/{comment.id}"
    for method in ("PATCH", "DELETE"):
        answer = client.send(method, path, json={"text": "x"})
        assert (answer.status_code, answer.json()) == (
            403,
            error("INVALID_PERMISSIONS", "You are not permitted to perform this operation"),
        )


@pytest.mark.parametrize(
    ("method", "tail", "body", "status", "expected"),
    [
        (
            "POST",
            "",
            {},
            422,
            error("INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "text" in the request body'),
        ),
        ("POST", "", [], 422, INVALID_REQUEST),
        ("POST", "", {"text": ""}, 422, INVALID_REQUEST),
        ("POST", "", {"text": 5}, 422, INVALID_REQUEST),
        ("POST", "", {"text": "x", "parentCommentId": "com00000000000000"}, 422, INVALID_REQUEST),
        ("PATCH", "/com00000000000000", {"text": "x"}, 404, error("NOT_FOUND")),
        ("DELETE", "/nonsense", None, 404, NOT_FOUND),
        ("PUT", "", {"text": "x"}, 404, NOT_FOUND),
        ("GET", "/com00000000000000", None, 404, NOT_FOUND),
        ("GET", "?pageSize=101", None, 422, INVALID_REQUEST),
        ("GET", "?offset=x", None, 422, error("INVALID_OFFSET_VALUE", "The value of offset x is invalid")),
    ],
)
def test_a_wrong_request_about_comments_is_refused(client, path, method, tail, body, status, expected):
    answer = client.send(method, path + tail, json=body)
    assert (answer.status_code, answer.json()) == (status, expected)


def test_pyairtable_writes_edits_and_removes_comments(client, api):
    base = client.base("CRM")
    table = api.table(base.id, "Contacts")
    record_id = next(iter(client.table("CRM", "Contacts").records))
    comment = table.add_comment(record_id, f"Hello @[{api.whoami()['id']}]")
    assert api.whoami()["id"] in comment.mentioned
    assert comment.author.id == api.whoami()["id"]
    comment.text = "Never mind"
    comment.save()
    assert [each.text for each in table.comments(record_id)] == ["Never mind"]
    assert not table.comments(record_id)[0].mentioned
    comment.delete()
    assert table.comments(record_id) == []
