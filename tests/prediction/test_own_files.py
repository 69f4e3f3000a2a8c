"""What is the user's stays."""

from pathlib import Path

import pytest

from frcnn.errors import ConfigError
from frcnn.prediction.own_files import require_free


@pytest.mark.parametrize("there", [True, False])
def test_nothing_in_the_way(tmp_path: Path, there: bool) -> None:
    folder = tmp_path if there else tmp_path / "new"
    require_free(folder, ["a.json", "pictures"])
    assert folder.exists() == there


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    (tmp_path / "b.json").symlink_to("nowhere")  # writing would follow the user's link
    with pytest.raises(ConfigError) as caught:
        require_free(tmp_path, ["a.json", "b.json", "c.json"])
    assert (caught.value.code, caught.value.place) == ("RC372", str(tmp_path))
    assert caught.value.got == "a.json, b.json"
    assert "--out" in caught.value.fix
