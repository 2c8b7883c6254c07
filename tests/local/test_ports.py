"""Ports derive from one number, and a taken one is named with its owner."""

import os
import socket

import pytest

from local import ports
from local.errors import SetupError


def test_all_six_ports_of_an_app_derive_from_its_own() -> None:
    numbers = ports.AppPorts.of(8020)
    assert numbers.of_app() == {"http": 8020, "telemetry": 13920}
    assert numbers.of_sidecar() == {"http": 13520, "grpc": 13620, "internal-grpc": 13720, "metrics": 13820}


def test_a_replica_adds_1000_and_a_second_mesh_its_offset_to_all_six() -> None:
    usual, moved = ports.AppPorts.of(8020), ports.AppPorts.of(8020, replica=2, offset=10_000)
    for before, after in ((usual.of_app(), moved.of_app()), (usual.of_sidecar(), moved.of_sidecar())):
        assert {name: port + 12_000 for name, port in before.items()} == after


@pytest.mark.parametrize("offset", [-1000, 500, 15_000, 11])
def test_an_offset_that_would_mix_two_meshes_is_refused(offset: int) -> None:
    with pytest.raises(SetupError, match="multiple of 1000 from 0 to 14000"):
        ports.check_offset(offset)


def test_a_taken_port_is_named_with_its_purpose_and_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError) as refused:
            ports.require_free({port: "valkey redis"})
    assert f"port {port} (valkey redis) is taken by pid {os.getpid()} (" in str(refused.value)
    assert "--port-offset" in str(refused.value)


def test_an_owner_of_many_ports_is_one_line() -> None:
    with socket.socket() as one, socket.socket() as two:
        for taken in (one, two):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        with pytest.raises(SetupError) as refused:
            ports.require_free({taken.getsockname()[1]: "valkey redis" for taken in (one, two)})
    assert len(str(refused.value).splitlines()) == 2
    assert ", and 1 more ports by it" in str(refused.value)


def test_a_port_of_a_connection_that_ended_rests_and_is_nobodys() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname()) as ended:
            port = ended.getsockname()[1]
            other, _ = server.accept()
            assert ports.resting([port]) == []  # it is in use
            ended.shutdown(socket.SHUT_RDWR)  # who ends a connection keeps its port
            other.close()
        assert ports.resting([port]) == [port]


def test_a_port_that_somebody_holds_is_not_waited_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports.until_rested({taken.getsockname()[1]: "valkey redis"}, lambda line: pytest.fail(line))


def test_free_ports_are_accepted() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ports.require_free({port: "nothing"})
