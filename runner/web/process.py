"""The runs that the console has started: each is a process of its own, as one from the terminal is,
and goes on when the console ends."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import ExitCode
from runner.ledger.location import Place, Server


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a run: its exit code, and what it said of a stop and of the next step."""

    exit_code: int
    what: str = ""
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        """True when it came as far as it could for now, or a person has ended it."""
        return self.exit_code in (
            ExitCode.DONE,
            ExitCode.NEEDS_A_PERSON,
            ExitCode.PAUSED,
            ExitCode.INTERRUPTED,
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A run that the console has started, of a campaign file."""

    source: Path
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def ended(self) -> Ended | None:
        """How it ended; None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        answer = _answer(self.output)
        stopped = answer.get("stopped") or {}
        if not answer:  # it was killed
            return Ended(code, "It was cut off.", "Start it again; it goes on where it stopped.")
        return Ended(code, stopped.get("reason") or "", stopped.get("remedy") or "")


@dataclass(slots=True)
class Runs:
    """The runs of one console, the last one of each campaign file."""

    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="campaign-runs-")))
    _started: dict[Path, Started] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, source: Path, ledger: Place, base_url: str | None, *, wait: bool) -> bool:
        """Start a run of a campaign file, which a person has agreed to; False where one that was
        started here is under way."""
        with self._lock:
            before = self._started.get(source)
            if before is not None and before.is_alive:
                return False
            output = self._folder / f"{secrets.token_hex(8)}.json"
            # -P: what lies beside a campaign file is no part of this program.
            command = [
                sys.executable,
                "-P",
                "-m",
                "runner",
                "run",
                str(source),
                "--unattended",
                "--json",
            ]
            command += ["--ledger", str(ledger), *(["--wait"] if wait else [])]
            command += ["--base-url", base_url] if base_url else []
            with output.open("wb") as file:
                process = subprocess.Popen(  # noqa: S603 - it is this program itself
                    command,
                    cwd=source.parent,
                    env=_environment(ledger),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.DEVNULL,
                    **_apart(),
                )
            self._started[source] = Started(source, process, output)
            return True

    def of(self, source: Path) -> Started | None:
        """The last run of a campaign file."""
        return self._started.get(source)

    def alive(self) -> list[Started]:
        """Those that still run."""
        return [one for one in self._started.values() if one.is_alive]

    def close(self) -> None:
        """Remove what the runs have said, unless one of them still writes it."""
        if not self.alive():
            shutil.rmtree(self._folder, ignore_errors=True)


def _apart() -> dict[str, Any]:
    """Keep a process from ending with the terminal, or by the Ctrl-C, that ends the console."""
    if os.name == "posix":
        return {"start_new_session": True}
    new_group, no_window = 0x200, 0x08000000
    return {"creationflags": new_group | no_window}


def _answer(output: Path) -> dict[str, Any]:
    """The JSON object that a run has answered with, at its end."""
    try:
        found = json.loads(output.read_text(encoding="utf-8").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}


def _environment(ledger: Place) -> dict[str, str]:
    """What a run needs to reach the ledger; a password is in nobody's command line."""
    password = ledger.url.password if isinstance(ledger, Server) else None
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
