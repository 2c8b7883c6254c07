"""One transaction: everything in it happens, or nothing."""

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis import Principal

from .notes.store import notes as table


async def test_what_is_written_in_a_change_is_there_afterwards(db, notes, who):
    async with db.change(who) as change:
        await notes.add(change, "one")
        await notes.add(change, "two")

    assert await notes.count(who) == 2


async def test_an_exception_undoes_the_whole_change_and_passes_unchanged(db, notes, who):
    async def fail() -> None:
        async with db.change(who) as change:
            await notes.add(change, "one")
            raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        await fail()

    assert await notes.count(who) == 0


async def test_a_refused_statement_undoes_what_came_before_it(db, notes, who):
    async def fail() -> None:
        async with db.change(who) as change:
            await notes.add(change, "one")
            await change.execute(insert(table).values(tenant=who.tenant, text=None))

    with pytest.raises(IntegrityError):
        await fail()

    assert await notes.count(who) == 0


async def test_a_change_is_invisible_until_it_is_committed(db, notes, who):
    async with db.change(who) as change:
        await notes.add(change, "one")
        assert await notes.count(who) == 0

    assert await notes.count(who) == 1


async def test_a_change_knows_its_tenant_and_its_actor(db):
    async with db.change(Principal(user="ann", tenant="acme")) as change:
        assert (change.tenant, change.actor) == ("acme", "ann")


async def test_the_actor_is_the_agent_that_acts_for_the_user(db):
    async with db.change(Principal(user="ann", tenant="acme", act="agent-7")) as change:
        assert change.actor == "agent-7"


async def test_a_list_of_parameters_is_one_statement_for_each(db, notes, who):
    async with db.change(who) as change:
        await change.execute(insert(table), [{"tenant": who.tenant, "text": str(n)} for n in range(3)])

    assert await notes.count(who) == 3


async def test_a_read_cannot_write(db, who):
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.read(who) as read:
            await read.execute(insert(table).values(tenant=who.tenant, text="one"))


async def test_a_connection_that_read_can_write_again(connect, who):
    database = connect(database_pool=1)
    await database.start()
    async with database.read(who) as read:
        await read.scalar(text("SELECT 1"))

    async with database.change(who) as change:
        await change.execute(insert(table).values(tenant=who.tenant, text="one"))


async def test_all_statements_of_a_read_see_the_same_moment(db, notes, who):
    counted = text("SELECT count(*) FROM notes")
    async with db.read(who) as read:
        before = await read.scalar(counted)
        async with db.change(who) as change:
            await notes.add(change, "meanwhile")
        assert await read.scalar(counted) == before


async def test_what_is_asked_for_before_the_commit_is_part_of_the_change(db, notes, who):
    async with db.change(who) as change:

        async def write() -> None:
            await notes.add(change, "along with it")

        change.before_commit(write)

    assert await notes.count(who) == 1


async def test_a_failing_write_before_the_commit_undoes_the_change(db, notes, who):
    async def fail() -> None:
        raise LookupError("ours")

    async def add() -> None:
        async with db.change(who) as change:
            await notes.add(change, "one")
            change.before_commit(fail)

    with pytest.raises(LookupError):
        await add()

    assert await notes.count(who) == 0


async def test_one_is_told_after_the_commit_and_never_when_it_was_undone(db, who):
    told: list[str] = []

    async def change_and(problem: Exception | None) -> None:
        async with db.change(who) as change:
            change.after_commit(lambda: told.append(str(problem)))
            assert told == []
            if problem:
                raise problem

    with pytest.raises(LookupError):
        await change_and(LookupError("undone"))
    await change_and(None)

    assert told == ["None"]


async def test_one_who_fails_when_told_spoils_neither_the_change_nor_the_others(db, notes, who, capsys):
    told: list[str] = []
    async with db.change(who) as change:
        await notes.add(change, "one")
        change.after_commit(lambda: {}["missing"])
        change.after_commit(lambda: told.append("second"))

    assert await notes.count(who) == 1
    assert told == ["second"]
    assert "after a commit something failed" in capsys.readouterr().out


async def test_the_server_knows_a_connection_by_its_apps_id(db, who):
    async with db.read(who) as read:
        assert await read.scalar(text("SELECT current_setting('application_name')")) == "note-service"
