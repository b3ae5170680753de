"""What each part of a module gives while something runs it."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn

from lightning_kit.export.arrays import as_arrays


def part_outputs(module: nn.Module, run: Callable[[], object]) -> dict[str, NDArray[Any]]:
    """Call ``run``, and return what every submodule of ``module`` gave meanwhile, in order.

    A submodule is called by its path and class, ``network.0 (Linear)``; its tensors follow where
    there are more, and calls after the first are numbered. What a direct child takes is there too,
    ``input of network``. The hooks are taken off again, also after an exception.
    """
    found: dict[str, NDArray[Any]] = {}
    names = {part: name for name, part in module.named_modules() if name}
    children = set(module.children())
    handles = []

    def keep(called: str, value: Any) -> None:
        for name, tensor in _tensors(value).items():
            whole = f"{called}{name}"
            number = sum(known == whole or known.startswith(f"{whole}, call ") for known in found)
            found[whole if not number else f"{whole}, call {number + 1}"] = _array(tensor)

    def took(part: nn.Module, inputs: Any) -> None:
        keep(f"input of {names[part]}", inputs[0] if len(inputs) == 1 else inputs)

    def gave(part: nn.Module, _: Any, output: Any) -> None:
        keep(f"{names[part]} ({type(part).__name__})", output)

    try:
        for part in names:
            handles.append(part.register_forward_hook(gave))
            if part in children:
                handles.append(part.register_forward_pre_hook(took))
        run()
    finally:
        for handle in handles:
            handle.remove()
    return found


def _tensors(value: Any) -> dict[str, Tensor]:
    if isinstance(value, Tensor):
        return {"": value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if _many(value) else ()
    return {f"[{key!r}]": each for key, each in items if isinstance(each, Tensor)}


def _many(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _array(tensor: Tensor) -> NDArray[Any]:
    exact = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
    return as_arrays({"": exact})[""]
