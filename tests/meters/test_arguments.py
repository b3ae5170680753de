"""What no meter can work with."""

from typing import Any

import numpy as np
import pytest

from lightning_kit.meters.arguments import check_whole, is_number


def test_numbers_of_numpy_are_numbers() -> None:
    check_whole("n", np.int64(1), at_least=1)
    assert is_number(np.float32(1))
    assert is_number(3)
    assert not is_number("3")
    assert not is_number(None)


@pytest.mark.parametrize("value", [0, 1.0, "1", None, True, np.bool_(True)])
def test_what_is_no_whole_number_from_1(value: Any) -> None:
    with pytest.raises(ValueError, match="n must be .*at least 1.*, got"):
        check_whole("n", value, at_least=1, unit="check")
