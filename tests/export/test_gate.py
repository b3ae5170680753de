from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lightning_kit.artefact.encoders import encode, fit_encoders
from lightning_kit.export.errors import ExportError
from lightning_kit.export.gate import Candidate, gate
from lightning_kit.export.loss import MetricBound
from lightning_kit.export.samples import Samples

RANDOM = np.random.default_rng(0)
COLOURS = ["red", "green", "blue", ""]
ROWS: dict[str, Any] = {
    "size": RANDOM.normal(size=400).tolist(),
    "colour": [COLOURS[place] for place in RANDOM.integers(0, 4, 400)],
}
ENCODERS = fit_encoders(ROWS, {"size": "number", "colour": "category"})
WEIGHT = RANDOM.normal(size=5).astype(np.float32)
SAMPLES = Samples(ROWS, target=RANDOM.normal(size=400))


def run(inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {"prediction": (inputs["input"] * WEIGHT).sum(axis=1)}


def encode_as(encoders: Any) -> Any:
    return lambda rows: {"input": encode(rows, encoders)}


def answer(rows: Any) -> dict[str, NDArray[Any]]:
    return run(encode_as(ENCODERS)(rows))


def mae(answers: Mapping[str, NDArray[Any]], target: Any) -> dict[str, float]:
    return {"mae": float(np.abs(answers["prediction"] - target).mean())}


def test_a_file_that_agrees_passes_with_all_that_was_measured() -> None:
    candidate = Candidate(encode_as(ENCODERS), run)
    verdict = gate(answer, {"onnx": candidate}, SAMPLES, encoders=ENCODERS, measure=mae, eager=run)
    assert verdict.reason == ""
    assert verdict.passed
    assert (verdict.samples, verdict.one_by_one) == (400, 256)
    metric = verdict.metrics["mae"]
    assert metric["low"] < metric["value"] < metric["high"]
    assert set(verdict.eager_us) == set(verdict.formats["onnx"].latency_us) == {"1", "64"}
    assert verdict.remarks == []


def test_a_wrong_order_of_categories_is_found() -> None:
    wrong = [dict(encoder) for encoder in ENCODERS]
    wrong[1]["categories"] = wrong[1]["categories"][::-1]
    files = {"pt2": Candidate(encode_as(ENCODERS), run), "onnx": Candidate(encode_as(wrong), run)}
    verdict = gate(answer, files, SAMPLES, encoders=ENCODERS)
    assert not verdict.passed
    assert verdict.formats["pt2"].passed
    assert verdict.reason.startswith("onnx: batch 256: output 'prediction', row ")


def test_few_samples_are_said_to_be_few() -> None:
    few = SAMPLES.take(np.arange(20))
    verdict = gate(answer, {"onnx": Candidate(encode_as(ENCODERS), run)}, few, encoders=ENCODERS)
    assert verdict.remarks == ["20 samples are all there were; 256 are better"]
    assert verdict.metrics == {}


@pytest.mark.parametrize("options", [{}, {"measure": mae}])
def test_a_bound_needs_something_to_measure(options: Any) -> None:
    samples = Samples(ROWS) if options else SAMPLES
    candidate = Candidate(encode_as(ENCODERS), run, MetricBound())
    with pytest.raises(ExportError, match="quantize must have measure and a target"):
        gate(answer, {"onnx": candidate}, samples, encoders=ENCODERS, **options)


def test_the_module_must_agree_with_itself() -> None:
    def unsteady(rows: Any) -> dict[str, NDArray[Any]]:
        return {"prediction": np.random.default_rng().random(len(rows["size"]))}

    with pytest.raises(ExportError, match="must not depend on the call"):
        gate(unsteady, {}, SAMPLES)


def test_samples_that_are_not_finite_are_left_out_where_a_file_disagrees_on_them_alone() -> None:
    x = RANDOM.normal(size=(40, 3)).astype(np.float32)
    x[[0, 7], 1] = np.nan

    def module(rows: Any) -> dict[str, NDArray[Any]]:
        return {"y": rows["x"].sum(axis=1)}

    def forgets(rows: Any) -> dict[str, NDArray[Any]]:
        return {"y": np.nan_to_num(rows["x"]).sum(axis=1)}

    def wrong(rows: Any) -> dict[str, NDArray[Any]]:
        return {"y": np.nan_to_num(rows["x"]).sum(axis=1) + 1}

    def found(run: Any) -> Any:
        return gate(
            module,
            {"onnx": Candidate(lambda rows: {"x": np.asarray(rows["x"])}, run)},
            Samples({"x": x}),
        ).formats["onnx"]

    assert (found(module).reason, found(module).finite) == ("", [])
    assert (found(forgets).reason, found(forgets).finite) == ("", ["x"])
    assert found(wrong).reason.startswith("batch 40: output 'y', row 1 must be nan")
