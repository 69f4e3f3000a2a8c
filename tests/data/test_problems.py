"""Problems and their report."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from frcnn.data.problems import (
    Problem,
    Report,
    Spot,
    most_frequent,
    odd_flag,
    put_on_paths,
    remark,
)
from frcnn.errors import AnnotationError, PictureError

FLAT = Problem(
    code="RC207",
    place="a.xml:12",
    what="a box without area",
    got="xmin 5, xmax 5",
    want="xmin < xmax",
    fix="mend it",
    effect="box dropped",
)
NOTE = remark(Path("a.jpg"), "EXIF rotation 6 applied")


def test_an_error_becomes_a_problem_and_back() -> None:
    error = PictureError("RC102", "a.jpg", "cut short", got="3 bytes", want="9", fix="replace it")
    problem = Problem.of(error, effect="picture skipped")
    assert problem.severity == "error"
    assert problem.effect == "picture skipped"
    again = problem.error()
    assert type(again) is PictureError
    assert str(again) == str(error)
    assert type(FLAT.error()) is AnnotationError


def test_a_remark_is_a_warning() -> None:
    assert (NOTE.severity, NOTE.effect, NOTE.code) == ("warning", "none", "RC120")


def test_counts_and_kinds() -> None:
    report = Report((FLAT, NOTE, FLAT))
    assert report.counts() == {"RC120": 1, "RC207": 2}
    assert report.errors == (FLAT, FLAT)
    assert report.warnings == (NOTE,)


def test_golden_summary() -> None:
    assert Report((FLAT, NOTE, FLAT)).summary() == (
        "data: 2 errors, 1 warning; 2 boxes dropped\n"
        "  1 x RC120 a picture with a remark, 2 x RC207 a box without area\n"
        "  first: a.xml:12: a box without area; got xmin 5, xmax 5"
    )


@pytest.mark.parametrize("problems", [(), (NOTE,), (FLAT,), (NOTE, FLAT) * 500])
def test_a_summary_has_at_most_three_lines(problems: tuple[Problem, ...]) -> None:
    assert len(Report(problems).summary().splitlines()) == (3 if problems else 1)


def test_golden_listing() -> None:
    assert Report((NOTE, FLAT)).listing().splitlines() == [
        "  RC207 a.xml:12: a box without area; got xmin 5, xmax 5",
        f"  RC120 {NOTE.place}: a picture with a remark; got {NOTE.got}",
    ]
    rows = Report((FLAT,) * 25).listing(20).splitlines()
    assert len(rows) == 21
    assert rows[-1] == "  and 5 more; frcnn data check --report FILE lists all"
    assert Report().listing() == ""


def test_nothing_in() -> None:
    report = Report()
    assert report.summary() == "data: no problems"
    assert report.counts() == {}
    assert report.to_json() == {"errors": 0, "warnings": 0, "counts": {}, "problems": []}


def test_json_is_strict_and_whole() -> None:
    report = Report((FLAT, NOTE))
    again = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert again["problems"][0] == {
        "code": "RC207",
        "place": "a.xml:12",
        "what": "a box without area",
        "got": "xmin 5, xmax 5",
        "want": "xmin < xmax",
        "fix": "mend it",
        "severity": "error",
        "effect": "box dropped",
        "count": 1,
    }
    assert (again["errors"], again["warnings"]) == (1, 1)


def test_a_picture_in_the_plural() -> None:
    skipped = Problem.of(PictureError("RC102", "a", "cut", fix="x"), effect="picture skipped")
    assert "1 picture skipped" in Report((skipped,)).summary()
    assert "2 pictures skipped" in Report((skipped, skipped)).summary()


def test_a_report_grows_into_a_new_one() -> None:
    report = Report((FLAT,))
    assert report.plus([NOTE]).problems == (FLAT, NOTE)
    assert report.plus([FLAT, NOTE]).problems == (FLAT, NOTE)  # nothing is told twice
    assert report.problems == (FLAT,)


def test_golden_table_counts_errors_first_with_the_first_place_of_each() -> None:
    def fault(code: str, place: str, **more: str) -> Problem:
        return Problem(code=code, place=place, what=f"what {code} is", fix="x", **more)  # type: ignore[arg-type]

    report = Report(
        (
            fault("RC226", "b", severity="warning", got="3"),
            fault("RC207", "a:1", effect="box dropped", got="0"),
            fault("RC207", "a:2", effect="box dropped"),
        )
    )
    assert report.table().splitlines() == [
        "2 errors, 1 warning; 2 boxes dropped",
        "  error    RC207       2 x what RC207 is",
        "             first: a:1; got 0",
        "  warning  RC226       1 x what RC226 is",
        "             b; got 3",
    ]
    assert Report().table() == "0 errors, 0 warnings"


def test_an_odd_flag_is_a_warning() -> None:
    problem = odd_flag("a:3", "maybe" * 9)
    assert (problem.code, problem.severity, problem.place) == ("RC227", "warning", "a:3")
    assert problem.got == ("maybe" * 9)[:20]


def test_the_spot_is_for_people_and_not_in_the_json() -> None:
    problem = replace(FLAT, spot=Spot("a.jpg", (1.0, 2.0, 1.0, 4.0)))
    assert "spot" not in problem.to_json()
    assert problem.on(Path("b/a.jpg")).spot == Spot("b/a.jpg", (1.0, 2.0, 1.0, 4.0))
    problems = [problem, NOTE]
    put_on_paths(problems, {"a.jpg": Path("c/a.jpg")})
    assert problems[0].spot.picture == "c/a.jpg"
    assert problems[1] is NOTE


def test_golden_effects_are_counted_by_what_they_are_done_to() -> None:
    note = replace(NOTE, effect="box read anew", count=60)
    assert "60 boxes read anew" in Report((note,)).summary()


def test_the_most_frequent_problem() -> None:
    rare, usual = FLAT, replace(FLAT, code="RC216")
    assert most_frequent([rare, usual, usual]) == (usual, 2)
    assert most_frequent([rare, replace(usual, count=7)])[1] == 7
    assert most_frequent([rare, usual]) == (rare, 1), "the first of equals"
