"""Random numbers: PyTorch's CPU stream, draw by draw, on NumPy arrays.

The same seed gives the same numbers as PyTorch 2.13 on an x86-64 CPU with AVX2 and FMA, bit for
bit, however the calls are mixed.  What that takes:

- the engine is MT19937 with torch's seeding and its 5056-byte state (`Generator`);
- every function here consumes the words that torch consumes, in torch's order: a strided array
  is filled in memory order, and a contiguous one of 16 or more normals in blocks of 16;
- float arithmetic is torch's to the last bit: fused multiply-adds where its compiler fused them,
  its float32 polynomials for the block normals, the C library's functions for doubles.

On other processors torch itself differs from its AVX2 results in the last bits; the words consumed
are the same everywhere.

This module knows no tensors: the ``fill_*`` functions write into ndarrays and trust their
arguments.  `minitorch.ops.random` has torch's functions, with torch's checks.

Notation: U24 is a float32 uniform in [0, 1), the low 24 bits of one 32-bit word; U53 is a float64
one, the low 53 bits of a 64-bit word, which is two 32-bit words, the high one first.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch.device import device as Device
from minitorch.fused import fma32, fma64

__all__ = [
    "Generator",
    "default_generator",
    "dropout_noise",
    "fill_bernoulli",
    "fill_bernoulli_tensor",
    "fill_binomial",
    "fill_cauchy",
    "fill_dirichlet",
    "fill_exponential",
    "fill_geometric",
    "fill_log_normal",
    "fill_multinomial",
    "fill_normal",
    "fill_permutation",
    "fill_poisson",
    "fill_random",
    "fill_random_between",
    "fill_standard_gamma",
    "fill_uniform",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]

#: torch's seed for a generator that was never seeded.
_DEFAULT_SEED = 67280421310721

_STATE_SIZE = 5056

#: Elements per round of drawing and transforming: small enough that the work stays in the cache.
_BLOCK = 32768

_MASK24 = np.uint32((1 << 24) - 1)
_MASK53 = np.uint64((1 << 53) - 1)
_TWO_PI = 2 * math.pi


# ---- the engine ------------------------------------------------------------------------------


class _State:
    """Field offsets in torch's serialized CPU generator (little endian)."""

    SEED = slice(0, 8)  # uint64
    LEFT = slice(8, 12)  # int32: words left before the next twist, plus one
    SEEDED = slice(12, 16)  # int32
    NEXT = slice(16, 24)  # uint64: index of the next word
    WORDS = slice(24, 5016)  # 624 state words, each in a uint64
    NORMAL = slice(5024, 5032)  # float64: the second normal of a Box-Muller pair
    HAS_NORMAL = slice(5040, 5044)  # int32


