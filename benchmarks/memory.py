"""Peak memory of a call (Linux)."""

from collections.abc import Callable
from pathlib import Path


def peak_of(call: Callable[[], object]) -> float:
    """MiB at most in use by this process during a call, beside what was in use before it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _mib("VmRSS")
    call()
    return _mib("VmHWM") - before


def _mib(field: str) -> float:
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1024
