from dataclasses import replace

from lightning_kit.artefact.manifest import Manifest, TensorSpec
from lightning_kit.export.card import model_card

MANIFEST = Manifest(
    name="digits <b> _x_y__",
    created="2026-01-01T00:00:00+00:00",
    inputs=(TensorSpec("input", "float32", ("batch", 3)),),
    outputs=(TensorSpec("prediction", "int64", ("batch",)),),
    classes=["cat", "dog|wolf"],
    encoders=None,
    statistics={},
    formats={"onnx": {"file": "model.onnx", "bytes": 2000, "latency_us": {"1": 14.0, "64": 72.0}}},
    left_out={"pt2": "no sort"},
    lineage={"run": "digits/1", "git_commit": None},
    versions={"torch": "2.13"},
    verification={
        "samples": 300,
        "one_by_one": 256,
        "metrics": {"f1": {"value": 0.91, "low": 0.88, "high": 0.94}},
        "formats": {"onnx": {"batches": {"batch 1": 0.01, "batch 256": 0.02}}},
        "remarks": ["20 samples are few"],
    },
    files={"model.onnx": "0" * 64},
)


def test_it_says_what_the_manifest_says() -> None:
    card = model_card(MANIFEST)
    for said in (
        "# digits \\<b\\> \\_x_y\\_\\_",
        "| input | float32 | batch x 3 |", "| prediction | int64 | batch |",
        "In order: cat, dog\\|wolf.", "On 300 validation samples", "| f1 | 0.91 | 0.88 | 0.94 |",
        "256 of them also one by one", "| onnx | model.onnx | 2 | 14 | 72 |",
        "- pt2: no sort", "- run: digits/1", "- torch: 2.13", "Note: 20 samples are few.",
    ):  # fmt: skip
        assert said in card, said
    assert "commit" not in card


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(MANIFEST, classes=None, left_out={}, lineage={}, verification={"samples": 3})
    card = model_card(bare)
    for title in ("## Classes", "## Left out", "## Where it comes from", "## Measured"):
        assert title in model_card(MANIFEST)
        assert title not in card


def test_raw_columns_stand_for_inputs_and_a_quantized_file_is_said_to_be_one() -> None:
    encoders = [{"kind": "category", "column": "colour"}]
    formats = {"onnx": {"file": "model.onnx", "bytes": 1, "quantized": "int8"}}
    card = model_card(replace(MANIFEST, encoders=encoders, formats=formats))
    assert "| colour | category |" in card
    assert "model.onnx is quantized (int8)" in card


def test_it_is_written_for_people() -> None:
    of_data = {"class": "Digits", "dealt": {"fractions": [0.7, 0.3], "seed": 0}}
    outputs = {"confidence": {"largest": 2.4e-07, "p99": 1.2e-07, "share": 0.006}}
    numbers = {"mean": 1.5, "std": 0.5, "min": 1.0, "max": 2.0, "missing": 0}
    manifest = replace(
        MANIFEST,
        lineage={"git_commit": "abc", "trained_with": {"torch": "2.13"}, "data": of_data},
        statistics={"of": "training rows", "rows": 1257, "columns": {"size_cm": numbers}},
        verification={
            "samples": 300,
            "tolerance": {"absolute": 1e-05, "relative": 0.0001},
            "formats": {"onnx": {"outputs": outputs}},
        },
    )
    card = model_card(manifest)
    for said in (
        "- git commit: abc", "- trained with, torch: 2.13", "- data, class: Digits",
        "- data, dealt, fractions: 0.7, 0.3", "- data, dealt, seed: 0",
        "| onnx | confidence | 2.4e-07 | 1.2e-07 |", "Allowed is 1e-05 and 0.0001 of the value",
        "Of 1257 training rows", "| size_cm | 1.5 | 0.5 | 1 | 2 | 0 |",
    ):  # fmt: skip
        assert said in card, said
    assert not set("{}'") & set(card.replace("model's", ""))
