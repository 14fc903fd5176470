"""Hugging Face Accelerate, set up for this book: device, precision, processes."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather

from fashret_utils.scale import choose_device


def accelerator(device: str | torch.device) -> Accelerator:
    """Make the accelerator of a run: bfloat16 on a GPU, float32 on the CPU.

    **Arguments**: `device` - "auto", "cpu" or "cuda". Under `torchrun` each process gets its own
    GPU, or talks through gloo on the CPU.
    """
    chosen = choose_device(device)
    on_gpu = chosen.type == "cuda"
    if chosen.index is not None:
        torch.cuda.set_device(chosen)
    return Accelerator(
        cpu=not on_gpu,
        mixed_precision="bf16" if on_gpu else "no",
        step_scheduler_with_optimizer=False,
    )


def prepare_module(accelerator: Accelerator, module: nn.Module, compile: bool) -> nn.Module:
    """Put a module on its device, in the layout, precision and processes that suit it.

    A module with convolutions computes in channels-last layout and in the run's precision; another
    one, such as a loss with weights, in float32, where angles and logarithms keep their digits.
    """
    convolves = any(isinstance(part, nn.Conv2d) for part in module.modules())
    if convolves:  # the layout batches have; convolutions are 1.2 to 1.7 times as fast in it
        module.to(memory_format=torch.channels_last)
    if compile and accelerator.device.type == "cuda":
        module.compile()
    autocast = accelerator.native_amp
    accelerator.native_amp = autocast and convolves
    learns = any(parameter.requires_grad for parameter in module.parameters())
    try:
        # Processes have nothing to agree on in a loss without weights.
        return accelerator.prepare_model(module, evaluation_mode=not learns)
    finally:
        accelerator.native_amp = autocast


def gather(accelerator: Accelerator, tensor: Tensor) -> Tensor:
    """Concatenate a tensor of all processes; gradients flow back to the process they belong to."""
    if accelerator.num_processes == 1:
        return tensor
    if not tensor.requires_grad:
        return accelerator.gather(tensor)
    return torch.cat(all_gather(tensor))
