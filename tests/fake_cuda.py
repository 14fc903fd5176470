"""A graphics card that is not there, so that what runs on one can be tested where there is none.

Two of them, since neither does everything:

- `numbers()`: tensors that say `cuda:0` and hold their numbers in the CPU's memory. Everything runs
  on it: backward passes, optimizers, checkpoints, code that asks for a value. A tensor of the CPU
  among those of the card raises, even a single number, which a real card would take. What makes
  the CPU wait for a real card is listed in `Card.waits`. `torch.autocast("cuda")` casts what the
  CPU's does: to bfloat16 the same, but sums, logarithms and softmax do not go back to float32.
- `shapes()`: PyTorch's `FakeTensorMode`: shapes, types and devices without numbers, with the casts
  of CUDA's own autocast. No backward pass, and nothing that depends on a value.

Neither has a card's memory, streams, kernels, speed or rounding.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from unittest.mock import patch

import torch
from accelerate.state import AcceleratorState, GradientState, PartialState
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn.utils import clip_grad
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda", 0)
# They need a number on the CPU before they can go on.
ASKING = {
    "_local_scalar_dense",
    "_unique2",
    "bincount",
    "equal",
    "masked_select",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
FACTORIES = (
    *("arange", "as_tensor", "empty", "empty_strided", "eye", "full", "linspace", "ones", "rand"),
    *("randint", "randn", "randperm", "tensor", "zeros"),
    *("empty_like", "full_like", "ones_like", "rand_like", "randn_like", "zeros_like"),
)
UPLOADS = ("as_tensor", "tensor")  # factories whose numbers come from the CPU
FREE = 2**30  # bytes of memory that the card says it has

_to = torch.Tensor.to
_module_to = nn.Module.to
_make = {name: getattr(torch, name) for name in FACTORIES}


@dataclass
class Card:
    """What happened on a card. `waits`: operations that the CPU waited for, each with its place."""

    waits: list[str] = field(default_factory=list)

    def wait(self, operation: str) -> None:
        """Note that the CPU waits for an operation, and the line of the book that asked for it."""
        frame = sys._getframe(1)
        while frame is not None and not _ours(frame.f_code.co_filename):
            frame = frame.f_back
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "somewhere"
        self.waits.append(f"{operation} at {place}")


_card = Card()  # the one that is plugged in


class OnCard(torch.Tensor):
    """A tensor that says it is on a card; the storage is the CPU's."""

    __torch_function__ = torch._C._disabled_torch_function_impl
    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_cpu = property(lambda self: False)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _dispatch(func, args, kwargs or {})

    def to(self, *args, **kwargs):
        return _converted(self, args, kwargs)

    def cpu(self):
        return _converted(self, ("cpu",), {})

    def cuda(self, *args, **kwargs):
        return self

    def get_device(self):
        return 0

    def numpy(self, **options):
        raise TypeError("can't convert cuda:0 device type tensor to numpy: use Tensor.cpu() first")

    def __array__(self, *args, **kwargs):
        return self.numpy()

    def pin_memory(self, *args):
        raise RuntimeError("cannot pin 'torch.cuda.FloatTensor': only the CPU's memory is pinned")

    def tolist(self):
        _card.wait("tolist")
        return _plain(self.detach()).tolist()

    def new_tensor(self, data, *, dtype=None, device=CUDA, requires_grad=False):
        dtype = dtype or self.dtype
        return torch.tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)

    def __reduce_ex__(self, protocol):
        return _plain(self.detach()).__reduce_ex__(protocol)

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            copy = self.detach().clone()
            kind = nn.Parameter if isinstance(self, nn.Parameter) else OnCard.requires_grad_
            memo[id(self)] = kind(copy, self.requires_grad)
        return memo[id(self)]

    def __repr__(self, **options):
        return f"{_plain(self.detach())!r}, on {CUDA}"


class CardGenerator(torch.Generator):
    """A generator of random numbers that says it is on a card."""

    device = property(lambda self: CUDA)

    def __new__(cls, device="cpu"):
        if torch.device(device).type == "cpu":
            return _Generator("cpu")
        return super().__new__(cls)


_Generator = torch.Generator


class _Cross(torch.autograd.Function):
    """To the card, or back; gradients go the other way."""

    @staticmethod
    def forward(ctx, tensor, to_card):
        ctx.back = not to_card
        return _crossed(tensor, to_card)

    @staticmethod
    def backward(ctx, gradient):
        return _crossed(gradient, ctx.back), None


def _crossed(tensor: torch.Tensor, to_card: bool) -> torch.Tensor:
    tensor = tensor.detach()
    return _on_card(tensor.clone()) if to_card else _plain(tensor).clone()


def _on_card(tensor: torch.Tensor) -> OnCard:
    return torch.Tensor._make_subclass(OnCard, tensor, False)


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers, in the same memory, of a tensor that says it is the CPU's."""
    if not isinstance(tensor, OnCard):
        return tensor
    place = tensor.untyped_storage(), tensor.storage_offset(), tensor.size(), tensor.stride()
    return _make["empty"](0, dtype=tensor.dtype).set_(*place)


