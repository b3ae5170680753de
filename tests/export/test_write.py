import errno
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from programs.planted import (
    AlwaysDropout,
    Backwards,
    Filled,
    First,
    Neighbours,
    Planted,
    Rounded,
    accuracy,
    table,
)  # fmt: skip
from torch import nn

from lightning_kit.artefact.folder import Artefact
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.export import ExportError, GateRefused, MetricBound, Pipeline, Samples, export
from lightning_kit.export.formats import FORMATS
from lightning_kit.export.graph import AnswerGraph
from lightning_kit.models.answers import ClassAnswer, Kind, RegressionAnswer
from lightning_kit.models.cnn import CNN
from lightning_kit.models.mlp import MLP

Change = Callable[[AnswerGraph], None]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def plant(monkeypatch: pytest.MonkeyPatch, name: str, *args: Any, **options: Any) -> None:
    make = FORMATS[name]
    monkeypatch.setitem(FORMATS, name, lambda: Planted(make(), *args, **options))


def refusal(out: Path, pipeline: Pipeline, samples: Any, **options: Any) -> str:
    """Export, be refused, check what is left, and return why."""
    with pytest.raises(GateRefused) as refused:
        export(pipeline, out, samples=samples, **options)
    assert names(out.parent) == [f"{out.name}-refused.json"]
    report = json.loads(refused.value.report.read_text())
    assert report["passed"] is False
    assert report["reason"] == refused.value.reason
    return refused.value.reason


def test_a_table_model_becomes_an_artefact_that_answers_raw_rows(tmp_path: Path) -> None:
    pipeline, samples = table()
    pipeline.network.train()
    artefact = export(
        pipeline, tmp_path / "artefact", samples=samples, measure=accuracy, name="colours",
        lineage={"run": "a/1"}, formats=("safetensors", "onnx", "pt2"),
    )  # fmt: skip
    assert all(part.training for part in pipeline.network.modules())
    assert names(tmp_path) == ["artefact"]
    manifest = artefact.manifest
    assert (manifest.name, manifest.lineage) == ("colours", {"run": "a/1"})
    assert list(manifest.formats) == ["onnx", "pt2", "safetensors"]
    assert manifest.formats["onnx"]["opset"] >= 18
    assert set(manifest.formats["onnx"]["latency_us"]) == {"1", "64"}
    assert manifest.classes == ["low", "middle", "high"]
    assert manifest.verification["metrics"]["accuracy"]["value"] == 1
    assert manifest.verification["samples"] == 300
    assert manifest.statistics["of"] == "validation samples"
    assert manifest.statistics["columns"]["colour"]["missing"] > 0
    assert "MODEL_CARD.md" in names(artefact.path)
    rows: Any = {"size": [0.3, None], "colour": ["red", "pink"], "day": ["2024-02-01", ""]}
    expected = pipeline.answers(rows)
    for name, values in artefact.answer(rows).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-4, atol=1e-5)
    artefact.replay()


def test_two_lines_export_any_module(tmp_path: Path) -> None:
    artefact = export(nn.Linear(4, 2), tmp_path / "artefact", samples=torch.randn(300, 4))
    assert artefact.answer({"input": np.ones((3, 4), np.float32)})["output"].shape == (3, 2)
    assert artefact.manifest.name == "Linear"


def shift(graph: AnswerGraph) -> None:
    preprocess: Any = graph.preprocess
    preprocess.mean += 0.05


def swap_classes(graph: AnswerGraph) -> None:
    last: Any = graph.network[-1]  # type: ignore[index]
    last.weight.data = last.weight.data[[1, 0, 2]]
    last.bias.data = last.bias.data[[1, 0, 2]]


def lose_buffer(graph: AnswerGraph) -> None:
    network: Any = graph.network
    network[1].running_mean.zero_()


def after(place: int, module: nn.Module) -> Change:
    def change(graph: AnswerGraph) -> None:
        network: Any = graph.network
        network[place] = nn.Sequential(network[place], module)

    return change


