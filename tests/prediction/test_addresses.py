"""Addresses: told from paths, named, and without their secrets."""

import pytest

from frcnn.prediction.addresses import (
    is_address,
    is_web_address,
    masked,
    name_of_address,
    suffix_of_address,
)

# --- golden


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://host/a.jpg", "https://host/a.jpg"),
        ("https://me:word@host/a.jpg", "https://***@host/a.jpg"),
        ("rtsp://me:p@ss@host:554/live", "rtsp://***@host:554/live"),
        ("https://host/a@b.jpg", "https://host/a@b.jpg"),
        (
            "https://host/a?size=3&access_token=abc&x=1",
            "https://host/a?size=3&access_token=***&x=1",
        ),
        ("https://host/a?X-Amz-Signature=abc#part", "https://host/a?X-Amz-Signature=***#part"),
        ("https://host/a?PASSWORD=abc", "https://host/a?PASSWORD=***"),
        ("https://host?u=http://a@b/", "https://host?u=http://***@b/"),
    ],
)
def test_golden_masked(address: str, shown: str) -> None:
    assert masked(address) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    ("address", "name", "suffix"),
    [
        ("https://host/photos/a.jpg?x=1", "a.jpg", ".jpg"),
        ("https://host/my%20photo.JPG", "my photo.JPG", ".jpg"),
        ("https://host/%2e%2e%2fa.png", "a.png", ".png"),
        ("https://host/a%00%0ab:c.png", "a__b_c.png", ".png"),
        ("https://host/", "else", ""),
        ("https://host/..", "else", ""),
        ("https://[half/a.jpg", "else", ""),
        ("https://host/" + "x" * 300 + ".jpg", "x" * 96 + ".jpg", ".jpg"),
    ],
)
def test_golden_names(address: str, name: str, suffix: str) -> None:
    assert name_of_address(address, "else") == name
    assert suffix_of_address(address) == suffix


@pytest.mark.parametrize(
    ("text", "any_kind", "web"),
    [
        ("http://host", True, True),
        ("HTTPS://host/a.jpg", True, True),
        ("rtsp://host/1", True, False),
        ("file:///etc/passwd", True, False),
        ("https://", False, False),
        ("https:/host", False, False),
        ("photos/http.jpg", False, False),
        ("", False, False),
        ("C://x", False, False),
    ],
)
def test_addresses_are_told_from_paths(text: str, any_kind: bool, web: bool) -> None:
    assert is_address(text) is any_kind
    assert is_web_address(text) is web
