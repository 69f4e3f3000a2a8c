"""results.jsonl: a line for each picture, those without objects too."""

import json
from pathlib import Path

from frcnn.prediction.forms.json_lines import write_json_lines


def test_golden(tmp_path: Path, make_results) -> None:
    results = make_results()
    assert write_json_lines(tmp_path / "r.jsonl", results) == []
    lines = (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [p.row for p in results.pictures()]
    assert json.loads(lines[1])["objects"] == []


def test_nothing_in(tmp_path: Path, make_results) -> None:
    write_json_lines(tmp_path / "r.jsonl", make_results(pictures=list))
    assert (tmp_path / "r.jsonl").read_bytes() == b""
