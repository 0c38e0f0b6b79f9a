"""`python -m server`: the same as `tillhand`."""

import sys

from server.cli import main

sys.exit(main())
