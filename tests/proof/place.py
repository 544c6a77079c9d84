"""A place for proofs: a folder with a list, a ledger and its second record, and runs in it.

Runs go through the command line, in this process. The endpoint keeps its receipts over all of them,
so that a person who gets a second message is found, whatever the ledger says.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.cli import call
from runner.rehearsal.endpoint import SimulatedEndpoint
from tests.loopback import KEY, Server, serving

PEOPLE = 6


class Place:
    """A folder whose runs share one endpoint.

    `state` is the user's state folder, where second records are. `server` is there within `open`.
    """

    def __init__(self, folder: Path, people: int = PEOPLE) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.ledger = folder / "data" / "ledger.db"
        self.server: Server
        self.out = self.err = ""
        folder.mkdir(parents=True, exist_ok=True)
        self.write(range(people))
        (folder / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")

    def write(self, people: Sequence[int] | range, more: str = "") -> None:
        """Write the list: these people, in this order."""
        lines = [f"Name{number},person-{number}" for number in people]
        text = "\n".join(["First Name,recipientProfileId", *lines]) + "\n" + more
        (self.folder / "people.csv").write_text(text, encoding="utf-8")

    @contextmanager
    def open(self, *, neighbours: bool = False, **options: Any) -> Iterator[Place]:
        """Serve the endpoint, and stand in the folder with an environment of its own.

        Without `neighbours` nothing but the ledger keeps anybody from a second message: a look into
        the conversation would see the first one.
        """
        before, here = dict(os.environ), Path.cwd()
        with serving(neighbours=neighbours, **options) as server:
            self.server = server
            os.environ |= {
                "XDG_STATE_HOME": str(self.state),
                "CONNECTSAFELY_API_KEY": KEY,
                "CAMPAIGN_BASE_URL": server.url,
                "CAMPAIGN_LEDGER": str(self.ledger),
            }
            os.chdir(self.folder)
            try:
                yield self
            finally:
                os.chdir(here)
                os.environ.clear()
                os.environ.update(before)

    def __call__(self, *arguments: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = call(list(arguments))
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.err
        assert "Something is wrong in Campaign Runner itself" not in self.err, self.err
        return code

    def run(self, *more: str) -> int:
        pace = ("--now", "--min-gap", "0", "--yes")
        return self("run", "people.csv", "-t", "hello.j2", *pace, *more)

    @property
    def endpoint(self) -> SimulatedEndpoint:
        return self.server.endpoint

    def received(self) -> list[str]:
        return [receipt.recipient for receipt in self.endpoint.receipts]

    def twice(self) -> list[str]:
        """The people who got more than one message."""
        return [person for person, count in Counter(self.received()).items() if count > 1]

    def latest_results(self) -> list[dict[str, str]]:
        """The results sheet that was written last."""
        sheets = self.folder.glob("people.results*.csv")
        latest = max(sheets, key=lambda path: path.stat().st_mtime_ns)
        with latest.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def keep(self, name: str) -> Path:
        """Copy all that this computer has of the campaign."""
        target = self.folder.parent / f"{self.folder.name}.{name}"
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(self.folder, target)
        return target

    def bring_back(self, kept: Path, *parts: str) -> None:
        """Put these parts of a copy back into their places; without any, the whole folder."""
        for part in parts or [path.name for path in self.folder.iterdir()]:
            here, there = self.folder / part, kept / part
            if here.is_dir():
                shutil.rmtree(here)
            else:
                here.unlink(missing_ok=True)
            if there.is_dir():
                shutil.copytree(there, here)
            elif there.exists():
                shutil.copy2(there, here)


Damage = Callable[[Place], None]
