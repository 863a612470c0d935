"""What programs ask about the processor (``torch.backends.cpu``)."""

from __future__ import annotations

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """The widest vector instructions that NumPy found: "AVX512", "AVX2" or "DEFAULT".

    Source: torch.backends.cpu.get_cpu_capability.
    """
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[index]
    names = " ".join([*found.get("baseline", ()), *found.get("found", ())])
    for word, answer in (("AVX512", "AVX512"), ("X86_V4", "AVX512"), ("AVX2", "AVX2")):
        if word in names:
            return answer
    return "AVX2" if "X86_V3" in names else "DEFAULT"
