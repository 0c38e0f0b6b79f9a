"""The road of a burst as a LangGraph graph: route, the specialists in parallel, arbitrate, guard.

Apart from the supervisor because loading the library takes a second, and the doors alone wake no specialist.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from langgraph.graph import END, START, StateGraph
from langsmith import tracing_context  # pyright: ignore[reportUnknownVariableType]  # one of its types is not given

from agents.state import BurstState

Run = Callable[[BurstState], Awaitable[BurstState]]


class Step(Protocol):
    """One station of the road: what it adds to the state."""

    async def __call__(self, state: BurstState) -> dict[str, object]: ...  # noqa: D102  # as the class says


@dataclass(frozen=True, slots=True)
class Road:
    """What happens to a burst; asynchronous throughout, for the graph sends a plain function to a thread, at a cost.

    Attributes:
        route: Says which specialist gets which events.
        specialists: What each of them does, by name.
        arbitrate: Keeps what may stand beside what the others want.
        propose: Takes what is left to the guard.
    """

    route: Step
    specialists: Mapping[str, Step]
    arbitrate: Step
    propose: Step


def burst_graph(road: Road) -> Run:
    """The road, ready to be taken any number of times; it keeps nothing between two bursts."""
    graph = StateGraph(BurstState)
    graph.add_node("route", road.route)
    graph.add_node("arbitrate", road.arbitrate)
    graph.add_node("propose", road.propose)
    graph.add_edge(START, "route")
    for name, step in road.specialists.items():
        graph.add_node(name, step)
        graph.add_edge(name, "arbitrate")
    graph.add_conditional_edges("route", _concerned, [*road.specialists, END])
    graph.add_conditional_edges("arbitrate", _anything_left, ["propose", END])
    graph.add_edge("propose", END)
    compiled = graph.compile()

    async def run(start: BurstState) -> BurstState:
        # An environment variable alone would make langchain send every run to its makers: events stay in the house.
        with tracing_context(enabled=False):
            return await compiled.ainvoke(start)  # pyright: ignore[reportReturnType]  # typed to answer any dict

    return run


async def _concerned(state: BurstState) -> list[str]:
    return sorted(state["routed"]) or [END]


async def _anything_left(state: BurstState) -> str:
    noted = any(report.finding.notes for report in state["reports"])
    return "propose" if state["bids"] or noted else END
