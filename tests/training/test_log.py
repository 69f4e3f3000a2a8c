"""The diary: written line by line, read back as it was, rewound to a step."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcnn import diaries, files
from frcnn.errors import DiskError
from frcnn.run_folder import RunFolder
from frcnn.training.log import CLOCKS, Diary, _number, _table
from frcnn.training.step import StepReport


def report(step: int, loss: float = 1.0, norm: float | None = 2.5) -> StepReport:
    return StepReport(
        step=step,
        learning_rate=0.1,
        losses={"rpn_objectness": loss, "head_boxes": 0.25},
        gradient_norm=norm,
        pictures=("ä b", "c"),
    )


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(RunFolder(tmp_path))


def test_golden_a_line(diary: Diary, tmp_path: Path) -> None:
    diary.add_step(report(3), 0.5, 1.23456)
    assert (tmp_path / "metrics.jsonl").read_text(encoding="utf-8") == (
        '{"step": 3, "epoch": 0.5, "learning_rate": 0.1, "loss": 1.25, "rpn_objectness": 1.0, '
        '"head_boxes": 0.25, "gradient_norm": 2.5, "pictures": ["\\u00e4 b", "c"], '
        '"seconds": 1.235}\n'
    )


def test_golden_a_table(diary: Diary, tmp_path: Path) -> None:
    diary.add_evaluation({"step": 2, "val_AP": None, "val_loss": 0.1})
    diary.add_evaluation({"step": 4, "val_AP": 0.5, "val_loss": 1e-07, "more": -3})
    text = (tmp_path / "metrics.csv").read_text()
    assert text == "step,val_AP,val_loss,more\n2,,0.1,\n4,0.5,1e-07,-3\n"
    assert diary.evaluations() == [
        {"step": 2, "val_AP": None, "val_loss": 0.1, "more": None},
        {"step": 4, "val_AP": 0.5, "val_loss": 1e-07, "more": -3},
    ]


@given(st.lists(st.none() | st.integers() | st.floats(allow_nan=False), min_size=1))
def test_numbers_come_back_as_they_were(values: list[float | None]) -> None:
    row = {f"c{i}": value for i, value in enumerate(values)}
    text = _table([{"step": 1, **row}])
    cells = text.splitlines()[1].split(",")[1:]
    assert [_number(cell) for cell in cells] == values


def test_a_name_that_is_not_utf8_comes_back_as_it_was(diary: Diary) -> None:
    name = os.fsdecode(b"caf\xe9")
    diary.add_step(replace(report(1), pictures=(name,)), 0.1, 1.0)
    diary.rewind(1)
    assert diary.steps()[0]["pictures"] == [name]


def test_d20_lines_are_on_the_disk_before_what_relies_on_them(
    diary: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[Path] = []
    monkeypatch.setattr(files, "force", forced.append)
    diary.flush()
    diary.add_step(report(1), 0.1, 1.0)
    assert forced == []
    diary.flush()
    assert forced == [tmp_path / "metrics.jsonl"]


def test_nothing_written_yet(diary: Diary) -> None:
    assert diary.steps() == []
    assert diary.evaluations() == []
    assert diary.means_since_evaluation() == {}
    assert not diary.has_begun
    diary.rewind(0)
    assert not diary.has_begun
    assert diary.evaluations() == []


def test_d20_a_torn_line_is_not_read_and_is_cut_off(diary: Diary, tmp_path: Path) -> None:
    diary.add_step(report(1), 0.1, 1.0)
    path = tmp_path / "metrics.jsonl"
    with path.open("a") as stream:
        stream.write('{"step": 2, "epo')
    assert [row["step"] for row in diary.steps()] == [1]
    diary.add_step(report(2), 0.2, 2.0)
    assert [row["step"] for row in diary.steps()] == [1, 2]
    assert len(path.read_text().splitlines()) == 2


def test_d20_rewound_it_forgets_what_will_be_done_again(diary: Diary, tmp_path: Path) -> None:
    for step in range(1, 6):
        diary.add_step(report(step), step / 5, 1.0)
        if step % 2 == 0:
            diary.add_evaluation({"step": step, "val_AP": 0.1 * step})
    before = (tmp_path / "metrics.jsonl").read_text().splitlines()
    diary.rewind(3)
    assert (tmp_path / "metrics.jsonl").read_text().splitlines() == before[:3]
    assert [row["step"] for row in diary.evaluations()] == [2]
    assert diary.has_begun
    diary.rewind(0)
    assert diary.steps() == diary.evaluations() == []


def test_damaged_lines_are_named_and_left_out(diary: Diary, tmp_path: Path) -> None:
    for step in range(1, 8):
        diary.add_step(report(step), step / 5, 1.0)
        diary.add_evaluation({"step": step, "val_AP": 0.1 * step})
    path, table = tmp_path / "metrics.jsonl", tmp_path / "metrics.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1], lines[2], lines[4] = b"\0" * 40 + b"\n", b"[2]\n", b"\xff{\n"
    path.write_bytes(b"".join(lines))
    rows = table.read_text().splitlines()
    rows[2], rows[3], rows[4] = "2", "3,0.5,7,8", "\0\0\0\0,1"
    table.write_text("\n".join(rows))
    assert [row["step"] for row in diary.steps()] == [1, 4, 6, 7]
    assert [row["step"] for row in diary.evaluations()] == [1, 5, 6, 7]
    assert diary.rewind(6) == [
        "metrics.jsonl: damaged lines are left out: 2-3, 5",
        "metrics.csv: damaged lines are left out: 2-4",
        "metrics.jsonl lacks steps 2-3, 5",
    ]
    assert diary.rewind(6) == ["metrics.jsonl lacks steps 2-3, 5"]
    assert b"\0" not in path.read_bytes() + table.read_bytes()


def test_files_that_were_emptied_or_are_something_else(diary: Diary, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b"")
    (tmp_path / "metrics.csv").write_bytes(b"\x00\xff\n1\n")
    assert diary.rewind(3) == [
        "metrics.csv: damaged lines are left out: 1",
        "metrics.jsonl lacks steps 1-3",
    ]
    assert diary.rewind(0) == []


def test_means_are_of_the_steps_since_the_last_evaluation(diary: Diary) -> None:
    for step, loss in enumerate((8.0, 1.0, 2.0), start=1):
        diary.add_step(report(step, loss), 0.1, 1.0)
        if step == 1:
            diary.add_evaluation({"step": 1})
    means = diary.means_since_evaluation()
    assert means == {"loss": 1.75, "rpn_objectness": 1.5, "head_boxes": 0.25}


def test_no_number_that_json_does_not_know(diary: Diary, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        diary.add_step(report(1, loss=float("nan")), 0.1, 1.0)
    diary.add_step(report(1, norm=None), 0.1, 1.0)
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["gradient_norm"] is None


def test_c03_what_could_not_be_written_comes_before_the_next(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = diaries.append_line

    def full(path: Path, _text: str) -> None:
        raise DiskError("RC601", str(path), "no space left on the disk", fix="-")

    monkeypatch.setattr(diaries, "append_line", full)
    for step in (1, 2):
        with pytest.raises(DiskError):
            diary.add_step(report(step), 0.1, 1.0)
    with pytest.raises(DiskError):
        diary.flush()
    monkeypatch.setattr(diaries, "append_line", real)
    diary.add_step(report(3), 0.1, 1.0)
    diary.flush()
    assert [row["step"] for row in diary.steps()] == [1, 2, 3]


def test_the_clocks_are_named() -> None:
    assert CLOCKS == ("seconds",)
