"""Every source file has its test file of the same name, in the folder of the same name."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TESTS = ROOT / "src" / "frcnn", ROOT / "tests"
WITHOUT_TEST = {  # source files, and what tests them instead
    "_version.py": "a constant; test_public_names.py reads it",
}
WITHOUT_SOURCE = {  # folders of tests that have no room in the source
    "slow": "evidence that takes minutes to hours",
    "gpu": "the same numbers as on the CPU",
}


def sources() -> list[Path]:
    """All source files but the packages' own."""
    found = (path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
    return sorted(path for path in found if not path.name.startswith("__"))


def test_every_source_file_has_its_test_file() -> None:
    missing = [
        str(path)
        for path in sources()
        if str(path) not in WITHOUT_TEST
        and not (TESTS / path.parent / f"test_{path.name}").is_file()
    ]
    assert not missing, f"no test file for {missing}"


def test_every_test_file_of_a_room_has_its_source_file() -> None:
    """A test file may carry a suffix (`test_nms_oracle.py`) where one file would be too long."""
    stems = {(path.parent, path.stem) for path in sources()}
    for path in sorted(TESTS.rglob("test_*.py")):
        folder = path.parent.relative_to(TESTS)
        if folder == Path() or folder.parts[0] in WITHOUT_SOURCE:
            continue
        words = path.stem.removeprefix("test_").split("_")
        names = {(folder, "_".join(words[:n])) for n in range(1, len(words) + 1)}
        assert names & stems, f"{path.relative_to(ROOT)} tests no file of src/frcnn/{folder}"


def test_the_exceptions_are_still_needed() -> None:
    assert set(WITHOUT_TEST) <= {str(path) for path in sources()}
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    assert not set(WITHOUT_SOURCE) & rooms


def test_no_packages_among_the_tests() -> None:
    """`--import-mode=importlib` needs none, and with them equal names would collide."""
    assert not list(TESTS.rglob("__init__.py"))


def test_as_much_test_as_source() -> None:
    lines = {
        folder: sum(len(path.read_text().splitlines()) for path in folder.rglob("*.py"))
        for folder in (SOURCE, TESTS)
    }
    assert lines[TESTS] >= lines[SOURCE], lines
