async def test_a_request_reaches_the_app_and_its_answer_comes_back(client, peers):
    peers["airtable-connector"].answers(json={"records": []}, headers={"etag": '"1"'})
    answer = await client.get("/v0/appX/T%201%2F2?a=b%2Fc&d=e/../f")
    assert (answer.status, answer.json(), answer.headers["etag"]) == (200, {"records": []}, '"1"')
    seen = peers["airtable-connector"].requests[0]
    assert (seen.method, seen.path) == ("GET", "/v0/appX/T%201%2F2?a=b%2Fc&d=e/../f")
