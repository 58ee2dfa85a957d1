"""Muon in float32, for CPUs.

Keller Jordan et al. 2024, kellerjordan.github.io/posts/muon: momentum, then the nearest
(semi-)orthogonal matrix by Newton-Schulz. `torch.optim.Muon` does the same in bfloat16,
which a CPU without bfloat16 units computes six times slower than float32: the optimizer
would cost more than the gradient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

_A, _B, _C = 3.4445, -4.7750, 2.0315  # steepest at zero; singular values end within 0.7 to 1.2


def orthogonalize(matrices: Tensor, steps: int = 5) -> Tensor:
    """Nearest semi-orthogonal matrix of each of `[count, rows, columns]`, roughly."""
    x = matrices
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For the weight matrices inside the layers; each projection is its own matrix."""

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            shapes: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for param in group["params"]:
                if param.grad is None:
                    continue
                state = self.state[param]
                if not state:
                    state["momentum"] = torch.zeros_like(param)
                average = state["momentum"].lerp_(param.grad, 1 - momentum)
                shapes[param.shape].append((param, param.grad.lerp(average, momentum)))  # Nesterov
            for shape, found in shapes.items():
                updates = orthogonalize(torch.stack([update for _, update in found]))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for (param, _), update in zip(found, updates, strict=True):
                    param.mul_(1 - lr * group["weight_decay"]).add_(update, alpha=-lr * scale)
