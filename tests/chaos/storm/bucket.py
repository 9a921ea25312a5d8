"""A bucket that can refuse and be slow: as much of S3's protocol as the app speaks, its objects files in a folder.

moto, which other tests use, keeps objects in memory, and a long storm stores gigabytes.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "storm"
GONE = "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
BUSY = "<Error><Code>SlowDown</Code><Message>not now</Message></Error>"


class Bucket:
    """Objects, and how the server is disposed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.refuses = False
        self.delay_s = 0.0
        self.url = ""

    @property
    def env(self) -> dict[str, str]:
        """The settings that make the app use it."""
        return {
            "R2_ENDPOINT": self.url,
            "R2_ACCESS_KEY_ID": "key",
            "R2_SECRET_ACCESS_KEY": "secret",
            "R2_BUCKET": NAME,
            "R2_PUBLIC_URL": f"{self.url}/{NAME}",
        }

    def path(self, key: str) -> Path:
        """Return the file of an object, which may not be there."""
        return self.folder / key

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve while the block lasts."""
        bucket = self

        class Handler(_Handler):
            objects = bucket

        server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, name="bucket", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            shutil.rmtree(self.folder, ignore_errors=True)  # a gigabyte after a long storm


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 200

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed while they speak."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: Bucket

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._is_refused():
            return
        source = self.headers.get("x-amz-copy-source")
        if source is not None:
            found = self.objects.path(unquote(source).lstrip("/").removeprefix(f"{NAME}/"))
            if not found.is_file():
                self._answer(404, GONE)
                return
            self._store(lambda part: part.hardlink_to(found))  # another name: it takes no room
        else:
            self._store(lambda part: part.write_bytes(body))
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        copied = f"<CopyObjectResult><ETag>{etag}</ETag><LastModified>{_now()}</LastModified></CopyObjectResult>"
        self._answer(200, "" if source is None else copied, {"ETag": etag})

    def _store(self, write: Callable[[Path], object]) -> None:
        """Have the object's file written beside its place and moved there, so that nobody reads half of it."""
        target = self._target()
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{threading.get_ident()}.part")
        write(part)
        part.replace(target)
        part.unlink(missing_ok=True)  # it stays where it is another name of the target already

    def do_GET(self) -> None:
        if self._is_refused():
            return
        target = self._target()
        if target.is_file():
            self._answer(200, target.read_bytes(), {"ETag": '"1"', "Last-Modified": _http_date()})
        else:
            self._answer(404, GONE)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        if not self._is_refused():
            self._target().unlink(missing_ok=True)
            self._answer(204, "")

    def _target(self) -> Path:
        return self.objects.path(unquote(urlsplit(self.path).path).lstrip("/").removeprefix(f"{NAME}/"))

    def _is_refused(self) -> bool:
        time.sleep(self.objects.delay_s)
        if self.objects.refuses:
            self._answer(503, BUSY)
        return self.objects.refuses

    def _answer(self, status: int, body: str | bytes, headers: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "application/xml", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Keep quiet."""


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _http_date() -> str:
    return datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
