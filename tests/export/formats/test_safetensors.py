from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats.safetensors import SafeTensors
from lightning_kit.export.formats.unsupported import Unsupported
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.models import RegressionAnswer


def graph() -> AnswerGraph:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight  # tied
    norm = nn.BatchNorm1d(2).bfloat16()
    return AnswerGraph(None, nn.Sequential(first, second, norm), RegressionAnswer(2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_every_weight_is_there_bit_for_bit(path: Path) -> None:
    model = graph()
    with torch.no_grad():
        model.network[0].bias.copy_(torch.tensor([float("nan"), -0.0]))  # type: ignore[index]
    SafeTensors().write(model, {}, {}, path)
    assert SafeTensors().check(model, path) == ""
    found = load_file(path)
    assert sorted(found) == sorted(model.state_dict())
    assert found["network.2.num_batches_tracked"].dtype is torch.int64
    torch.testing.assert_close(found["network.1.weight"], found["network.0.weight"])


def change(found: dict[str, Any], name: str, value: Any) -> None:
    found.pop(name, None)
    if value is not None:
        found[name] = value


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("network.0.bias", None, "network.0.bias is missing"),
        ("network.0.bias", torch.tensor([0.0, 0.0]), "network.0.bias differs"),
        ("network.0.bias", torch.zeros(2, 1), "network.0.bias differs"),
        ("network.0.bias", torch.zeros(2).double(), "network.0.bias differs"),
        ("extra", torch.zeros(2), "extra is a tensor that the model does not have"),
    ],
)
def test_what_differs_is_named(path: Path, name: str, value: Any, said: str) -> None:
    model = graph()
    with torch.no_grad():
        model.network[0].bias.copy_(torch.tensor([0.0, -0.0]))  # type: ignore[index]
    SafeTensors().write(model, {}, {}, path)
    found = load_file(path)
    change(found, name, value)
    save_file(found, path)
    assert SafeTensors().check(model, path).startswith(said)


class Extra(nn.Module):
    def get_extra_state(self) -> str:
        return "text"

    def set_extra_state(self, state: str) -> None: ...


def test_what_is_no_tensor_is_refused(path: Path) -> None:
    with pytest.raises(Unsupported, match=r"network._extra_state is no tensor but str"):
        SafeTensors().write(AnswerGraph(None, Extra()), {}, {}, path)
    assert not path.exists()


def test_weights_alone_do_not_answer(path: Path) -> None:
    assert not SafeTensors.has_graph
    with pytest.raises(ExportError, match="weights alone: answers need onnx, pt2 or torchscript"):
        SafeTensors().open(path)
