"""Another process that decides: for each line it reads it proposes one discount and answers with what became of it."""

import asyncio
import sys

from knowledge.store.session import Database
from tests.flows.guarded_shop import SPECIALIST, Shop, discount


async def main(url: str) -> None:
    database = Database(url)
    shop = Shop(database)
    loop = asyncio.get_running_loop()
    print("ready", flush=True)  # noqa: T201  # what the test waits for
    while name := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        decision = await shop.guard.propose(SPECIALIST, discount(10, transaction=name, key=f"other {name}"))
        print(decision.state, *(rule for rule, _ in decision.reasons), flush=True)  # noqa: T201  # the answer
    await shop.guard.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
