"""How long the tests with generated input go on: `SANDBOX_EXAMPLES=2000` for a long run."""

import os

EXAMPLES = int(os.environ.get("SANDBOX_EXAMPLES", "40"))