def _is_card(device: object) -> bool:
    return device is not None and torch.device(device).type == "cuda"


def _dispatch(func, args: tuple, kwargs: dict) -> object:
    """Run one operation with tensors of the card in its arguments."""
    name = func.__name__.partition(".")[0]
    others = [value for value in _tensors((args, kwargs)) if not isinstance(value, OnCard)]
    picks = name in ("index", "index_put", "index_put_", "_index_put_impl_")
    indices = _tensors(args[1]) if picks else []
    for value in others:
        # A card takes indices and copies from the CPU. PyTorch makes tensors of some numbers.
        number = value.dim() == 0 and (picks or name in ("where", "clamp_min_"))
        taken = name == "copy_" or number or any(value is i for i in indices)
        if not taken:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but "
                f"{name} got {CUDA} and cpu {tuple(value.shape)}"
            )
    _check_generator(kwargs.get("generator"), on_card=True)
    masks = any(i.dtype in (torch.bool, torch.uint8) for i in indices)
    moves = any(value.dim() > 0 for value in others)
    if name in ASKING or masks or moves:
        _card.wait(name)
    known: dict[int, torch.Tensor] = {}

    def bared(value):
        if not isinstance(value, OnCard):
            return value
        plain = _plain(value)
        known[id(plain)] = value
        kept.append(plain)
        return plain

    kept: list[torch.Tensor] = []  # so that no two have one id
    args, kwargs = tree_map(bared, args), tree_map(bared, kwargs)
    if "device" in kwargs:
        kwargs["device"] = torch.device("cpu")
    found = func(*args, **kwargs)
    return tree_map(lambda v: known.get(id(v), _on_card(v)) if torch.is_tensor(v) else v, found)


def _tensors(values: object) -> list[torch.Tensor]:
    return [value for value in tree_flatten(values)[0] if isinstance(value, torch.Tensor)]


def _converted(tensor: torch.Tensor, args: tuple, kwargs: dict) -> torch.Tensor:
    """`Tensor.to` between the CPU, the card and types."""
    kwargs, args = dict(kwargs), list(args)
    here, there = tensor.device, None
    if args and isinstance(args[0], torch.Tensor):
        there, args[0] = args[0].device, args[0].dtype
    elif args and isinstance(args[0], str | torch.device | int):
        there = args.pop(0)
    there = kwargs.pop("device", there)
    there = here if there is None else torch.device(there)
    free = kwargs.pop("non_blocking", False)
    if there.type != here.type:
        on_card = there.type == "cuda"
        pinned = tensor.untyped_storage().data_ptr() in _pinned
        if not (free and (pinned or not on_card)):
            _card.wait(f"copy to {there.type}")
        grows = torch.is_grad_enabled() and tensor.requires_grad
        tensor = _Cross.apply(tensor, on_card) if grows else _crossed(tensor, on_card)
    if not (args or kwargs):
        return tensor
    return _to(tensor, *args, **kwargs)


_pinned: set[int] = set()


def _pin(tensor: torch.Tensor, *args) -> torch.Tensor:
    copy = tensor.clone()
    _pinned.add(copy.untyped_storage().data_ptr())
    return copy


def _check_generator(generator: object, on_card: bool) -> None:
    if generator is not None and isinstance(generator, CardGenerator) != on_card:
        expected = "cuda" if on_card else "cpu"
        raise RuntimeError(f"Expected a '{expected}' device type for generator")


def _factory(name: str):
    def made(*args, device=None, **kwargs):
        like = name.endswith("_like") and isinstance(args[0], OnCard)
        on_card = _is_card(device) if device is not None else like
        _check_generator(kwargs.get("generator"), on_card)
        if name == "as_tensor" and isinstance(args[0], torch.Tensor):
            return args[0].to(device or args[0].device, **kwargs)
        if not on_card:
            args = tuple(_plain(a) if device and isinstance(a, OnCard) else a for a in args)
            return _make[name](*args, device=device, **kwargs)
        if name in UPLOADS:
            _card.wait(f"torch.{name}")
        learns = kwargs.pop("requires_grad", False)
        args = tuple(_plain(a.detach()) if isinstance(a, OnCard) else a for a in args)
        return _on_card(_make[name](*args, **kwargs)).requires_grad_(learns)

    return made


def _moved(module: nn.Module, *args, **kwargs) -> nn.Module:
    """`Module.to`: parameters stay the same objects, as they do on the way to a real card."""
    device, dtype, _, layout = torch._C._nn._parse_to(*args, **kwargs)
    if device is None:
        return _module_to(module, *args, **kwargs)
    for part in module.modules():
        for key, value in part._buffers.items():
            part._buffers[key] = None if value is None else value.to(device)
        for value in part._parameters.values():
            if value is None or value.device.type == device.type:
                continue
            gradient, value.grad = value.grad, None
            with torch.no_grad():
                other = nn.Parameter(value.detach().to(device), value.requires_grad)
            torch.utils.swap_tensors(value, other)
            value.grad = None if gradient is None else gradient.to(device)
    for change in ({"dtype": dtype}, {"memory_format": layout}):
        if None not in change.values():
            _module_to(module, **change)
    return module


