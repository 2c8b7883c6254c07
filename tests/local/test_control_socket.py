"""Commands talk to the running launcher through a socket that only its owner can open."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from local import control_socket
from local.errors import SetupError


async def echo(question: dict[str, Any]) -> dict[str, Any]:
    if question["do"] == "fail":
        raise SetupError("there is no app 'x'")
    return {"heard": question["do"]}


async def test_a_question_gets_its_answer_and_a_refusal_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    server = await control_socket.listen(path, echo)
    try:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert await asyncio.to_thread(control_socket.ask, path, {"do": "scale"}) == {"heard": "scale"}
        with pytest.raises(SetupError, match="there is no app 'x'"):
            await asyncio.to_thread(control_socket.ask, path, {"do": "fail"})
    finally:
        server.close()


async def test_the_socket_of_a_killed_launcher_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    first = await control_socket.listen(path, echo)
    second = await control_socket.listen(path, echo)
    assert await asyncio.to_thread(control_socket.ask, path, {"do": "scale"}) == {"heard": "scale"}
    first.close()
    second.close()


def test_no_launcher_is_said_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="nothing runs here: start it with `make up`"):
        control_socket.ask(tmp_path / "control.sock", {"do": "scale"})
