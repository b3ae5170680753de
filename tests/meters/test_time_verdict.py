"""The largest share names what a step is bound by, and what to try."""

from typing import Any

import pytest

from lightning_kit.meters import time_verdict

EVEN = dict.fromkeys(("waiting", "transfer", "callbacks", "other"), 0.01) | {
    "forward": 0.02, "backward": 0.03, "optimizer": 0.01
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "options", "verdict"),
    [
        ({}, {}, "compute-bound: 60 % of the step computes (forward 20 %, backward 30 %, "),
        ({"waiting": 0.16}, {}, "input-bound: 64 % of the step waits for data; prepare less for "),
        ({"waiting": 0.16}, {"num_workers": 0, "cores": 8}, "try num_workers=2"),
        ({"waiting": 0.91}, {"num_workers": 0, "cores": 8}, "try num_workers=8"),
        ({"waiting": 0.16}, {"num_workers": 2, "cores": 8}, "try num_workers=6"),
        ({"waiting": 0.09}, {"num_workers": 3, "cores": 8}, "try num_workers=6"),
        ({"waiting": 0.16}, {"num_workers": 8, "cores": 8}, "num_workers=8 keeps the 8 cores busy"),
        ({"waiting": 0.16}, {"num_workers": 0, "cores": 1}, "try num_workers=1"),
        ({"transfer": 0.2}, {}, "transfer-bound: 69 % of the step moves batches to the device"),
        ({"callbacks": 0.2}, {}, "callback-bound: 69 % of the step is in callbacks; let it"),
        ({"callbacks": 0.2}, {"dearest": "Slow"}, "is in callbacks, most in Slow; let it act"),
        ({"other": 0.2}, {}, "overhead-bound: 69 % of the step is neither data, computing nor"),
        ({"other": 0.2}, {"is_lean": True}, "nor callbacks; try larger batches"),
    ],
)
def test_it_names_what_takes_most(
    more: dict[str, float], options: dict[str, Any], verdict: str
) -> None:
    assert verdict in time_verdict({**EVEN, **more}, **options)


def test_what_is_no_part_of_a_step_does_not_count() -> None:
    assert "60 %" in time_verdict({**EVEN, "validation": 9.0, "checkpointing": 9.0})


def test_a_step_that_waits_for_nothing_else() -> None:
    assert "100 % of the step waits" in time_verdict({"waiting": 1.0}, num_workers=0, cores=4)
    assert "num_workers=4" in time_verdict({"waiting": 1.0}, num_workers=0, cores=4)


def test_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="means must hold a time above 0"):
        time_verdict({"validation": 1.0})
