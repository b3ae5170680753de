"""A RunError is an ordinary ValueError to whom calls from Python."""

from lightning_kit.runs.errors import RunError


def test_a_run_error_is_a_value_error() -> None:
    assert isinstance(RunError("no run"), ValueError)
