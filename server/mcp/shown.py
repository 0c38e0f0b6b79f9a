"""What a door shows besides the guard's tools, said once for every transport."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.mcp.jobs import JOBS
from server.mcp.prompts import Job
from server.mcp.tasks import TaskSource
from server.mcp.views import VIEWS, View


@dataclass(frozen=True, slots=True)
class Shown:
    """The addresses and jobs of a door.

    Attributes:
        tasks: What a waiting call is followed by; `None` where nothing is kept that could be asked after.
        console: The address of the page where people answer approvals; "" when it is not known.
    """

    views: Sequence[View] = VIEWS
    jobs: Sequence[Job] = JOBS
    tasks: TaskSource | None = None
    console: str = ""
