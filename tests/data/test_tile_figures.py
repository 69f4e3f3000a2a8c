"""Counts of what became of pictures and boxes."""

from frcnn.data.tile_figures import TileFigures, table_of


def test_golden_table() -> None:
    one = TileFigures(pictures=2, cut=1, tiles=10, objects=7, whole=5, in_pieces=2, boxes=12)
    lines = table_of({"train": one, "val": TileFigures()}).splitlines()
    assert lines[0].split() == ["train", "val"]
    assert lines[1].split() == ["pictures", "2", "0"]
    assert [line.split()[-2:] for line in lines if "tiles written" in line] == [["10", "0"]]
    assert len(lines) == 1 + len(one.to_json()), "every count has its line"


def test_a_total_is_the_sum_of_each_count() -> None:
    one, other = TileFigures(pictures=1, scraps=3), TileFigures(pictures=2, lost=1)
    assert TileFigures.total([one, other]) == TileFigures(pictures=3, scraps=3, lost=1)
    assert TileFigures.total([]) == TileFigures()
