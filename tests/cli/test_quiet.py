"""Only what is expected is kept back, and only for a while."""

import logging
import warnings

import pytest

from lightning_kit.cli.quiet import quiet


def test_expected_warnings_are_hidden_and_others_shown() -> None:
    with quiet():
        warnings.warn("The dirpath has changed from a to b", stacklevel=1)
    with quiet(), pytest.warns(UserWarning, match="other"):
        warnings.warn("other", stacklevel=1)
    with pytest.raises(UserWarning, match="The dirpath"):
        warnings.warn("The dirpath has changed from a to b", stacklevel=1)


def test_only_plain_text_may_be_said_not_to_serialize() -> None:
    said = "\n    Unable to serialize instance {}\n"
    with quiet():
        warnings.warn(said.format("l1_unstructured"), stacklevel=1)
    with quiet(), pytest.warns(UserWarning, match="Unable"):
        warnings.warn(said.format("<torch.Thing object at 0x7f>"), stacklevel=1)


def test_advertisements_are_hidden_and_remarks_shown(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    with quiet(), caplog.at_level(logging.INFO, log.name):
        log.info("Tip: For seamless cloud logging, install this")
        log.info("stopped")
    with caplog.at_level(logging.INFO, log.name):
        log.info("Tip: For seamless cloud logging, once more")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["stopped", "Tip: For seamless cloud logging, once more"]


def test_a_block_within_another_leaves_it_quiet(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    with caplog.at_level(logging.INFO, log.name), quiet():
        with quiet():
            pass
        log.info("Tip: For seamless cloud uploads")
    assert not caplog.records
