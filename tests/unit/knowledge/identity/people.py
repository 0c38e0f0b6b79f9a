"""A town of strangers, so that a pair has somebody to be told from."""

from random import Random

from knowledge.identity.record import Record, record_of

GIVEN = ("ada", "boris", "clara", "dmitri", "edna", "felix", "greta", "hugo", "irma", "jonas", "klara", "lorenz")
FAMILY = ("abbott", "birch", "cowley", "drummond", "eastman", "fairfax", "gorringe", "hathaway", "ingram", "jessop")
STREETS = ("alder", "beacon", "cooper", "dock", "elder", "foundry", "garnet", "harbor", "ivy", "juniper")


def strangers(count: int = 120) -> list[Record]:
    """Records of as many people, all different."""
    chance = Random(3)
    return [
        record_of(
            f"stranger-{number:03}",
            names=[f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"],
            addresses=[
                (
                    f"{chance.randrange(1, 200)} {chance.choice(STREETS)} {chance.choice(STREETS)} street,"
                    f" {chance.choice(FAMILY)} {chance.choice(STREETS)}, XX, {chance.randrange(10_000, 99_999)}, US"
                )
            ],
            births=[f"{chance.randrange(1940, 2005)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"],
            emails=[f"{chance.getrandbits(40):010x}@example.com"],
        )
        for number in range(count)
    ]
