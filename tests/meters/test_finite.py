"""NaN and infinity, wherever they hide."""

import math
import warnings
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from lightning_kit.meters import all_finite

NAN, INF = math.nan, math.inf


class Pair(NamedTuple):
    loss: Any
    name: str = "nan"


@dataclass
class Output:
    loss: float


def object_array(value: Any) -> Any:
    array = np.empty(2, dtype=object)
    array[0] = value
    return array


HOLDERS: dict[str, Any] = {
    "itself": lambda x: x,
    "list": lambda x: [1.0, [x]],
    "tuple": lambda x: (1, (x,)),
    "namedtuple": lambda x: Pair(x),
    "dict": lambda x: {"a": {"b": x}, "nan": 1},
    "ordered dict": lambda x: OrderedDict(a=x),
    "default dict": lambda x: defaultdict(int, a=x),
    "deque": lambda x: deque([1, x]),
    "object array": object_array,
    "beside a tensor": lambda x: [torch.ones(2), x],
    "before a tensor": lambda x: {"x": x, "t": torch.ones(2, dtype=torch.int64)},
}
BAD: dict[str, Any] = {
    "nan": NAN,
    "inf": INF,
    "-inf": -INF,
    "complex": complex(1, NAN),
    "complex inf": complex(INF, 0),
    "numpy scalar": np.float16(NAN),
    "numpy complex": np.complex64(complex(0, INF)),
    "numpy array": np.array([[1.0, NAN]]),
    "numpy 0-dim": np.array(-INF),
    "tensor": torch.tensor([[1.0], [NAN]]),
    "0-dim tensor": torch.tensor(INF),
    "half": torch.tensor([65504.0, 1.0]).half() * 2,
    "bfloat16": torch.tensor(NAN, dtype=torch.bfloat16),
    "float8": torch.tensor([NAN]).to(torch.float8_e4m3fn),
    "complex tensor": torch.tensor(complex(1, INF)),
    "leaf with a gradient": torch.tensor(NAN, requires_grad=True),
}
FINE: dict[str, Any] = {
    "none": None,
    "text": "nan",
    "bytes": b"inf",
    "number": 1.5,
    "whole": 10**400,
    "boolean": True,
    "fraction": Fraction(1, 3),
    "function": math.isnan,
    "dataclass": Output(NAN),
    "range": range(10**12),
    "numpy": np.arange(3),
    "numpy scalar": np.int8(3),
    "numpy boolean": np.bool_(True),
    "numpy text": np.array(["nan"]),
    "numpy date": np.datetime64("NaT"),
    "nothing of numpy": np.array([]),
    "empty list": [],
    "empty dict": {},
    "empty tensor": torch.empty(0),
    "whole tensor": torch.tensor([2**62]),
    "boolean tensor": torch.tensor([True]),
    "largest": torch.tensor(torch.finfo(torch.float32).max),
    "smallest": torch.tensor(1e-45),
    "float8": torch.ones(2).to(torch.float8_e5m2),
    "complex tensor": torch.tensor([1 + 2j]),
    "without values": torch.empty(2, device="meta"),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_it_is_found(holder: Any, value: Any) -> None:
    assert all_finite(holder(value)) is False


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("value", FINE.values(), ids=FINE)
def test_what_counts_as_finite(holder: Any, value: Any) -> None:
    assert all_finite(holder(value)) is True


def test_sets_are_looked_into_and_keys_are_not() -> None:
    assert not all_finite({1.0, NAN})
    assert not all_finite(frozenset([INF]))
    assert all_finite({NAN: 1.0})


def unusual(values: Tensor) -> dict[str, Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls some of these layouts unfinished
        column = values.reshape(-1, 1)
        return {
            "coo": column.to_sparse(),
            "uncoalesced": torch.sparse_coo_tensor(
                torch.tensor([[0, 0]]), torch.stack([values[0], values[-1]]), (3,)
            ),
            "csr": column.to_sparse_csr(),
            "csc": column.to_sparse_csc(),
            "bsr": column.to_sparse_bsr((1, 1)),
            "jagged": torch.nested.nested_tensor([values, values[:1]], layout=torch.jagged),
            "mkldnn": values.to_mkldnn(),
        }


@pytest.mark.parametrize("layout", unusual(torch.ones(2)))
def test_layouts_other_than_dense(layout: str) -> None:
    assert all_finite(unusual(torch.tensor([1.0, 2.0]))[layout])
    assert not all_finite(unusual(torch.tensor([1.0, NAN]))[layout])


def test_the_sum_of_what_is_stored_twice_counts() -> None:
    twice = torch.sparse_coo_tensor(torch.tensor([[0, 0]]), torch.tensor([3e38, 3e38]), (2,))
    assert not all_finite(twice)


def test_quantised_numbers_are_whole() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # https://github.com/pytorch/pytorch/issues/184982
        assert all_finite(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8))


def test_gradients_and_values_are_left_as_they_were() -> None:
    weight = torch.ones(2, requires_grad=True)
    loss = (weight * 2).sum()
    assert all_finite({"loss": loss})
    loss.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(weight.grad, torch.tensor([2.0, 2.0]))


def test_a_device_is_read_once_however_many_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    truth = Tensor.__bool__

    def counted(tensor: Tensor) -> bool:
        reads.append(tensor)
        return truth(tensor)

    monkeypatch.setattr(Tensor, "__bool__", counted)
    assert all_finite([torch.ones(3), {"a": torch.ones(2, 2)}, torch.tensor(1)])
    assert len(reads) == 1
