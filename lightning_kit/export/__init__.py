"""From a module and samples to an artefact that is proved to give the module's own answers.

>>> from lightning_kit.export import export
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_kit.export.errors import ExportError, GateRefused
    from lightning_kit.export.loss import MetricBound
    from lightning_kit.export.pipeline import Pipeline
    from lightning_kit.export.samples import Samples
    from lightning_kit.export.write import export

_HOMES = {
    "ExportError": "errors",
    "GateRefused": "errors",
    "MetricBound": "loss",
    "Pipeline": "pipeline",
    "Samples": "samples",
    "export": "write",
}

__all__ = ["ExportError", "GateRefused", "MetricBound", "Pipeline", "Samples", "export"]


def __getattr__(name: str) -> Any:
    # Whoever needs an error alone does not wait for torch.
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
