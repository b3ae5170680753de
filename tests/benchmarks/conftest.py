"""Leave out the advice that a benchmark's command leaves out."""

from collections.abc import Iterator

import pytest

from benchmarks.harness.command import hushed


@pytest.fixture(autouse=True)
def _hushed() -> Iterator[None]:
    with hushed():
        yield
