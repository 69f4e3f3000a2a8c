"""What is said of a file that is another one by now."""

from pathlib import Path

from frcnn.data.changed_files import changed, unlike_its_checksum


def test_golden_another_length() -> None:
    error = changed(Path("a\n.png"), 7, 9)
    assert (error.code, error.place) == ("RC109", "a\\n.png")
    assert (error.got, error.want) == ("7 bytes, another time", "9 bytes")


def test_golden_another_checksum() -> None:
    error = unlike_its_checksum(Path("a.png"), "0123456789abcdef" * 4)
    assert (error.code, error.want) == ("RC110", "SHA-256 0123456789abcdef... of SHA256SUMS")
    assert "SHA256SUMS" in error.fix
