"""Learn the linker's shipped weights from labeled records, and write them where the product reads them.

Run as `python -m evals.identity.choose`. A retailer's own customers change them from the first night on
(`knowledge.vault.linking`); these are where that begins. FEBRL tells no e-mail addresses and fake_1000 no phone
numbers: the former are learned from the half of fake_1000 that `chosen_on` names, and the latter are taken to go wrong
as often.
"""

import hashlib
import sys
from collections.abc import Mapping

from evals.identity.labeled import FEBRL, Labeled, pairs, read_fake, read_febrl
from evals.identity.linked import m_of
from knowledge.identity.comparison import Comparer
from knowledge.identity.record import FIELDS, Field, Record
from knowledge.identity.weights import FILE, Shares, learn_m, learn_u


def chosen_on(owner: str) -> bool:
    """Whether an owner of fake_1000 is in the half that is learned from."""
    return int(hashlib.sha256(f"tillhand:{owner}".encode()).hexdigest(), 16) % 2 == 0


def learn() -> tuple[dict[Field, Shares], dict[Field, Shares]]:
    """`m` and `u`."""
    files = [read_febrl(name) for name in FEBRL]
    fake = read_fake()
    half = Labeled(
        [each for each, owner in zip(fake.records, fake.owners, strict=True) if chosen_on(owner)],
        [owner for owner in fake.owners if chosen_on(owner)],
        [],
    )
    comparer = Comparer()
    mails = learn_m(comparer.compare(half.records[a], half.records[b]) for a, b in sorted(pairs(half.owners)))
    strangers = learn_u(_one_each(half))
    m, u = m_of(files), learn_u([record for each in files for record in each.records])
    m["email"] = m["phone"] = mails["email"]
    u["email"] = strangers["email"]
    u["phone"] = u["postcode"]  # no data set tells phone numbers: strangers' are as seldom alike as their postcodes
    return m, u


def _one_each(labeled: Labeled) -> list[Record]:
    """One record of each owner: no two of them are one person."""
    return list(dict(zip(labeled.owners, labeled.records, strict=True)).values())


def told(m: Mapping[Field, Shares], u: Mapping[Field, Shares]) -> str:
    """As `knowledge.identity.weights.read` reads it."""
    lines = ["# Written by `python -m evals.identity.choose`: shares of pairs per level, from other to same."]
    for name, shares in (("m", m), ("u", u)):
        lines += ["", f"[{name}]"]
        lines += [f"{field} = [{', '.join(f'{share:.6f}' for share in shares[field])}]" for field in FIELDS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(told(*learn()), encoding="utf-8")
    sys.exit(0)
