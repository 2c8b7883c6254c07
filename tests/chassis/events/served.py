"""One of the suite's apps as a process, which can be killed: `python -m tests.chassis.events.served note-service`."""

import asyncio
import sys

import uvloop

from chassis import AppSettings
from chassis._serve import serve

from .notes import reader, writer


class Archive(AppSettings, app_id="archive-service"):
    """A second reader, with a database of its own."""


APPS = {
    "note-service": (writer.Settings, writer.create),
    "reader-service": (reader.Settings, reader.create_complete),
    "archive-service": (Archive, reader.create_complete),
}

if __name__ == "__main__":
    settings, create = APPS[sys.argv[1]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(serve(create(settings.load()))))
