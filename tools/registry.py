"""All tools, listed once. A tool that is not here does not exist at any door."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime

from knowledge.anonymity.finder import CohortFinder
from knowledge.catalog.finder import CatalogFinder
from knowledge.identity.match_key import MatchKeys
from knowledge.offers.companions import CompanionTable
from knowledge.playbooks.shelf import Shelf
from knowledge.profile.profile import Outside
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.engine import Engine
from tools.fresh_prices import FreshPrices
from tools.measure.office import MeasureOffice
from tools.platform import Messages
from tools.propose.answer import decide_tool
from tools.propose.ask import Asking
from tools.propose.deciding import Deciding
from tools.propose.discount import discount_tool
from tools.propose.forecast_override import forecast_override_tool
from tools.propose.message import message_tool
from tools.propose.order import purchase_order_tool
from tools.propose.plan import Plans
from tools.propose.stock_adjustment import stock_adjustment_tool
from tools.propose.transfer import transfer_tool
from tools.propose.undo import undo_tool
from tools.propose.undo_many import undo_many_tool
from tools.read.approval import approvals_tool
from tools.read.cohort import cohort_tool
from tools.read.customer import Profiles, customer_tool, profile_tool
from tools.read.decision import decision_tool
from tools.read.inventory import inventory_tool
from tools.read.measure import measure_tool
from tools.read.names import names_tool
from tools.read.order import order_tool
from tools.read.plan import plan_tool
from tools.read.playbook import find_policy_tool, playbook_tool
from tools.read.policy import policy_tool
from tools.read.product import product_tool
from tools.tool import Tool
from tools.undo.undoing import Undoing
from tools.wording import check


def build_tools(  # noqa: PLR0913  # each tool needs some of these, and this is where they meet
    database: Database,
    guard: Deciding,
    *,
    places: Places,
    keys: MatchKeys,
    engine: Engine,
    finder: CatalogFinder | None = None,
    shelf: Shelf | None = None,
    cohorts: CohortFinder | None = None,
    now: Callable[[], datetime] = utc_now,
    plans: Plans | None = None,
    prices: FreshPrices | None = None,
    messages: Messages | None = None,
    companions: CompanionTable | None = None,
    measuring: MeasureOffice | None = None,
    outside: Mapping[str, Outside] | None = None,
) -> dict[str, Tool]:
    """Every tool by name; `plans` seal what dry runs promise, for this process alone when absent.

    Without `prices` no platform is asked what goods cost now: only what the catalog just heard of can be discounted.
    Without `outside`, profiles hold what our own store knows.
    Without `messages` none can be proposed; the tool is only told which channels are set up.

    The guard runs tools and some tools ask the guard: give the guard a mapping, then fill it with these.

    Raises:
        Misconfigured: A text of one does more than describe.
    """
    playbooks = shelf or Shelf()
    asking = Asking(database, guard, now, plans or Plans(os.urandom(32)))
    profiles = Profiles(database, companions or CompanionTable(), now, outside or {})
    tools = (
        customer_tool(profiles, keys),
        profile_tool(profiles),
        product_tool(finder or CatalogFinder(database), places),
        inventory_tool(database, places),
        plan_tool(database, places, now),
        find_policy_tool(playbooks, now),
        playbook_tool(playbooks, now),
        cohort_tool(cohorts or CohortFinder(database), places),
        names_tool(database, places, now),
        order_tool(database),
        discount_tool(asking, places, engine, prices or FreshPrices({}, now)),
        message_tool(asking, places, frozenset() if messages is None else messages.channels),
        transfer_tool(asking, places),
        stock_adjustment_tool(asking, places),
        purchase_order_tool(asking, places),
        forecast_override_tool(asking, places),
        approvals_tool(database, places, now),
        decide_tool(asking),
        decision_tool(database, engine, now),
        policy_tool(engine, places, now),
        undo_tool(asking),
        measure_tool(measuring or MeasureOffice(database, engine, 0, now)),
        undo_many_tool(asking, Undoing(database, guard, now)),
    )
    check(tools)
    return {tool.name: tool for tool in tools}
