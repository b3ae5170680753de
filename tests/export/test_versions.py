import platform

import numpy as np
import pytest

from lightning_kit.export import versions as module
from lightning_kit.export.versions import versions


def test_it_names_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "not-a-package"))
    assert versions() == {"python": platform.python_version(), "numpy": np.__version__}
