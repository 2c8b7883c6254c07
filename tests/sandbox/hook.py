"""A webhook under test, and how tests make what it tells of."""

import time


class Hook:
    """A webhook of the CRM and the requests about it."""

    def __init__(self, client, url=None, includes=None, **filters):
        self.client, self.path = client, f"/v0/bases/{client.base('CRM').id}/webhooks"
        options = {"filters": {"dataTypes": ["tableData"], **filters}, "includes": includes or {}}
        answer = client.send("POST", self.path, json={"notificationUrl": url, "specification": {"options": options}})
        assert answer.status_code == 200, answer.text
        self.made = answer.json()
        self.own = f"{self.path}/{self.made['id']}"

    def shape(self):
        return next(hook for hook in self.client.get(self.path)["webhooks"] if hook["id"] == self.made["id"])

    def payloads(self, **params):
        return self.client.get(f"{self.own}/payloads", **params)

    def tables(self):
        """Of the payloads so far, by table name."""
        names = {table.id: table.name for table in self.client.base("CRM").tables.values()}
        return [
            {names[key]: value for key, value in payload["changedTablesById"].items()}
            for payload in self.payloads()["payloads"]
        ]

    def until(self, condition):
        deadline = time.monotonic() + 10
        while not condition(shape := self.shape()):
            assert time.monotonic() < deadline, shape
        return shape


def field_id(client, table, name):
    return client.table("CRM", table).field(name).id


def create(client, path, **fields):
    return client.send("POST", path, json={"fields": fields}).json()["id"]
