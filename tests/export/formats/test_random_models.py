"""Fifty random stacks of common layers: what a file answers is what eager answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from programs.exported import batches
from programs.random_models import random_model

from lightning_kit.export.difference import differences
from lightning_kit.export.examples import example_of
from lightning_kit.export.formats import FORMATS
from lightning_kit.export.pipeline import Pipeline
from lightning_kit.export.tolerance import tolerance_of

QUICK = 8
SEEDS = [
    pytest.param(seed, marks=[pytest.mark.slow] if seed >= QUICK else []) for seed in range(50)
]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_answers_as_eager_does(seed: int, tmp_path: Path) -> None:
    network, inputs = random_model(seed)
    with torch.no_grad():
        network.eval()(torch.from_numpy(inputs["input"]))  # lazy layers take their sizes
    network.train()
    pipeline = Pipeline(network)
    example, dynamic = example_of(inputs)
    graph = pipeline.graph(example)
    tolerance = tolerance_of(["float32"])
    for name in ("onnx", "pt2"):
        kind = FORMATS[name]()
        path = tmp_path / kind.file_name
        kind.write(graph, example, dynamic, path)
        answer = kind.open(path)
        for batch in batches(inputs):
            expected = pipeline.answers(batch)
            assert np.isfinite(expected["output"]).all()
            for difference in differences([expected], answer(batch), tolerance):
                assert difference.passed, difference
