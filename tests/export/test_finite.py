"""What a file answers otherwise than the model is refused by the artefact, not guessed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from programs.artefacts import write_table
from programs.sequences import PaddedTransformer, RecurrentClassifier, padded_ids
from torch import nn

from lightning_kit.artefact import Artefact
from lightning_kit.artefact.encoders import RawRowsError
from lightning_kit.artefact.manifest import Manifest
from lightning_kit.export import MetricBound, Pipeline, Samples, export
from lightning_kit.export.finite import with_finite
from lightning_kit.export.tolerance import TOLERANCES
from lightning_kit.export.verdict import FormatVerdict, Verdict
from lightning_kit.models.answers import ClassAnswer
from lightning_kit.models.mlp import MLP


def refused(artefact: Artefact, rows: Any, message: str) -> None:
    with pytest.raises(RawRowsError, match=message):
        artefact.answer(rows)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("missing", [0, 5])
def test_a_recurrent_classifier_takes_finite_rows(tmp_path: Path, kind: Any, missing: int) -> None:
    torch.manual_seed(0)
    module = RecurrentClassifier(kind)
    rows = torch.randn(64, 6, 3)
    rows[:missing, 2] = torch.nan
    artefact = export(module, tmp_path / "artefact", samples=rows)
    (spec,) = artefact.manifest.inputs
    assert spec.finite
    remarks = artefact.manifest.verification["remarks"]
    assert [each for each in remarks if each.startswith("input 'input' must be finite: onnx gives")]
    with torch.inference_mode():
        expected = module.eval()(rows[missing:]).numpy()
    found = artefact.answer({"input": rows[missing:].numpy()})["output"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    bad = rows[8:10].numpy().copy()
    bad[1, 3, 2] = np.inf
    refused(artefact, {"input": bad}, r"row 2, column 'input': must be finite at element \[3, 2\]")


def test_a_padded_transformer_is_exported_and_agrees(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, ids = PaddedTransformer(), padded_ids(64)
    artefact = export(module, tmp_path / "artefact", samples=ids)
    assert not any(spec.finite for spec in artefact.manifest.inputs)
    other = padded_ids(9)
    with torch.inference_mode():
        expected = module.eval()(other).numpy()
    found = artefact.answer({"input": other.numpy()})["output"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def classifier() -> tuple[Pipeline, Samples]:
    torch.manual_seed(0)
    pipeline = Pipeline(MLP(6, 3, hidden=[32]), postprocess=ClassAnswer())
    rows: Any = {"input": np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)}
    return pipeline, Samples(rows, target=pipeline.answers(rows)["prediction"])


def accuracy(answers: Any, target: Any) -> dict[str, float]:
    return {"accuracy": float((answers["prediction"] == target).mean())}


@pytest.mark.parametrize("kind", ["int8", "fp16"])
def test_a_quantized_file_has_a_number_where_the_model_has(tmp_path: Path, kind: str) -> None:
    pipeline, samples = classifier()
    artefact = export(
        pipeline, tmp_path / "artefact", samples=samples, measure=accuracy, quantize=kind,
        max_loss=MetricBound(0.1), formats=["onnx"],
    )  # fmt: skip
    assert artefact.manifest.verification["formats"]["onnx"]["extremes"]["tried"] == 10
    assert np.isfinite(artefact.answer({"input": np.full((1, 6), 3e6)})["probabilities"]).all()
    nothing = {"input": np.full((1, 6), np.nan)}
    # Whole numbers hold no NaN.
    assert [spec.finite for spec in artefact.manifest.inputs] == [kind == "int8"]
    if kind == "int8":
        refused(artefact, nothing, "column 'input': must be finite")
    else:
        assert np.isnan(artefact.answer(nothing)["probabilities"]).all()


def test_what_overflows_and_what_is_answered_all_the_same(tmp_path: Path) -> None:
    rows: Any = {"input": np.ones((2, 3), np.float32), "other": np.ones((2, 1), np.float32)}
    folder = write_table(tmp_path / "small", {"input": rows["input"]}, encoders=None)
    manifest = Manifest.read(folder)
    found = FormatVerdict(overflow=["probabilities"])
    verdict = Verdict(2, 2, TOLERANCES["float32"], {"onnx": found})
    done = with_finite(folder, manifest, verdict, Samples(rows))
    assert [spec.finite for spec in done.outputs] == [True, False]
    assert Manifest.read(folder) == done
    assert verdict.remarks[0].startswith("output 'probabilities' must be finite: rows so far out")
    # The graph has no such input, so that nothing is refused.
    found.finite = ["other"]
    with_finite(folder, manifest, verdict, Samples(rows))
    assert verdict.reason == "manifest: other with NaN at 0: must be refused, and is answered"


# torch leaves it untyped.
JIT: Any = torch.jit


class Swallowing(nn.Linear):
    """Takes NaN for 0 where TorchScript traces it, and nowhere else."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return super().forward(input.nan_to_num() if JIT.is_tracing() else input)


def test_a_file_beside_onnx_refuses_no_row_that_onnx_answers(tmp_path: Path) -> None:
    rows = torch.randn(64, 3)
    artefact = export(
        Swallowing(3, 2), tmp_path / "both", samples=rows, formats=["onnx", "torchscript"]
    )
    assert not any(spec.finite for spec in artefact.manifest.inputs)
    assert np.isnan(artefact.answer({"input": np.full((1, 3), np.nan)})["output"]).all()
    assert artefact.manifest.verification["remarks"][-1] == (
        "input 'input' must be finite for these files: torchscript gives other answers than the "
        "model to rows with NaN or infinities"
    )
    alone = export(Swallowing(3, 2), tmp_path / "alone", samples=rows, formats=["torchscript"])
    assert all(spec.finite for spec in alone.manifest.inputs)


def test_other_models_take_what_is_not_finite(tmp_path: Path) -> None:
    artefact = export(nn.Linear(4, 2), tmp_path / "artefact", samples=torch.randn(64, 4))
    assert not any(spec.finite for spec in artefact.manifest.inputs)
    assert np.isnan(artefact.answer({"input": np.full((1, 4), np.nan)})["output"]).all()
