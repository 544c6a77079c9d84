"""A summary in sentences, and in pairs of label and value."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from runner import words
from runner.ledger.record import Status
from runner.ledger.tally import Tally
from runner.result.summary import AccountView, Summary

_DAYS_LISTED: Final = 60


def tally_text(tally: Tally) -> str:
    """`30 sent, 4 answered, 12 waiting, 8 to follow, 3 ended`."""
    parts = [(tally.sent, "sent"), (tally.replied, "answered"), (tally.waiting, "waiting")]
    parts += [(tally.following, "to follow"), (tally.ended, "ended")]
    parts += [(tally.needy, "need a person")]
    said = [f"{number} {what}" for number, what in parts if number]
    return ", ".join(said) or "none yet"


def quota_text(view: AccountView, zone: tzinfo) -> str:
    """`7 of 30 used, 2 held back, 21 left until …`. Held back is what may have been sent, and what
    is left to others."""
    held = view.limit - view.used - view.remaining
    between = f"{held} held back, " if held > 0 else ""
    return (
        f"{view.used} of {view.limit} used, {between}{view.remaining} left until "
        f"{words.clock(view.reset_at, zone)}"
    )


def in_doubt(summary: Summary) -> list[str]:
    """Say which rows are uncertain and how they are settled, in a list of sentences.

    They come before everything else. The list is empty when no row is uncertain.
    """
    if not summary.uncertain:
        return []
    which = words.some([str(row) for row in summary.uncertain])
    return [
        (
            f"{len(summary.uncertain)} uncertain, {which}: may or may not have been "
            "delivered, and not tried again by itself."
        ),
        settling(summary.campaign.name),
    ]


def settling(name: str) -> str:
    """Say how uncertain rows of the campaign are settled."""
    look = words.command("settle", "--check", name=name)
    word = words.command("settle", "ROW|PERSON", "--sent|--not-sent", name=name)
    return f"{look} looks for evidence; {word} records what you saw in LinkedIn."


def rows(summary: Summary) -> list[tuple[str, str]]:
    """Return the summary as pairs of label and value, for the results workbook."""
    counts = summary.totals
    listed = list(zip(("Uncertain rows", "To settle them"), in_doubt(summary), strict=False))
    listed += [
        ("Campaign", summary.campaign.name),
        ("As of", words.clock(summary.at, summary.zone)),
        ("Rows", str(counts.rows)),
    ]
    listed += [
        (status.value.capitalize(), str(getattr(counts, status.value)))
        for status in Status
        if status != Status.SENDING
    ]
    if summary.replied:
        listed.append(("Answered", str(summary.replied)))
    for step, tally in summary.steps.items():
        listed.append((f"Message {step}", tally_text(tally)))
    for compared in summary.compared:
        for variant in compared.variants:
            listed.append((f"Message {compared.step}, variant", str(variant)))
        listed.append((f"Message {compared.step}, variants", compared.verdict))
    if summary.gone:
        listed.append(("Messaged, no longer listed", str(summary.gone)))
    for view in summary.accounts:
        listed.append((f"Account {view.name}", quota_text(view, summary.zone)))
    listed += [
        (f"Forecast {day:%a %Y-%m-%d}", str(count)) for day, count in summary.days[:_DAYS_LISTED]
    ]
    if counts.waiting:
        listed.append(("Finish", summary.finish))
    return listed