class Generator:
    """A source of random numbers with its own seed and place in the stream.

    Safe to share between threads: each call that draws holds the generator's lock throughout.
    Raises RuntimeError for a device other than the CPU.  Source: ``torch.Generator``.

    >>> g = Generator().manual_seed(0)
    >>> values = np.empty(3, np.float32)
    >>> fill_uniform(values, 0.0, 1.0, g)
    >>> print(values)
    [0.4962566  0.7682218  0.08847743]
    """

    __module__ = "minitorch._C"  # where torch has it

    #: `get_state` and `set_state` speak tensors, which this module does not know:
    #: `minitorch.ops.random` replaces these two conversions when it is imported.
    _tensor_from_bytes: Callable[[np.ndarray], Any] = staticmethod(lambda data: data)
    _bytes_from_tensor: Callable[[Any], np.ndarray] = staticmethod(lambda tensor: tensor)

    def __init__(self, device: str | int | Device = "cpu"):
        self._device = Device(device)
        if self._device.type != "cpu":
            raise RuntimeError(f"Generator: device 'cpu' is the only one available, got '{device}'")
        self.lock = threading.RLock()
        self._engine = np.random.MT19937(0)
        # Two faces of one engine: the legacy one has torch's seeding, the other is fast in bulk.
        self._legacy = np.random.RandomState(self._engine)
        self._bulk = np.random.Generator(self._engine)
        self._seed_with(_DEFAULT_SEED)

    def _seed_with(self, seed_value: int) -> None:
        with self.lock:
            self._seed = seed_value
            # torch: only the low 32 bits reach the engine.
            self._legacy.seed(seed_value & 0xFFFFFFFF)
            self._next_normal: float | None = None
            # NumPy's state looks the same just after seeding and after a multiple of 624 words;
            # torch's does not.
            self._untouched = True

    @property
    def device(self) -> Device:
        """The device this generator draws for: always ``cpu``."""
        return self._device

    def manual_seed(self, seed: int, /) -> Generator:
        """Restart the stream from ``seed`` (-2**63 to 2**64 - 1; a negative one counts from 2**64).

        Raises RuntimeError for anything but an int, ValueError for one out of range.
        """
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError(f"Overflow when unpacking long long: manual_seed got {seed}")
        self._seed_with(seed % (1 << 64))
        return self

    def seed(self) -> int:
        """Restart the stream from a seed taken from the operating system, and return it."""
        fresh = int.from_bytes(os.urandom(8), "little")
        self._seed_with(fresh)
        return fresh

    def initial_seed(self) -> int:
        """The seed this stream started from."""
        return self._seed

    def clone_state(self) -> Generator:
        """A second generator at the same place in the same stream."""
        twin = type(self)(self._device)
        twin.set_state_bytes(self.state_bytes())
        return twin

    def get_state(self) -> Any:
        """The whole state as a uint8 tensor of 5056 elements, byte for byte torch's."""
        return type(self)._tensor_from_bytes(self.state_bytes())

    def set_state(self, new_state: Any, /) -> None:
        """Go to a state that `get_state` (or torch's) returned.

        Raises TypeError unless it is a uint8 tensor, RuntimeError when it is no such state.
        """
        self.set_state_bytes(type(self)._bytes_from_tensor(new_state))

    def state_bytes(self) -> np.ndarray:
        """`get_state` as an ndarray."""
        data = np.zeros(_STATE_SIZE, np.uint8)
        with self.lock:
            engine = self._engine.state["state"]
            position = 0 if self._untouched else int(engine["pos"])
            left = 1 if self._untouched else 625 - position
            data[_State.SEED].view(np.uint64)[0] = self._seed
            data[_State.LEFT].view(np.int32)[0] = left
            data[_State.SEEDED].view(np.int32)[0] = 1
            data[_State.NEXT].view(np.uint64)[0] = position
            data[_State.WORDS].view(np.uint64)[:] = engine["key"]
            if self._next_normal is not None:
                data[_State.NORMAL].view(np.float64)[0] = self._next_normal
                data[_State.HAS_NORMAL].view(np.int32)[0] = 1
        return data

    def set_state_bytes(self, data: np.ndarray) -> None:
        """`set_state` from an ndarray of 5056 uint8."""
        if data.size != _STATE_SIZE:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE_SIZE} but found the input RNG "
                f"state size to be {data.size}"
            )
        data = np.array(data, np.uint8).reshape(-1)
        left = int(data[_State.LEFT].view(np.int32)[0])
        seeded = int(data[_State.SEEDED].view(np.int32)[0])
        position = int(data[_State.NEXT].view(np.uint64)[0])
        if seeded != 1 or not 0 < left <= 624 or position > 624:
            raise RuntimeError(
                f"Invalid mt19937 state (seeded={seeded}, left={left}, next={position})"
            )
        words = data[_State.WORDS].view(np.uint64).astype(np.uint32)
        with self.lock:
            self._seed = int(data[_State.SEED].view(np.uint64)[0])
            self._engine.state = {
                "bit_generator": "MT19937",
                "state": {"key": words, "pos": 624 if left == 1 else position},
            }
            self._untouched = left == 1 and position == 0
            has_normal = data[_State.HAS_NORMAL].view(np.int32)[0] != 0
            self._next_normal = (
                float(data[_State.NORMAL].view(np.float64)[0]) if has_normal else None
            )

    def __getstate__(self) -> np.ndarray:
        return self.state_bytes()

    def __setstate__(self, data: np.ndarray) -> None:
        self.__init__()  # type: ignore[misc]
        self.set_state_bytes(data)

    # The raw stream.  Callers hold the lock for as long as their draws must stay together.

    def words32(self, count: int) -> np.ndarray:
        """The next ``count`` 32-bit words (uint32)."""
        if count:
            self._untouched = False
        if count < 1024:  # random_raw costs 1 us a call where `integers` costs 10
            return self._engine.random_raw(count).astype(np.uint32)
        return self._bulk.integers(0, 1 << 32, count, dtype=np.uint32)

    def words64(self, count: int) -> np.ndarray:
        """The next ``count`` 64-bit words (uint64): two 32-bit words each, the high one first."""
        if count:
            self._untouched = False
        if count >= 512 and _bulk_words64_are_high_first():
            return self._bulk.integers(0, 1 << 64, count, dtype=np.uint64)
        pairs = self._engine.random_raw(2 * count)
        return (pairs[0::2] << np.uint64(32)) | pairs[1::2]

    def uniforms24(self, out: np.ndarray) -> None:
        """Fill flat float32 ``out`` with U24."""
        words = self.words32(out.size)
        words &= _MASK24
        out[...] = words.view(np.int32)  # signed integers convert faster
        out *= np.float32(2.0**-24)

    def uniforms53(self, out: np.ndarray) -> None:
        """Fill flat float64 ``out`` with U53."""
        words = self.words64(out.size)
        words &= _MASK53
        out[...] = words.view(np.int64)
        out *= 2.0**-53


@functools.cache
def _bulk_words64_are_high_first() -> bool:
    # NumPy joins two 32-bit words in an order that its C compiler chose.
    engine = np.random.MT19937(0)
    first, second = np.random.MT19937(0).random_raw(2).tolist()
    return int(np.random.Generator(engine).integers(0, 1 << 64, dtype=np.uint64)) == (
        first << 32 | second
    )


default_generator = Generator()


def _or_default(generator: Generator | None) -> Generator:
    return default_generator if generator is None else generator


#: What draws beside the lock: infinities and the like come without warnings, as from torch.
_quiet = functools.partial(np.errstate, all="ignore")


