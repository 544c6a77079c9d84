"""The certificates that this system trusts, read once in a process.

Where the system itself is asked about each server, truststore asks it. On the others trust lies in
files, and reading them takes longer than a message.
"""

from __future__ import annotations

import re
import ssl
import sys
from functools import cache
from pathlib import Path
from typing import Final

import truststore

_ASKS_THE_SYSTEM: Final = ("win32", "darwin")
# Where distributions keep them that OpenSSL's own places do not name; truststore's list.
_FILES: Final = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
_HASHED: Final = re.compile(r"[0-9a-fA-F]{8}\.[0-9]")


@cache
def trusted() -> ssl.SSLContext:
    """The context for connections to the vendor: names and certificates are checked."""
    if sys.platform in _ASKS_THE_SYSTEM:
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual = ssl.get_default_verify_paths()
    if usual.cafile or (usual.capath and _holds_certificates(Path(usual.capath))):
        context.set_default_verify_paths()
        return context
    for file in _FILES:
        if Path(file).is_file():
            context.load_verify_locations(cafile=file)
            break
    return context


def _holds_certificates(folder: Path) -> bool:
    return folder.is_dir() and any(_HASHED.fullmatch(path.name) for path in folder.iterdir())
