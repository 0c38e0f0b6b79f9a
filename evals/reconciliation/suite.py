"""The hourly look at two systems that disagree: every fault found, nobody woken by noise, the cause right.

A simulation (`evals.reconciliation.chain`), several seeds. A fault counts as found when one of its cells is told of
after it happened, and its cause as right when it is the one told, or "several" where faults of different causes met in
a cell. Rival: everything that differs at a look is an alert. The rows called `product` are of the product's own run
(`evals.reconciliation.product`), which reads its documents from the store and asks a platform.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from evals.reconciliation.chain import Chain, Fault
from evals.reconciliation.product import SEEDS, trade
from evals.row import Row
from knowledge.reconcile.causes import Cause
from knowledge.reconcile.documents import Cell, Sync
from knowledge.reconcile.hourly import Discrepancy, Memory, look

GOAL_CAUSE: Final = 0.9
_SEEDS: Final = (11, 12, 13)
_LAST_HOURS: Final = 48  # a fault of the last two days may be held when the month ends


@dataclass(slots=True)
class Tally:
    """What a month came to."""

    alerts: int = 0
    false: int = 0
    right: int = 0
    found: int = 0
    faults: int = 0
    naive: int = 0
    naive_false: int = 0
    lines: int = 0
    flagged: set[Cell] = field(default_factory=set[Cell])


async def measure() -> list[Row]:
    """Over all seeds together."""
    tally = await asyncio.to_thread(_measure)
    cause = tally.right / max(tally.alerts - tally.false, 1)
    return [
        *await _product(),
        Row("reconciliation_faults_found", tally.found / tally.faults, "", ">= 1", None, tally.found == tally.faults),
        Row("reconciliation_false_alerts", tally.false, "", "<= 0", tally.naive_false, tally.false == 0),
        Row("reconciliation_cause_right", round(cause, 3), "", f">= {GOAL_CAUSE}", None, cause >= GOAL_CAUSE),
        Row("reconciliation_alerts", tally.alerts, "", "", tally.naive, None),
        Row("reconciliation_faults", tally.faults, "", "", None, None),
        Row("reconciliation_lines", tally.lines, "", "", None, None),
    ]


async def _product() -> list[Row]:
    """The product's own run, over its store and a platform."""
    told = [await trade(seed) for seed in SEEDS]
    alerts, false = sum(each.alerts for each in told), sum(each.false for each in told)
    due, missed = sum(each.due for each in told), sum(len(each.missed) for each in told)
    cause = sum(each.right for each in told) / max(alerts - false, 1)
    naive = sum(each.naive for each in told)
    return [
        Row("reconciliation_product_faults_found", round((due - missed) / due, 3), "", ">= 1", None, not missed),
        Row("reconciliation_product_false_alerts", false, "", "<= 0", naive - due, not false),
        Row("reconciliation_product_cause_right", round(cause, 3), "", f">= {GOAL_CAUSE}", None, cause >= GOAL_CAUSE),
        Row("reconciliation_product_alerts", alerts, "", "", naive, None),
        Row("reconciliation_product_faults", due, "", "", None, None),
        Row("reconciliation_product_faults_hidden", sum(each.hidden for each in told), "", "", None, None),
    ]


def _measure() -> Tally:
    tally = Tally()
    for seed in _SEEDS:
        _month(seed, tally)
    return tally


def _month(seed: int, tally: Tally) -> None:
    chain, memory = Chain(seed), Memory()
    open_: dict[Cell, list[Fault]] = {}
    counted = 0
    found: set[int] = set()
    naive: set[Cell] = set()
    hour = -1
    for hour, sync in enumerate(chain.syncs()):
        for fault in chain.faults[counted:]:
            for cell in fault.cells:
                open_.setdefault(cell, []).append(fault)
        counted = len(chain.faults)
        _count_naive(sync, open_, naive, tally)
        for told in look(sync, memory):
            cell = (told.sku, told.location)
            faults = [fault for fault in open_.pop(cell, []) if fault.hour <= hour]
            tally.alerts += 1
            tally.false += not faults
            tally.right += bool(faults) and _right(told, faults)
            found |= {id(fault) for fault in faults}
            chain.settle(cell)
    due = [fault for fault in chain.faults if fault.hour <= hour - _LAST_HOURS]
    tally.faults += len(due)
    tally.found += sum(id(fault) in found for fault in due)
    tally.lines += chain.lines


def _count_naive(sync: Sync, open_: dict[Cell, list[Fault]], naive: set[Cell], tally: Tally) -> None:
    """Every cell that differs is an alert, once until it agrees again."""
    for cell, ours in sync.ours.items():
        if ours == sync.theirs[cell]:
            naive.discard(cell)
        elif cell not in naive:
            naive.add(cell)
            tally.naive += 1
            tally.naive_false += cell not in open_


def _right(told: Discrepancy, faults: list[Fault]) -> bool:
    causes = {fault.cause for fault in faults}
    return told.cause in causes if len(causes) == 1 else told.cause is Cause.SEVERAL
