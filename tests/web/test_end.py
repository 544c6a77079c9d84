"""The end of the console at a terminal: what becomes of the runs that it has started."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.loopback import serving
from tests.patience import until
from tests.web.served import Served, environment

pty = pytest.importorskip("pty", reason="there are no such terminals on this system")


@pytest.mark.slow
@pytest.mark.parametrize("word", ["y", "n"])
def test_it_asks_what_becomes_of_its_runs(tmp_path: Path, word: str) -> None:
    """Ctrl-C ends the console, and it asks: the run ends after its message in flight, or goes on to
    its end by itself; nobody gets a message twice either way."""
    with serving(limit=1_000) as endpoint:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "runner", "console", "--no-browser", "--port", "0"]
        command += ["--ledger", str(tmp_path / "ledger.db"), "--base-url", endpoint.url]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: _own(theirs),
        )
        os.close(theirs)
        said = ""

        def hear(words: str) -> bool:
            nonlocal said
            said += os.read(ours, 4096).decode()
            return words in said

        try:
            assert until(lambda: hear("Ctrl-C ends it."))
            found = re.search(r"http://127\.0\.0\.1:\d+/in\?token=\S+", said)
            assert found
            served = Served(tmp_path, endpoint, process, found[0])  # type: ignore[arg-type]
            people = 200 if word == "y" else 30
            path = served.campaign_file("spring", people)
            with served.client() as client:
                page = client.get(f"/files/{path.name}/plan").text
                asked = {
                    name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0]
                    for name in ("form", "stamp")
                }
                client.post(f"/files/{path.name}/start", data=asked)
            assert until(lambda: len(endpoint.endpoint.receipts) > 5)
            os.write(ours, b"\x03")
            assert until(lambda: hear("End after the message in flight?"))
            assert "A run goes on without the console: spring." in said
            os.write(ours, f"{word}\n".encode())
            if word == "y":
                assert until(lambda: hear("it has ended; the next run goes on there."))
                assert served.totals().waiting > 0
            else:
                assert until(lambda: len(endpoint.endpoint.receipts) == people)
            process.wait()
            assert process.returncode == 0
            with pytest.raises(httpx.ConnectError):
                httpx.get(served.base)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        reached = [receipt.recipient for receipt in endpoint.endpoint.receipts]
        assert len(reached) == len(set(reached))


def _own(terminal: int) -> None:
    """Make a terminal the one that a process is steered from."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
