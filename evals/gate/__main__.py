"""`make gate`: what offers are worth and keep to, on two made-up retailers, beside the figures that are kept.

The whole measure is `make evals`; this one notices, in a minute, that a change made offers worse.
"""

import sys
from pathlib import Path

from evals.gate.kept import keep
from evals.measuring import Measurements

GATE = Measurements(
    "python -m evals.gate",
    "Gate: ours beside what is kept",
    {"offers": "evals.gate.offers"},
    Path("build/gate.json"),
)

if __name__ == "__main__":
    keeping = sys.argv[1:] == ["keep"]
    code = GATE.run([] if keeping else sys.argv[1:], __doc__)
    if keeping:
        keep(GATE.output)
        code = 0
    sys.exit(code)
