import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from programs.planted import accuracy, table
from torch import nn

from lightning_kit.artefact.golden import read_golden
from lightning_kit.export import MetricBound, export


def test_golden_rows_are_raw_and_few_where_they_are_large(tmp_path: Path) -> None:
    pictures = torch.randint(0, 256, (20, 3, 224, 224), dtype=torch.uint8)
    network = nn.Sequential(nn.Flatten(), AsFloat(), nn.Linear(3 * 224 * 224, 2))
    artefact = export(network, tmp_path / "artefact", samples=pictures, formats=("pt2",))
    golden = read_golden(artefact.path, artefact.columns)
    # 150,528 numbers a picture: three are half a million.
    assert len(golden.inputs["input"]) == 3
    np.testing.assert_array_equal(golden.inputs["input"][0], pictures[0].numpy())


class AsFloat(nn.Module):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return input.float() / 255


def test_golden_rows_hold_no_more_columns_than_are_asked_for(tmp_path: Path) -> None:
    pipeline, samples = table()
    rows = {**samples.rows, "secret": ["x"] * len(samples)}
    artefact = export(pipeline, tmp_path / "artefact", samples=rows, formats=("pt2",))
    lines = (artefact.path / "golden.jsonl").read_text().splitlines()
    assert len(lines) == 16
    assert set(json.loads(lines[0])) == {"size", "colour", "day"}


def test_what_a_quantized_file_lost_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, samples = table()
    with caplog.at_level(logging.INFO, "lightning_kit.export.finish"):
        export(
            pipeline, tmp_path / "artefact", samples=samples, formats=("onnx",), measure=accuracy,
            quantize="int8", max_loss=MetricBound(absolute=0.1),
        )  # fmt: skip
    assert "int8: accuracy " in caplog.text
    assert "of the model itself 1" in caplog.text
