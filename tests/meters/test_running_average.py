"""An exponential moving average."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lightning_kit.meters import RunningAverage


def test_the_first_value_is_the_first_average() -> None:
    average = RunningAverage(alpha=0.75)
    # 4; 0.75 * 4 + 0.25 * 0 = 3; 0.75 * 3 + 0.25 * 7 = 4
    assert [average.update(x) for x in (4.0, 0.0, 7.0)] == [4.0, 3.0, 4.0]
    assert average.value == 4.0


def test_the_default_weight_is_ignites() -> None:
    average = RunningAverage()
    average.update(0.0)
    assert average.update(1.0) == pytest.approx(0.02)
    still = RunningAverage(alpha=1)
    assert [still.update(x) for x in (1.0, 5.0)] == [1.0, 1.0]


@pytest.mark.parametrize("x", [2, True, np.float32(2), np.int64(2), np.array(2.0)])
def test_a_number_becomes_a_float(x: Any) -> None:
    average = RunningAverage(alpha=0.5)
    assert type(average.update(x)) is float
    assert type(average.update(x)) is float


@pytest.mark.parametrize(
    ("given", "wide"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
        (torch.int64, torch.float32),
        (torch.bool, torch.float32),
        (torch.complex64, torch.complex64),
    ],
)
def test_a_tensor_stays_one_of_float32_or_wider(given: torch.dtype, wide: torch.dtype) -> None:
    average = RunningAverage(alpha=0.5)
    found = [average.update(torch.tensor([0, 1]).to(given)) for _ in range(2)]
    assert all(each.dtype is wide for each in found)
    torch.testing.assert_close(found[1], torch.tensor([0, 1]).to(wide))


def test_few_digits_do_not_hold_a_slow_average_up() -> None:
    average = RunningAverage(alpha=0.999)
    average.update(torch.tensor(0.0, dtype=torch.bfloat16))
    for _ in range(5000):
        last = average.update(torch.tensor(1.0, dtype=torch.bfloat16))
    # 1 - 0.999 ** 5000 = 0.9933; in bfloat16 it stands still where a step is below its last digit
    assert last.item() == pytest.approx(1 - 0.999**5000, abs=1e-4)


def test_no_graph_is_kept_and_the_stream_may_be_written_over() -> None:
    average = RunningAverage(alpha=0.5)
    x = torch.ones(2, requires_grad=True)
    assert not average.update(x * 2).requires_grad
    buffer = torch.zeros(2)
    average = RunningAverage(alpha=0.5)
    average.update(buffer)
    buffer.fill_(8.0)
    torch.testing.assert_close(average.update(torch.zeros(2)), torch.zeros(2))


def test_a_step_reads_nothing_back_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError("a value was read back")

    average = RunningAverage()
    for name in ("item", "__float__", "__bool__", "tolist", "cpu"):
        monkeypatch.setattr(Tensor, name, refuse)
    for _ in range(3):
        average.update(torch.ones(()))


def test_a_nan_is_shown_not_hidden() -> None:
    average = RunningAverage()
    average.update(1.0)
    assert math.isnan(average.update(math.nan))
    assert math.isnan(average.update(1.0))


def test_it_returns_what_it_was_given_where_kinds_change() -> None:
    average = RunningAverage(alpha=0.5)
    average.update(2.0)
    torch.testing.assert_close(average.update(torch.tensor(4.0)), torch.tensor(3.0))
    found = average.update(1.0)
    assert (type(found), found) == (float, 2.0)


@pytest.mark.parametrize("tensors", [False, True])
def test_state_and_pickle_go_on_where_it_was(tensors: bool, tmp_path: Any) -> None:
    stream: list[Any] = [4.0, 1.0, 3.0, -2.0]
    stream = [torch.tensor(x) for x in stream] if tensors else stream
    whole = RunningAverage(alpha=0.5)
    for x in stream:
        last = whole.update(x)
    first, second = RunningAverage(alpha=0.5), RunningAverage(alpha=0.5)
    for x in stream[:2]:
        first.update(x)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for again in (second, pickle.loads(pickle.dumps(first))):
        for x in stream[2:]:
            found = again.update(x)
        assert found == last
    fresh = RunningAverage()
    fresh.load_state_dict(RunningAverage().state_dict())
    assert fresh.value is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no accelerator here")
def test_a_state_restored_on_the_cpu_goes_on_on_the_device() -> None:
    average = RunningAverage(alpha=0.5)
    average.load_state_dict({"value": torch.zeros(2)})
    found = average.update(torch.ones(2, device="cuda"))
    assert found.device.type == "cuda"
    torch.testing.assert_close(found.cpu(), torch.full((2,), 0.5))


def test_reset_forgets() -> None:
    average = RunningAverage()
    average.update(1.0)
    average.reset()
    assert average.value is None
    assert average.update(5.0) == 5.0


@pytest.mark.parametrize("alpha", [0, 0.0, -0.1, 1.01, math.nan, math.inf, "0.9"])
def test_bad_arguments(alpha: Any) -> None:
    with pytest.raises(ValueError, match=rf"alpha must be in \(0, 1\], got '?{alpha}'?"):
        RunningAverage(alpha)
