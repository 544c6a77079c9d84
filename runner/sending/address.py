"""Addresses of requests: which keep a secret, and which are this machine itself."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from runner.errors import UsageError
from runner.words import address

BASE_URL: Final = "https://api.connectsafely.ai/linkedin"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def is_loopback(url: str) -> bool:
    """Tell whether a URL is one of this machine itself."""
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False


def checked_base_url(text: str) -> str:
    """Return the base URL without a final slash.

    It must be https, since the key travels to it, or be this machine. Raises UsageError.
    """
    shown = address(text)
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.username or parts.query or parts.fragment:
        raise UsageError(f"{shown!r} is no base URL.", remedy=f"The default is {BASE_URL}.")
    if not keeps_secrets(text):
        raise UsageError(
            f"{shown!r} would send the API key unencrypted.", remedy="Use an https:// address."
        )
    return text.rstrip("/")


def keeps_secrets(url: str) -> bool:
    """Tell whether anything sent to `url` is encrypted, or stays on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_encrypted = parts.scheme == "https" and bool(parts.hostname)
    return is_encrypted or (parts.scheme == "http" and is_loopback(url))
