"""The server of a live page: one address, this machine alone, one host, one path."""

import http.client
from collections.abc import Iterator

import pytest

from dl.errors import InputError
from dl.reports.page.serve import PageServer


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with PageServer(lambda: "<p>page</p>") as server:
        yield server


def ask(server: PageServer, path: str, *, host: str | None = None, method: str = "GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_the_right_address_is_answered(server: PageServer) -> None:
    answer, body = ask(server, f"/{server.token}/")
    assert (answer.status, body) == (200, "<p>page</p>")
    assert server.address == f"http://127.0.0.1:{server.server_port}/{server.token}/"


def test_it_listens_on_the_loopback_address_alone(server: PageServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/token/", "/%s", "/%s/x", "/../", "/%s/?a=b"])
def test_another_path_is_not_found(server: PageServer, path: str) -> None:
    answer, body = ask(server, path.replace("%s", server.token))
    assert (answer.status, body) == (404, "not found\n")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{}"])
def test_another_host_is_not_found(server: PageServer, host: str) -> None:
    """A name that an attacker lets lead to 127.0.0.1 (DNS rebinding) gets nothing."""
    answer, _ = ask(server, f"/{server.token}/", host=host.format(server.server_port))
    assert answer.status == 404


def test_localhost_is_the_same_machine(server: PageServer) -> None:
    answer, _ = ask(server, f"/{server.token}/", host=f"localhost:{server.server_port}")
    assert answer.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_takes_nothing(server: PageServer, method: str) -> None:
    answer, _ = ask(server, f"/{server.token}/", method=method)
    assert answer.status == 501


def test_headers_forbid_all_that_is_not_needed(server: PageServer) -> None:
    answer, _ = ask(server, f"/{server.token}/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Python" not in answer.headers["Server"]


def test_a_page_that_cannot_be_made_is_told() -> None:
    pages = iter(["<p>page</p>"])

    def made() -> str:
        page = next(pages, None)
        if page is None:
            raise ValueError("a model of one's own failed\nin many lines")
        return page

    with PageServer(made) as server:
        assert ask(server, f"/{server.token}/")[0].status == 200
        answer, body = ask(server, f"/{server.token}/")
    assert (answer.status, body) == (503, "a model of one's own failed\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_every_server_has_another_token() -> None:
    with PageServer(str) as one, PageServer(str) as other:
        assert one.token != other.token
        assert len(one.token) >= 20


def test_a_port_that_is_taken_is_refused(server: PageServer) -> None:
    with pytest.raises(InputError, match=f"cannot listen on port {server.server_port}"):
        PageServer(str, port=server.server_port)
