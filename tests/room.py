"""A network namespace for processes of the tests, with a wire of its own to each of two addresses
of this machine. A wire can be cut: nothing passes then, and nobody is told.

Linux has this, and for root alone.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

import pytest

VENDOR: Final = "127.0.0.1"
LEDGER: Final = "127.0.0.2"
# The hardware addresses of a wire's ends, and one that nobody has.
_HERE: Final = "02:00:00:00:00:01"
_THERE: Final = "02:00:00:00:00:02"
_NOWHERE: Final = "02:00:00:00:00:99"
_NUMBERS = count()


class Room:
    """Processes started with its `door` reach what listens at the two addresses, by the wires."""

    def __init__(self) -> None:
        self.name = f"cr{os.getpid() % 100_000}x{next(_NUMBERS)}"
        self.door = ["ip", "netns", "exec", self.name]
        self._wires: dict[str, tuple[str, str, str]] = {}

    def furnish(self) -> None:
        """Make the namespace and its wires. Raises CalledProcessError where that is not allowed,
        or nothing passes."""
        _run("ip", "netns", "add", self.name)
        self._inside("ip", "link", "set", "lo", "up")
        self._inside("ip", "address", "delete", "127.0.0.1/8", "dev", "lo")
        for letter, address in (("v", VENDOR), ("l", LEDGER)):
            self._lay(letter, address)
            with socket.create_server((address, 0)) as listener:
                there = (address, listener.getsockname()[1])
                reach = f"import socket; socket.create_connection({there}, 5)"
                self._inside(sys.executable, "-c", reach)

    def _lay(self, letter: str, address: str) -> None:
        here, there = f"{self.name}{letter}", f"{letter}0"
        net = f"10.{os.getpid() % 250}.{next(_NUMBERS) % 250}"
        ends = ("address", _HERE, "type", "veth", "peer", "name", there, "address", _THERE)
        _run("ip", "link", "add", here, *ends, "netns", self.name)
        for run, device, own in ((_run, here, f"{net}.1"), (self._inside, there, f"{net}.2")):
            run("ip", "address", "add", f"{own}/30", "dev", device)
            run("ip", "link", "set", device, "up")
            # Addresses of the loopback may come by these wires.
            run("sysctl", "-qw", f"net.ipv4.conf.{device}.route_localnet=1")
        self._inside("ip", "route", "add", f"{address}/32", "via", f"{net}.1", "src", f"{net}.2")
        self._wires[address] = (here, there, net)

    def cut(self, address: str) -> None:
        """Let nothing that is sent by the wire arrive, from either end."""
        self._point(address, _NOWHERE, _NOWHERE)

    def mend(self, address: str) -> None:
        self._point(address, _HERE, _THERE)

    def _point(self, address: str, to_here: str, to_there: str) -> None:
        here, there, net = self._wires[address]
        for run, device, other, hardware in (
            (self._inside, there, f"{net}.1", to_here),
            (_run, here, f"{net}.2", to_there),
        ):
            where = ("to", other, "lladdr", hardware, "dev", device, "nud", "permanent")
            run("ip", "neighbour", "replace", *where)

    def _inside(self, *command: str) -> None:
        _run(*self.door, *command)

    def close(self) -> None:
        command = ["ip", "netns", "delete", self.name]  # the wires go with it
        subprocess.run(command, check=False, capture_output=True)


@contextmanager
def room() -> Iterator[Room]:
    """A room, for a while. Skips the test where there can be none."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("sysctl"):
        pytest.skip("network namespaces need Linux, root and iproute2: no wire was cut")
    made = Room()
    try:
        try:
            made.furnish()
        except subprocess.CalledProcessError as error:  # a container may forbid it
            pytest.skip(f"no network namespace can be made here: {error}; no wire was cut")
        yield made
    finally:
        made.close()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
