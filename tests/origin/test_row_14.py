"""Row 14: ``torch.cuda.empty_cache()`` where it is wanted."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from programs.stock import stock


def test_the_cache_is_emptied_at_the_event_and_without_an_accelerator_nothing_is(
    plain_recipe: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    # As printed: without a GPU it does nothing.
    torch.cuda.empty_cache()
    action = {"class_path": "lightning_kit.callbacks.actions.EmptyCache"}
    plain_recipe["trainer"] |= {
        "max_epochs": 4,
        "logger": False,
        "enable_checkpointing": False,
        "callbacks": [
            {
                "class_path": "lightning_kit.callbacks.OnEvent",
                "init_args": {"action": action, "event": "epoch_completed", "every": 2},
            }
        ],
    }
    Path("row.yaml").write_text(yaml.safe_dump(plain_recipe))
    stock("fit", "-c", "row.yaml")

    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "empty_cache", lambda: said.append("emptied"))
    stock("fit", "-c", "row.yaml")
    assert said == ["emptied", "emptied"]