def _replacing(mode: FakeTensorMode):
    """`Module.to` with new parameters: fake ones cannot take another's place."""

    def moved(value, *args, **kwargs):
        value = value if isinstance(value, FakeTensor) else mode.from_tensor(value)
        return value.detach().to(*args, **kwargs)

    def to(module, *args, **kwargs):
        for part in module.modules():
            for key, value in part._buffers.items():
                part._buffers[key] = None if value is None else moved(value, *args, **kwargs)
            for key, value in part._parameters.items():
                if value is not None:
                    new = nn.Parameter(moved(value, *args, **kwargs), value.requires_grad)
                    part._parameters[key] = new
        return module

    return to


def _refuse_copy(tensor: FakeTensor, memo: dict) -> None:
    """PyTorch 2.15 makes a deep copy that crashes Python when it is collected."""
    raise TypeError("a tensor without numbers cannot be copied deeply: make modules before")


def _autocast(original):
    def start(self, device_type, *args, **kwargs):
        original(self, "cpu" if device_type == "cuda" else device_type, *args, **kwargs)

    return start


def _grouped(original):
    """Tensors by device and type, by the device that they say they are on."""

    def grouped(lists, *args):
        groups = original(lists, *args)
        return {(found[0][0][0].device, kind): found for (_, kind), found in groups.items()}

    return grouped


def _ours(path: str) -> bool:
    """Whether a file is the package's, a chapter's cell, or a test: no library's, not this one."""
    book = "fashret_utils" in path or ".ipynb" in path or "test_" in path
    return book and "site-packages" not in path


@contextmanager
def numbers() -> Iterator[Card]:
    """Plug in a card whose tensors have numbers; yields its `Card`."""
    gpu = SimpleNamespace(name="a card that is not there", total_memory=FREE)
    cuda = {
        "_lazy_init": lambda: None,
        "current_device": lambda: 0,
        "device_count": lambda: 1,
        "get_device_capability": lambda device=None: (9, 0),
        "get_device_name": lambda device=None: gpu.name,
        "get_device_properties": lambda device=None: gpu,
        "get_rng_state_all": lambda: [_make["zeros"](16, dtype=torch.uint8)],
        "is_available": lambda: True,
        "is_bf16_supported": lambda *args: True,
        "manual_seed_all": lambda seed: None,
        "max_memory_allocated": lambda device=None: FREE // 2,
        "mem_get_info": lambda device=None: (FREE, FREE),
        "reset_peak_memory_stats": lambda device=None: None,
        "set_device": lambda device: None,
        "set_rng_state_all": lambda states: None,
        "synchronize": lambda device=None: _card.wait("synchronize"),
    }
    autocast = torch.amp.autocast_mode.autocast
    with ExitStack() as stack:
        change = lambda *change: stack.enter_context(patch.object(*change))  # noqa: E731
        for name, replacement in cuda.items():
            change(torch.cuda, name, replacement)
        for name in FACTORIES:
            change(torch, name, _factory(name))
        change(torch.accelerator, "is_available", lambda: False)
        change(torch, "Generator", CardGenerator)
        change(torch.Tensor, "to", lambda self, *a, **k: _converted(self, a, k))
        change(torch.Tensor, "cuda", lambda self, *a, **k: _converted(self, ("cuda",), {}))
        change(torch.Tensor, "pin_memory", _pin)
        change(nn.Module, "to", _moved)
        change(autocast, "__init__", _autocast(autocast.__init__))
        name = "_group_tensors_by_device_and_dtype"
        change(clip_grad, name, _grouped(getattr(clip_grad, name)))
        change(sys.modules[__name__], "_card", Card())
        for state in (AcceleratorState, PartialState, GradientState):
            state._reset_state()
            stack.callback(state._reset_state)
        stack.callback(_pinned.clear)
        yield _card


@contextmanager
def shapes() -> Iterator[None]:
    """Plug in a card whose tensors have shapes and types alone, with CUDA's autocast.

    Make modules before: `to("cuda")` takes the shapes of their weights.
    """
    with ExitStack() as stack:
        missing = "amp_definitely_not_available"
        stack.enter_context(patch.object(torch.cuda.amp.common, missing, lambda: False))
        stack.enter_context(patch.object(torch.cuda, "is_bf16_supported", lambda *args: True))
        stack.enter_context(patch.object(FakeTensor, "__deepcopy__", _refuse_copy, create=True))
        mode = stack.enter_context(FakeTensorMode())
        stack.enter_context(patch.object(nn.Module, "to", _replacing(mode)))
        yield
