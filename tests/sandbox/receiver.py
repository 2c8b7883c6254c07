"""A receiver of pings on a free loopback port, which answers with the statuses it is told and keeps what it got."""

import contextlib
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver:
    """`statuses` are used up one by one, then every ping is answered with 204."""

    def __init__(self, url: str, statuses: list[int]) -> None:
        self.url, self.statuses = url, statuses
        self.pings: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.pings.get(timeout=10)


@contextlib.contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
            self.end_headers()
            receiver.pings.put(({key.lower(): value for key, value in self.headers.items()}, body))

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", list(statuses))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
