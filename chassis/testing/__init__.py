"""What the tests of an app stand on: a sidecar that is not one, and a client that needs no port.

`FakeDapr` passes the same suites as a real daprd: `tests/chassis/test_sidecar.py`, and those beside it of the bus, of
jobs and of workflows. An app's `conftest.py` imports the
fixtures and says which app it is about:

    from chassis.testing.fixtures import client, dapr, peers

    @pytest.fixture
    def app(dapr):
        return create(Settings(**dapr.settings()))
"""

from ._audit import Audited, FakeAudit
from ._bus import FakeBus
from ._client import AppClient, Reply
from ._fake import FakeDapr
from ._peers import FakePeer, Seen
from ._store import FakeState
from ._workflows import FakeWorkflows

__all__ = [
    "AppClient", "Audited", "FakeAudit", "FakeBus", "FakeDapr", "FakePeer", "FakeState", "FakeWorkflows", "Reply",
    "Seen",
]  # fmt: skip
