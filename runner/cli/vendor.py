"""The vendor as a command asks it: with the key that is found, on this computer's clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from runner.cli import late
from runner.cli.ledger import utc_now

if TYPE_CHECKING:
    from runner.sending.secret import Secret
    from runner.sending.vendor import Vendor


class Ways(TypedDict, total=False):
    """The bounds of waits, for the answer to a message and for a whole look-up; the endpoint."""

    read_seconds: float
    look_seconds: float
    path: str


def found_vendor(
    key_file: Path | None,
    folder: Path,
    base_url: str | None,
    name: str | None = None,
    **ways: Unpack[Ways],
) -> Vendor:
    """The vendor at an address, or at its own, with the key of a name; `ways` bound the waits.
    Raises UsageError."""
    return vendor_with(late.key.find_key(key_file, folder, name=name).secret, base_url, **ways)


def vendor_with(secret: Secret, base_url: str | None, **ways: Unpack[Ways]) -> Vendor:
    """The vendor as this key reaches it."""
    return late.vendor.Vendor(
        secret,
        late.clock.ServerClock(utc_now, late.clock.WATCH),
        base_url=base_url or late.address.BASE_URL,
        **ways,
    )
