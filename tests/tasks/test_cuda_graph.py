import copy
import pickle
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from torch import nn

from lightning_kit.datamodules.loader import BatchLoader
from lightning_kit.tasks import ClassificationTask, RegressionTask
from lightning_kit.tasks.cuda_graph import CudaGraph, why_not

MakeTrainer = Callable[..., pl.Trainer]
MakeLoader = Callable[..., BatchLoader]


class Listener(pl.Callback):
    def on_after_backward(self, *args: Any) -> None: ...


def trainer(**options: Any) -> Any:
    defaults = {
        "strategy": SingleDeviceStrategy(torch.device("cuda")),
        "callbacks": [pl.Callback()],
        "accumulate_grad_batches": 1,
    }
    return SimpleNamespace(**{**defaults, **options})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, None),
        ({"strategy": SingleDeviceStrategy(torch.device("cpu"))}, "on cpu, where it has no effect"),
        ({"accumulate_grad_batches": 2}, "with accumulation"),
        ({"callbacks": [GradientAccumulationScheduler({1: 2})]}, "with accumulation"),
        ({"callbacks": [Listener()]}, "with Listener.on_after_backward, between forward and"),
        (
            {"strategy": SimpleNamespace(root_device=torch.device("cuda"), kind=DDPStrategy)},
            "with SimpleNamespace, which reduces gradients",
        ),
    ],
)
def test_a_run_that_must_not_be_replayed_is_known(
    options: dict[str, Any], reason: str | None
) -> None:
    found = why_not(RegressionTask(nn.Linear(1, 1)), trainer(**options))
    assert found == reason if reason is None else reason in str(found)


@pytest.mark.parametrize("name", ["optimizer_step", "on_before_zero_grad", "backward"])
def test_a_hook_of_the_module_is_named(name: str) -> None:
    module = type("Mine", (pl.LightningModule,), {name: lambda self, *args: None})()
    assert f"with Mine.{name}" in str(why_not(module, trainer()))
    manual = pl.LightningModule()
    manual.automatic_optimization = False
    assert "manual optimization" in str(why_not(manual, trainer()))


def test_the_cpu_and_a_compiler_beside_it_are_refused(
    make_trainer: MakeTrainer, make_loader: MakeLoader
) -> None:
    loader = make_loader(torch.zeros(4, 1), torch.zeros(4))
    task = RegressionTask(nn.Linear(1, 1), cuda_graph=True)
    with pytest.raises(ValueError, match="cuda_graph must be false on cpu, where it has no effect"):
        make_trainer().fit(task, loader, loader)
    with pytest.raises(ValueError, match="cuda_graph must be false where compile is set"):
        RegressionTask(nn.Linear(1, 1), compile=True, cuda_graph=True)
    # Only training is replayed.
    make_trainer().validate(task, loader, verbose=False)


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The captures, by something that warms up and replays as torch does, on the CPU."""
    captures: list[Any] = []

    def fake(held: nn.Module, samples: tuple[Any, ...], allow_unused_input: bool) -> Any:
        for _ in range(3):
            held(*samples)
        capture = SimpleNamespace(samples=samples, replays=0)
        captures.append(capture)

        def replay(input: Any) -> Any:
            capture.replays += 1
            return held(input)

        return replay

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fake)
    return captures


def test_what_is_like_the_first_batch_is_replayed_and_nothing_else(captured: list[Any]) -> None:
    model, graph = nn.Linear(2, 1), CudaGraph()
    batch = torch.ones(4, 2)
    for input in (batch, batch + 1, torch.ones(3, 2), batch.double().float()):
        torch.testing.assert_close(graph(model, input), model(input))
    (capture,) = captured
    assert capture.replays == 3
    assert capture.samples[0].data_ptr() != batch.data_ptr()
    with torch.no_grad():
        graph(model, batch)
    graph(model.eval(), batch)
    assert capture.replays == 3
    assert "forward" not in vars(model)


def test_frozen_and_moved_weights_are_captured_anew(captured: list[Any]) -> None:
    layer, dropout, graph = nn.Linear(2, 2), nn.Dropout(0.5), CudaGraph()
    model = nn.Sequential(layer, dropout)
    graph(model, torch.ones(4, 2))
    layer.bias.requires_grad_(False)
    graph(model, torch.ones(4, 2))
    layer.weight.data = layer.weight.data.clone()
    graph(model, torch.ones(4, 2))
    dropout.eval()
    graph(model, torch.ones(4, 2))
    graph(model, torch.ones(4, 2))
    assert [capture.replays for capture in captured] == [1, 1, 1, 2]


def test_warming_up_leaves_no_trace(captured: list[Any]) -> None:
    models = [nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)) for _ in range(2)]
    outputs: list[Any] = []
    calls: list[Callable[[Any], Any]] = [partial(CudaGraph(), models[0]), models[1]]
    for call in calls:
        torch.manual_seed(0)
        outputs.append(call(torch.arange(8.0).reshape(4, 2)))
    torch.testing.assert_close(outputs[0], outputs[1])
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict())
    assert len(captured) == 1


def test_nested_inputs_are_taken_and_others_refused(captured: list[Any]) -> None:
    class Sum(nn.Module):
        def forward(self, input: dict[str, Any]) -> dict[str, Any]:
            return {"sum": input["a"] + input["b"]}

    graph, two = CudaGraph(), {"a": torch.ones(2), "b": torch.ones(2)}
    torch.testing.assert_close(graph(Sum(), two), {"sum": torch.full((2,), 2.0)})
    with pytest.raises(ValueError, match="unless inputs are made of tensors, got Tensor, float"):
        CudaGraph()(Sum(), {"a": torch.ones(2), "b": 1.0})


def test_hooks_within_the_model_and_what_cannot_be_captured_are_refused(
    captured: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, graph = nn.Sequential(nn.Linear(2, 1)), CudaGraph()
    graph(model, torch.ones(4, 2))
    handle = model[0].register_forward_hook(lambda *_: None)
    with pytest.raises(ValueError, match="where a part of the model has hooks"):
        graph(model, torch.ones(4, 2))
    handle.remove()

    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fail)
    with pytest.raises(
        ValueError, match="cannot capture, got operation not permitted when .*: set"
    ):
        CudaGraph()(model, torch.ones(4, 2))


def test_copies_capture_for_themselves(captured: list[Any]) -> None:
    graph = CudaGraph()
    graph(nn.Linear(2, 1), torch.ones(4, 2))
    for again in (copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        again(nn.Linear(2, 1), torch.ones(4, 2))
    assert [capture.replays for capture in captured] == [1, 1, 1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_replayed_run_learns_what_a_plain_one_does(
    precision: str, make_trainer: MakeTrainer, make_loader: MakeLoader
) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(30, 5, generator=generator), torch.arange(30) % 3
    states = []
    for cuda_graph in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        task = ClassificationTask(model, 3, cuda_graph=cuda_graph)
        options: dict[str, Any] = {"accelerator": "cuda", "devices": 1, "max_epochs": 3}
        fitting = make_trainer(precision=precision, **options)
        fitting.fit(task, make_loader(*rows), make_loader(*rows))
        states.append((task.cpu().state_dict(), fitting.callback_metrics["val/loss"].cpu()))
    torch.testing.assert_close(states[0], states[1])