def another_postprocess(graph: AnswerGraph) -> None:
    graph.postprocess = ClassAnswer("multilabel")


def swap_names(model: onnx.ModelProto) -> None:
    """Call the logarithm of the scores what the scores were called."""
    graph = model.graph
    for node in graph.node:
        for place, output in enumerate(node.output):
            if output == "confidence":
                node.output[place] = "inner"
    graph.node.append(onnx.helper.make_node("Neg", ["inner"], ["confidence"]))


def drop_output(model: onnx.ModelProto) -> None:
    kept = [each for each in model.graph.output if each.name != "confidence"]
    del model.graph.output[:]
    model.graph.output.extend(kept)


def edit_weight(model: onnx.ModelProto) -> None:
    weight = max(model.graph.initializer, key=lambda each: int(np.prod(each.dims)))
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[0] += 0.05
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))


# Formats that are written at once show what a graph does as well as ONNX, which takes its time.
FAULTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "dropout left on": ("pt2", {"change": after(2, AlwaysDropout())}, "output 'probabilities'"),
    "wrong normalisation": ("pt2", {"change": shift}, "batch 256: output 'probabilities'"),
    "swapped class order": ("onnx", {"change": swap_classes}, "batch 256: output 'probabilities'"),
    "static batch": ("onnx", {"static": True}, "onnx: batch 256: ArtefactError"),
    "a static batch of another format": ("pt2", {"static": True}, "pt2: batch 256: "),
    "lost buffer": ("pt2", {"change": lose_buffer}, "batch 256: output 'probabilities'"),
    "wrong postprocess": ("pt2", {"change": another_postprocess}, "pt2: "),
    "an output of another": ("onnx", {"edit": swap_names}, "output 'confidence'"),
    "an output dropped": ("onnx", {"edit": drop_output}, "output 'confidence', is missing"),
    "a weight of the file": ("onnx", {"edit": edit_weight}, "output 'probabilities'"),
    "neighbours": ("pt2", {"change": after(4, Neighbours())}, "output 'probabilities'"),
    "first row for all": ("pt2", {"change": after(4, First())}, "output 'probabilities'"),
    "rows backwards": ("pt2", {"change": after(4, Backwards())}, "output 'probabilities'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_leaves_only_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    name, options, said = FAULTS[fault]
    plant(monkeypatch, name, **options)
    assert said in refusal(tmp_path / "artefact", *table(), formats=(name,))


def test_the_planted_format_without_a_fault_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "pt2")
    pipeline, samples = table()
    export(pipeline, tmp_path / "artefact", samples=samples, formats=("pt2",))


def altered(monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    """Alter the manifest between its writing and the gate."""
    write = Manifest.write

    def wrong(self: Manifest, folder: Any) -> None:
        write(self, folder)
        path = Path(folder) / "manifest.json"
        plain = json.loads(path.read_text())
        change(plain)
        path.write_text(json.dumps(plain))

    monkeypatch.setattr(Manifest, "write", wrong)


def test_a_wrong_order_of_categories_is_found_by_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, lambda plain: plain["encoders"][1]["categories"].reverse())
    reason = refusal(tmp_path / "artefact", *table(), formats=("pt2",))
    assert reason.startswith("pt2: batch 256: output 'probabilities'")


def test_a_wrong_order_of_classes_in_the_manifest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, lambda plain: plain["classes"].reverse())
    reason = refusal(tmp_path / "artefact", *table(), formats=("pt2",))
    assert reason.startswith("manifest: classes must be ['low'")


def test_a_type_that_the_manifest_does_not_say_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, lambda plain: plain["outputs"][0].update(dtype="float64"))
    reason = refusal(tmp_path / "artefact", *table(), formats=("pt2",))
    assert "must be of type float64, got float32" in reason


