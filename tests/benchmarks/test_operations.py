"""The profile of training steps counts no time twice, and knows operations by their kind."""

from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def operations(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import operations

    return operations


def test_the_time_inside_an_operation_counts_once(operations):
    """1 lasts from 0 to 10; inside it run 2 from 1 to 4 (around 3 from 2 to 3) and 2 from 4 to 6; then 1."""
    events = [(1, 0, 10), (2, 1, 3), (3, 2, 1), (2, 4, 2), (1, 10, 5)]
    found = list(
        operations.own_times(
            SimpleNamespace(metadata_id=number, offset_ps=begin, duration_ps=duration)
            for number, begin, duration in reversed(events)
        )
    )
    assert sorted(found) == [(1, 5), (1, 5), (2, 2), (2, 2), (3, 1)]
    assert sum(own for _, own in found) == 15


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gradient_tape/dense/MatMul:_MklMatMul", "MatMul"),
        ("c1/Conv2D:_MklNativeFusedConv2D", "FusedConv2D"),
        ("while/SelectV2:SelectV2", "SelectV2"),
        ("MatMul.5", "MatMul"),
        ("MatMul_1.0", "MatMul"),
        ("multiply_add_fusion.11", "multiply_add_fusion"),
        ("BlockUntilReady#id=7#", "BlockUntilReady"),
    ],
)
def test_an_operation_is_known_by_its_kind(operations, name, kind):
    assert operations.kind_of(name) == kind
