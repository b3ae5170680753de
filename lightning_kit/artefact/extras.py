"""Optional packages, imported where they are used; a missing one is a line that names its extra."""

from importlib import import_module
from typing import Any


def imported(module: str, what: str, extra: str) -> Any:
    """Return the module called ``module``.

    Args:
        module: With its package, such as ``pyarrow.csv``.
        what: What needs it, in the plural, such as ``tables``.
        extra: Of lightning_kit, which brings it along.

    Raises:
        ImportError: If its package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{what} need {package}, which is not installed: pip install 'lightning_kit[{extra}]'"
        ) from error
