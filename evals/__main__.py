"""`make evals`: how good decisions, words and masks are, as one table and as build/evals.json."""

import sys
from pathlib import Path

from evals.measuring import Measurements

EVALS = Measurements(
    "python -m evals",
    "Evals: ours beside the simplest rival of the same run",
    {
        "masking": "evals.masking.suite",
        "search": "evals.search.suite",
        "claims": "evals.claims.suite",
        "anonymity": "evals.anonymity.suite",
        "identity": "evals.identity.suite",
        "next_item": "evals.next_item.suite",
        "offers": "evals.offers.suite",
        "measure": "evals.measure.suite",
        "forecast": "evals.forecast.suite",
        "forecast_overrides": "evals.forecast.overriding",
        "replenishment": "evals.replenishment.suite",
        "reconciliation": "evals.reconciliation.suite",
        "oversell": "evals.oversell.suite",
    },
    Path("build/evals.json"),
)

if __name__ == "__main__":
    sys.exit(EVALS.run(sys.argv[1:], __doc__))
