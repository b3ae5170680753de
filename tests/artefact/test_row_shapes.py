import numpy as np

from lightning_kit.artefact.row_shapes import several_shapes


def test_each_shape_is_named_once() -> None:
    said = several_shapes("map", [np.ones((2, 8)), np.ones((1, 8)), np.ones(1)])
    assert said.startswith("output 'map' must have one shape a row for one table, got (8,), (): ")
