"""Which versions wrote an artefact."""

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "lightning_kit", "torch", "pytorch-lightning", "numpy", "onnx", "onnxscript", "onnxruntime",
    "safetensors", "pyarrow", "Pillow",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the version of Python and of every package that is installed of those that matter."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