def test_weights_that_do_not_read_back_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FORMATS["safetensors"].write

    def one_bit(self: Any, graph: AnswerGraph, example: Any, dynamic: Any, path: Path) -> None:
        write(self, graph, example, dynamic, path)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)

    monkeypatch.setattr(FORMATS["safetensors"], "write", one_bit)
    reason = refusal(tmp_path / "artefact", *table(), formats=("pt2", "safetensors"))
    assert reason.startswith("safetensors: ")
    assert reason.endswith("differs from the model's own")


def test_the_first_value_that_differs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "onnx", None, edit_weight)
    reason = refusal(tmp_path / "artefact", *table(), formats=("onnx",))
    assert " (it begins at " in reason


def test_a_reference_that_goes_another_way_is_told_by_the_part(tmp_path: Path) -> None:
    pipeline, samples = table()

    def shifted(rows: Any) -> Any:
        first: Any = pipeline.network
        handle = first[1].register_forward_hook(lambda module, input, output: output + 1)
        try:
            return own(rows)
        finally:
            handle.remove()

    own = pipeline.answers
    wrong = replace(pipeline, answer=shifted)
    reason = refusal(tmp_path / "artefact", wrong, samples, formats=("pt2",))
    assert "it begins at network.2 (ReLU): row " in reason


def test_a_file_that_swallows_nan_takes_finite_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(graph: AnswerGraph) -> None:
        graph.network = Filled(graph.network)

    plant(monkeypatch, "pt2", fill)
    pipeline = Pipeline(nn.Linear(3, 2))
    samples = torch.randn(300, 3)
    artefact = export(pipeline, tmp_path / "artefact", samples=samples, formats=("pt2",))
    assert artefact.manifest.inputs[0].finite
    (remark,) = artefact.manifest.verification["remarks"]
    assert remark.startswith("input 'input' must be finite: pt2 gives other answers")


def test_an_opset_that_rounds_halves_up_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_up(model: onnx.ModelProto) -> None:
        (node,) = [node for node in model.graph.node if node.op_type == "Round"]
        half = onnx.numpy_helper.from_array(np.array(0.5, np.float32), "half")
        model.graph.initializer.append(half)
        add = onnx.helper.make_node("Add", [node.input[0], "half"], ["raised"])
        floor = onnx.helper.make_node("Floor", ["raised"], list(node.output))
        model.graph.node.remove(node)
        model.graph.node.extend([add, floor])

    plant(monkeypatch, "onnx", None, half_up)
    samples = torch.arange(600).reshape(300, 2) / 2
    reason = refusal(tmp_path / "artefact", Pipeline(Rounded()), samples)
    assert "output 'output'" in reason


def test_a_dropout_left_on_in_the_module_itself_is_said_to_be_so(tmp_path: Path) -> None:
    pipeline = Pipeline(nn.Sequential(nn.Linear(3, 2), AlwaysDropout()))
    with pytest.raises(ExportError, match="the module's own answers must not depend on the call"):
        export(pipeline, tmp_path / "artefact", samples=torch.randn(300, 3))
    assert names(tmp_path) == []


class Last(nn.Module):
    """The last step of a sequence."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input.flip(1)[:, 0]


def test_a_length_that_was_baked_in_is_found_though_all_samples_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, lengths = torch.randn(300, 8, 3), {"input": 1}
    artefact = export(
        Last(), tmp_path / "right", samples=samples, lengths=lengths, formats=("pt2",)
    )
    assert artefact.manifest.inputs[0].shape == ("batch", "length", 3)

    def bake(graph: AnswerGraph) -> None:
        graph.network = Baked()

    plant(monkeypatch, "pt2", bake)
    with pytest.raises(GateRefused, match="with a shorter length: batch 32: output 'output'"):
        export(Last(), tmp_path / "wrong", samples=samples, lengths=lengths, formats=("pt2",))


class Baked(nn.Module):
    """Right at 8 steps alone."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        scale = torch.ones(1) + (8 - input.shape[1])
        return input.flip(1)[:, 0] * scale


