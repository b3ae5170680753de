from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.datamodules.preprocess import Standardise
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.models import ClassAnswer, RegressionAnswer

ROWS = {"size": ["1.5", "", "2.5"], "colour": ["red", "blue", "red"]}


class Task(nn.Module):
    """Has the parts of a task, and a forward of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(4, 3)
        self.postprocess = ClassAnswer()

    def forward(self, input: Tensor) -> Tensor:
        return 2 * self.model(input)  # type: ignore[no-any-return]


def test_a_table_goes_from_raw_rows_to_answers() -> None:
    encoders = fit_encoders(ROWS, {"size": "number", "colour": "category"})
    features = torch.from_numpy(encode(ROWS, encoders))
    preprocess, network = Standardise(4), nn.Sequential(nn.Linear(4, 1), nn.Dropout(0.9))
    preprocess.fit(features)
    pipeline = Pipeline(network, preprocess, RegressionAnswer(), encoders)
    answers = pipeline.answers(ROWS)
    assert network.training
    expected = network.eval()(preprocess(features)).reshape(-1)
    np.testing.assert_array_equal(answers["prediction"], expected.detach().numpy())


def test_a_given_way_is_the_reference() -> None:
    given = {"output": np.ones(1)}
    assert Pipeline(nn.Identity(), answer=lambda rows: given).answers({}) is given


def test_any_module_is_a_network() -> None:
    network = nn.Linear(2, 2)
    pipeline = Pipeline.of(network)
    assert pipeline == Pipeline(network)
    graph = pipeline.graph({"input": torch.ones(2, 2)})
    assert graph.output_names == ("output",)


def test_a_task_and_its_datamodule_give_their_parts() -> None:
    task = Task()
    data = SimpleNamespace(preprocess=nn.ReLU(), encoders=None, classes=["a", "b", "c"])
    pipeline = Pipeline.of(task, data)
    assert pipeline.network is task.model
    assert pipeline.postprocess is task.postprocess
    assert (pipeline.preprocess, pipeline.classes) == (data.preprocess, data.classes)


def test_encoders_of_another_kind_are_none_of_the_pipeline() -> None:
    data = SimpleNamespace(encoders=nn.ModuleList([nn.ReLU()]))
    assert Pipeline.of(nn.Identity(), data).encoders is None


def test_a_forward_that_does_more_than_call_the_model_is_the_reference() -> None:
    task = Task()
    x = torch.rand(5, 4)
    answers = Pipeline.of(task).answers({"input": x.numpy()})
    np.testing.assert_array_equal(
        answers["probabilities"], (2 * task.model(x)).softmax(dim=1).detach().numpy()
    )
