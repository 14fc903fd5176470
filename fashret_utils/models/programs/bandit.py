"""A bandit: a choice of one token, of which the gradient of the expected reward is known."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def expected_slope(
    loss: Callable[[list[Tensor], Tensor, Tensor], Tensor],
    baseline: Callable[[Tensor], Tensor],
    theta: Tensor,
    rewards: Tensor,
    draws: int = 3,
) -> Tensor:
    """Expected gradient of a loss by samples, over all batches weighted by their probability.

    **Arguments**: `loss` - of log-probabilities [(B, K)], tokens (B, 1) and advantages (B,);
    `baseline` - rewards of a batch (B,) to advantages; `theta` (1, K) - the logits; `rewards` (K,)
    - of the arms; `draws` - B.

    **Returns** (K,), of the expected reward: the loss falls where it rises.
    """
    p = theta.detach().softmax(1)[0]
    total = torch.zeros_like(theta)
    for batch in torch.cartesian_prod(*[torch.arange(len(p))] * draws):
        log_p = theta.log_softmax(1).expand(draws, -1)
        value = loss([log_p], batch[:, None], baseline(rewards[batch]))
        total -= p[batch].prod() * torch.autograd.grad(value, theta)[0]
    return total[0]
