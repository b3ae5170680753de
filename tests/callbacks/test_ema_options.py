"""What EMA refuses when it is built, and what a preset stands for."""

from typing import Any

import pytest

from lightning_kit.callbacks.ema import EMA


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"decay": 0.5, "momentum": 0.5}, "decay=0.5 and momentum=0.5 exclude each other"),
        ({"decay": 1.0}, "decay must be at least 0 and below 1, got 1.0"),
        ({"decay": -0.1}, "decay must be"),
        ({"decay": float("nan")}, "decay must be"),
        ({"momentum": 0.0}, "momentum must be above 0 and at most 1, got 0.0"),
        ({"momentum": 1.5}, "momentum must be"),
        ({"momentum_warmup": 0.5}, "need each other: give both"),
        ({"warmup_iters": 5}, "need each other: give both"),
        ({"momentum_warmup": 0.0, "warmup_iters": 5}, "momentum_warmup must be above 0"),
        ({"momentum_warmup": 0.5, "warmup_iters": 0}, "warmup_iters must be at least 1 update"),
        ({"buffers": "update"}, "buffers must be one of .*, got 'update'"),
        ({"init": "zero"}, "init must be one of"),
        ({"update_on": "epoch"}, "update_on must be one of"),
        ({"final": "both"}, "final must be one of"),
        ({"preset": "keras"}, "preset must be one of"),
        ({"buffers": "copy", "use_buffers": True}, "say the same thing twice"),
    ],
)
def test_what_is_impossible_is_refused(arguments: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EMA(**arguments)


def test_what_is_given_wins_over_the_preset() -> None:
    ema = EMA(preset="ignite", final="ema")
    assert (ema.init, ema.update_on, ema.buffers, ema.final) == (
        "blend",
        "iteration",
        "copy",
        "ema",
    )
    assert ema.momentum_at(1) == 2e-4
    assert EMA(preset="ignite", decay=0.75).momentum_at(1) == 0.25
    assert EMA(use_buffers=False).buffers == "copy"


def test_the_momentum_moves_in_a_line() -> None:
    """Five updates from 0.1 to 0.5: 0.1, 0.2, 0.3, 0.4, 0.5, and so on."""
    ema = EMA(momentum=0.5, momentum_warmup=0.1, warmup_iters=5)
    assert [round(ema.momentum_at(u), 9) for u in range(1, 8)] == [
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
        0.5,
        0.5,
    ]
