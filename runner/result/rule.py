"""The rules that leave rows out, for a run that has nobody left: how many rows each of them holds,
and what would change that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from runner import words
from runner.intake.sheet import HIDDEN
from runner.ledger.contact import LATELY
from runner.ledger.follow import ANSWERED, IN_DOUBT, NOT_YET
from runner.ledger.forgotten import REASON
from runner.ledger.look import BY_HAND, NO_CONNECTION, WROTE_LAST
from runner.ledger.suppression import LISTED


class Rule(NamedTuple):
    """A rule, by the beginnings of the reasons that its rows have."""

    begins: tuple[str, ...]
    said: str
    cure: str = ""


_RULES: Final = (
    Rule(
        LATELY,
        "messaged not long ago by another campaign or tool",
        "they wait for their days to pass; --min-days sets other days, --after CAMPAIGN makes a "
        "follow-up of this one",
    ),
    Rule(
        (NOT_YET,),
        "without a message of the campaign before",
        "they are written to once they have it",
    ),
    Rule(
        (IN_DOUBT,),
        "that may have the message of the campaign before, or not",
        "campaign settle --check looks for evidence",
    ),
    Rule(
        (ANSWERED, WROTE_LAST, BY_HAND),
        "with talk under way",
        "it is for you to answer; --quiet-days 0 looks past it",
    ),
    Rule(
        (NO_CONNECTION,),
        "not connected with the account",
        "a normal message does not reach them; --inmail fallback, or --strangers send",
    ),
    Rule((LISTED,), LISTED, "campaign suppress list shows it"),
    Rule((REASON,), "forgotten on request"),
    Rule(("same person as row ",), "the same person as an earlier row"),
    Rule(
        ("this results sheet says",),
        "sent before, says this results sheet",
        "--after CAMPAIGN writes to those who have that campaign's message",
    ),
    Rule(("left out: ",), "left out by --where", "run without that condition"),
    Rule((HIDDEN,), HIDDEN, "--hidden include takes them"),
)


_OTHER: Final = "for another reason"


class Held(NamedTuple):
    """How many rows a rule leaves out, and what would change that."""

    rule: str
    rows: int
    cure: str


def held_back(skipped: Mapping[str, int], *, plainly: bool = False) -> list[Held]:
    """Return the rules that leave rows out, the one with the most rows first.

    `skipped` holds the number of rows for each reason. A reason that is no rule's stands for
    itself, unless it has to be told `plainly`: it may name a person.
    """
    counts: dict[Rule, int] = {}
    for reason, count in skipped.items():
        own = Rule((), _OTHER if plainly else reason)
        rule = next((one for one in _RULES if reason.startswith(one.begins)), own)
        counts[rule] = counts.get(rule, 0) + count
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return [Held(rule.said, count, rule.cure) for rule, count in ranked]


def left_out(skipped: Mapping[str, int]) -> str:
    """Say which rules leave rows out, and how many, in one sentence."""
    return ", ".join(
        f"{words.count(one.rows, 'row')} {one.rule}{f' ({one.cure})' if one.cure else ''}"
        for one in held_back(skipped)
    )
