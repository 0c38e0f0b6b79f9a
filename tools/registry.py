"""All tools, listed once. A tool that is not here does not exist at any door."""

from collections.abc import Callable
from datetime import datetime

from knowledge.catalog.finder import CatalogFinder
from knowledge.identity.match_key import MatchKeys
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.limits import Limits
from tools.propose.answer import decide_tool
from tools.propose.ask import Asking
from tools.propose.deciding import Deciding
from tools.propose.discount import discount_tool
from tools.propose.stock_adjustment import stock_adjustment_tool
from tools.propose.transfer import transfer_tool
from tools.propose.undo import undo_tool
from tools.read.approval import approvals_tool
from tools.read.customer import customer_tool
from tools.read.decision import decision_tool
from tools.read.inventory import inventory_tool
from tools.read.order import order_tool
from tools.read.product import product_tool
from tools.tool import Tool


def build_tools(  # noqa: PLR0913  # each tool needs some of these, and this is where they meet
    database: Database,
    guard: Deciding,
    *,
    places: Places,
    keys: MatchKeys,
    limits: Limits,
    finder: CatalogFinder | None = None,
    now: Callable[[], datetime] = utc_now,
) -> dict[str, Tool]:
    """Every tool by name.

    The guard runs tools and some tools ask the guard: give the guard a mapping, then fill it with these.
    """
    asking = Asking(database, guard, now)
    tools = (
        customer_tool(database, keys, now),
        product_tool(finder or CatalogFinder(database), places),
        inventory_tool(database, places),
        order_tool(database),
        discount_tool(asking, places, limits.place),
        transfer_tool(asking, places),
        stock_adjustment_tool(asking, places),
        approvals_tool(database, places, now),
        decide_tool(asking),
        decision_tool(database, now),
        undo_tool(asking),
    )
    return {tool.name: tool for tool in tools}