def manual_seed(seed: int) -> Generator:
    """Restart the default generator's stream from ``seed``.  Source: ``torch.manual_seed``."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator's stream started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Any:
    """The default generator's state, a uint8 tensor of 5056 elements."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Put the default generator into a state that `get_rng_state` returned."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Any = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """Leave the default generator, after the block, where it was before.

    The CPU generator is the only one, so ``devices`` and ``device_type`` change nothing.
    Source: ``torch.random.fork_rng``.
    """
    if not enabled:
        yield
        return
    before = default_generator.state_bytes()
    try:
        yield
    finally:
        default_generator.set_state_bytes(before)


# ---- arithmetic to the last bit ----------------------------------------------------------------


def _scale_and_shift(values: np.ndarray, mean: float, std: float) -> np.ndarray:
    """``fma(values, std, mean)`` in the precision of ``values``, which may be overwritten."""
    if mean == 0:
        if std != 1:
            values *= values.dtype.type(std)
        values += values.dtype.type(0)  # as in the fma, -0 + 0 is +0
        return values
    if values.dtype == np.float32:
        return fma32(values, np.float32(std), np.float32(mean))
    return fma64(values, std, mean)


def _libm(function: Callable[[float], float], values: np.ndarray) -> np.ndarray:
    """The C library's ``function`` of every element; NumPy's loops may differ in the last bit."""
    return np.fromiter(map(function, values.ravel().tolist()), np.float64, values.size).reshape(
        values.shape
    )


@functools.cache
def _numpy_trigonometry_is_libm() -> bool:
    # True for NumPy 2.4 on Linux, and four times faster than going through `math`.
    angles = np.linspace(0, _TWO_PI, 1001)
    return all(
        bool((getattr(np, name)(angles) == _libm(getattr(math, name), angles)).all())
        for name in ("sin", "cos")
    )


def _sin_cos(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if _numpy_trigonometry_is_libm():
        return np.sin(angles), np.cos(angles)
    return _libm(math.sin, angles), _libm(math.cos, angles)


def _cast(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """float64 ``values`` as ``dtype``, rounding as a C++ conversion does."""
    if dtype == np.float64:
        return values
    if dtype.itemsize == 2 and dtype.kind not in "iu":
        return values.astype(np.float32).astype(dtype)  # torch: halves convert through float
    return values.astype(dtype)


def _store_libm(
    out: np.ndarray,
    name: str,
    argument: np.ndarray,
    finish: Callable[[np.ndarray], np.ndarray],
) -> None:
    """``out[...] = finish(f(argument))`` as if ``f`` were the C library's; ``finish`` is monotonic.

    NumPy's functions are within an ulp or two of the C library's.  After rounding to a narrower
    dtype that almost never shows, so only the elements where it could are computed again.
    """
    exact = getattr(math, name)
    if out.dtype == np.float64:
        out[...] = finish(_libm(exact, argument))
        return
    values = getattr(np, name)(argument)
    out[...] = _cast(finish(values), out.dtype)
    below = _cast(finish(values * (1 - 2.0**-50)), out.dtype)
    above = _cast(finish(values * (1 + 2.0**-50)), out.dtype)
    doubtful = np.flatnonzero(below != above)
    if doubtful.size:
        out[doubtful] = _cast(finish(_libm(exact, argument[doubtful])), out.dtype)


# ---- the order of filling ------------------------------------------------------------------------


def _memory_order(array: np.ndarray) -> tuple[int, ...]:
    """The axes from the largest stride to the smallest: the order in which torch's loops go."""
    return tuple(sorted(range(array.ndim), key=lambda d: (-array.strides[d], -array.shape[d], d)))


def _fill_blocks(array: np.ndarray, fill_block: Callable[[np.ndarray], None]) -> None:
    """Call ``fill_block(flat)`` on contiguous runs that cover ``array`` in torch's order."""
    target = array if array.flags.c_contiguous else array.transpose(_memory_order(array))
    dense = target.flags.c_contiguous
    flat = target.reshape(-1) if dense else np.empty(target.size, target.dtype)
    for start in range(0, flat.size, _BLOCK):
        fill_block(flat[start : start + _BLOCK])
    if not dense:
        target[...] = flat.reshape(target.shape)


def _as_real(array: np.ndarray) -> np.ndarray:
    """A complex ``(*)`` array seen as the real ``(*, 2)`` one over the same memory."""
    return array[..., None].view(np.float32 if array.dtype == np.complex64 else np.float64)


# ---- uniform and integers ------------------------------------------------------------------------


def fill_uniform(
    array: np.ndarray, low: float = 0.0, high: float = 1.0, generator: Generator | None = None
) -> None:
    """Fill a floating or complex array with uniforms on [low, high).

    One word an element: ``fma(U, high - low, low)`` in the array's precision (float32 for the half
    types).  Source: ``Tensor.uniform_``, ``rand``.
    """
    if array.dtype.kind == "c":
        return fill_uniform(_as_real(array), low, high, generator)
    rng = _or_default(generator)
    dtype = array.dtype
    wide = dtype == np.float64
    work_type: Any = np.float64 if wide else np.float32
    first, last = dtype.type(low), dtype.type(high)
    start = work_type(low)
    span = work_type(high) - start
    draw = rng.uniforms53 if wide else rng.uniforms24

    def fill_block(out: np.ndarray) -> None:
        work = out if out.dtype == work_type else np.empty(out.size, work_type)
        draw(work)
        if start == 0:
            if span != 1:
                work *= span
        elif wide:
            work[...] = fma64(work, float(span), float(start))
        else:
            work[...] = fma32(work, span, start)
        if work is not out:
            out[...] = work
        if work is not out or start != 0:
            # Rounding may reach the excluded end.
            out[out == last] = first

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


def fill_random_between(
    array: np.ndarray, low: int, high: int, generator: Generator | None = None
) -> None:
    """Fill an array with integers from ``low`` to ``high - 1``.

    A span of 2**28 or more takes a 64-bit word an element, a smaller one 32 bits, for every dtype.
    Source: ``Tensor.random_(low, high)``, ``randint``.
    """
    rng = _or_default(generator)
    span = high - low
    draw, word = (rng.words64, np.uint64) if span >= 1 << 28 else (rng.words32, np.uint32)

    def fill_block(out: np.ndarray) -> None:
        words = draw(out.size)
        if span == 1 << 64:
            out[...] = words.view(np.int64)  # torch: the word itself, signed
            return
        words %= word(span)
        if low == 0:
            out[...] = words
            return
        values = words.astype(np.int64)  # wraps, as torch's int64 addition does
        values += low
        out[...] = values

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


#: The integers up to which a floating dtype counts without gaps.
_LAST_WITHOUT_GAP = {"float64": 1 << 53, "float32": 1 << 24, "float16": 1 << 11, "bfloat16": 1 << 8}


