"""The notification, which tells someone how a run ended.

A command gets the JSON answer on its stdin, or a webhook gets it as a POST. The notification comes
after everything else and changes nothing. Trouble with it is a sentence, never an error.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, assert_never

import httpx

from runner.campaign.target import Command, Target, Webhook
from runner.sending.address import is_loopback
from runner.sending.certificate import trusted
from runner.sending.key import VARIABLES
from runner.show.answer import sentence

COMMAND_SECONDS: Final = 30.0
WEBHOOK_SECONDS: Final = 10.0


def notify(target: Target, answer: Mapping[str, Any], folder: Path) -> str | None:
    """Hand the answer over. Return None, or one sentence that says what went wrong.

    A command runs in this folder, without a shell and without the API key in its environment. The
    sentence contains neither the address nor the arguments, for they can hold a secret.
    """
    content = json.dumps({"text": sentence(answer), **answer}).encode() + b"\n"
    try:
        match target:
            case Webhook(url):
                trouble = asyncio.run(_post(url, content))
            case Command(words):
                trouble = _run(words, content, folder)
            case _:
                assert_never(target)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nothing about it may change how the run ended
        trouble = getattr(error, "strerror", None) or type(error).__name__
    return trouble and f"The notification did not go out by {target.name} ({trouble})."


def _run(words: Sequence[str], content: bytes, folder: Path) -> str | None:
    program = words[0]
    # Systems take a path as relative to different folders, so the folder is put before it.
    if Path(program).parent != Path():
        program = str(folder / program)
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with (
        subprocess.Popen(  # noqa: S603 - without a shell; the command is the person's own
            [program, *words[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        ) as process
    ):
        try:
            process.communicate(content, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"not done after {COMMAND_SECONDS:.0f} seconds"
        except BaseException:
            _end(process)
            raise
    return f"exit code {process.returncode}" if process.returncode else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command with all that it started."""
    import psutil

    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    if os.name == "posix":
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # also those whose parent has gone
    process.kill()


async def _post(url: str, content: bytes) -> str | None:
    headers = {"Content-Type": "application/json", "User-Agent": "campaign-runner"}
    try:
        async with (
            asyncio.timeout(WEBHOOK_SECONDS),
            httpx.AsyncClient(
                verify=trusted(),
                timeout=WEBHOOK_SECONDS,
                follow_redirects=False,
                trust_env=not is_loopback(url),
            ) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            return None if response.is_success else f"HTTP {response.status_code}"
    except (TimeoutError, httpx.TimeoutException):
        return f"no answer within {WEBHOOK_SECONDS:.0f} seconds"
    except httpx.TransportError:
        return "it cannot be reached"
