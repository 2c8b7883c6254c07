"""`python -m tests.sandbox.pyairtables_own_tests CHECKOUT`: the integration tests of pyairtable, as they are.

CHECKOUT is a clone of pyairtable's repository. Its tests are written for a base of its maintainers at Airtable, which
`seed.yaml` is here. Those that need an enterprise account are skipped.
"""

import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.airtable.embedded import TOKEN, running
from sandbox.airtable.seed import read_seed

FOLDER = Path(__file__).parent


def main(checkout: Path) -> int:
    seed = read_seed((FOLDER / "seed.yaml").read_bytes(), "seed.yaml")
    files = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=checkout))
    threading.Thread(target=files.serve_forever, daemon=True).start()
    with files, running(seed, limits="off") as airtable:
        environment = os.environ | {
            "AIRTABLE_API_KEY": TOKEN,
            "SIMULATOR_URL": airtable.url,
            "CHECKOUT_URL": f"http://127.0.0.1:{files.server_port}",
            "PYTHONPATH": str(FOLDER),
        }
        environment.pop("AIRTABLE_ENTERPRISE_ID", None)
        # Without the configuration and the fixtures of its unit tests, which need more than is installed here.
        options = f"-q -W ignore -p here -p no:cacheprovider -c {os.devnull} --confcutdir tests/integration --rootdir ."
        command = [sys.executable, "-m", "pytest", *options.split(), "tests/integration"]
        done = subprocess.run(command, env=environment, check=False, cwd=checkout)
        files.shutdown()
    return done.returncode


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads which files were served."""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
