"""How long the tests with generated input go on.

`SANDBOX_EXAMPLES=2000` for more examples, `SANDBOX_FUZZ_SECONDS=60` for a minute of formulas made by the grammar.
"""

import os

EXAMPLES = int(os.environ.get("SANDBOX_EXAMPLES", "40"))
FUZZ_SECONDS = float(os.environ.get("SANDBOX_FUZZ_SECONDS", "0"))