# No false alarm.


def kit_model(kind: Kind | None) -> Pipeline:
    torch.manual_seed(0)
    if kind is None:
        answer = RegressionAnswer()
        answer.mean += 2015
        answer.std *= 9
        return Pipeline(MLP(6, 1), None, answer)
    return Pipeline(MLP(6, 1 if kind == "binary" else 4, dropout=0.5), None, ClassAnswer(kind))


@pytest.mark.parametrize(
    ("kind", "spread"),
    [
        ("multiclass", 1),
        (None, 1),
        *(
            pytest.param(kind, spread, marks=pytest.mark.slow)
            for kind in ("multiclass", "binary", "multilabel", None)
            for spread in (1, 1000)
        ),
    ],
)
def test_models_of_the_kit_pass(tmp_path: Path, kind: Kind | None, spread: float) -> None:
    # Spread widely, probabilities are 0 and 1 to the last digit.
    samples = torch.randn(300, 6) * spread
    export(kit_model(kind), tmp_path / "artefact", samples=samples, formats=("onnx", "pt2"))


@pytest.mark.parametrize(
    "dtype", [torch.uint8, pytest.param(torch.float32, marks=pytest.mark.slow)]
)
def test_pictures_pass(tmp_path: Path, dtype: torch.dtype) -> None:
    pictures = torch.randint(0, 256, (260, 1, 8, 8)).to(dtype)
    pipeline = Pipeline(nn.Sequential(CNN(1, 3)), AsFloat(), ClassAnswer())
    artefact = export(pipeline, tmp_path / "artefact", samples=pictures)
    assert artefact.manifest.inputs[0].dtype == str(dtype).removeprefix("torch.")


class AsFloat(nn.Module):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input / 255


@pytest.mark.parametrize(
    "weights",
    [
        "ties",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("constant", "infinite", "amplified")
        ),
    ],
)
def test_ties_constants_infinities_and_large_numbers_pass(tmp_path: Path, weights: str) -> None:
    layer = nn.Linear(4, 3)
    with torch.no_grad():
        if weights == "ties":
            layer.weight[1] = layer.weight[0]
            layer.bias[1] = layer.bias[0]
        elif weights == "constant":
            layer.weight.zero_()
        elif weights == "infinite":
            layer.bias[1] = float("-inf")
        else:
            # Differences of large numbers: rounding is 1e-4 of what is left.
            layer.weight.mul_(1e3)
            layer.bias.add_(1e3)
    pipeline = Pipeline(nn.Sequential(layer), None, ClassAnswer())
    export(pipeline, tmp_path / "artefact", samples=torch.randn(300, 4))


@pytest.mark.parametrize("seed", range(3))
def test_half_precision_passes(seed: int, tmp_path: Path) -> None:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)).half()
    samples = torch.randn(300, 4).half()
    pipeline = Pipeline(network)
    artefact = export(pipeline, tmp_path / "artefact", samples=samples, formats=["pt2", "onnx"])
    assert artefact.manifest.verification["tolerance"]["relative"] == 5e-3


# What is left where something goes wrong.


def test_an_existing_out_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    out = tmp_path / "artefact"
    out.mkdir()
    with pytest.raises(ExportError, match="out must not exist"):
        export(nn.Identity(), out, samples=torch.randn(3, 2))
    assert names(tmp_path) == ["artefact"]


