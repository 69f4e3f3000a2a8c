"""The catalogue's faults of pictures (A) and annotations (B), and the test that holds each.

Rows that VOC cannot have are named with the reason. The table is checked: every id is in it,
every test exists.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FAULTS, COLOURS = "ops/test_pictures_faults.py", "ops/test_colours.py"
RECORDS, SPLITS, VOC = "data/test_records.py", "data/test_split_checks.py", "data/test_voc.py"
XML, NOTE = "data/test_xml_tree.py", "data/test_voc_annotation.py"
NAMES, INDEX = "data/test_class_names.py", "data/test_file_index.py"
DATASET, BOXES = "data/test_dataset.py", "data/test_box_checks.py"

HELD_BY: dict[str, tuple[str, ...]] = {
    **{f"A{i:02}": (f"{FAULTS}::test_refused",) for i in (1, 2, 3, 4, 5, 7, 10, 21, 37, 44, 45)},
    "A06": (
        f"{FAULTS}::test_refused",
        f"{FAULTS}::test_a06_a_jpeg_cut_anywhere_is_never_taken_for_whole",
    ),
    "A08": (f"{FAULTS}::test_usable_with_a_remark", f"{FAULTS}::test_a08_a09_all_pixels_are_there"),
    "A09": (f"{FAULTS}::test_usable_with_a_remark", f"{FAULTS}::test_a08_a09_all_pixels_are_there"),
    "A10": (f"{FAULTS}::test_refused", f"{FAULTS}::test_a10_no_flipped_byte_crashes_or_escapes"),
    "A11": (f"{RECORDS}::test_a11_a_flipped_byte_is_found_by_its_checksum",),
    "A12": (f"{FAULTS}::test_usable_with_a_remark",),
    "A13": (f"{COLOURS}::test_a13_grey",),
    "A14": (f"{COLOURS}::test_a14_one_bit",),
    "A15": (f"{COLOURS}::test_a15_palette",),
    "A16": (f"{COLOURS}::test_a16_palette_with_transparency",),
    "A17": (f"{COLOURS}::test_a17_grey_with_alpha",),
    "A18": (f"{COLOURS}::test_a18_rgb_with_alpha",),
    "A19": (f"{COLOURS}::test_a19_cmyk",),
    "A20": (f"{COLOURS}::test_a20_sixteen_bit_grey_is_scaled",),
    **{
        f"A{i}": (
            f"{FAULTS}::test_a22_to_a29_rotation_is_applied_once",
            f"{VOC}::test_b06_boxes_are_in_the_upright_frame",
        )
        for i in range(22, 30)
    },
    "A30": (f"{FAULTS}::test_usable_with_a_remark",),
    "A31": (f"{FAULTS}::test_a31_an_animated_gif_is_refused_like_every_gif",),
    **{f"A{i}": (f"{FAULTS}::test_first_frame_with_a_remark",) for i in (32, 33, 34)},
    "A35": (f"{FAULTS}::test_tiny_and_thin_pictures",),
    "A36": (
        f"{FAULTS}::test_tiny_and_thin_pictures",
        "ops/test_pictures.py::test_a36_thin_pictures_keep_a_pixel",
    ),
    **{
        f"A{i}": (
            f"{FAULTS}::test_refused",
            f"{FAULTS}::test_a38_to_a43_bombs_cost_neither_memory_nor_time",
        )
        for i in range(38, 44)
    },
    "A46": (
        f"{SPLITS}::test_a46_every_copy_is_found_and_no_other",
        f"{SPLITS}::test_a46_one_file_in_two_splits",
        "data/test_voc_layout.py::test_b08_a_name_listed_twice",
    ),
    "A47": (f"{RECORDS}::test_a47_changed_since_indexing",),
    "A48": ("ops/test_pictures.py::test_a48_to_tensor_wants_hwc_uint8",),  # and in prediction
    "B01": (f"{NOTE}::test_b01_boxes_without_area",),
    "B02": (f"{NOTE}::test_b02_not_a_number", f"{NOTE}::test_b02_parts_are_missing"),
    "B03": (f"{BOXES}::test_golden", f"{VOC}::test_b03_boxes_beyond_the_border_are_counted"),
    "B05": (f"{NOTE}::test_golden_corners", f"{NOTE}::test_b05_written_and_read_back_is_the_same"),
    "B06": (
        f"{VOC}::test_b06_the_sizes_differ",
        f"{VOC}::test_b06_the_size_before_the_rotation_is_an_error_that_says_so",
    ),
    "B07": (
        f"{NAMES}::test_b07_unknown_names_name_the_nearest",
        f"{NAMES}::test_b07_nine_typos_of_ten_are_understood",
        f"{DATASET}::test_b07_a_class_that_is_only_elsewhere",
        f"{DATASET}::test_b07_twins_in_training",
    ),
    "B08": (
        f"{VOC}::test_b08_the_same_box_twice_is_kept_and_reported",
        f"{VOC}::test_b08_two_pictures_for_one_annotation",
        "data/test_voc_layout.py::test_b08_a_name_listed_twice",
    ),
    "B09": (
        f"{VOC}::test_b09_an_annotation_without_picture",
        f"{VOC}::test_b09_a_listed_name_without_any_file",
        f"{VOC}::test_b09_a_picture_without_annotation_is_a_negative",
    ),
    "B11": (
        f"{NOTE}::test_b11_difficult",
        f"{DATASET}::test_b11_a_class_of_difficult_objects_only",
    ),
    "B12": (
        f"{DATASET}::test_b12_training_without_pictures_or_objects",
        f"{DATASET}::test_b12_one_picture_of_one_class_works_with_a_warning",
        f"{SPLITS}::test_b12_an_empty_split",
        f"{SPLITS}::test_b12_a_split_without_objects",
    ),
    "B13": (f"{VOC}::test_b13_five_thousand_boxes",),
    "B14": (
        f"{XML}::test_b14_refused",
        f"{XML}::test_b14_encodings_are_read",
        f"{XML}::test_b14_hostile_files_cost_little_and_open_nothing",
    ),
    "B17": (
        f"{VOC}::test_b17_names_in_lists_lead_nowhere",
        f"{VOC}::test_b17_a_link_out_of_the_data_set_is_not_followed",
        f"{VOC}::test_b17_path_and_filename_of_an_annotation_are_never_opened",
        f"{INDEX}::test_b17_names_that_lead_elsewhere_are_not_there",
    ),
    "B18": (f"{INDEX}::test_b18_names_are_found_to_the_byte", f"{VOC}::test_b18_odd_names"),
}
ELSEWHERE = {
    "B04": "a box under a pixel after resizing: the training room resizes",
    "B10": "annotation ids: VOC has none; the evaluation room numbers boxes itself",
}


def test_every_fault_is_held() -> None:
    pictures = {f"A{i:02}" for i in range(1, 49)}
    annotations = {f"B{i:02}" for i in (*range(1, 15), 17, 18)}
    assert set(HELD_BY) | set(ELSEWHERE) == pictures | annotations
    assert not set(HELD_BY) & set(ELSEWHERE)


@pytest.mark.parametrize(
    "place", sorted({place for places in HELD_BY.values() for place in places})
)
def test_every_test_in_the_table_exists(place: str) -> None:
    path, _, name = place.partition("::")
    tree = ast.parse((TESTS / path).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_picture_faults_are_rows_of_their_tests() -> None:
    """Where one test holds many ids, its rows begin with them."""
    text = (TESTS / FAULTS).read_text()
    rows = [i for i, places in HELD_BY.items() if any(FAULTS in place for place in places)]
    covered_by_range = {f"A{i}" for i in (*range(22, 30),)}
    missing = [i for i in rows if f'"{i} ' not in text and f"{i.lower()}_" not in text]
    assert set(missing) <= covered_by_range
