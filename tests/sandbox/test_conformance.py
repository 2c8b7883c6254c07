"""The comparison with the real Airtable, of which a second simulator takes the place."""

from sandbox.airtable import conformance
from sandbox.airtable.embedded import TOKEN, running


def test_a_simulator_agrees_with_itself_and_a_difference_is_printed(client, admin, capsys, monkeypatch):
    monkeypatch.setattr(conformance, "_PACE", 0.0)
    monkeypatch.setenv("AIRTABLE_TOKEN", TOKEN)
    arguments = ["--base", client.base("CRM").id, "--url", client.url]
    assert conformance.main(arguments) == 0
    assert "are answered alike" in capsys.readouterr().out
    fault = {"kind": "wrong-body", "method": "PUT", "body": {"id": "recAAAAAAAAAAAAAA"}}
    admin.send("POST", "/faults", json=fault)
    assert conformance.main(arguments) == 1
    printed = capsys.readouterr().out
    assert printed.startswith('replace\n  Airtable: 200 {"id": "rec#1"}\n  sandbox:  200 {"createdTime": "<time>"')
    made = [table for table in client.base("CRM").tables.values() if table.name.startswith("Conformance")]
    assert [len(table.records) for table in made] == [0, 0]


def test_without_a_table_there_is_nothing_to_compare(capsys, monkeypatch):
    monkeypatch.setattr(conformance, "_PACE", 0.0)
    with running(limits="off", tokens=frozenset({"patOnly"})) as airtable:
        arguments = ["--base", "appAAAAAAAAAAAAAA", "--url", airtable.url, "--token", "patWrong"]
        assert conformance.main(arguments) == 2
    assert "401" in capsys.readouterr().err
