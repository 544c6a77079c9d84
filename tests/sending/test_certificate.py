"""Whom the program believes to be the vendor: certificates that this system trusts, for the name
that was asked for."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from runner.sending import certificate
from runner.sending.client import Client
from runner.sending.secret import Secret

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="this system is asked about each certificate"
)


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    certificate.trusted.cache_clear()
    yield
    certificate.trusted.cache_clear()


def asked(name: str, times: int = 1) -> int:
    """Ask a server that says it is `name` for localhost; return its status."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def ask() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(name).configure_cert(context)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        client = Client(Secret("a-key-1234567890"), url, httpx.Timeout(10))
        try:
            for _ in range(times):
                answer = await client.ask("GET", "/")
            return answer.status
        finally:
            server.close()

    return asyncio.run(ask())


AUTHORITY = trustme.CA()


def test_only_who_is_trusted_for_the_name_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate of nobody known, or for another name, is refused before a byte is said."""
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asked("localhost")
    file = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    certificate.trusted.cache_clear()
    assert asked("localhost", times=3) == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asked("elsewhere.example")


def test_they_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many requests there are, the files are opened for the first one."""
    made = []
    plain = ssl.SSLContext.set_default_verify_paths

    def counted(self: ssl.SSLContext) -> None:
        made.append(self)
        plain(self)

    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", counted)
    assert certificate.trusted() is certificate.trusted()
    assert len(made) <= 1


def test_where_the_usual_places_have_none_others_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python whose OpenSSL looks elsewhere than the system does still finds the certificates."""
    file = tmp_path / "bundle.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    nowhere = str(tmp_path / "nothing")
    usual = ssl.DefaultVerifyPaths(None, nowhere, "SSL_CERT_FILE", "", "SSL_CERT_DIR", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: usual)
    monkeypatch.setattr(certificate, "_FILES", (nowhere, str(file)))
    assert asked("localhost") == 200