def fill_random(array: np.ndarray, generator: Generator | None = None) -> None:
    """Fill an array over its dtype's non-negative range.

    Floating dtypes get the integers that they represent without gaps, from 0.
    Source: ``Tensor.random_()``.
    """
    rng = _or_default(generator)
    dtype = array.dtype
    if dtype.kind == "b":
        limit = 1
    elif dtype.kind in "iu":
        limit = int(np.iinfo(dtype).max)
    else:
        limit = _LAST_WITHOUT_GAP[dtype.name]
    draw, word = (rng.words64, np.uint64) if dtype.itemsize == 8 else (rng.words32, np.uint32)

    def fill_block(out: np.ndarray) -> None:
        words = draw(out.size)
        words %= word(limit + 1)
        out[...] = words

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


def fill_permutation(array: np.ndarray, generator: Generator | None = None) -> None:
    """Fill a flat array of n elements with a random order of 0 ... n-1.

    Fisher-Yates: for i = 0 ... n-2, swap the values at i and ``z[i] = i + word % (n - i)``.
    Raises NotImplementedError from 214,748,364 elements up, where torch changes its algorithm.
    Source: ``torch.randperm``.
    """
    n = array.size
    if n >= 214748364:
        raise NotImplementedError(f"randperm: fewer than 214748364 elements are supported, got {n}")
    rng = _or_default(generator)
    steps = np.arange(n, dtype=np.uint32)
    targets = steps.copy()  # the last step swaps with itself
    if n > 1:
        with rng.lock, _quiet():
            words = rng.words32(n - 1)
        words %= np.uint32(n) - steps[:-1]
        targets[:-1] += words
    if n < 700:
        values = list(range(n))
        for i, z in enumerate(targets.tolist()):
            values[i], values[z] = values[z], values[i]
        array[...] = values
    else:
        array[...] = _swapped(targets.astype(np.int64))


def _swapped(targets: np.ndarray) -> np.ndarray:
    """The result of ``swap(r[i], r[targets[i]])`` for i = 0, 1, ..., n-1 on ``r = arange(n)``.

    ``targets[i] >= i``, so position i is final after step i, and what it held until then moved to
    ``targets[i]``.  Call that v[i]: it came from the last step that swapped with i, or is i itself
    where there was none.  The final r[i] is what ``targets[i]`` held: v of the step before with the
    same target, or the target's own number where there was none.
    """
    n = targets.size
    steps = np.arange(n)

    # v, by pointer doubling.  An entry >= 0 is the step to look at; one < 0 is ~value, the end.
    v = ~steps
    moving = targets != steps
    v[targets[moving]] = steps[moving]  # the last assignment to a position wins
    open_ends = np.flatnonzero(v >= 0)
    while open_ends.size:
        followed = v[v[open_ends]]
        v[open_ends] = followed
        open_ends = open_ends[followed >= 0]
    v = ~v

    # Sorting (target, step) pairs puts each step behind the one before it with the same target.
    shift = n.bit_length()
    pairs = np.sort((targets << shift) | steps)
    sorted_targets, sorted_steps = pairs >> shift, pairs & ((1 << shift) - 1)
    values = sorted_targets.copy()
    again = np.flatnonzero(sorted_targets[1:] == sorted_targets[:-1])
    values[again + 1] = v[sorted_steps[again]]
    result = np.empty(n, np.int64)
    result[sorted_steps] = values
    return result


# ---- bernoulli and dropout -----------------------------------------------------------------------


def fill_bernoulli(
    array: np.ndarray, p: float, generator: Generator | None = None, *, success: float = 1
) -> None:
    """Set each element to ``success`` with probability ``p``, else to 0.

    One 64-bit word an element, for every dtype.  Source: ``Tensor.bernoulli_(p)``.
    """
    rng = _or_default(generator)
    # U53 < p, asked of the integers: k * 2**-53 < p  <=>  k < ceil(p * 2**53).
    threshold = np.uint64(math.ceil(p * 2.0**53))

    def fill_block(out: np.ndarray) -> None:
        words = rng.words64(out.size)
        words &= _MASK53
        out[...] = words < threshold
        if success != 1:
            out *= out.dtype.type(success)

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


def fill_bernoulli_tensor(
    array: np.ndarray, p: np.ndarray, generator: Generator | None = None
) -> None:
    """Set each element to 1 with its own probability ``p`` (floating, broadcast to ``array``).

    float64 probabilities are compared with U53, others with U24.  Source: ``Tensor.bernoulli_(p)``.
    """
    rng = _or_default(generator)
    wide = p.dtype == np.float64
    draw, work_type = (rng.uniforms53, np.float64) if wide else (rng.uniforms24, np.float32)
    # torch: the array written to decides the order, not `p`.
    in_order = np.broadcast_to(p, array.shape).transpose(_memory_order(array)).reshape(-1)
    done = 0

    def fill_block(out: np.ndarray) -> None:
        nonlocal done
        uniforms = np.empty(out.size, work_type)
        draw(uniforms)
        out[...] = uniforms < in_order[done : done + out.size].astype(work_type, copy=False)
        done += out.size

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


def dropout_noise(
    input: np.ndarray,
    p: float,
    generator: Generator | None = None,
    *,
    feature: bool = False,
    scaled: bool = True,
) -> np.ndarray:
    """What dropout multiplies ``input`` by: 0 with probability ``p``, else ``1 / (1 - p)``.

    Args:
        feature: one draw for each (sample, channel) instead of each element.
        scaled: False leaves the survivors at 1 (alpha dropout scales by its own rule).

    Shape: that of ``input`` in its memory layout; with ``feature`` (N, C, 1, ..., 1).
    Nothing is drawn where p is 0 or 1.  Source: ``torch.dropout``, ``torch.feature_dropout``.
    """
    if feature:
        noise = np.empty((*input.shape[:2], *[1] * (input.ndim - 2)), input.dtype)
    else:
        noise = np.empty_like(input, subok=False)
    if p == 0 or p == 1:
        noise[...] = 1 - p
        return noise
    success: float = 1
    if scaled:
        # torch: divides 1 by 1 - p, in float32 for the half types.
        work_type = np.float64 if input.dtype == np.float64 else np.float32
        success = float(work_type(1) / work_type(1 - p))
    fill_bernoulli(noise, 1 - p, generator, success=success)
    return noise


