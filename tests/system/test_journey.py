"""What a client does, through the whole mesh; the demo runs the same functions."""

from demo import journey, trail
from demo.report import Step
from tests.system.mesh import Mesh


def test_a_client_lists_bases(mesh: Mesh) -> None:
    journey.list_bases(mesh.client(), Step("bases"))


def test_a_formula_filter_gives_what_filtering_ourselves_gives(mesh: Mesh, place: journey.Place) -> None:
    journey.read_filtered(mesh.client(), place, Step("filter"))


def test_upsert_update_and_delete_are_seen_by_the_next_read(mesh: Mesh, place: journey.Place) -> None:
    journey.write(mesh.client(), place, Step("write"))


def test_unmodified_pyairtable_does_the_same(mesh: Mesh, place: journey.Place) -> None:
    journey.through_pyairtable(mesh.address, place, Step("pyairtable"))


def test_one_byte_changed_in_the_database_is_named(mesh: Mesh, place: journey.Place) -> None:
    step = Step("trail")
    trail.tamper(mesh.client(), mesh.address, place, mesh.run_dir, step)
    assert any("BROKEN at index" in line for line in step.lines)


def test_the_trace_id_a_client_sends_is_the_one_it_gets_back(mesh: Mesh) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = mesh.client().ask("GET", "/api/v1/bases", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.trace == trace


def test_a_whole_table_streams_through_the_mesh_as_lines(mesh: Mesh, place: journey.Place) -> None:
    answer = mesh.client().ask("GET", place.records, headers={"accept": "application/x-ndjson"})
    *records, last = answer.body.splitlines()
    assert '"complete":true' in last
    assert f'"records":{len(records)}' in last


def test_a_write_is_undone_through_the_mesh(mesh: Mesh, place: journey.Place) -> None:
    client = mesh.client()
    made = client.ask("POST", place.records, json={"records": [{"fields": {"Name": "To be undone"}}]}).body
    undone = client.ask("POST", f"/api/v1/operations/{made['operation']}/revert", json={}).body
    assert undone["complete"], undone["text"]
