"""A Lightning that is not known line by line, or that was patched, is noticed."""

from unittest import mock

import pytest
import pytorch_lightning as pl
from programs.lean_pairs import Program, pair
from pytorch_lightning.__version__ import version
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.strategies import DDPStrategy, Strategy
from pytorch_lightning.trainer import call

from lightning_kit.loops import fingerprints


def entry() -> str:
    """Return what `KNOWN` needs for the Lightning that is installed."""
    lines = [
        f'        "{name}": "{fingerprints.fingerprint(name)}",' for name in fingerprints.FILES
    ]
    return "\n".join([f'    "{version}": {{', *lines, "    },"])


def test_the_installed_lightning_is_known() -> None:
    assert fingerprints.changed() is None, f"add to KNOWN, after a look at the changes:\n{entry()}"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (call, "_call_strategy_hook"),
        (_TrainingEpochLoop, "advance"),
        (Strategy, "backward"),
        # Not its own: it would go before its parent's.
        (DDPStrategy, "backward"),
        (pl.LightningModule, "log"),
        (_TrainingEpochLoop, "done"),
    ],
)
@pytest.mark.parametrize("with_mock", [True, False])
def test_a_patch_is_named_and_forgotten_when_it_goes(
    owner: object, name: str, with_mock: bool
) -> None:
    new = mock.DEFAULT if with_mock else lambda *_: None
    with mock.patch.object(owner, name, new):
        assert f".{name} was replaced" in str(fingerprints.changed())
    assert fingerprints.changed() is None


def test_an_unknown_version_and_a_changed_file_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = fingerprints._unknown.__wrapped__
    monkeypatch.setattr(fingerprints, "LIGHTNING", "9.9.9")
    assert unknown() == "Lightning 9.9.9 is not among those known: 2.6.6"
    monkeypatch.setattr(fingerprints, "LIGHTNING", "2.6.6")
    first = fingerprints.FILES[0]
    known = {"2.6.6": {**fingerprints.KNOWN["2.6.6"], first: "0" * 12}}
    monkeypatch.setattr(fingerprints, "KNOWN", known)
    assert unknown() == f"{first} is not Lightning 2.6.6's"


def test_a_fit_without_an_optimizer_is_no_patch() -> None:
    """torch wraps the class's ``step`` when the first of its kind is built."""

    class Without(Program):
        def configure_optimizers(self) -> None:
            """Train nothing."""

    pair(Without)
    assert fingerprints.changed() is None
