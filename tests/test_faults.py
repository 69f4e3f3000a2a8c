"""The table of bad inputs and broken machines: each id, what it is, and the tests that hold it.

Expected of every one: two lines with the place, the value and the remedy; the right exit code; no
traceback; no file of the user's touched; nothing half-written.
"""

import ast
import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PICTURES = "ops/test_pictures_faults.py"
XML = "data/test_xml_tree.py"
BOXES = "data/test_voc_annotation.py"

FAULTS: dict[str, tuple[str, list[str]]] = {
    # A, pictures
    "A01": ("a file of 0 bytes", [f"{PICTURES}::test_refused"]),
    "A02": ("a file of 1 byte", [f"{PICTURES}::test_refused"]),
    "A03": ("text named .jpg", [f"{PICTURES}::test_refused"]),
    "A04": ("a web page named .jpg", [f"{PICTURES}::test_refused"]),
    "A05": ("a cut header", [f"{PICTURES}::test_refused"]),
    "A06": ("half a JPEG", [f"{PICTURES}::test_a06_a_jpeg_cut_anywhere_is_never_taken_for_whole"]),
    "A07": ("half a PNG", [f"{PICTURES}::test_refused"]),
    "A08": ("a JPEG without its last bytes", [f"{PICTURES}::test_a08_a09_all_pixels_are_there"]),
    "A09": ("a PNG without its last bytes", [f"{PICTURES}::test_a08_a09_all_pixels_are_there"]),
    "A10": (
        "a flipped byte of a PNG",
        [f"{PICTURES}::test_a10_no_flipped_byte_crashes_or_escapes"],
    ),
    "A11": (
        "a flipped byte of a JPEG",
        ["data/test_records.py::test_a11_a_flipped_byte_is_found_by_its_checksum"],
    ),
    "A12": ("a PNG named .jpg; bytes after the end", [f"{PICTURES}::test_usable_with_a_remark"]),
    "A13": ("grey", ["ops/test_colours.py::test_a13_grey"]),
    "A14": ("one bit", ["ops/test_colours.py::test_a14_one_bit"]),
    "A15": ("a palette", ["ops/test_colours.py::test_a15_palette"]),
    "A16": (
        "a palette with transparency",
        ["ops/test_colours.py::test_a16_palette_with_transparency"],
    ),
    "A17": ("grey with alpha", ["ops/test_colours.py::test_a17_grey_with_alpha"]),
    "A18": ("RGB with alpha", ["ops/test_colours.py::test_a18_rgb_with_alpha"]),
    "A19": ("CMYK", ["ops/test_colours.py::test_a19_cmyk"]),
    "A20": ("16 bits", ["ops/test_colours.py::test_a20_sixteen_bit_grey_is_scaled"]),
    "A21": ("floating or 32-bit TIFF", [f"{PICTURES}::test_refused"]),
    **{
        f"A{22 + turn}": (
            f"EXIF orientation {turn + 1}",
            [f"{PICTURES}::test_a22_to_a29_rotation_is_applied_once"],
        )
        for turn in range(8)
    },
    "A30": ("EXIF orientation 99, broken EXIF", [f"{PICTURES}::test_usable_with_a_remark"]),
    "A31": (
        "an animated GIF",
        [f"{PICTURES}::test_a31_an_animated_gif_is_refused_like_every_gif"],
    ),
    "A32": ("an animated PNG", [f"{PICTURES}::test_first_frame_with_a_remark"]),
    "A33": ("an animated WebP", [f"{PICTURES}::test_first_frame_with_a_remark"]),
    "A34": ("a TIFF of several pages", [f"{PICTURES}::test_first_frame_with_a_remark"]),
    "A35": ("1 x 1 pixel", [f"{PICTURES}::test_tiny_and_thin_pictures"]),
    "A36": ("1 x 5000 pixels", [f"{PICTURES}::test_tiny_and_thin_pictures"]),
    "A37": ("width 0", [f"{PICTURES}::test_refused"]),
    **{
        f"A{number}": (what, [f"{PICTURES}::test_a38_to_a43_bombs_cost_neither_memory_nor_time"])
        for number, what in (
            (38, "a bomb of 100 million pixels"),
            (39, "a bomb of 169 million pixels"),
            (40, "a bomb of 400 million pixels"),
            (41, "a PNG header that lies"),
            (42, "a BMP header that lies"),
            (43, "a bomb of text"),
        )
    },
    "A44": ("EPS, SVG, PSD, FITS, PDF", [f"{PICTURES}::test_a44_no_other_parser_is_entered"]),
    "A45": ("ICO, JPEG 2000", [f"{PICTURES}::test_a44_no_other_parser_is_entered"]),
    "A46": (
        "the same picture in two splits",
        ["data/test_split_checks.py::test_a46_every_copy_is_found_and_no_other"],
    ),
    "A47": (
        "changed since indexing",
        ["data/test_records.py::test_a47_changed_since_indexing"],
    ),
    "A48": ("arrays of other forms", ["ops/test_pictures.py::test_a48_to_tensor_wants_hwc_uint8"]),
    # B, annotations, as far as VOC has them
    "B01": ("a box without area", [f"{BOXES}::test_b01_boxes_without_area"]),
    "B02": (
        "no number",
        [f"{BOXES}::test_b02_not_a_number", f"{BOXES}::test_b02_parts_are_missing"],
    ),
    "B03": ("a box that leaves the picture", ["data/test_box_checks.py::test_golden"]),
    "B04": ("a box under a pixel after resizing", []),
    "B05": ("VOC's corners", [f"{BOXES}::test_b05_written_and_read_back_is_the_same"]),
    "B06": ("another size than the picture's", []),
    "B07": (
        "an unknown class",
        ["data/test_class_names.py::test_b07_unknown_names_name_the_nearest"],
    ),
    "B08": ("a picture listed twice", ["data/test_voc_layout.py::test_b08_a_name_listed_twice"]),
    "B09": ("a picture or an annotation missing", []),
    "B10": ("an annotation with id 0", []),
    "B11": ("difficult objects", [f"{BOXES}::test_b11_difficult"]),
    "B12": (
        "nothing, or one of everything",
        [
            "data/test_split_checks.py::test_b12_an_empty_split",
            "data/test_split_checks.py::test_b12_a_split_without_objects",
        ],
    ),
    "B13": ("5,000 boxes in a picture", []),
    "B14": (
        "hostile XML",
        [f"{XML}::test_b14_refused", f"{XML}::test_b14_hostile_files_cost_little_and_open_nothing"],
    ),
    "B17": (
        "names that lead elsewhere",
        ["data/test_file_index.py::test_b17_names_that_lead_elsewhere_are_not_there"],
    ),
    "B18": (
        "names of every script",
        ["data/test_file_index.py::test_b18_names_are_found_to_the_byte"],
    ),
    "B19": ("a devkit file that is wrong", []),
    "B20": ("a settings file that is wrong", []),
    # C, files and the process
    "C01": ("a read-only folder", ["test_files_disks.py::test_a_folder_without_permission"]),
    "C02": (
        "a full disk",
        [
            "test_files_disks.py::test_a_full_disk",
            "weights/test_file.py::test_a_full_disk_keeps_the_old_file_and_tells_what_it_takes",
        ],
    ),
    "C03": ("a full disk while the diary is written", ["test_files_diary.py::test_a_full_device"]),
    "C04": (
        "a folder that is a file, links in a ring",
        ["test_run_folder.py::test_a_root_that_cannot_be"],
    ),
    "C05": (
        "two trainers of one run",
        [
            "test_run_folder.py::test_a_second_trainer_is_refused",
            "test_run_folder.py::test_one_winner_of_twenty",
        ],
    ),
    "C06": ("leftovers of a killed run", ["test_files.py::test_leftovers_are_ours_alone"]),
    "C09": ("no home, closed streams, broken pipes", []),
    # D, training
    "D01": (
        "a loss that is not finite",
        ["training/test_step.py::test_a_loss_that_is_not_finite_stops_before_the_weights"],
    ),
    "D03": (
        "a gradient that explodes",
        ["training/test_step.py::test_a_long_gradient_is_shortened_and_its_length_reported"],
    ),
    "D04": ("kill -9 at any instant", []),
    "D05": (
        "kill -9 inside a save",
        ["weights/test_file.py::test_killed_in_a_save_the_old_or_the_new_is_whole"],
    ),
    "D06": ("the order of system calls", ["test_files.py::test_order_of_system_calls"]),
    "D07": ("Ctrl-C and SIGTERM", []),
    "D08": ("a damaged checkpoint", []),
    "D09": ("another model, data or machine on resuming", []),
    "D10": ("nothing to resume, or nothing left", []),
    "D11": ("a reading process that dies, raises or hangs", []),
    "D12": ("workers 0, 1 and 2", []),
    "D13": ("the same run again", []),
    "D14": ("no memory", []),
    "D16": ("no objects, no positives, no proposals", []),
    "D17": ("a last batch of one picture", []),
    "D18": ("an evaluation that fails", []),
    "D19": ("a callback that raises", []),
    "D20": (
        "the diary after kill -9",
        ["test_files_diary.py::test_killed_at_any_instant_lines_are_whole"],
    ),
    # E, model files
    "E01": ("a pickle that runs code", ["weights/test_unpickle.py::test_programs_are_not_run"]),
    "E02": ("a second way round the door", ["test_safety.py::test_one_door_for_pickles"]),
    "E03": (
        "a damaged or hostile container",
        ["weights/test_container.py::test_cut_short", "weights/test_container.py::test_attacks"],
    ),
    "E04": ("a flipped byte", ["weights/test_file.py::test_a_flipped_bit_anywhere_is_found"]),
    "E07": (
        "keys that do not fit",
        [
            "weights/test_fit.py::test_missing_ones_are_listed_with_their_shapes",
            "weights/test_fit.py::test_another_number_of_classes_is_the_likely_cause",
            "weights/test_fit.py::test_a_wrapper_is_the_likely_cause",
        ],
    ),
    "E08": (
        "class names that cannot be",
        [
            "weights/test_file.py::test_class_names_that_cannot_be",
            "weights/test_file.py::test_the_order_of_classes_is_part_of_the_checksum",
        ],
    ),
    "E09": (
        "a newer or older format",
        [
            "weights/test_file.py::test_a_newer_format_is_named",
            "weights/test_file.py::test_a_file_of_format_1_is_read_for_ever",
        ],
    ),
    # F, prediction
    "F01": ("no proposals", []),
    "F02": ("numbers that are not finite", []),
    "F03": ("100,000 candidates", []),
    "F04": ("pictures of several sizes", []),
    "F05": ("wrong types, shapes, an empty list", []),
    "F06": ("four threads on one detector", []),
    "F07": ("a module left in training state", []),
    "F08": ("a folder with bad pictures", []),
    "F09": ("Ctrl-C in a folder", []),
    # H, command line, source, import
    "H01": ("every option with every wrong value", []),
    "H02": ("constructions that run code", ["test_safety.py::test_nothing_that_runs_foreign_code"]),
    "H04": (
        "effects of importing",
        [
            "test_import.py::test_import_opens_and_writes_nothing",
            "test_import_all.py::test_importing_moves_no_switch",
        ],
    ),
}
WANTED = {
    "A": range(1, 49),
    "B": [*range(1, 15), 17, 18, 19, 20],
    "C": [1, 2, 3, 4, 5, 6, 9],
    "D": [1, *range(3, 15), 16, 17, 18, 19, 20],
    "E": [1, 2, 3, 4, 7, 8, 9],
    "F": range(1, 10),
    "H": [1, 2, 4],
}


@functools.cache
def names_in(path: Path) -> set[str]:
    """Test functions of a file."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_the_table_is_whole() -> None:
    wanted = {f"{letter}{n:02}" for letter, numbers in WANTED.items() for n in numbers}
    assert set(FAULTS) == wanted


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_a_test(fault: str) -> None:
    what, tests = FAULTS[fault]
    assert tests, f"{fault}: no test holds {what!r}"
    for test in tests:
        file, _, name = test.partition("::")
        path = TESTS / file
        assert path.is_file(), f"{fault}: tests/{file} is not there"
        assert name.startswith("test_"), test
        assert name in names_in(path), f"{fault}: tests/{file} has no {name}"


def test_tests_that_name_a_fault_name_one_of_the_table() -> None:
    for path in TESTS.rglob("test_*.py"):
        for name in names_in(path):
            named = re.findall(r"(?:^test|_to|_and)?_([a-h]\d\d)(?=_)", name)
            unknown = [fault for fault in named if fault.upper() not in FAULTS]
            assert not unknown, f"{path.name}::{name}"
