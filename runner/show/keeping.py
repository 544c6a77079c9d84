"""The ledger looked through, copied and mended, in lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished
from runner.show.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.action.keep import Accepted, BackedUp, Verified
    from runner.action.mend import Mended
    from runner.action.move import Moved


def show_verified(console: Console, verified: Verified) -> ExitCode:
    """Each look, and what to do about what is wrong."""
    looks = []
    for look in verified.looks:
        trouble = look.trouble
        mark = "bad" if trouble else "ok "
        console.say(f"{mark}  {look.name}: {trouble.what if trouble else look.says}")
        if trouble and trouble.remedy:
            console.say(f"     Next: {trouble.remedy}")
        looks.append(
            {
                "name": look.name,
                "ok": trouble is None,
                "says": trouble.what if trouble else look.says,
                "remedy": trouble.remedy if trouble else None,
            }
        )
    console.say(f"Ledger: {verified.ledger}")
    answer = {"ledger": verified.ledger, "checks": looks}
    console.answer(finished(answer, verified.exit_code))
    return verified.exit_code


def show_backed_up(console: Console, copied: BackedUp) -> ExitCode:
    """The place of the copy."""
    console.say(f"Copied to {copied.copy}.")
    answer = {"ledger": copied.ledger, "copy": str(copied.copy)}
    console.answer(finished(answer, copied.exit_code))
    return copied.exit_code


def show_mended(console: Console, mended: Mended) -> ExitCode:
    """What the ledger is now, and where the former one is."""
    if mended.is_changed:
        console.say(f"Done: {mended.ledger}.")
        if mended.aside is not None:
            console.say(f"The former one is {mended.aside}.")
        console.say("The next run reads its list again, and goes on.")
    else:
        console.say(f"Nothing is missing: {mended.ledger} stays as it is.")
    answer = {
        "ledger": mended.ledger,
        "done": list(mended.done),
        "aside": str(mended.aside) if mended.aside else None,
    }
    console.answer(finished(answer, mended.exit_code))
    return mended.exit_code


def copying(console: Console) -> Callable[[int], object]:
    """Return what is told, at a terminal, of each part that was copied."""
    from tqdm import tqdm

    return tqdm(unit=" lines", leave=False, disable=True if console.as_json else None).update


def show_moved(console: Console, moved: Moved) -> ExitCode:
    """Where the ledger is now, and what to do with it."""
    console.say(f"Moved to {moved.ledger}: {words.count(moved.lines, 'line')}, compared.")
    console.say("Name it with --ledger from now on, or in CAMPAIGN_LEDGER.")
    console.say(f"{moved.source} stays for looking up; it sends nothing any more.")
    answer = {"ledger": moved.ledger, "source": moved.source, "lines": moved.lines}
    console.answer(finished(answer, moved.exit_code))
    return moved.exit_code


def show_accepted(console: Console, accepted: Accepted) -> ExitCode:
    """What counts from now on."""
    console.say("Noted.")
    console.answer(
        finished({"ledger": accepted.ledger, "done": list(accepted.done)}, accepted.exit_code)
    )
    return accepted.exit_code
