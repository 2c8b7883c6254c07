"""The real sentry, placement and scheduler, with mutual TLS between them."""

import ssl
import stat
from pathlib import Path

import psutil
import pytest
from cryptography import x509

from local import control_plane, dapr_binaries


@pytest.fixture(scope="module")
def binaries() -> Path:
    return dapr_binaries.obtain(say=print)


@pytest.fixture
def authority(start, run_dir, offset, binaries):
    return start(control_plane.sentry(run_dir, offset, binaries))


# The first use on a machine may have to build the programs.
pytestmark = pytest.mark.timeout(900)


def test_sentry_makes_its_authority_and_keeps_it(start, run_dir, offset, binaries, authority):
    first = control_plane.trust_anchors(run_dir)
    authority.stop()

    start(control_plane.sentry(run_dir, offset, binaries))

    assert control_plane.trust_anchors(run_dir) == first
    assert x509.load_pem_x509_certificate(first.encode()).not_valid_before_utc
    assert stat.S_IMODE((run_dir / "ca" / "issuer.key").stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("make", [control_plane.placement, control_plane.scheduler])
def test_placement_and_scheduler_prove_who_they_are_by_sentrys_certificate(
    start, run_dir, offset, binaries, authority, make
):
    running = start(make(run_dir, offset, binaries))

    certificate = ssl.get_server_certificate(
        ("127.0.0.1", running.spec.ports["grpc"]), ssl_version=ssl.PROTOCOL_TLS_CLIENT
    )
    names = x509.load_pem_x509_certificate(certificate.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    identities = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    assert identities == [f"spiffe://localhost/ns/default/dapr-{running.spec.name}"]


def test_all_three_stop_on_sigterm(start, run_dir, offset, binaries, authority):
    placement = start(control_plane.placement(run_dir, offset, binaries))
    scheduler = start(control_plane.scheduler(run_dir, offset, binaries))

    assert [one.stop(seconds=5) for one in (scheduler, placement, authority)] == [0, 0, 0]


def test_only_what_dapr_does_not_let_us_bind_listens_outside_this_machine(start, run_dir, offset, binaries, authority):
    placement = start(control_plane.placement(run_dir, offset, binaries))
    scheduler = start(control_plane.scheduler(run_dir, offset, binaries))

    plane = (authority, placement, scheduler)
    announced = {port for one in plane for port in one.spec.ports.values()}
    disobedient = {one.spec.ports["health"] for one in plane} | {authority.spec.ports["metrics"]}
    addresses = {
        (connection.laddr.ip, connection.laddr.port)
        for one in plane
        for connection in psutil.Process(one.process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {port for _, port in addresses} == announced
    assert {port for ip, port in addresses if ip != "127.0.0.1"} <= disobedient


def test_the_scheduler_keeps_its_data_and_starts_on_other_ports_too(start, run_dir, offset, binaries, authority):
    start(control_plane.scheduler(run_dir, offset, binaries)).stop()
    authority.stop()
    assert list((run_dir / "scheduler" / "etcd").iterdir())

    start(control_plane.sentry(run_dir, offset + 1, binaries))
    again = start(control_plane.scheduler(run_dir, offset + 1, binaries))

    assert again.stop() == 0


def test_the_scheduler_is_never_killed_hard(run_dir, offset, binaries):
    assert control_plane.scheduler(run_dir, offset, binaries).grace is None


async def test_a_process_that_does_not_run_is_not_ready(run_dir, offset, binaries):
    assert not await control_plane.sentry(run_dir, offset, binaries).ready()
