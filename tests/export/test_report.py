import json
from pathlib import Path

import pytest

from lightning_kit.export.report import report_path, write_report


def test_it_lies_beside_and_replaces_an_older_one(tmp_path: Path) -> None:
    out = tmp_path / "my.artefact"
    assert report_path(out).name == "my.artefact-refused.json"
    for reason in ("one", "two"):
        path = write_report(out, {"reason": reason})
    assert json.loads(path.read_text()) == {"reason": "two"}
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_is_not_json_keeps_the_older_one(tmp_path: Path) -> None:
    path = write_report(tmp_path / "a", {"reason": "one"})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report(tmp_path / "a", {"reason": float("nan")})
    assert json.loads(path.read_text()) == {"reason": "one"}
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