# ---- normal --------------------------------------------------------------------------------------


def fill_normal(
    array: np.ndarray, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> None:
    """Fill a floating or complex array with normals.

    A contiguous array of 16 or more elements takes Box-Muller in blocks of 16; any other takes it
    pair by pair in double precision, the pair's second normal waiting in the generator for the next
    call.  A complex array shares the variance between its parts.
    Source: ``Tensor.normal_``, ``randn``.
    """
    if array.dtype.kind == "c":
        return fill_normal(_as_real(array), mean, std / math.sqrt(2), generator)
    rng = _or_default(generator)
    with rng.lock, _quiet():
        if array.size < 16 or not array.flags.c_contiguous:
            values = _scale_and_shift(_paired_normals(rng, array.size), float(mean), float(std))
            values = _cast(values, array.dtype)
            _fill_blocks(array, _consecutive(values))
        elif array.dtype.itemsize == 2:
            _fill_normal_half(rng, array.reshape(-1), mean, std)
        else:
            _fill_normal_blocks(rng, array.reshape(-1), mean, std)


def _consecutive(values: np.ndarray) -> Callable[[np.ndarray], None]:
    """A ``fill_block`` that hands out ``values`` in order."""
    done = 0

    def fill_block(out: np.ndarray) -> None:
        nonlocal done
        out[...] = values[done : done + out.size]
        done += out.size

    return fill_block


def _paired_normals(rng: Generator, count: int) -> np.ndarray:
    """``count`` standard normals by Box-Muller in float64, through the generator's waiting one."""
    values = np.empty(count)
    waiting = 0
    if count and rng._next_normal is not None:
        values[0] = rng._next_normal
        rng._next_normal = None
        waiting = 1
    pairs = (count - waiting + 1) // 2
    if pairs:
        uniforms = np.empty(2 * pairs)
        rng.uniforms53(uniforms)
        angles, radii = uniforms[0::2] * _TWO_PI, np.sqrt(-2 * _libm(math.log1p, -uniforms[1::2]))
        sines, cosines = _sin_cos(angles)
        np.multiply(radii, cosines, out=uniforms[0::2])
        np.multiply(radii, sines, out=uniforms[1::2])
        values[waiting:] = uniforms[: count - waiting]
        if 2 * pairs > count - waiting:
            rng._next_normal = float(uniforms[-1])
    return values


def _fill_normal_blocks(rng: Generator, flat: np.ndarray, mean: float, std: float) -> None:
    """Uniforms for all of ``flat``, made normal 16 at a time; a ragged end draws 16 afresh."""
    wide = flat.dtype == np.float64
    draw, transform = (rng.uniforms53, _box_muller64) if wide else (rng.uniforms24, _box_muller32)
    whole = flat.size - flat.size % 16
    for start in range(0, whole, _ROWS * 16):
        block = flat[start : min(start + _ROWS * 16, whole)]
        draw(block)
        transform(block, mean, std)
    if whole < flat.size:
        draw(flat[whole:])  # torch: drawn, then overwritten
        draw(flat[-16:])
        transform(flat[-16:], mean, std)


def _fill_normal_half(rng: Generator, flat: np.ndarray, mean: float, std: float) -> None:
    """`_fill_normal_blocks` in float32 for the half types: no first draw for a ragged end."""
    whole = flat.size - flat.size % 16
    blocks = [flat[i : min(i + _ROWS * 16, whole)] for i in range(0, whole, _ROWS * 16)]
    if whole < flat.size:
        blocks.append(flat[-16:])
    for block in blocks:
        work = np.empty(block.size, np.float32)
        rng.uniforms24(work)
        _box_muller32(work, mean, std)
        block[...] = work


def _box_muller64(flat: np.ndarray, mean: float, std: float) -> None:
    """Turn 16 n float64 uniforms into normals, in place.

    In each row of 16 the first 8 make the radii and then hold the cosines' normals, the last 8 make
    the angles and hold the sines'.
    """
    rows = flat.reshape(-1, 2, 8)
    radii = np.sqrt(-2 * _libm(math.log, 1 - rows[:, 0]))
    sines, cosines = _sin_cos(_TWO_PI * rows[:, 1])
    rows[:, 0] = _scale_and_shift(radii * cosines, mean, std)
    rows[:, 1] = _scale_and_shift(radii * sines, mean, std)


#: Rows of 16 per call of `_box_muller32`: its temporaries then stay in the second-level cache.
_ROWS = 1024

#: Eight floats moved as one item: NumPy copies strided runs of 8 slowly, but not single big items.
_EIGHT_FLOATS = np.dtype("V32")


def _box_muller32(flat: np.ndarray, mean: float, std: float) -> None:
    """`_box_muller64` for float32, through torch's own vectorised log, sin and cos."""
    rows = flat.view(_EIGHT_FLOATS).reshape(-1, 2)
    radii = np.ascontiguousarray(rows[:, 0]).view(np.float32)
    angles = np.ascontiguousarray(rows[:, 1]).view(np.float32)
    np.subtract(np.float32(1), radii, out=radii)  # (0, 1]: its log is finite
    angles *= np.float32(_TWO_PI)
    radii = _radius32(radii)
    sines, cosines = _sin_cos32(angles)
    cosines *= radii
    sines *= radii
    rows[:, 0] = _scale_and_shift(cosines, mean, std).view(_EIGHT_FLOATS)
    rows[:, 1] = _scale_and_shift(sines, mean, std).view(_EIGHT_FLOATS)


# The float32 log, sin and cos below are the Cephes polynomials, evaluated as in torch's AVX2 build:
# fused where GCC fused them.  A fused step is done in float64, where the product is exact, and
# rounded to float32 afterwards; over all 2**24 inputs the double rounding never shows.
# Names ending in 64 hold float32 values in float64 arrays.


def _singles(*values: float) -> tuple[np.float64, ...]:
    """The values rounded to float32, as float64."""
    return tuple(np.float64(np.float32(value)) for value in values)


_LOG_POLYNOMIAL = _singles(
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_COS_POLYNOMIAL = _singles(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SIN_POLYNOMIAL = _singles(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
#: log 2 in two parts.
_LOG2_LOW, _LOG2_HIGH = np.float32(-2.12194440e-4), np.float32(0.693359375)
#: -pi / 4 in three parts.
_QUARTER_TURN = _singles(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
_FOUR_OVER_PI = np.float32(1.27323954473516)
_SQRT_HALF_BITS = np.int32(0x3F3504F3)


def _polynomial32(
    coefficients: tuple[np.float64, ...], x64: np.ndarray, work64: np.ndarray, out32: np.ndarray
) -> None:
    """Horner's rule into ``out32``, each step ``fma(work, x, c)`` rounded to float32."""
    work64[...] = coefficients[0]
    for c in coefficients[1:]:
        work64 *= x64
        work64 += c
        out32[...] = work64
        work64[...] = out32


def _radius32(u: np.ndarray) -> np.ndarray:
    """``sqrt(-2 log u)`` for contiguous float32 ``u`` in (0, 1], which is overwritten."""
    bits = u.view(np.int32)
    exponent = bits - _SQRT_HALF_BITS
    exponent >>= 23
    bits -= exponent << 23
    x = u  # the mantissa, in [sqrt(1/2), sqrt(2))
    x -= np.float32(1)
    e = exponent.astype(np.float32)

    x64 = x.astype(np.float64)
    work64 = np.empty_like(x64)
    y = np.empty_like(x)
    _polynomial32(_LOG_POLYNOMIAL, x64, work64, y)
    y *= x
    square = x * x
    # y = fma(y, square, e * log2_low)
    work64[...] = y
    x64[...] = square
    work64 *= x64
    np.multiply(e, _LOG2_LOW, out=y)
    x64[...] = y
    work64 += x64
    y[...] = work64
    square *= np.float32(0.5)
    y -= square
    x += y
    e *= _LOG2_HIGH  # exact: 9 bits by 5
    e += x
    e *= np.float32(-2)
    return np.sqrt(e, out=e)


def _sin_cos32(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of contiguous float32 angles in [0, 2 pi]."""
    octant = (angle * _FOUR_OVER_PI).astype(np.int32)
    octant += 1
    octant &= ~np.int32(1)
    e = octant.astype(np.float32)

    # x = angle - octant * pi / 4, the first two products being exact and the third fused.
    work = e * np.float32(_QUARTER_TURN[0])
    x = angle + work
    np.multiply(e, np.float32(_QUARTER_TURN[1]), out=work)
    x += work
    x64 = x.astype(np.float64)
    work64 = e.astype(np.float64)
    work64 *= _QUARTER_TURN[2]
    x64 += work64
    x[...] = x64
    x64[...] = x
    square = x * x
    square64 = square.astype(np.float64)

    # cos = 1 + (c square - square / 2), the bracket fused.
    _polynomial32(_COS_POLYNOMIAL, square64, work64, work)
    work *= square
    work64[...] = work
    work64 *= square64
    half64 = (square * np.float32(0.5)).astype(np.float64)
    work64 -= half64
    cos = e
    cos[...] = work64
    cos += np.float32(1)

    # sin = x + s x, fused.
    _polynomial32(_SIN_POLYNOMIAL, square64, work64, work)
    work *= square
    work64[...] = work
    work64 *= x64
    work64 += x64
    sin = work
    sin[...] = work64

    # Octants 2, 3, 6, 7 exchange the two; signs follow.  Done on the bits, np.where being slower.
    sin_bits, cos_bits = sin.view(np.int32), cos.view(np.int32)
    exchange = octant << 30
    exchange >>= 31  # all ones where octant & 2
    difference = sin_bits ^ cos_bits
    difference &= exchange
    sin_bits ^= difference
    cos_bits ^= difference
    sign_bit = np.int32(-(2**31))
    sin_bits ^= (octant << 29) & sign_bit
    octant += 2
    cos_bits ^= (octant << 29) & sign_bit
    return sin, cos


# ---- transforms of one uniform -------------------------------------------------------------------


def _fill_from_uniforms53(
    array: np.ndarray,
    generator: Generator | None,
    transform: Callable[[np.ndarray, np.ndarray], None],
) -> None:
    """``transform(out, uniforms)`` over blocks of ``array``: one U53 an element."""
    rng = _or_default(generator)

    def fill_block(out: np.ndarray) -> None:
        uniforms = np.empty(out.size)
        rng.uniforms53(uniforms)
        transform(out, uniforms)

    with rng.lock, _quiet():
        _fill_blocks(array, fill_block)


def fill_exponential(
    array: np.ndarray, lambd: float = 1.0, generator: Generator | None = None
) -> None:
    """Fill with ``-log(1 - U53) / lambd``.  Source: ``Tensor.exponential_``."""
    scale = -1.0 / lambd

    def transform(out: np.ndarray, u: np.ndarray) -> None:
        np.negative(u, out=u)
        _store_libm(out, "log1p", u, lambda y: y * scale)

    _fill_from_uniforms53(array, generator, transform)


def fill_geometric(array: np.ndarray, p: float, generator: Generator | None = None) -> None:
    """Fill with ``ceil(log(U53) / log(1 - p))``: trials until the first success, from 1.

    Source: ``Tensor.geometric_``.
    """
    log_failure = math.log1p(-p)

    def transform(out: np.ndarray, u: np.ndarray) -> None:
        np.maximum(u, 2.0**-1074, out=u)  # log 0 would raise; it comes up once in 2**53 draws
        _store_libm(out, "log", u, lambda y: np.ceil(y / log_failure))

    _fill_from_uniforms53(array, generator, transform)


def fill_cauchy(
    array: np.ndarray, median: float = 0.0, sigma: float = 1.0, generator: Generator | None = None
) -> None:
    """Fill with ``median + sigma * tan(pi * (U53 - 1/2))``.  Source: ``Tensor.cauchy_``."""

    def transform(out: np.ndarray, u: np.ndarray) -> None:
        u -= 0.5
        u *= math.pi
        _store_libm(out, "tan", u, lambda y: fma64(y, sigma, median))

    _fill_from_uniforms53(array, generator, transform)


def fill_log_normal(
    array: np.ndarray, mean: float = 1.0, std: float = 2.0, generator: Generator | None = None
) -> None:
    """Fill with e to the power of normals of ``mean`` and ``std``, drawn pair by pair.

    Source: ``Tensor.log_normal_``.
    """
    rng = _or_default(generator)
    values = np.empty(array.size, array.dtype)
    with rng.lock, _quiet():
        exponents = _scale_and_shift(_paired_normals(rng, array.size), float(mean), float(std))
        # math.exp raises where C's gives inf.
        infinite = exponents > 709.782712893384
        exponents[infinite] = 0
        _store_libm(values, "exp", exponents, lambda y: y)
        values[infinite] = np.inf
        _fill_blocks(array, _consecutive(values))


# ---- several draws an element --------------------------------------------------------------------


class _UniformsAhead:
    """U53 one at a time for rejection samplers, drawn ahead in blocks.

    Used as a context manager under the generator's lock; on leaving, the generator stands right
    behind the last uniform that was handed out.
    """

    _AHEAD = 512

    def __init__(self, rng: Generator):
        self._rng = rng
        self._uniforms: list[float] = []
        self._used = 0

    def __enter__(self) -> _UniformsAhead:
        return self

    def __call__(self) -> float:
        if self._used == len(self._uniforms):
            self._before = self._rng._engine.state
            block = np.empty(self._AHEAD)
            self._rng.uniforms53(block)
            self._uniforms = block.tolist()
            self._used = 0
        self._used += 1
        return self._uniforms[self._used - 1]

    def normal(self) -> float:
        """A standard normal, pair by pair as in `_paired_normals`."""
        rng = self._rng
        if rng._next_normal is not None:
            value, rng._next_normal = rng._next_normal, None
            return value
        angle = _TWO_PI * self()
        radius = math.sqrt(-2 * math.log1p(-self()))
        rng._next_normal = radius * math.sin(angle)
        return radius * math.cos(angle)

    def __exit__(self, *_: object) -> None:
        if self._used < len(self._uniforms):
            self._rng._engine.state = self._before
            self._rng._engine.random_raw(2 * self._used, output=False)


def fill_poisson(array: np.ndarray, rate: np.ndarray, generator: Generator | None = None) -> None:
    """Fill with Poisson counts of mean ``rate`` (floating, of ``array``'s shape).

    Source: ``torch.poisson``; from a rate of 10 up the transformed rejection of Hoermann (1993).
    """
    rng = _or_default(generator)
    rates = rate.transpose(_memory_order(array)).reshape(-1).astype(np.float64).tolist()
    with rng.lock, _quiet(), _UniformsAhead(rng) as uniform:
        counts = [_poisson(x, uniform) for x in rates]
    _fill_blocks(array, _consecutive(_cast(np.array(counts, np.float64), array.dtype)))


def _poisson(rate: float, uniform: Callable[[], float]) -> int:
    if rate >= 10:
        return _poisson_by_rejection(rate, uniform)
    if rate == 0:
        return 0
    limit = math.exp(-rate)
    count, product = 0, uniform()
    while product > limit:
        count += 1
        product *= uniform()
    return count


def _poisson_by_rejection(rate: float, uniform: Callable[[], float]) -> int:
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_certain = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = uniform() - 0.5
        v = uniform()
        distance = 0.5 - abs(u)
        count = math.floor((2 * a / distance + b) * u + rate + 0.43) if distance else -1
        if distance >= 0.07 and v <= v_certain:
            return count
        if count < 0 or (distance < 0.013 and v > distance):
            continue
        hat = math.log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b)
        if hat <= -rate + count * log_rate - math.lgamma(count + 1):
            return count


def fill_standard_gamma(
    array: np.ndarray, alpha: np.ndarray, generator: Generator | None = None
) -> None:
    """Fill with Gamma(alpha, 1) numbers; ``alpha`` has the shape and dtype (no half) of ``array``.

    Source: ``torch._standard_gamma``; Marsaglia and Tsang (2000).
    """
    rng = _or_default(generator)
    alphas = alpha.transpose(_memory_order(array)).reshape(-1)
    with rng.lock, _quiet(), _UniformsAhead(rng) as uniform:
        values = [_gamma(a, uniform) for a in alphas]
    # torch: never 0, and a nan (from an alpha that is negative or nan) becomes the smallest too.
    samples = np.fmax(_cast(np.array(values), array.dtype), np.finfo(array.dtype).tiny)
    _fill_blocks(array, _consecutive(samples))


_SQUEEZE = float(np.float32(0.0331))


def _gamma(alpha: np.floating, uniform: _UniformsAhead) -> float:
    # torch: alpha, its reciprocal and d in alpha's own precision, the rest in double with two
    # constants rounded to float32.
    one, third = alpha.dtype.type(1), alpha.dtype.type(np.float32(1) / np.float32(3))
    scale = 1.0
    if alpha < 1:
        if alpha == 0:
            return 0.0
        scale = math.pow(1 - uniform(), one / alpha)
        alpha = alpha + one
    d = float(alpha - third)
    c = 1 / math.sqrt(9 * d) if d > 0 else math.nan
    while True:
        y = 0.0
        while y <= 0:
            x = uniform.normal()
            y = 1 + c * x
        v = y * y * y
        u = 1 - uniform()
        square = x * x
        if u < 1 - _SQUEEZE * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def fill_dirichlet(
    array: np.ndarray, alpha: np.ndarray, generator: Generator | None = None
) -> None:
    """Fill with Dirichlet(alpha) vectors along the last dimension: gammas over their sum.

    The gammas are drawn in double precision, whatever the dtype.
    Source: ``torch._sample_dirichlet``.
    """
    gammas = np.empty(array.shape, np.float64)
    fill_standard_gamma(gammas, alpha.astype(np.float64), generator)
    shares = _cast(gammas / gammas.sum(-1, keepdims=True), array.dtype)
    one = array.dtype.type(1)
    array[...] = np.clip(shares, np.finfo(array.dtype).tiny, np.nextafter(one, one - one))


def fill_binomial(
    array: np.ndarray, count: np.ndarray, p: np.ndarray, generator: Generator | None = None
) -> None:
    """Fill with the number of successes in ``count`` trials of probability ``p``.

    ``count`` and ``p`` are floating, of ``array``'s shape.  Source: ``torch.binomial``; for ten
    expected successes or more the transformed rejection of Hoermann (1993).
    """
    rng = _or_default(generator)
    order = _memory_order(array)
    counts, chances = (
        x.transpose(order).reshape(-1).astype(np.float64).tolist() for x in (count, p)
    )
    with rng.lock, _quiet(), _UniformsAhead(rng) as uniform:
        values = [_binomial(n, p, uniform) for n, p in zip(counts, chances, strict=True)]
    _fill_blocks(array, _consecutive(_cast(np.array(values, np.float64), array.dtype)))


def _binomial(count: float, p: float, uniform: Callable[[], float]) -> float:
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return count
    if math.isnan(p):
        return math.nan
    rare = min(p, 1 - p)
    draw = _binomial_by_rejection if count * rare >= 10 else _binomial_by_gaps
    successes = draw(count, rare, uniform)
    return successes if p <= 0.5 else count - successes


def _binomial_by_gaps(count: float, p: float, uniform: Callable[[], float]) -> float:
    """Geometric gaps between the successes, until they fill the trials."""
    log_failure = math.log1p(-p)
    successes, trials = 0, 0.0
    while True:
        u = uniform()
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if trials > count:
            return successes
        successes += 1


#: What Stirling's formula leaves of log(k!), for k from 0 to 9.
_STIRLING_TAILS = tuple(
    math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    for k in range(10)
)


def _stirling_tail(k: float) -> float:
    if k <= 9:
        return _STIRLING_TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def _binomial_by_rejection(count: float, p: float, uniform: Callable[[], float]) -> float:
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    center = count * p + 0.5
    v_certain = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * p)
    while True:
        u = uniform() - 0.5
        v = uniform()
        distance = 0.5 - abs(u)
        k = math.floor((2 * a / distance + b) * u + center) if distance else -1
        if distance >= 0.07 and v <= v_certain:
            return k
        if k < 0 or k > count:
            continue
        hat = math.log(v * alpha / (a / (distance * distance) + b)) if v else -math.inf
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_tail(mode)
            + _stirling_tail(count - mode)
            - _stirling_tail(k)
            - _stirling_tail(count - k)
        )
        if hat <= bound:
            return k


def fill_multinomial(
    array: np.ndarray,
    weights: np.ndarray,
    replacement: bool = False,
    generator: Generator | None = None,
) -> None:
    """Fill int64 ``array`` (*, n) with indices drawn in proportion to ``weights`` (*, categories).

    Without replacement (and for n = 1 always) the n largest of ``weights / exponential``; with it,
    a search in the cumulated weights for each U53, row by row.  Source: ``torch.multinomial``.
    """
    count = array.shape[-1]
    if replacement and count != 1:
        _fill_multinomial_by_search(array, weights, _or_default(generator))
        return
    race = np.empty_like(weights, subok=False)
    fill_exponential(race, 1.0, generator)
    with _quiet():
        np.divide(weights, race, out=race)
    if count == 1:
        array[..., 0] = race.argmax(-1)
    else:
        array[...] = np.argsort(-race, axis=-1, kind="stable")[..., :count]


def _fill_multinomial_by_search(array: np.ndarray, weights: np.ndarray, rng: Generator) -> None:
    count = array.shape[-1]
    rows = weights.reshape(-1, weights.shape[-1])
    if rows.dtype.itemsize == 2:
        rows = rows.astype(np.float32)  # torch: half weights are cumulated in float32
    samples = np.empty((len(rows), count), np.int64)
    uniforms = np.empty(count)
    with rng.lock, _quiet():
        for row, out in zip(rows, samples, strict=True):
            cumulated = np.add.accumulate(row)  # one after the other, in the weights' precision
            cumulated /= cumulated[-1]
            cumulated[-1] = 1
            rng.uniforms53(uniforms)
            out[...] = np.searchsorted(cumulated.astype(np.float64), uniforms, side="left")
    array[...] = samples.reshape(array.shape)
