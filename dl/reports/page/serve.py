"""Serve the page of a run that goes on, to the browser of this machine alone.

The server listens on the loopback address. Its path is a random token, which no other page or user
of the machine can guess. It answers only to its own address as the host, so that no other name
that leads here (DNS rebinding) can read it.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dl.errors import InputError, RunError, first_line
from dl.reports.page.material import gather
from dl.reports.page.page import page, policy
from dl.runs.folder import RunFolder

LOOPBACK = "127.0.0.1"
SECONDS = 1.0
"""At least so long a page is shown before it is made again."""


class PageServer(ThreadingHTTPServer):
    """Serves `made()`, the newest page, below a token; a context manager that ends with it."""

    daemon_threads = True

    def __init__(self, made: Callable[[], str], *, port: int = 0) -> None:
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            raise InputError(
                f"cannot listen on port {port}: {error.strerror}; name another with --port"
            ) from None
        self.made, self.token = made, secrets.token_urlsafe(16)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def hosts(self) -> set[str]:
        """What a browser may call this server."""
        return {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    @property
    def address(self) -> str:
        """The address of the page, with its token."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def __enter__(self) -> "PageServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is nothing to tell."""


class LivePage:
    """The page of a run as it is now; made again when the folder has changed."""

    def __init__(self, folder: RunFolder, *, package: str) -> None:
        self._folder, self._package = folder, package
        self._lock = threading.Lock()
        self._text, self._of, self._at = "", (), -SECONDS

    def __call__(self) -> str:
        """The newest page; one that was made before, where the folder cannot be read right now."""
        with self._lock:
            now = time.monotonic()
            state = self._state()
            if state != self._of and now - self._at >= SECONDS:
                try:
                    self._text, self._of, self._at = self._make(), state, now
                except (InputError, RunError, OSError):
                    if not self._text:
                        raise
            return self._text

    def _make(self) -> str:
        finished = self._folder.is_finished
        run = gather(self._folder.path, predictions=finished, package=self._package)
        return page([run], live=not finished)

    def _state(self) -> tuple[Any, ...]:
        """What changes whenever the page would."""
        files = (self._folder.metrics, self._folder.manifest, self._folder.result)
        return tuple(_stamp(file) for file in files)


def _stamp(file: Any) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "dl", ""

    def do_GET(self) -> None:
        """The page, for the one path and the hosts that are right; 404 for all else."""
        host = self.headers.get("Host", "")
        expected = f"/{self.server.token}/".encode()
        right = hmac.compare_digest(self.path.encode(), expected)
        if not right or host not in self.server.hosts:
            self._answer(HTTPStatus.NOT_FOUND, "not found\n", kind="text/plain")
            return
        try:
            made = self.server.made()
        except Exception as error:  # an experiment's own model may do anything
            said = f"{first_line(error)}\n"
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, said, kind="text/plain")
            return
        self._answer(HTTPStatus.OK, made, kind="text/html")

    def _answer(self, status: HTTPStatus, text: str, *, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Content-Security-Policy": f"{policy(live=True)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal shows the run."""
