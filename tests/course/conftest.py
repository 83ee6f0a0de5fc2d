"""What the tests of the chapters share."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Leave the number of threads as it was: a chapter's first cell may change it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
