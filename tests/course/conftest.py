"""What the tests of the chapters share."""

from collections.abc import Iterator

import pytest
import torch


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let test_later_cells.py run whole cells; CONTRIBUTING.md says how."""
    text = "run whole cells on so many threads: no shorter training, and assertions count"
    parser.addoption("--whole", type=int, default=0, metavar="THREADS", help=text)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Leave the number of threads as it was: a chapter's first cell may change it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
