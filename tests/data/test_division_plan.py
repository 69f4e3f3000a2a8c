"""How a data set is to be divided."""

import pytest

from frcnn.data.division_plan import DivisionPlan, read_shares
from frcnn.errors import ConfigError


def test_golden() -> None:
    assert DivisionPlan().in_order == {"train": 0.7, "val": 0.2, "test": 0.1}
    plan = DivisionPlan(shares=read_shares("Valid=0.25, training=0.75"))
    assert list(plan.in_order.items()) == [("train", 0.75), ("val", 0.25)]
    assert sum(DivisionPlan(shares=read_shares("train=.1,val=.2,test=.7")).in_order.values()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "train",
        "train=1",
        "train=0.7,val=0.2",
        "train=0.7,val=0.3,valid=0",
        "train=0.5,val=0.25,valid=0.25",
        "val=0.5,test=0.5",
        "train=0.5,cats=0.5",
        "train=70,val=30",
        "train=1.5,val=-0.5",
        "train=nan,val=0.5",
        "train=0.5,train=0.5",
        "train=a,val=b",
    ],
)
def test_wrong_in_shares(text: str) -> None:
    with pytest.raises(ConfigError, match=r"RC324.*sum is 1") as caught:
        DivisionPlan(shares=read_shares(text))
    assert "train=0.7,val=0.2,test=0.1" in caught.value.fix


def test_wrong_in_ways_to_group() -> None:
    with pytest.raises(ConfigError, match="RC374"):
        DivisionPlan(group_by="patient")
