"""`make mutants`: what could be changed in policies/ without a test noticing, held against what is explained here.

mutmut changes every line in every way it knows and runs the tests; whatever they all pass with is a survivor. That is
either a promise nobody tests, or a change that changes nothing: the second kind is told below, and why.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from rich.console import Console

_CHANGED: Final = re.compile(r"^[-+] .*$", re.MULTILINE)
_SURVIVED: Final = re.compile(r"^\s*(\S+): (survived|no tests|suspicious)$", re.MULTILINE)
_WORK: Final = Path("mutants")  # mutmut's copy of the source, with every change in it

# What the changed lines look like, and why no test can or need tell the difference. policies/README.md says the same.
EXPLAINED: Final[list[tuple[str, str]]] = [
    (r"^\+.*encoding=(None|\"UTF-8\")", "UTF-8 is what a file is read as here under either name"),
    (r"^\+.*_Answer\(allowed=None", "nothing is no"),
    (r"lru_cache\(maxsize=", "how much is remembered, not what"),
    (r"^\+.*\bcast\(", "a cast is for the type checker"),
    (r"^\+ +self\.(climb|breach)\(", "reads the numbers once at start, for whichever place"),
    (r"^\+.*_NAMES\.get\(table, ", "no names and no answer are both refused"),
    (r"^\+.*merged\[name\]\.get\(key, 1\)", "only jurisdictions have no number of the chain's, and off is off"),
    (r"^\+.*path == \(\"(XXchainXX|CHAIN)\",\)", "the chain is never looser than itself"),
    (r"^\+.*if told else \"XXXX\"", "neither is a team"),
    (r"^\+.*statements\(text\) if not _parses\(rule\)\), ", "a text that does not parse has a rule that does not"),
    (r"^\+.*first\.policy_id or \"XXXX\"", "neither is a number"),
    (r"^\+.*lines\[int\(number\[1\]\)\]", "cedar names only rules that are there"),
    (r"^\+.*\(several\) and False", "what is no set is no word either, and refused as such"),
    (r"^\+ +reasons: tuple\[Reason, \.\.\.\] = None", "set by the first question, and there always is one"),
    (r"^\+ +asked: Approved = None", "set by the first question, and there always is one"),
    (r"^\+.*\"type\": \"Chain\", \"id\": ", "there is one chain, whatever it is called"),
    (r"^\+ +return part \* 10_000 / whole", "below a whole number of basis points is below it, rounded down or not"),
    (r"^\+.*to_integral_value\(None\)", "half to even is what decimals do unasked"),
    (r"^\+.*rstrip\(\"XX0XX\"\)", "a percentage has no X"),
    (r"^\+.*action\.delta >(= 0| 1) ", "an adjustment is never by nothing, and of one unit there is no less"),
]


def main(arguments: list[str]) -> int:
    """Run it; 1 when a survivor is not explained, 2 when mutmut cannot run."""
    parser = argparse.ArgumentParser(prog="python -m evals.mutants", description=__doc__)
    parser.add_argument("--children", type=int, default=2, help="processes at once (2)")
    parser.add_argument("names", nargs="*", help="only these, such as 'policies.limits*'")
    asked = parser.parse_args(arguments)
    console = Console()
    shutil.rmtree(_WORK, ignore_errors=True)
    if _mutmut("run", "--max-children", str(asked.children), *asked.names, loud=True) is None:
        console.print("[red]mutmut could not run; its words are above.[/]")
        return 2
    told = _mutmut("results") or ""
    survivors = [name for name, _ in _SURVIVED.findall(told)]
    reasons: Counter[str] = Counter()
    unexplained = 0
    for name in survivors:
        change = "\n".join(_CHANGED.findall(_mutmut("show", name) or ""))
        why = explained(change)
        if why:
            reasons[why] += 1
        else:
            unexplained += 1
            console.print(f"\n{name}", style="red")
            console.print(change, markup=False, highlight=False)
    for why, count in reasons.most_common():
        console.print(f"{count:4}  {why}", highlight=False)
    console.print(f"{len(survivors)} survive, {unexplained} of them unexplained.")
    return 1 if unexplained else 0


def explained(change: str) -> str:
    """Why this change is none; "" when nothing explains it."""
    return next((why for pattern, why in EXPLAINED if re.search(pattern, change, re.MULTILINE)), "")


def _mutmut(*arguments: str, loud: bool = False) -> str | None:
    """What it says; `None` when it fails."""
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run([str(program), *arguments], check=False, text=True, stdout=None if loud else subprocess.PIPE)
    return None if done.returncode else done.stdout or ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
