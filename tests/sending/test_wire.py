"""No request leaves late: not from a process that was stopped, nor from one that is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from runner.errors import UsageError
from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Outcome, Status
from runner.sending import fuse
from runner.sending.api import Endpoint
from runner.sending.clock import ServerClock
from runner.sending.fuse import Fuse
from runner.sending.secret import Secret
from runner.sending.wire import Wire
from tests.room import VENDOR, room

LONG = "x" * 20_000  # more than the receiver takes in, less than the sender's system keeps
CHILD = f"""
import asyncio, sys
from datetime import UTC, datetime
from runner.intake.recipient import Recipient
from runner.ledger.record import Claim
from runner.sending import wire
from runner.sending.api import Endpoint
from runner.sending.clock import ServerClock
from runner.sending.secret import Secret
if "broken" in sys.argv:
    wire._DROPPED = wire._ORDERLY
trace = wire.Wire.trace
async def told(self, event, info):
    await trace(self, event, info)
    if event.endswith("send_request_body.complete"):
        print("handed over", flush=True)
wire.Wire.trace = told
clock = ServerClock(lambda: datetime.now(UTC))
endpoint = Endpoint(Secret("key-0123456789"), clock, base_url=sys.argv[1])
claim = Claim(1, 1, 2, "acc_1", Recipient("jo-doe", None), "x" * {len(LONG)}, None, "normal", None)
asyncio.run(endpoint.send(claim, sys.stdin.readline))
"""


CLAIM = Claim(1, 1, 2, "acc_1", Recipient("jo-doe", None), "Hi", None, "normal", None)


def endpoint_at(url: str) -> Endpoint:
    clock = ServerClock(lambda: datetime.now(UTC))
    return Endpoint(Secret("key-0123456789"), clock, base_url=url)


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import signal\nfrom runner.sending.fuse import Fuse\n{code}\nprint('alive')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "lives"),
    [
        ("one = Fuse(0.02); one.light()\nwhile True: pass", False),
        ("one = Fuse(0.02); one.light(); one.put_out()\nwhile not one.is_burnt: pass", True),
        ("one = Fuse(0.02)\nwhile not one.is_burnt: pass", True),
        (
            (
                "one, two = Fuse(0.02), Fuse(9); one.light(); two.light(); two.put_out()\n"
                "while True: pass"
            ),
            False,
        ),
        (
            (
                "one, two = Fuse(0.02), Fuse(9); two.light(); one.light(); one.put_out()\n"
                "while not one.is_burnt: pass"
            ),
            True,
        ),
        ("one = Fuse(0); one.light()\nwhile True: pass", False),
        # The timer is the program's own: it calls this one from within.
        (
            (
                "signal.signal(signal.SIGALRM, lambda *_: None); one = Fuse(0.02); one.light()\n"
                "while not one.is_burnt: pass"
            ),
            True,
        ),
        (
            (
                "signal.setitimer(signal.ITIMER_REAL, 99); one = Fuse(0.02); one.light()\n"
                "while not one.is_burnt: pass\n"
                "assert signal.getitimer(signal.ITIMER_REAL)[0] > 9"
            ),
            True,
        ),
    ],
)
def test_a_lit_fuse_ends_its_process_and_nothing_else_does(code: str, lives: bool) -> None:
    ended = run(code)
    assert (ended.returncode, ended.stdout) == ((0, "alive\n") if lives else (-signal.SIGALRM, ""))


def test_a_process_that_was_stopped_is_ended_when_it_wakes() -> None:
    code = (
        "from runner.sending.fuse import Fuse; import os, signal\n"
        "Fuse(0.02).light()\nos.kill(os.getpid(), signal.SIGSTOP)\nprint('alive')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        waited = Fuse(0.05)
        while not waited.is_burnt:
            pass
        child.send_signal(signal.SIGCONT)
        said = child.communicate()[0]
    assert (child.returncode, said) == (-signal.SIGALRM, b"")


def test_nothing_sends_that_no_fuse_can_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first process of a container outlives its timers."""
    fuse.refuse_first_process()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(UsageError, match="PID 1"):
        fuse.refuse_first_process()


def test_a_computer_that_slept_at_the_intent_lets_no_byte_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        endpoint = endpoint_at(url)
        later = fuse._now() + endpoint.lease.total_seconds()

        def commit() -> None:
            monkeypatch.setattr(fuse, "_now", lambda: later)

        async def send() -> Outcome:
            return await endpoint.send(CLAIM, commit)

        outcome = asyncio.run(send())
        connection, _ = listener.accept()
        with connection, pytest.raises(ConnectionResetError):
            assert connection.recv(1) == b""
    assert outcome.status is Status.WAITING
    assert "stood still" in (outcome.error or "")
    assert not Fuse._lit
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("mode", ["", "broken"])
def test_what_the_system_kept_of_a_dead_process_does_not_leave(mode: str) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-c", CHILD, url, mode]
        null, pipe = subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(command, stdin=null, stdout=pipe) as child:
            connection, _ = listener.accept()
            assert child.stdout
            assert child.stdout.readline() == b"handed over\n"
            child.kill()
        received = received_by(connection, 20)
    assert is_whole(received) is (mode == "broken"), len(received)


