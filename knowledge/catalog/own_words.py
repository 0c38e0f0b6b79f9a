"""What the retailer calls its goods and places, told to the scrubber, which would take some of them for people."""

import asyncio

from sqlalchemy import text

from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.scrub import Scrubber, scrub, use
from knowledge.store.session import Database

_WORDS = text(
    "SELECT product FROM variant UNION SELECT title FROM variant UNION SELECT vendor FROM variant"
    " UNION SELECT name FROM location"
)


async def learn_own_words(database: Database) -> None:
    """Let this process's `scrub` pass the catalog's titles and brands and the locations' names, as they are now.

    Also has the tagger read before the first call needs it.

    Raises:
        Unavailable: The database does not answer.
    """
    async with database.reading() as connection:
        phrases = (await connection.execute(_WORDS)).scalars().all()
    use(Scrubber(allow=await asyncio.to_thread(AllowPhrases, phrases)))
    await asyncio.to_thread(scrub, "ready")
