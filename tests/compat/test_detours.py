"""A detour holds until it ends, in any order."""

import pytest
import pytorch_lightning as pl
from programs.plain import PlainData, PlainModule
from programs.traced import QUIET

from lightning_kit import compat


def test_a_detour_holds_until_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    class Owner:
        def say(self) -> str:
            return "stock"

    owner = Owner()
    first = compat.detour(owner, "say", lambda method: lambda: method() + " first")
    second = compat.detour(owner, "say", lambda method: lambda: method() + " second")
    assert owner.say() == "stock first second"
    # Another lies around it: it lets calls pass, and goes with that one.
    first()
    assert owner.say() == "stock second"
    second()
    first()
    assert owner.say() == "stock"
    assert vars(owner) == {}
    compat.detour(owner, "sing", lambda method: method)()
    assert "Owner has no sing to listen to" in caplog.text


@pytest.mark.parametrize("raises", [True, False])
def test_after_an_interruption_but_not_after_a_fit(raises: bool) -> None:
    said: list[str] = []
    trainer = pl.Trainer(max_epochs=1, **QUIET)
    undo = compat.after_interruption(trainer, lambda: said.append("interrupted"))
    if raises:
        with pytest.raises(RuntimeError, match="cursed"):
            trainer.fit(PlainModule(fail_at=2), PlainData())
    else:
        trainer.fit(PlainModule(), PlainData())
    assert said == ["interrupted"] * raises
    undo()
    assert "_teardown" not in vars(trainer)