def received_by(connection: socket.socket, seconds: float) -> bytes:
    """What arrives until the connection ends, or nothing came for so long."""
    received = b""
    connection.settimeout(seconds)
    with connection, suppress(ConnectionResetError, TimeoutError):
        while part := connection.recv(65536):
            received += part
    return received


def is_whole(request: bytes) -> bool:
    return request.endswith(b'x","messageType":"normal"}')


@pytest.mark.parametrize("mode", ["", "broken"])
def test_what_went_into_a_cut_wire_does_not_leave_once_its_process_is_dead(mode: str) -> None:
    with room() as apart, socket.create_server((VENDOR, 0)) as listener:
        url = f"http://{VENDOR}:{listener.getsockname()[1]}"
        command = [*apart.door, sys.executable, "-c", CHILD, url, mode]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe) as child:
            connection, _ = listener.accept()
            apart.cut(VENDOR)
            assert child.stdin
            assert child.stdout
            child.stdin.write(b"the intent is committed\n")
            child.stdin.flush()
            assert child.stdout.readline() == b"handed over\n"
            child.kill()
        apart.mend(VENDOR)
        received = received_by(connection, 3)
    assert is_whole(received) is (mode == "broken"), len(received)
    assert bool(received) is (mode == "broken")


STOPPED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from runner.intake.recipient import Recipient
from runner.ledger.record import Claim
from runner.sending import api, wire
from runner.sending.clock import ServerClock
from runner.sending.fuse import Fuse
from runner.sending.secret import Secret
class Short(Fuse):
    def light(self):
        super().__init__(0.2)
        if "broken" not in sys.argv:
            super().light()
api.Fuse = Short
trace = wire.Wire.trace
async def stopped(self, event, info):
    await trace(self, event, info)
    if event.endswith("send_request_headers.started"):
        os.kill(os.getpid(), signal.SIGSTOP)  # the intent is committed, and no byte has left
wire.Wire.trace = stopped
clock = ServerClock(lambda: datetime.now(UTC))
endpoint = api.Endpoint(Secret("key-0123456789"), clock, base_url=sys.argv[1], read_seconds=1)
claim = Claim(1, 1, 2, "acc_1", Recipient("jo-doe", None), "Hi", None, "normal", None)
asyncio.run(endpoint.send(claim, lambda: None))
"""


def stopped_at_the_intent(mode: str) -> bytes:
    """What arrives of the request of a process that stood still for longer than its lease."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with subprocess.Popen([sys.executable, "-c", STOPPED, url, mode]) as child:
            connection, _ = listener.accept()
            _, status = os.waitpid(child.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            waited = Fuse(0.3)
            while not waited.is_burnt:
                pass
            child.send_signal(signal.SIGCONT)
            received = b""
            with connection, suppress(ConnectionResetError):
                while part := connection.recv(65536):
                    received += part
                    if b"jo-doe" in part:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    return received


def test_a_request_that_would_be_late_never_leaves() -> None:
    assert stopped_at_the_intent("") == b""


def test_without_a_fuse_it_leaves_late() -> None:
    assert b"jo-doe" in stopped_at_the_intent("broken")


@pytest.mark.proof
def test_a_hundred_requests_that_would_be_late() -> None:
    assert {stopped_at_the_intent("") for _ in range(100)} == {b""}


def test_a_connection_ends_in_order_once_its_answer_is_there() -> None:
    """The vendor sees no reset of a request that it has answered."""
    ends: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while b"jo-doe" not in connection.recv(65536):
                pass
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            ends.append(connection.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        asyncio.run(endpoint_at(url).send(CLAIM, lambda: None))
        thread.join()
    assert ends == [b""]


def test_the_socket_gives_up_what_the_vendor_does_not_take_in() -> None:
    class Stream:
        def __init__(self, connected: socket.socket) -> None:
            self.connected = connected

        def get_extra_info(self, name: str) -> socket.socket:
            assert name == "socket"
            return self.connected

    wire = Wire(lambda: None, Fuse(9), 130.0)
    with socket.socket() as connected:
        told = {"return_value": Stream(connected)}
        asyncio.run(wire.trace("connection.connect_tcp.complete", told))
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 130_000
