"""What to do about one class of exceptions."""

import builtins
import importlib
from dataclasses import dataclass
from typing import Literal, final, get_args

from lightning_kit.meters.arguments import check_whole

Action = Literal["skip_batch", "checkpoint", "stop", "raise"]
Then = Literal["raise", "stop"]


@final
@dataclass(frozen=True)
class Rule:
    """One rule of an :class:`~lightning_kit.callbacks.exception_policy.ExceptionPolicy`.

    Args:
        exception: The class, whose subclasses are meant as well: itself, a builtin's name such as
            ``RuntimeError``, or an import path such as ``torch.OutOfMemoryError``. Not meant is
            StopIteration, by which Lightning ends an epoch.
        action: ``skip_batch``: go on with the next batch; ``checkpoint``: save one, and then what
            ``then`` says; ``stop``: end the fit as if it were done; ``raise``.
        max_times: How often in a run, also in its resumed parts, at least 1; then it is raised.
        then: After a ``checkpoint`` ``raise`` (the default) or ``stop``.

    Raises:
        ValueError: If there is no such class, or an argument is out of range.
    """

    exception: str | type[Exception]
    action: Action
    max_times: int = 3
    then: Then | None = None

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ValueError(f"action must be one of {get_args(Action)}, got {self.action!r}")
        check_whole("max_times", self.max_times, at_least=1)
        if self.then is not None and self.then not in get_args(Then):
            raise ValueError(f"then must be one of {get_args(Then)}, got {self.then!r}")
        if self.then is not None and self.action != "checkpoint":
            raise ValueError(
                f"then ({self.then!r}) needs action 'checkpoint', got {self.action!r}: leave it out"
            )
        self.resolve()

    def resolve(self) -> type[Exception]:
        """Return the class that ``exception`` names."""
        given = self.exception
        found = _found(given) if isinstance(given, str) else given
        if not isinstance(found, type) or not issubclass(found, Exception):
            raise ValueError(
                "exception must name a class of exceptions, a builtin's or by import path such as "
                f"torch.OutOfMemoryError, got {self.exception!r}"
            )
        if issubclass(found, StopIteration):
            raise ValueError(
                "exception must not be StopIteration: Lightning ends an epoch by it, so no rule "
                "hears of it; raise another where data is at its end"
            )
        return found

    @property
    def name(self) -> str:
        """The class by name, for files and messages."""
        if isinstance(self.exception, str):
            return self.exception
        module, name = self.exception.__module__, self.exception.__qualname__
        return name if module == "builtins" else f"{module}.{name}"

    @property
    def ends(self) -> bool:
        """Whether the fit ends as if it were done."""
        return self.action == "stop" or self.then == "stop"


def _found(name: str) -> object:
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    module_name, _, attribute = name.rpartition(".")
    if not module_name:
        return getattr(builtins, name, None)
    try:
        return getattr(importlib.import_module(module_name), attribute, None)
    except ImportError:
        return None
