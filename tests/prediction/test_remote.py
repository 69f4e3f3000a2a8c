"""Pictures from the web: real requests to a server on this machine, and every way they fail."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from frcnn.errors import PictureError
from frcnn.prediction import remote
from frcnn.prediction.remote import fetch

DATA = b"\x89PNG and so on" * 100


class Server(ThreadingHTTPServer):
    """Knows what it was asked."""

    seen: list[tuple[str, str]]
    address: str


class Answers(BaseHTTPRequestHandler):
    """One path for each way of answering."""

    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        times = [seen for seen, _ in self.server.seen].count(path)
        self.server.seen.append((path, self.headers.get("Authorization", "")))
        if path == "/moved":
            return self._answer(302, b"", Location="/a%20b.png")
        if path in REDIRECTS:
            return self._answer(302, b"", Location=REDIRECTS[path])
        if path == "/trouble":
            return self._answer(200 if times else 503, DATA)
        if path == "/torn":
            return self._answer(200, DATA if times else DATA[:50], length=len(DATA))
        if path == "/always-torn":
            return self._answer(200, DATA[:50], length=len(DATA))
        if path == "/camera":
            kind = "multipart/x-mixed-replace; boundary=b"
            return self._answer(200, b"", **{"Content-Type": kind})
        if path in ("/a%20b.png", "/secret"):
            return self._answer(200, DATA)
        return self._answer(404, b"")

    def _answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


REDIRECTS = {"/loop": "/loop", "/file": "file:///etc/passwd", "/ftp": "ftp://localhost/a"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Server(("127.0.0.1", 0), Answers) as running:
        running.seen = []
        running.address = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def refused(address: str) -> PictureError:
    with pytest.raises(PictureError) as caught:
        fetch(address)
    assert caught.value.code == "RC123"
    assert caught.value.__cause__ is None  # a traceback would show the password
    return caught.value


# --- golden


@pytest.mark.parametrize("path", ["/a b.png", "/a%20b.png", "/moved", "/a%20b.png#part"])
def test_golden_bytes(server: Server, path: str) -> None:
    assert fetch(server.address + path) == DATA


@pytest.mark.parametrize("path", ["/trouble", "/torn"])
def test_trouble_passes(server: Server, path: str) -> None:
    assert fetch(server.address + path) == DATA
    assert len(server.seen) == 2


def test_user_and_password_are_told_to_that_host(server: Server) -> None:
    address = server.address.replace("//", "//me:w%40rd@")
    assert fetch(address + "/secret") == DATA
    assert server.seen == [("/secret", "Basic " + base64.b64encode(b"me:w@rd").decode())]


# --- wrong in


def test_missing_and_asked_for_once(server: Server) -> None:
    error = refused(server.address.replace("//", "//me:word@") + "/nowhere.png?token=abc")
    assert error.got == "status 404 Not Found"
    assert error.place == server.address.replace("//", "//***@") + "/nowhere.png?token=***"
    assert "word" not in str(error)
    assert len(server.seen) == 1


@pytest.mark.parametrize("path", ["/file", "/ftp"])
def test_redirects_lead_to_the_web_alone(server: Server, path: str) -> None:
    assert "a redirect that leads away" in refused(server.address + path).got
    assert len(server.seen) == 1


def test_redirects_without_end(server: Server) -> None:
    assert "redirect" in refused(server.address + "/loop").got
    assert len(server.seen) <= 10


def test_a_cut_answer_twice(server: Server) -> None:
    assert refused(server.address + "/always-torn").got == f"50 of {len(DATA)} bytes"
    assert len(server.seen) == 2


def test_too_large(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LARGEST", 100)
    refused(server.address + "/secret")
    assert len(server.seen) == 1


def test_a_camera_is_no_picture(server: Server) -> None:
    assert "`stream:`" in refused(server.address + "/camera").got


def test_nobody_there(server: Server) -> None:
    closed = server.address
    server.shutdown()
    server.server_close()
    assert "refused" in refused(closed + "/a.png").got


@pytest.mark.parametrize(
    "address", ["http://", "http://[half/a.png", "http://host:port/", "http://:word@/a.png"]
)
def test_no_addresses(address: str) -> None:
    assert "word" not in str(refused(address))


def test_offline(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRCNN_OFFLINE", "1")
    assert "FRCNN_OFFLINE is set" in refused(server.address + "/secret").got
    assert server.seen == []


def test_no_name_in_the_network() -> None:
    refused("https://example.com/a.png")  # the tests have no network
