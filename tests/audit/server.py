"""The site behind a small server that compresses, as any host of static pages does."""

from __future__ import annotations

import functools
import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# What hosts compress; fonts and images already are.
COMPRESSED = (".html", ".js", ".css", ".svg", ".json", ".csv", ".txt")
LEVEL = 6


class _Gzip(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file():
            return super().send_head()
        body = _compressed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=31536000")
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted in the browser."""


@functools.cache
def _compressed(path: Path, changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), LEVEL, mtime=0)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a page breaks off what still loads."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the site, with a slash at the end."""
    with _Server(("127.0.0.1", 0), functools.partial(_Gzip, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
