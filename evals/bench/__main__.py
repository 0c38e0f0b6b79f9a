"""`make bench`: every measurement, or those named, as one table and as build/bench.json."""

import sys
from pathlib import Path

from evals.measuring import Measurements

BENCH = Measurements(
    "python -m evals.bench",
    "Bench: ours beside the floor of the same run",
    {
        "webhook": "evals.bench.webhook",
        "checkout": "evals.bench.checkout",
        "models": "evals.bench.models",
        "pos": "evals.bench.pos",
        "verdict": "evals.bench.verdict",
        "mcp": "evals.bench.mcp_call",
        "first_decision": "evals.bench.first_decision",
        "replay": "evals.bench.replay",
        "import": "evals.bench.import_history",
        "past": "evals.bench.past",
        "search": "evals.bench.search",
        "audit_verify": "evals.bench.audit_verify",
        "scrub": "evals.bench.scrub",
        "lookup": "evals.bench.lookup",
        "linking": "evals.bench.linking",
        "forecast": "evals.bench.forecast",
        "transfers": "evals.bench.transfers",
    },
    Path("build/bench.json"),
)

if __name__ == "__main__":
    sys.exit(BENCH.run(sys.argv[1:], __doc__))
