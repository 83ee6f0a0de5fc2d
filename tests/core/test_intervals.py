"""Intervals of a mean: a table of Student's t, and how often they hold the truth."""

import pytest
import torch
from scipy import stats

from snnedu.core.intervals import interval, students_t


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.706), (5, 2.571), (7, 2.365), (1e6, 1.960)])
def test_t_is_that_of_the_printed_tables(freedom, t):
    assert students_t(freedom) == pytest.approx(t, abs=5e-4)


def test_the_interval_leaves_out_0_where_the_t_test_finds_a_difference():
    draw = torch.Generator().manual_seed(0)
    runs = 0.6 + torch.randn(200, 6, generator=draw, dtype=torch.float64)
    found = [interval(each)[0] > 0 or interval(each)[1] < 0 for each in runs]
    assert found == [stats.ttest_1samp(each, 0).pvalue < 0.05 for each in runs]
    assert 0 < sum(found) < 200


def test_nineteen_of_twenty_intervals_hold_the_true_mean():
    runs = torch.randn(2000, 4, generator=torch.Generator().manual_seed(0))
    held = sum(low < 0 < high for low, high in map(interval, runs))
    assert held / 2000 == pytest.approx(0.95, abs=0.015)
