import json
import math

from lightning_kit.export.difference import Difference
from lightning_kit.export.tolerance import TOLERANCES
from lightning_kit.export.verdict import FormatVerdict, Verdict


def test_it_passes_only_where_there_are_files_and_all_pass() -> None:
    verdict = Verdict(10, 10, TOLERANCES["float32"])
    assert verdict.as_json()["passed"] is False
    verdict.formats = {"onnx": FormatVerdict()}
    assert verdict.as_json()["passed"] is True
    assert verdict.reason == ""
    verdict.formats["pt2"] = FormatVerdict(reason="batch 1: output 'y'")
    assert verdict.as_json()["passed"] is False
    assert verdict.reason == "pt2: batch 1: output 'y'"
    verdict.formats["pt2"].inside = "network.1 (Linear)"
    assert verdict.reason == "pt2: batch 1: output 'y' (it begins at network.1 (Linear))"


def test_it_is_strict_json() -> None:
    difference = Difference("y", math.inf, 0.0, math.nan, 2, "wrong")
    verdict = Verdict(
        10, 10, TOLERANCES["float32"],
        {"onnx": FormatVerdict("wrong", {"batch 1": math.inf}, {"y": difference})},
        {"f1": {"value": 0.9, "low": math.nan, "high": 1.0}},
    )  # fmt: skip
    plain = json.loads(json.dumps(verdict.as_json(), allow_nan=False))
    assert plain["passed"] is False
    assert plain["reason"] == "onnx: wrong"
    assert plain["tolerance"] == {"absolute": 1e-5, "relative": 1e-4}
    assert plain["formats"]["onnx"]["outputs"]["y"]["largest"] == "inf"
    assert plain["formats"]["onnx"]["passed"] is False
    assert plain["metrics"]["f1"]["low"] == "nan"
