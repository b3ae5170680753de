"""What a result says of its machine."""

import json
import sys

import pytest
import torch

from benchmarks.harness.machine import machine as describe


def test_hardware_versions_and_date_are_there_and_can_be_written() -> None:
    found = json.loads(json.dumps(describe()))
    assert found["versions"]["torch"] == torch.__version__
    assert found["python"] in sys.version
    assert found["cores"] >= 1
    assert found["cpu"]
    assert found["date"].startswith("20")


def test_a_package_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[describe.__module__], "PACKAGES", ("no-such-package",))
    assert describe()["versions"] == {"no-such-package": None}
