from pathlib import Path

import pytest
from programs.artefacts import write_table

from lightning_kit.artefact import Artefact
from lightning_kit.cli.export_summary import print_export


def test_an_export_says_what_was_written_measured_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artefact = Artefact.open(write_table(tmp_path / "small"))
    manifest = artefact.manifest
    manifest.formats["onnx"].update(bytes=12_400, latency_us={"1": 14.2, "64": 72.0})
    manifest.left_out["torchscript"] = "aten.sort is not there"
    manifest.verification.update(
        metrics={"accuracy": {"value": 0.93, "low": 0.9, "high": 0.96}},
        formats={"onnx": {"outputs": {"probabilities": {"largest": 2.4e-7}}}},
        remarks=["40 samples are all there were"],
    )
    print_export(artefact)
    output = capsys.readouterr().out
    for part in (
        "14", "72", "2.4e-07", "accuracy 0.93 (0.9 to 0.96)", "40 samples are all there were",
        "left out: torchscript: aten.sort is not there", "artefact: small",
    ):  # fmt: skip
        assert part in output
