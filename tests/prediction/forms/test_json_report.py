"""predictions.json: the run, the pictures and the problems, as strict JSON."""

import json
from pathlib import Path

from frcnn.prediction.forms.json_report import FORMAT, write_json


def test_golden(tmp_path: Path, make_results) -> None:
    results = make_results()
    assert write_json(tmp_path / "p.json", results) == []
    text = (tmp_path / "p.json").read_text(encoding="utf-8")
    assert json.loads(text) == {
        "format": FORMAT,
        "run": results.run,
        "pictures": [picture.row for picture in results.pictures()],
        "problems": list(results.problems()),
    }
    assert "ünï" in text
    assert len(text.splitlines()) == 2 + 4 + 2  # a picture a line


def test_nothing_in(tmp_path: Path, make_results) -> None:
    write_json(tmp_path / "p.json", make_results(pictures=list, problems=list))
    found = json.loads((tmp_path / "p.json").read_text())
    assert (found["pictures"], found["problems"]) == ([], [])
