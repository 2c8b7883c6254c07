"""An app's role enters its own database and no other."""

import pytest

from chassis import SecretMissing


async def test_an_app_is_refused_at_another_apps_tables(connect, dapr, url, new_database, who):
    other = (await new_database("bills")).rpartition("/")[2]
    dapr.secrets["database-url/note-service"] = url.replace(url.rpartition("/")[2], other)

    with pytest.raises(SecretMissing, match="refuses this app's login") as refused:
        await connect().start()

    assert "permission denied for database" in str(refused.value.__cause__)
