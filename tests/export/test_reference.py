from typing import Any

import numpy as np
import pytest

from lightning_kit.export.asking import Answers
from lightning_kit.export.errors import ExportError
from lightning_kit.export.reference import Reference
from lightning_kit.export.samples import Samples
from lightning_kit.export.tolerance import TOLERANCES

FLOAT32 = TOLERANCES["float32"]
SAMPLES = Samples({"x": np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)})


def total(rows: Any) -> Answers:
    return {"y": rows["x"].sum(axis=1)}


def test_it_holds_full_batches_and_256_rows_alone_and_in_pairs() -> None:
    sizes: list[int] = []

    def counted(rows: Any) -> Answers:
        sizes.append(len(rows["x"]))
        return total(rows)

    reference = Reference.of(counted, SAMPLES, FLOAT32)
    assert sizes == [256, 44] + [1] * 256 + [2] * 128 + [256, 44]
    assert len(reference.full["y"]) == 300
    for answers in reference.spans():
        np.testing.assert_allclose(answers["y"], reference.full["y"][reference.at], rtol=1e-5)
    assert reference.remarks() == []


def test_a_reference_that_draws_anew_is_refused() -> None:
    generator = np.random.default_rng(0)

    def dropout(rows: Any) -> Answers:
        return {"y": total(rows)["y"] * generator.integers(0, 2, len(rows["x"]))}

    with pytest.raises(ExportError, match=r"asked again, output 'y', row \d+ must be"):
        Reference.of(dropout, SAMPLES, FLOAT32)


def test_a_reference_that_depends_on_its_batch_is_refused() -> None:
    def normalised(rows: Any) -> Answers:
        return {"y": total(rows)["y"] - rows["x"].mean()}

    with pytest.raises(ExportError, match=r"asked one by one, output 'y'"):
        Reference.of(normalised, SAMPLES, FLOAT32)


def test_a_reference_whose_rounding_depends_on_its_batch_is_none() -> None:
    def rounded(rows: Any) -> Answers:
        return {"y": total(rows)["y"] * np.float32(1 + 3e-4 / len(rows["x"]))}

    reference = Reference.of(rounded, SAMPLES, FLOAT32)
    assert np.abs(reference.alone["y"] / reference.some()["y"] - 1).max() > 2e-4


def test_what_tells_nothing_is_remarked() -> None:
    def answer(rows: Any) -> Answers:
        rows = len(rows["x"])
        return {"same": np.ones(rows), "odd": np.r_[np.nan, np.arange(rows - 1.0)][-rows:]}

    full = answer({"x": range(5)})
    reference = Reference(full, np.arange(5), full, full)
    assert reference.remarks() == [
        "output 'same' is the same for all samples",
        "output 'odd' is not finite in 1 samples",
    ]
