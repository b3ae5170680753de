import numpy as np
import torch
from programs.planted import table
from torch import nn

from lightning_kit.artefact.encoders import encode
from lightning_kit.export.parts import Parts, encoded
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.samples import Samples


def test_a_table_becomes_one_input_of_two_rows() -> None:
    pipeline, samples = table(400)
    parts = Parts.of(pipeline, samples, None)
    assert len(parts.calibration()["input"]) == 256
    assert len(parts.example["input"]) == 2
    assert parts.dynamic == {"input": {0: "batch"}}
    assert list(parts.graph.output_names) == ["probabilities", "prediction", "confidence"]
    assert parts.statistics(None)["of"] == "validation samples"
    assert parts.statistics(samples.rows)["of"] == "training rows"
    assert parts.statistics(samples.rows)["rows"] == 400
    assert parts.statistics(None)["rows"] == 256


def test_inputs_that_were_computed_already_are_taken() -> None:
    inputs = {"input": np.full((3, 4), 7, np.float32)}
    samples = Samples({"input": np.zeros((3, 4), np.float32)}, inputs=inputs)
    parts = Parts.of(Pipeline(nn.Linear(4, 2)), samples, None)
    assert torch.equal(parts.example["input"], torch.full((2, 4), 7.0))


def test_encoders_make_the_input() -> None:
    pipeline, samples = table(5)
    assert pipeline.encoders is not None
    found = encoded(samples.rows, pipeline.encoders)["input"]
    np.testing.assert_array_equal(found, encode(samples.rows, pipeline.encoders))
    picture = {"kind": "image", "column": "photo", "mode": "L", "size": [4, 4]}
    pictures = encoded({"photo": [np.zeros((8, 8), np.uint8)]}, [picture])["input"]
    assert pictures.shape == (1, 1, 4, 4)
    arrays = {"a": np.ones(2)}
    assert encoded(arrays, None) == arrays
