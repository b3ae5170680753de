"""The coefficient of determination, exact also for targets far from zero."""

from collections.abc import Callable, Sequence
from typing import Any, Self, final

import torch
from torch import Tensor
from torchmetrics import Metric


@final
class R2(Metric):
    """``1 - sum((target - pred)^2) / sum((target - mean)^2)``, the mean over targets.

    torchmetrics' ``R2Score`` adds squares up in float32: years (mean 2015, spread 2) of a true R2
    of 0.75 come out as 0.65. Here the sums are float64 whatever type the module is cast to, over
    batches of any sizes and over ranks.

    As in scikit-learn, a target that never changes scores 1 where all is hit and 0 elsewhere; with
    fewer than two rows the answer is NaN.

    Args:
        num_targets: ``T``; takes ``(N,)`` for one and ``(N, T)`` for more.

    Example:
        >>> years = torch.tensor([2013.0, 2015.0, 2017.0])
        >>> R2()(years + 1, years)
        tensor(0.6250)
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    rows: Tensor
    total: Tensor
    squares: Tensor
    residual: Tensor

    def __init__(self, num_targets: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_targets = num_targets
        nothing = torch.zeros(num_targets, dtype=torch.float64)
        for name in ("rows", "total", "squares", "residual"):
            self.add_state(name, nothing.clone(), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        wanted = target.detach().to(self.total.dtype).reshape(-1, self.num_targets)
        answer = preds.detach().to(self.total.dtype).reshape(-1, self.num_targets)
        self.rows += len(wanted)
        self.total += wanted.sum(dim=0)
        self.squares += wanted.square().sum(dim=0)
        self.residual += (wanted - answer).square().sum(dim=0)

    def compute(self) -> Tensor:
        spread = self.squares - self.total.square() / self.rows
        # What is left of the squares of one repeated number is rounding, below float32's own.
        constant = spread <= 1e-14 * self.squares
        hit = (self.residual == 0).to(spread.dtype)
        scores = torch.where(constant, hit, 1 - self.residual / spread)
        return torch.where(self.rows < 2, torch.nan, scores).mean().float()

    def _apply(self, fn: Callable[[Tensor], Tensor], exclude_state: Sequence[str] = ()) -> Self:
        # torchmetrics keeps the type at `.half()` but not at `.to(torch.bfloat16)`, which is what
        # Lightning's "bf16-true" calls. The states follow the device only.
        super()._apply(fn, [*self._defaults, *exclude_state])
        # MPS has no float64.
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        for name, default in self._defaults.items():
            assert isinstance(default, Tensor)
            self._defaults[name] = default.to(self.device, dtype)
            setattr(self, name, getattr(self, name).to(self.device, dtype))
        return self
