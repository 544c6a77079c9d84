"""The console as a person starts it: the installed command in a process of its own, a simulated
endpoint beside it, and a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runner.action.standing import summary_of
from runner.campaign.recognise import find_campaign
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.line import lines
from runner.ledger.pause import said
from runner.web.desk import now
from tests.loopback import KEY, Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here: the console was not tried in a browser"
)
# Chromium asks nobody on the network about anything.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIST = "First Name,Company,LinkedIn URL\n"


@dataclass
class Served:
    """A console for a ledger, and the folder it was started in."""

    folder: Path
    endpoint: Server
    process: subprocess.Popen[str]
    address: str

    @property
    def base(self) -> str:
        return self.address.partition("/in?")[0]

    @property
    def place(self) -> Path:
        return self.folder / "ledger.db"

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Somebody who was let in."""
        with httpx.Client(base_url=self.base, follow_redirects=True, timeout=60) as client:
            assert client.get(self.address).status_code == 200
            yield client

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        opened = open_ledger(self.place)
        try:
            yield opened
        finally:
            opened.close()

    def statuses(self, name: str | None = None) -> list[str]:
        with self.ledger() as ledger:
            return [line.status.value for line in lines(ledger, find_campaign(ledger, name).id)]

    def totals(self, name: str | None = None) -> Any:
        with self.ledger() as ledger:
            return summary_of(ledger, find_campaign(ledger, name), now()).totals

    def is_asked_to_stop(self) -> bool:
        with self.ledger() as ledger, ledger.read() as connection:
            return said(connection, find_campaign(ledger, None).id).stop_asked_at is not None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command at the terminal, in the console's folder."""
        return subprocess.run(
            [sys.executable, "-m", "runner", *arguments, "--ledger", str(self.place)],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def campaign_file(self, name: str, people: int, text: str = "Hi {{ first_name }}") -> Path:
        """A campaign file of so many people that sends at once, as fast as it can."""
        rows = [f"Name{number},Firm {number},person-{number}\n" for number in range(people)]
        (self.folder / f"{name}.csv").write_text(LIST + "".join(rows), encoding="utf-8")
        (self.folder / f"{name}.j2").write_text(text, encoding="utf-8")
        path = self.folder / f"{name}.toml"
        lines = [f'sheet = "{name}.csv"', f'template = "{name}.j2"', "now = true", "min_gap = 0"]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def run(self, name: str, people: int = 3, **options: str) -> subprocess.CompletedProcess[str]:
        """Run such a campaign at the terminal."""
        path = self.campaign_file(name, people, **options)
        return self.command("run", path.name, "--yes", "--base-url", self.endpoint.url)


def environment() -> dict[str, str]:
    """That of the test, with a key."""
    return {**os.environ, "CONNECTSAFELY_API_KEY": KEY, "COLUMNS": "200"}


@contextmanager
def console(folder: Path, endpoint: Server, *more: str) -> Iterator[Served]:
    """The console, served for as long as the block takes."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "runner", "console", "--no-browser", "--port", "0"),
            *("--ledger", str(folder / "ledger.db"), "--base-url", endpoint.url, *more),
        ],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        address = None
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+/in\?token=\S+", line):
                address = found[0]
                break
        assert address, "the console did not say where it is"
        yield Served(folder, endpoint, process, address)
    finally:
        process.terminate()
        process.wait()  # with a timeout it would sleep
        process.stdout.close()


@contextmanager
def place(folder: Path, **options: Any) -> Iterator[Served]:
    """A console beside a simulated endpoint."""
    with serving(**options) as endpoint, console(folder, endpoint) as served:
        yield served


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser, which keeps nothing in anybody's home."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=_FLAGS, env=dict(environment)
        )
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def tab(opened: Browser, served: Served, **options: Any) -> Iterator[Page]:
    """A page that was let in; a word of the browser about a fault of it fails the test."""
    context = opened.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(served.address)
    try:
        yield page
        assert faults == []
    finally:
        context.close()
