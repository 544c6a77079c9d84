"""What a request over TLS costs beyond a bare one.

Asks the same local server over TLS as a run does, each time on a fresh connection, and with a bare
httpx client whose context was made once; both trust what this system trusts, and the server beside.

    python benchmarks/tls.py [--requests 300]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import ssl
import tempfile
import time
from pathlib import Path

import httpx
import trustme

from runner.sending.client import Client
from runner.sending.secret import Secret

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


async def measure(requests: int, known: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA()
    authority.issue_cert("localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trusted.pem"
        file.write_bytes(known + b"\n" + authority.cert_pem.bytes())
        os.environ["SSL_CERT_FILE"] = str(file)
        server = await asyncio.start_server(serve, "localhost", 0, ssl=context)
        url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        own = ssl.create_default_context()
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        client = Client(Secret("a-key-1234567890"), url, httpx.Timeout(10))
        took = {"bare": 0.0, "client": 0.0}
        for _ in range(requests):  # in turn: what slows one slows the other
            start = time.perf_counter()
            async with httpx.AsyncClient(verify=own, limits=limits, trust_env=False) as bare:
                await bare.get(url)
            took["bare"] += time.perf_counter() - start
            start = time.perf_counter()
            await client.ask("GET", "/")
            took["client"] += time.perf_counter() - start
        server.close()
    found = {name: round(1000 * seconds / requests, 2) for name, seconds in took.items()}
    ratio = round(took["client"] / took["bare"], 2)
    print(json.dumps({"certificates": known.count(b"BEGIN"), "ms": found, "ratio": ratio}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    usual = ssl.get_default_verify_paths()
    bundle = Path(usual.cafile or "/etc/ssl/certs/ca-certificates.crt")
    known = bundle.read_bytes() if bundle.is_file() else b""
    asyncio.run(measure(parser.parse_args().requests, known))


if __name__ == "__main__":
    main()