@pytest.mark.parametrize("where", ["write_golden", "model_card", "replay"])
def test_an_exception_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*args: Any, **options: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    home: Any = {
        "write_golden": "lightning_kit.artefact.golden.write_golden",
        "model_card": "lightning_kit.export.card.model_card",
        "replay": "lightning_kit.artefact.folder.Artefact.replay",
    }[where]
    monkeypatch.setattr(home, full)
    formats = ("onnx",) if where == "replay" else ("pt2",)
    with pytest.raises(ExportError, match="No space"):
        export(nn.Linear(2, 2), tmp_path / "artefact", samples=torch.randn(9, 2), formats=formats)
    assert names(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("name", ["onnx", "pt2", "torchscript", "safetensors"])
def test_a_full_disk_leaves_nothing(small_disk: Path, name: str) -> None:
    formats = ("onnx", name) if name == "safetensors" else (name,)
    # The weights alone are more than there is, or fit once and not twice.
    size = 200 if name != "safetensors" else 110
    with pytest.raises(ExportError, match="out must be where there is room"):
        export(
            nn.Linear(size, size), small_disk / "artefact",
            samples=torch.randn(9, size), formats=formats,
        )  # fmt: skip
    assert names(small_disk) == []


def test_a_pass_takes_away_an_older_refusal(tmp_path: Path) -> None:
    (tmp_path / "artefact-refused.json").write_text("{}")
    export(nn.Linear(2, 2), tmp_path / "artefact", samples=torch.randn(9, 2), formats=("pt2",))
    assert names(tmp_path) == ["artefact"]
    assert os.access(tmp_path / "artefact", os.R_OK)


# Options.


class WithExample(nn.Linear):
    example_input_array = torch.randn(1, 4) * 3


def test_without_samples_rows_are_like_the_example_and_that_is_said(tmp_path: Path) -> None:
    artefact = export(WithExample(4, 2), tmp_path / "artefact", formats=("pt2",))
    (remark,) = artefact.manifest.verification["remarks"]
    assert remark == "no samples were given: 256 random rows like example_input_array"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "samples must be given, or example_input_array be set in Linear"),
        ({"formats": ("onxx",)}, r"formats must be among \['onnx', .* got 'onxx'"),
        ({"formats": ("safetensors",)}, "formats must have one with a graph"),
        ({"formats": ("pt2",), "opset": 20}, "opset must be left out"),
        ({"max_loss": MetricBound()}, "max_loss must be left out"),
        ({"samples": torch.ones(3, 2), "quantize": "int8"}, "quantize must have measure"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ExportError, match=said) as error:
        export(nn.Linear(2, 2), tmp_path / "artefact", **options)
    assert "\n" not in str(error.value)
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["int8", "int8-dynamic", "fp16"])
def test_a_quantized_file_keeps_its_metrics(tmp_path: Path, kind: str) -> None:
    pipeline, samples = table()
    artefact = export(
        pipeline, tmp_path / "artefact", samples=samples, measure=accuracy, quantize=kind,
        formats=("onnx",), max_loss=MetricBound(absolute=0.05),
    )  # fmt: skip
    assert artefact.manifest.formats["onnx"]["quantized"] == kind
    found = artefact.manifest.verification["formats"]["onnx"]
    assert found["metrics"]["accuracy"]["loss"] <= 0.05
    assert found["outputs"]["probabilities"]["share"] > 1


def test_a_quantized_file_that_loses_too_much_is_refused(tmp_path: Path) -> None:
    pipeline, samples = table()
    reason = refusal(
        tmp_path / "artefact", pipeline, samples, measure=accuracy, quantize="int8",
        max_loss=MetricBound(absolute=-1.0),
    )  # fmt: skip
    assert "metric 'accuracy' must not lose more than -1" in reason


def test_training_rows_are_described_where_given(tmp_path: Path) -> None:
    pipeline, samples = table()
    artefact = export(
        pipeline, tmp_path / "artefact", samples=samples, training=samples.rows, formats=("pt2",)
    )
    assert artefact.manifest.statistics["of"] == "training rows"
    assert isinstance(artefact, Artefact)


def test_samples_may_be_few(tmp_path: Path) -> None:
    samples = Samples({"input": np.ones((1, 2), np.float32)})
    artefact = export(nn.Linear(2, 2), tmp_path / "artefact", samples=samples, formats=("pt2",))
    assert (
        "1 samples are all there were; 256 are better" in artefact.manifest.verification["remarks"]
    )
