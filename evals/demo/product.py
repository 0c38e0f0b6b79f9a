"""One process of the product, started early: it imports first, and is told its settings once the retailer is open.

`python -m evals.demo.product serve` is `tillhand serve` from there on. It ends when whoever started it is gone.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
from typing import Final

from server.cli import main

_PARTS: Final = {
    "serve": ("server.commands.line", "server.commands.serve"),
    "worker": ("server.commands.line", "server.commands.work", "agents.burst_graph"),
}


def begin() -> int:
    """Wait for one line of settings on standard input, then run the command in `sys.argv`."""
    gc.disable()  # nothing of what is imported is garbage, and looking for it takes a fifth of the time
    for part in _PARTS[sys.argv[1]]:  # their seconds pass while the retailer opens
        importlib.import_module(part)
    gc.freeze()
    gc.enable()
    line = sys.stdin.readline()
    if not line:
        return 0
    os.environ.update(json.loads(line))
    threading.Thread(target=_until_left_alone, name="left alone", daemon=True).start()
    return main(sys.argv[1:])


def _until_left_alone() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(begin())
