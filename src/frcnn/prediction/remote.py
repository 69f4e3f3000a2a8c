"""A picture from the web: fetched when its address is named, with limits, and kept nowhere.

1. only http and https, redirects too; at most five of those
2. a name and password in the address go to that host alone
3. at most 256 MiB, 20 seconds of silence, two minutes for all of it
4. once more where the network failed or the server was in trouble, not where it refused

What came is judged by its content, as a file is: no name and no header says that it is a picture.
"""

import base64
import contextlib
import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Protocol
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from frcnn import machine
from frcnn._version import __version__
from frcnn.errors import PictureError, first_line
from frcnn.prediction.addresses import is_web_address, masked

LARGEST = 256 << 20
"""Bytes; more are refused."""
OFFLINE = "FRCNN_OFFLINE is set, which forbids it"
"""Why nothing is fetched."""
_SILENCE = 20.0  # seconds
_ALL = 120.0  # seconds
_REDIRECTS = 5
_REDIRECTED = f"a redirect that leads away from http and https, or more than {_REDIRECTS}"
_PART = 1 << 16
_SAFE = "/%:=&?~#+!$,;'@()*[]"  # what an address may have beside letters, digits and -._


class _Response(Protocol):
    headers: HTTPMessage

    def read(self, count: int) -> bytes: ...


class _Again(Exception):  # noqa: N818  # no error yet: it is tried once more
    """The network or the server failed, which may pass."""


class _Refused(Exception):  # noqa: N818  # made one of ours where the address is known
    """It will not be otherwise the next time."""


class _FewRedirects(request.HTTPRedirectHandler):
    """Follows to http and https alone."""

    max_redirections = _REDIRECTS

    def redirect_request(  # urllib's form
        self,
        req: request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> request.Request | None:
        """Refuse what leads elsewhere, as to file://."""
        if not is_web_address(newurl):
            fp.close()
            raise _Refused(_REDIRECTED)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str) -> bytes:
    """Fetch what an address gives.

    Args:
        address: http or https.

    Returns:
        Its bytes.

    Raises:
        PictureError: it cannot be fetched (RC123); the address is named without its secrets.
    """
    try:
        if machine.is_offline():
            raise _Refused(OFFLINE)
        try:
            return _fetched(address)
        except _Again:
            return _fetched(address)
    except (_Again, _Refused) as error:
        raise PictureError(
            "RC123",
            masked(address),
            "the picture cannot be fetched",
            got=str(error).replace(address, masked(address)),
            want=f"http or https, and a picture of at most {LARGEST >> 20} MiB",
            fix="open it in a browser, or fetch it yourself and name the file",
        ) from None  # what urllib says may hold the password


def _fetched(address: str) -> bytes:
    with _open(_request(address)) as response:
        kind = response.headers.get_content_type()
        if kind == "multipart/x-mixed-replace" or kind.startswith("video/"):
            raise _Refused(f"a video ({kind}): name it with `stream:` before it")
        return _body(response, time.monotonic() + _ALL)


def _request(address: str) -> request.Request:
    """Make the request, with user and password where urllib looks for them."""
    try:
        parts = urlsplit(address)
        user, _, host = parts.netloc.rpartition("@")
        _ = parts.port
        host.encode("ascii")
    except (ValueError, UnicodeError) as error:
        raise _Refused(f"no address: {first_line(error)}") from error
    if not host:
        raise _Refused("an address without a host")
    plain = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    asked = request.Request(quote(plain, safe=_SAFE))  # noqa: S310  # http and https alone
    asked.add_header("User-Agent", f"frcnn/{__version__}")
    if user:
        told = base64.b64encode(unquote(user).encode()).decode()
        asked.add_unredirected_header("Authorization", f"Basic {told}")
    return asked


@contextlib.contextmanager
def _open(asked: request.Request) -> Iterator[_Response]:
    opener = request.OpenerDirector()  # by hand: the usual one opens file: and ftp: as well
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        _FewRedirects(),
    ):
        opener.add_handler(handler)
    try:
        response: Any = opener.open(asked, timeout=_SILENCE)
        if response is None:
            raise _Refused("no http or https")
        with contextlib.closing(response):
            yield response
    except HTTPError as error:
        error.close()
        if error.code < 400:
            raise _Refused(_REDIRECTED) from None
        kind = _Again if error.code >= 500 or error.code == 429 else _Refused
        raise kind(f"status {error.code} {error.reason}".splitlines()[0]) from None
    except URLError as error:
        raise _Again(str(error.reason)) from None
    except (OSError, HTTPException) as error:
        raise _Again(first_line(error)) from None


def _body(response: _Response, until: float) -> bytes:
    says = response.headers.get("Content-Length", "")
    expected = int(says) if says.isascii() and says.isdigit() else None
    if (expected or 0) > LARGEST:
        raise _Refused(f"{(expected or 0) >> 20} MiB")
    parts: list[bytes] = []
    size = 0
    while part := response.read(_PART):
        size += len(part)
        parts.append(part)
        if size > LARGEST:
            raise _Refused(f"more than {LARGEST >> 20} MiB")
        if time.monotonic() > until:
            raise _Refused(f"{size} bytes in {_ALL:.0f} seconds")
    if expected is not None and size < expected:
        raise _Again(f"{size} of {expected} bytes")
    return b"".join(parts)
