"""Addresses of the web: told from paths, named like files, and shown without their secrets."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,19}://\S", re.IGNORECASE)
_WEB = re.compile(r"https?://\S", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/?#]*@")
_SECRET = re.compile(
    r"([?&;][^=&;#]*(?:pass|pwd|token|secret|key|sig|auth|credential)[^=&;#]*=)[^&;#]*",
    re.IGNORECASE,
)
_UNFIT = re.compile(r"[^\w.+ -]")
_LONGEST = 100  # letters of a name


def is_address(text: str) -> bool:
    """Tell an address of any kind, such as rtsp://host/stream, from a path."""
    return _ADDRESS.match(text) is not None


def is_web_address(text: str) -> bool:
    """Tell an http or https address."""
    return _WEB.match(text) is not None


def masked(address: str) -> str:
    """Hide what is secret in an address, for people, results and errors.

    Args:
        address: of any kind.

    Returns:
        The same with `***` for user and password, and for what a query calls a password, a
        token, a key or a signature.
    """
    return _SECRET.sub(r"\1***", _USER.sub("***@", address))


def name_of_address(address: str, otherwise: str) -> str:
    """Give what an address points at the name of a file.

    Args:
        address: of any kind.
        otherwise: the name where the address has none.

    Returns:
        A name without folders, of letters that every disk takes.
    """
    last = PurePosixPath(unquote(_path_of(address))).name
    return _UNFIT.sub("_", last).strip(". ")[-_LONGEST:] or otherwise


def suffix_of_address(address: str) -> str:
    """Give the ending of the name in an address, in small letters."""
    return PurePosixPath(unquote(_path_of(address))).suffix.lower()


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:  # brackets that are no IPv6 address
        return ""
