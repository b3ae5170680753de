import logging
import warnings

import pytest

from lightning_kit.export.formats.quiet import quiet

NAME = "torch.onnx._internal.exporter._registration"


def test_known_noise_alone_is_silenced(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(NAME)
    propagates, logger.propagate = logger.propagate, True
    logger.addHandler(caplog.handler)
    try:
        with quiet():
            logger.warning("torchvision is not installed. Skipping torchvision::nms")
            logger.warning("something else")
        logger.warning("torchvision is not installed")
    finally:
        logger.removeHandler(caplog.handler)
        logger.propagate = propagates
    said = [record.getMessage() for record in caplog.records]
    assert set(said) == {"something else", "torchvision is not installed"}


def test_other_warnings_pass() -> None:
    with quiet():
        warnings.warn("`isinstance(treespec, LeafSpec)` is deprecated", FutureWarning, stacklevel=1)
        warnings.warn(
            "The tensor attributes self.l._flat_weights[0] were assigned", UserWarning, stacklevel=1
        )
        with pytest.warns(FutureWarning, match="another"):
            warnings.warn("another", FutureWarning, stacklevel=1)
