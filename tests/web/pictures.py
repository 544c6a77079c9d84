"""Pictures of each page of the console, for whoever changes one to look at.

    python -m tests.web.pictures FOLDER

Each page in light and in dark, 375 and 1,280 pixels wide, with people of every kind and with
nothing in it; and the two pictures of the docs, `console-campaign.png` and `console-new.png`.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from runner.rehearsal.endpoint import Answer
from tests.loopback import KEY
from tests.web.served import Served, browser, place
from tests.world import World

SAMPLE = Path(__file__).parents[2] / "samples" / "recipients.csv"
FIRMS = ("Northwind Logistics", "Hansa Kühltechnik GmbH", "株式会社サンプル", "O'Brien & Daughters")
NAMES = (
    "Jane",
    "Jürgen",
    "山田",
    "Fatima",
    "Zoë",
    "Søren",
    "Ana María",
    "דוד",
    "Wolfeschlegelstein",
)
PAGES = {
    "campaigns": "/",
    "campaign": "/campaigns/1",
    "row": "/campaigns/1/rows/5",
    "new": "/new",
    "decide": "/decide",
    "replies": "/replies",
    "people": "/do-not-contact",
    "accounts": "/accounts",
    "fault": "/nowhere",
}


def season(folder: Path) -> None:
    """Two campaigns that have run for some days: most answers come, some are lost."""
    people = [
        (NAMES[n % len(NAMES)] + ("" if n % 17 else "-" + "Lang" * 12), f"person-{n}", firm)
        for n in range(240)
        for firm in (FIRMS[n % len(FIRMS)],)
    ]
    people += [(name, f"late-{n}", FIRMS[0]) for n, name in enumerate(NAMES * 60)]
    people[9] = ("", "person-9", "Nobody Ltd")
    people[30] = ("Twin", "person-8", "Twice Ltd")
    header = ("First Name", "recipientProfileId", "Company")
    world = World(folder, people, header, limit=40, sheet="spring-fair.csv")
    chance = random.Random(1)

    def script(fields: dict[str, Any]) -> Answer | None:
        if chance.random() < 0.02:
            return world.server.accept(fields.get("accountId", ""), fields, "lost-request")
        return None

    world.server.script = script
    for day in range(3):
        world.run(accounts=("acc_anna", "acc_ben"), name="spring-fair")
        world.clock.advance_to(world.clock.now().replace(hour=6) + timedelta(days=1))
        if day == 1:
            new = [(one, f"other-{n}", firm) for n, (one, _, firm) in enumerate(people[:30])]
            other = World(folder, new, header, limit=40, sheet="autumn.csv")
            other.clock, other.server = world.clock, world.server
            other.run(accounts=("acc_anna",), name="autumn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    into = parser.parse_args().folder
    into.mkdir(parents=True, exist_ok=True)
    os.environ["CONNECTSAFELY_API_KEY"] = KEY
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_STATE_HOME"] = name
        nothing, much = Path(name) / "nothing", Path(name) / "much"
        for folder in (nothing, much):
            folder.mkdir()
        season(much)
        with browser() as opened:
            for folder in (nothing, much):
                with place(folder) as served:
                    take(served, opened, into, folder.name)


def take(served: Served, opened: Any, into: Path, kind: str) -> None:
    """Take all pictures of one console."""
    for scheme in ("light", "dark"):
        for width in (375, 1_280):
            context = opened.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            page = context.new_page()
            page.goto(served.address)
            for name, path in PAGES.items():
                page.goto(f"{served.base}{path}")
                page.screenshot(path=into / f"{kind}-{name}-{scheme}-{width}.png", full_page=True)
            if kind == "much":
                draft(served, page)
                page.screenshot(path=into / f"{kind}-draft-{scheme}-{width}.png", full_page=True)
            context.close()
    if kind == "much":
        page = opened.new_page(viewport={"width": 960, "height": 1_000}, color_scheme="light")
        page.goto(served.address)
        page.goto(f"{served.base}/campaigns/1")
        page.screenshot(path=into / "console-campaign.png")
        draft(served, page)
        page.locator("#text").evaluate("element => scrollTo(0, element.offsetTop - 480)")
        page.screenshot(path=into / "console-new.png")
        page.close()


def draft(served: Served, page: Any) -> None:
    """Begin a campaign with the sample, and write its text."""
    page.goto(f"{served.base}/new")
    page.set_input_files("input[type=file]", SAMPLE)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_selector("#check .facts")
    page.fill("#words", "Hi {{ first_name }},\n\nis that familiar at {{ company }}?")
    page.wait_for_selector("#messages >> text=is that familiar")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


if __name__ == "__main__":
    main()
