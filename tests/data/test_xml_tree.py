"""XML from strangers: B14 of the catalogue."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from frcnn.data import xml_tree
from frcnn.data.xml_tree import Limits, parse_xml, read_xml
from frcnn.errors import AnnotationError

ONE = "<annotation><object><name>n\u00e4h</name></object></annotation>"


def test_golden_tree() -> None:
    root = parse_xml(b"<a>\n <b> x </b>\n <c><d/></c>\n <b>y</b>\n</a>", "f.xml")
    assert root.tag == "a"
    assert [(c.tag, c.line, c.text) for c in root.children] == [
        ("b", 2, "x"),
        ("c", 3, ""),
        ("b", 4, "y"),
    ]
    assert root.text_of("b") == "x"
    assert root.text_of("nothing") == ""
    assert root.child("c") is root.children[1]
    assert root.child("nothing") is None


@pytest.mark.parametrize(
    "data",
    [
        ONE.encode(),
        ONE.encode("utf-8-sig"),
        ONE.encode("utf-16"),
        ('<?xml version="1.0" encoding="latin-1"?>' + ONE).encode("latin-1"),
        ('<?xml version="1.0" encoding="cp1252"?>' + ONE).encode("cp1252"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + ONE).encode("utf-16"),
    ],
    ids=["UTF-8", "BOM", "UTF-16", "Latin-1", "Windows", "UTF-16 declared"],
)
def test_b14_encodings_are_read(data: bytes) -> None:
    assert parse_xml(data, "f.xml").children[0].text_of("name") == "n\u00e4h"


LAUGHS = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
HOSTILE = {
    "billion laughs": (f'<!DOCTYPE a [<!ENTITY a0 "ha">{LAUGHS}]><a>&a9;</a>', "RC204"),
    "quadratic": (f'<!DOCTYPE a [<!ENTITY e "{"x" * 50_000}">]><a>{"&e;" * 5000}</a>', "RC204"),
    "external file": ('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "RC204"),
    "external address": (
        '<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1/e">]><a>&e;</a>',
        "RC204",
    ),
    "parameter entity": (
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "http://127.0.0.1/e"> %e;]><a/>',
        "RC204",
    ),
    "document type": ('<!DOCTYPE a SYSTEM "voc.dtd"><a/>', "RC204"),
    "deep": ("<a>" * 200_000 + "</a>" * 200_000, "RC205"),
    "wide": ("<a>" + "<b/>" * 200_001 + "</a>", "RC205"),
    "long": ("<a>" + " " * xml_tree.MAX_BYTES + "</a>", "RC205"),
    "no end": ("<a><b></b>", "RC203"),
    "crossed": ("<a><b></a></b>", "RC203"),
    "empty": ("", "RC203"),
    "undefined entity": ("<a>&nbsp;</a>", "RC203"),
    "two roots": ("<a/><b/>", "RC203"),
    "unknown encoding": ('<?xml version="1.0" encoding="klingon"?><a/>', "RC203"),
    "many-byte encoding": ('<?xml version="1.0" encoding="utf-7"?><a>+ADw-</a>', "RC203"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_b14_refused(name: str, tmp_path: Path) -> None:
    text, code = HOSTILE[name]
    path = tmp_path / "f.xml"
    path.write_text(text)
    with pytest.raises(AnnotationError) as caught:
        read_xml(path)
    error = caught.value
    assert error.code == code
    assert error.place.startswith(str(path))
    assert error.fix
    assert error.exit_code == 3
    assert len(str(error).splitlines()) == 2


def test_b14_wrong_encoding() -> None:
    with pytest.raises(AnnotationError, match=r"f.xml:1:.*not well-formed"):
        parse_xml(ONE.encode("latin-1"), "f.xml")


def test_places_have_line_and_column() -> None:
    with pytest.raises(AnnotationError) as caught:
        parse_xml(b"<a>\n  <b>\n  </c>\n</a>", "f.xml")
    assert caught.value.place == "f.xml:3:5"
    with pytest.raises(AnnotationError) as caught:
        parse_xml(b"<?xml version='1.0'?>\n<!DOCTYPE a><a/>", "f.xml")
    assert caught.value.place == "f.xml:2"
    assert caught.value.got == "DTD"


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.xml", tmp_path):
        with pytest.raises(AnnotationError) as caught:
            read_xml(path)
        assert caught.value.code == "RC203"
        assert caught.value.what == "the annotation cannot be read"
        assert "a file there that you may read" in caught.value.fix


MEASURE = """
import json, os, resource, sys
from pathlib import Path
from frcnn.data.xml_tree import read_xml
from frcnn.errors import AnnotationError
use = lambda: resource.getrusage(resource.RUSAGE_SELF)
opened = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "open"):
        opened.append(str(arguments[0]))
sys.addaudithook(watch)
before, codes = use(), []
for path in sys.argv[1:]:
    try:
        read_xml(Path(path))
    except AnnotationError as error:
        codes.append(error.code)
after = use()
seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
others = [name for name in opened if name not in sys.argv]
print(json.dumps([codes, (after.ru_maxrss - before.ru_maxrss) / 1024, seconds, others]))
"""


def test_b14_hostile_files_cost_little_and_open_nothing(tmp_path: Path) -> None:
    names = [name for name, (_, code) in HOSTILE.items() if code == "RC204"]
    names += ["deep", "huge"]
    paths = [tmp_path / f"{name}.xml" for name in names]
    for path, name in zip(paths, names, strict=True):
        path.write_text(HOSTILE[name][0] if name != "huge" else "")
    with paths[-1].open("wb") as file:
        file.truncate(100 << 20)  # 100 MiB of zeros that take no room on the disk
    run = [sys.executable, "-c", MEASURE, *map(str, paths)]
    answer = subprocess.run(run, capture_output=True, check=True).stdout
    codes, grown, seconds, others = json.loads(answer)
    assert codes == ["RC204"] * (len(names) - 2) + ["RC205"] * 2
    assert grown <= 20
    assert seconds <= 1.0
    assert others == []


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    with pytest.raises(AnnotationError, match="RC203") as caught:
        read_xml(tmp_path / "a.xml")
    assert caught.value.got == "not a regular file"


def test_attributes_are_kept() -> None:
    root = parse_xml(b'<a x="1"><b y="&lt;" z=""/></a>', "f.xml")
    assert root.attributes == {"x": "1"}
    assert root.children[0].attributes == {"y": "<", "z": ""}


def test_a_file_of_many_pictures_has_limits_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "f.xml"
    path.write_text(f"<a>{'<b/>' * 50}</a>")
    assert len(read_xml(path, Limits(size=1000, elements=51)).children) == 50
    for limits, got in ((Limits(1000, 50), "51 elements"), (Limits(100, 51), "more than 100")):
        with pytest.raises(AnnotationError, match="RC205") as caught:
            read_xml(path, limits)
        assert got in caught.value.got


def test_the_limits_are_far_from_real_files() -> None:
    boxes = "<object><name>a</name><bndbox><xmin>1</xmin></bndbox></object>" * 5000
    root = parse_xml(f"<annotation>{boxes}</annotation>".encode(), "f.xml")
    assert len(root.children) == 5000
    deep = "<a>" * xml_tree.MAX_DEPTH + "</a>" * xml_tree.MAX_DEPTH
    assert parse_xml(deep.encode(), "f.xml").tag == "a"
