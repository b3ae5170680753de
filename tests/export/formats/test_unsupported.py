from lightning_kit.export.errors import ExportError
from lightning_kit.export.formats.unsupported import Unsupported


def test_the_reason_is_one_line() -> None:
    error = Unsupported("aten.foo:\n  no\tkernel")
    assert isinstance(error, ExportError)
    assert str(error) == error.reason == "aten.foo: no kernel"
