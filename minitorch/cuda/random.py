"""Seeds of GPUs: accepted, as programs set them anywhere.  Source: torch.cuda.random."""

from __future__ import annotations

from collections.abc import Iterable

from minitorch.cuda._missing import unavailable

__all__ = [
    "get_rng_state",
    "get_rng_state_all",
    "initial_seed",
    "manual_seed",
    "manual_seed_all",
    "seed",
    "seed_all",
    "set_rng_state",
    "set_rng_state_all",
]


def manual_seed(seed: int) -> None:
    """Seed the current GPU's generator: there is none.  Source: torch.cuda.manual_seed."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed every GPU's generator: there is none.  Source: torch.cuda.manual_seed_all."""
    int(seed)


def seed() -> None:
    """Seed the current GPU's generator by chance: there is none.  Source: torch.cuda.seed."""


def seed_all() -> None:
    """Seed every GPU's generator by chance: there is none.  Source: torch.cuda.seed_all."""


def get_rng_state_all() -> list:
    """The states of all GPUs' generators: none.  Source: torch.cuda.get_rng_state_all."""
    return []


def set_rng_state(new_state, device="cuda") -> None:
    """Set a GPU's generator: there is none.  Source: torch.cuda.set_rng_state."""


def set_rng_state_all(new_states: Iterable) -> None:
    """Set all GPUs' generators, in order: there are none.  Source: torch.cuda.set_rng_state_all."""


initial_seed = unavailable("initial_seed", "The seed of the current GPU's generator.")
get_rng_state = unavailable("get_rng_state", "The state of a GPU's generator.", "device='cuda'")
