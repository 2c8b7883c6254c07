"""The least a gateway in Python can be: uvicorn and aiohttp, and not one line of ours between them.

What it adds to a request is what the two libraries and the machine cost; the gateway's own part is what it adds beyond.
`python -m benchmarks.bare_proxy PORT ORIGIN`: each request's path goes to ORIGIN, its headers from standard input.
"""

import json
import sys

import aiohttp
import uvicorn
from starlette.types import Receive, Scope, Send
from yarl import URL


class BareProxy:
    def __init__(self, origin: str, headers: dict[str, str]) -> None:
        self._origin, self._headers = origin, headers
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        url = URL(f"{self._origin}{scope['raw_path'].decode()}?{scope['query_string'].decode()}", encoded=True)
        async with self._session.get(url, headers=self._headers) as answer:
            body = await answer.read()
            headers = [(name.lower(), value) for name, value in answer.raw_headers if name != b"Transfer-Encoding"]
            headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    proxy = BareProxy(sys.argv[2], json.load(sys.stdin))
    uvicorn.run(proxy, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off", access_log=False)
