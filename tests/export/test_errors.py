from pathlib import Path

from lightning_kit.export.errors import ExportError, GateRefused


def test_a_refusal_names_reason_and_report() -> None:
    error = GateRefused("onnx: row 3 must be 1", Path("out-refused.json"))
    assert isinstance(error, ExportError)
    assert str(error) == (
        "onnx: row 3 must be 1; no artefact was written, the report is out-refused.json"
    )
