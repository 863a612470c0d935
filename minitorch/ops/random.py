"""Random tensors: torch's sampling functions and in-place methods over `minitorch.random`.

Here stand the names, defaults, checks and errors; the numbers themselves come from the ``fill_*``
functions of `minitorch.random`, and are torch's for the same seed.

Sampling has no gradient: what is written over, and the parameters of a distribution, get zeros.
The exceptions are gamma and Dirichlet samples, which move with their concentrations.
"""

from __future__ import annotations

import functools
import math
import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch import dtypes, random
from minitorch.autograd.graph import Node
from minitorch.autograd.mode import mode
from minitorch.autograd.views import check_writable, rebase
from minitorch.backends import MetaArray, meta_array
from minitorch.device import device as Device
from minitorch.ops._dims import as_sizes
from minitorch.ops._op import expand, op, view_scatter
from minitorch.ops.conversion import as_dtype
from minitorch.ops.creation import empty, empty_like
from minitorch.ops.reduction import sum as sum_of
from minitorch.ops.sample_gradient import dirichlet_gradient_values, gamma_gradient_values
from minitorch.ops.shape import broadcast_pair
from minitorch.random import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from minitorch.tensor import Tensor, wrap

__all__ = [
    "Generator",
    "METHODS",
    "bernoulli",
    "binomial",
    "default_generator",
    "dropout_noise",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "sample_dirichlet",
    "seed",
    "set_rng_state",
    "standard_gamma",
]

# ---- generator states as tensors -----------------------------------------------------------------


def _bytes_from_tensor(state: Any) -> np.ndarray:
    if not isinstance(state, Tensor):
        raise TypeError(f"expected a torch.ByteTensor, but got {type(state).__name__}")
    if state.dtype is not dtypes.uint8:
        raise TypeError(f"RNG state must be a torch.ByteTensor, but got {state.dtype}")
    if not state._array.flags.c_contiguous:
        raise RuntimeError("RNG state must be contiguous")
    return state._array


Generator._tensor_from_bytes = staticmethod(wrap)
Generator._bytes_from_tensor = staticmethod(_bytes_from_tensor)


# ---- arguments -----------------------------------------------------------------------------------


def _not_implemented(kernel: str, dtype: dtypes.dtype) -> NotImplementedError:
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.legacy_name}'")


def _number(function: str, name: str, position: int, value: Any) -> float:
    """``value`` as a float: a Python or NumPy real, or a 0-d tensor."""
    if isinstance(value, Tensor) and value.ndim == 0 and not value.requires_grad:
        value = value.item()
    if isinstance(value, (int, float, np.floating, np.integer)):
        return float(value)
    raise TypeError(
        f"{function}(): argument '{name}' (position {position}) must be float, "
        f"not {type(value).__name__}"
    )


def _integer(function: str, name: str, position: int, value: Any) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        integer = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{function}(): argument '{name}' (position {position}) must be int, "
            f"not {type(value).__name__}"
        ) from None
    if not -(1 << 63) <= integer < 1 << 63:
        raise ValueError(f"Overflow when unpacking long long: {function}({name}={integer})")
    return integer


def _checked(function: str, generator: Any) -> Generator | None:
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"{function}(): argument 'generator' must be torch.Generator, "
            f"not {type(generator).__name__}"
        )
    return generator


def _tensor_argument(function: str, name: str, position: int, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{function}(): argument '{name}' (position {position}) must be Tensor, "
            f"not {type(value).__name__}"
        )
    return value


def _from_keyword(function: str, given: Any, named: dict[str, Any]) -> Any:
    """torch's parameter ``from``: a keyword of Python, so by name it comes in an unpacked dict."""
    given = named.pop("from", given)
    if named:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(named))}'")
    return given


def _shape(function: str, sizes: tuple, size: Any = None) -> tuple[int, ...]:
    """The shape, from loose ints, one sequence or the keyword ``size``."""
    if size is None:
        if not sizes:
            raise TypeError(
                f"{function}() received an invalid combination of arguments - got (), but expected "
                "a tuple of ints size"
            )
        size = sizes[0] if isinstance(sizes[0], (tuple, list)) and len(sizes) == 1 else sizes
    elif sizes:
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got sizes {sizes} and "
            f"size={size}"
        )
    elif not isinstance(size, (tuple, list)):
        raise TypeError(
            f"{function}(): argument 'size' must be tuple of ints, not {type(size).__name__}"
        )
    shape = as_sizes(size, function)
    for length in shape:
        if length < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {length}: {list(shape)}"
            )
    return shape


def _wanted_dtype(
    function: str,
    dtype: Any,
    out: Tensor | None = None,
    default: dtypes.dtype | None = None,
) -> dtypes.dtype:
    """The dtype to draw in: that of ``out``, or the one asked for, or the default."""
    wanted = None if dtype is None else as_dtype(dtype, function)
    if out is None:
        return wanted or default or dtypes.get_default_dtype()
    found = _tensor_argument(function, "out", 1, out).dtype
    if wanted is not None and wanted is not found:
        raise RuntimeError(
            f"dtype {wanted.legacy_name} does not match dtype of out parameter "
            f"({found.legacy_name})"
        )
    return found


def _fresh(
    function: str, shape: tuple[int, ...], dtype: dtypes.dtype, out: Tensor | None, **options: Any
) -> Tensor:
    """The tensor to fill: ``out``, resized to ``shape``, or a new one."""
    if out is None:
        return empty(shape, dtype=dtype, **options)
    _refuse_gradient(function, out)
    _check_no_overlap(out._array)
    if out._array.shape != shape:
        out._array = np.empty(shape, out._array.dtype)
    out._counter[0] += 1
    if options.get("requires_grad"):
        out.requires_grad_()
    return out


def _refuse_gradient(function: str, *tensors: Tensor) -> None:
    if mode.grad and any(x.requires_grad for x in tensors):
        raise RuntimeError(
            f"{function}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )


def _check_no_overlap(array: np.ndarray) -> None:
    if 0 not in array.strides or not array.size:
        return
    if any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


# ---- drawing -------------------------------------------------------------------------------------


class _DrawNode(Node):
    """The node of a draw: whatever it was drawn from, or written over, gets a gradient of zeros."""

    __slots__ = ("shapes",)

    fresh_results = True

    def __init__(self, inputs: Sequence[Tensor]):
        super().__init__(tuple(x._edge() for x in inputs))
        self.shapes = tuple((x._array.shape, x._array.dtype) for x in inputs)

    def backward(self, g, create_graph, wanted=None):
        zeros = [np.zeros(shape, dtype) for shape, dtype in self.shapes]
        return [
            None if edge is None else wrap(zero) if create_graph else zero
            for edge, zero in zip(self.edges, zeros, strict=True)
        ]


@functools.cache
def _node_type(name: str) -> type[_DrawNode]:
    return type(name, (_DrawNode,), {"__slots__": ()})


def _recorded(result: Tensor, name: str, *inputs: Tensor) -> Tensor:
    """``result`` connected to the ``inputs`` that require grad, with gradients of zeros."""
    if mode.grad and any(x.requires_grad for x in inputs) and result.dtype.rank >= 2:
        rebase(result, _node_type(name)(inputs), view_scatter)
    return result


def _overwritten(
    tensor: Tensor,
    name: str,
    fill: Callable[..., None],
    *arguments: Any,
    parameters: tuple[Tensor, ...] = (),
) -> Tensor:
    """``fill(array, *arguments)`` on the memory of ``tensor``, which forgets how it was computed.

    The node ``name`` joins it to the graph, and the ``parameters`` that are tensors themselves.
    """
    inputs = (tensor, *parameters)
    recording = mode.grad and any(x.requires_grad for x in inputs)
    if recording:
        check_writable(tensor)
    array = tensor._array
    _check_no_overlap(array)
    node = _node_type(name)(inputs) if recording and tensor.dtype.rank >= 2 else None
    if not tensor.is_meta:  # which takes nothing from the stream
        fill(array, *arguments)
    tensor._counter[0] += 1
    if node is not None:
        rebase(tensor, node, view_scatter)
    return tensor


# ---- in-place methods ----------------------------------------------------------------------------


def uniform_(
    self: Tensor,
    from_: float = 0,
    to: float = 1,
    *,
    generator: Generator | None = None,
    **named: Any,
) -> Tensor:
    """Fill with uniform numbers from ``[from, to)``.

    Raises RuntimeError for ``from > to`` or bounds beyond the dtype.
    Source: torch.Tensor.uniform_.
    """
    generator = _checked("uniform_", generator)
    low = _number("uniform_", "from", 1, _from_keyword("uniform_", from_, named))
    high = _number("uniform_", "to", 2, to)
    dtype = self.dtype
    if dtype.rank < 2:
        raise _not_implemented("check_uniform_bounds", dtype)
    _check_uniform_bounds(low, high, dtype.to_real())
    return _overwritten(self, "UniformBackward0", random.fill_uniform, low, high, generator)


def _check_uniform_bounds(low: float, high: float, dtype: dtypes.dtype) -> None:
    limit = dtypes.finfo(dtype).max
    for name, bound in (("from", low), ("to", high)):
        if not -limit <= bound <= limit:
            raise RuntimeError(f"{name} is out of bounds for {dtype.cpp_name}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtype.legacy_name}>::max(), "
            f"but found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def normal_(
    self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers of ``mean`` and standard deviation ``std``.

    Raises RuntimeError for a negative ``std``.  Source: torch.Tensor.normal_.
    """
    generator = _checked("normal_", generator)
    mean, std = _number("normal_", "mean", 1, mean), _number("normal_", "std", 2, std)
    _check_std(std)
    _check_normal_dtype(self)
    return _overwritten(self, "NormalBackward0", random.fill_normal, mean, std, generator)


def _check_std(std: float) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def _check_normal_dtype(tensor: Tensor) -> None:
    # torch: an empty tensor never reaches the kernel that refuses its dtype.
    if tensor.dtype.rank < 2 and tensor.numel():
        raise _not_implemented("normal_kernel_cpu", tensor.dtype)


_NOT_GIVEN: Any = object()


def random_(
    self: Tensor,
    from_: int = _NOT_GIVEN,
    to: int | None = _NOT_GIVEN,
    *,
    generator: Generator | None = None,
    **named: Any,
) -> Tensor:
    """Fill with random integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    From 0 or ``from`` up to ``to - 1``; without ``to``, or where it is None, to the last integer
    that the dtype counts to.  Raises RuntimeError for an empty range or one beyond the dtype.
    Source: torch.Tensor.random_.
    """
    generator = _checked("random_", generator)
    low = _from_keyword("random_", from_, named)
    if low is _NOT_GIVEN and to is _NOT_GIVEN:
        if self.dtype.is_complex:
            raise _not_implemented("random_kernel_cpu", self.dtype)
        return _overwritten(self, "RandomBackward2", random.fill_random, generator)
    name = "RandomBackward0"
    if low is _NOT_GIVEN:
        low, name = 0, "RandomBackward1"
    elif to is _NOT_GIVEN:
        low, to, name = 0, low, "RandomBackward1"
    low = _integer("random_", "from", 1, low)
    high = None if to is None else _integer("random_", "to", 2, to)
    low, high = _integer_range(low, high, self.dtype)
    return _overwritten(self, name, random.fill_random_between, low, high, generator)


def _integer_range(low: int, high: int | None, dtype: dtypes.dtype) -> tuple[int, int]:
    """The range [low, high) as torch draws it for ``dtype``, or torch's error.

    ``high`` None stands for the end of the dtype's range.
    """
    if high is None:
        return _open_integer_range(low, dtype)
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if dtype.is_complex:
        raise RuntimeError(
            "check_random_bounds handles only integral, floating-point and boolean types"
        )
    if dtype.is_floating_point:
        low, high = _inward_from(low, dtype), _inward_to(high, dtype)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                f"but got from={low} >= to={high}"
            )
    _check_integer_bounds(low, high - 1, dtype)
    return low, high


def _open_integer_range(low: int, dtype: dtypes.dtype) -> tuple[int, int]:
    if low == -(1 << 63):
        if dtype.name in ("int64", "float64", "float32", "bfloat16"):
            return low, 1 << 63
        if dtype.rank == 1:
            raise RuntimeError(
                "random_full_64_bits_range_kernel_cpu handles only int64, double, float and "
                f"bfloat16, got {dtype}"
            )
        raise _not_implemented("random_full_64_bits_range_kernel_cpu", dtype)
    if dtype.is_complex:
        raise RuntimeError(
            "random_from_to_impl handles only integral, floating-point and boolean types"
        )
    if dtype.is_floating_point:
        last = 1 << _DIGITS[dtype.name]
        low = _inward_from(low, dtype)
        if low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' "
                f"casted to dtype, but got from={low} > to_inc={last}"
            )
    else:
        last = int(_limits(dtype)[1])
    _check_integer_bounds(low, last, dtype)
    return low, last + 1


#: Bits of a floating dtype's significand: it counts without gaps up to 2 to this power.
_DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


def _rounded(value: int, dtype: dtypes.dtype) -> int:
    """``value`` as ``dtype`` holds it (unchanged where it would be infinite)."""
    rounded = np.array(value).astype(np.float64 if dtype is dtypes.float64 else np.float32)
    if dtype.itemsize == 2:
        with np.errstate(over="ignore"):
            rounded = rounded.astype(dtype.numpy)
    return int(rounded) if math.isfinite(rounded) else value


def _spacing(value: int, dtype: dtypes.dtype) -> int:
    """The distance of ``dtype``'s numbers around ``value``."""
    bits = max(abs(value).bit_length() - 1, 0) - _DIGITS[dtype.name] + 1
    return 1 << bits if bits >= 0 else 0


def _inward_from(low: int, dtype: dtypes.dtype) -> int:
    # torch: a bound that the dtype would round out of the range moves one number into it.
    rounded = _rounded(low + 1, dtype)
    return rounded + _spacing(low + 1, dtype) if rounded < low else low


def _inward_to(high: int, dtype: dtypes.dtype) -> int:
    rounded = _rounded(high - 1, dtype)
    return rounded - _spacing(high - 1, dtype) if rounded >= high else high


def _limits(dtype: dtypes.dtype) -> tuple[float, float]:
    if dtype.rank == 0:
        return 0, 1
    limits: Any = dtypes.iinfo(dtype) if dtype.rank == 1 else dtypes.finfo(dtype)
    return limits.min, limits.max


def _check_integer_bounds(first: int, last: int, dtype: dtypes.dtype) -> None:
    cpp_name = dtype.cpp_name
    smallest, largest = _limits(dtype)
    for name, bound in (("from", first), ("to - 1", last)):
        if not smallest <= bound <= largest:
            raise RuntimeError(f"{name} is out of bounds for {cpp_name}")
    if dtype.is_floating_point:
        digits = _DIGITS[dtype.name]
        for name, bound in (("from", first), ("to - 1", last)):
            if abs(bound) > 1 << digits:
                warnings.warn(
                    f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                    f"limitations {cpp_name} can support discrete uniform distribution only within "
                    "this range.",
                    UserWarning,
                    stacklevel=4,
                )


def bernoulli_(
    self: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """Fill with ones of probability ``p`` (a number, or a tensor that broadcasts) and zeros.

    Raises RuntimeError for probabilities outside [0, 1].  Source: torch.Tensor.bernoulli_.
    """
    generator = _checked("bernoulli_", generator)
    if isinstance(p, Tensor):
        if self.dtype.is_complex:
            raise _not_implemented("bernoulli_tensor_cpu_self_", self.dtype)
        probabilities = _checked_probabilities(p, self._array.shape)
        return _overwritten(
            self,
            "BernoulliBackward1",
            random.fill_bernoulli_tensor,
            probabilities,
            generator,
            parameters=(p,),
        )
    p = _checked_probability(_number("bernoulli_", "p", 1, p))
    if self.dtype.is_complex:
        raise _not_implemented("bernoulli_scalar_cpu_", self.dtype)
    return _overwritten(self, "BernoulliBackward2", random.fill_bernoulli, p, generator)


def _checked_probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    return p


def _checked_probabilities(p: Tensor, shape: tuple[int, ...]) -> np.ndarray:
    if not p.dtype.is_floating_point:
        raise _not_implemented("bernoulli_tensor_cpu_p_", p.dtype)
    array = p._array
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    return expand(wrap(array), shape)._array


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of rate ``lambd``, of mean ``1 / lambd``.

    Raises RuntimeError for ``lambd <= 0`` or a dtype that is not floating point.
    Source: torch.Tensor.exponential_.
    """
    generator = _checked("exponential_", generator)
    lambd = _number("exponential_", "lambd", 1, lambd)
    if not self.dtype.is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {self.dtype.legacy_name}"
        )
    if not lambd > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    return _overwritten(self, "ExponentialBackward0", random.fill_exponential, lambd, generator)


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of trials, of success probability ``p``, up to the first success.

    Raises RuntimeError unless 0 < p < 1.  Source: torch.Tensor.geometric_.
    """
    generator = _checked("geometric_", generator)
    p = _number("geometric_", "p", 1, p)
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if self.dtype.rank in (0, 3):
        raise _not_implemented("geometric_cpu", self.dtype)
    return _overwritten(self, "GeometricBackward0", random.fill_geometric, p, generator)


def log_normal_(
    self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None
) -> Tensor:
    """Fill with e to the power of normal numbers of ``mean`` and ``std``.

    Raises RuntimeError for ``std <= 0``.  Source: torch.Tensor.log_normal_.
    """
    generator = _checked("log_normal_", generator)
    mean, std = _number("log_normal_", "mean", 1, mean), _number("log_normal_", "std", 2, std)
    if not std > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    if not self.dtype.is_floating_point:
        raise _not_implemented("log_normal_cpu", self.dtype)
    return _overwritten(self, "LogNormalBackward0", random.fill_log_normal, mean, std, generator)


def cauchy_(
    self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with Cauchy numbers around ``median`` of half-width ``sigma``.

    Raises RuntimeError for ``sigma <= 0`` or a dtype that is not floating point.
    Source: torch.Tensor.cauchy_.
    """
    generator = _checked("cauchy_", generator)
    median, sigma = _number("cauchy_", "median", 1, median), _number("cauchy_", "sigma", 2, sigma)
    if not sigma > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    if not self.dtype.is_floating_point:
        raise RuntimeError(
            "Cauchy distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {self.dtype.cpp_name}"
        )
    return _overwritten(self, "CauchyBackward0", random.fill_cauchy, median, sigma, generator)


# ---- new tensors ---------------------------------------------------------------------------------


def rand(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of uniform numbers from [0, 1).

    Shape: the ``sizes``, loose, as one sequence or as ``size=``.
    Raises NotImplementedError for a dtype that is neither floating point nor complex.
    Source: torch.rand.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.rand(3)
    tensor([0.4963, 0.7682, 0.0885])
    """
    generator = _checked("rand", generator)
    shape = _shape("rand", sizes, size)
    dtype = _wanted_dtype("rand", dtype, out)
    if dtype.rank < 2:
        raise _not_implemented("check_uniform_bounds", dtype)
    result = _fresh(
        "rand",
        shape,
        dtype,
        out,
        layout=layout,
        device=device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
    )
    return _filled(result, random.fill_uniform, 0.0, 1.0, generator)


def randn(
    *sizes: Any,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of standard normal numbers.

    Shape: the ``sizes``, loose, as one sequence or as ``size=``.
    Raises NotImplementedError for a dtype that is neither floating point nor complex.
    Source: torch.randn.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randn(3)
    tensor([ 1.5410, -0.2934, -2.1788])
    """
    generator = _checked("randn", generator)
    shape = _shape("randn", sizes, size)
    dtype = _wanted_dtype("randn", dtype, out)
    if dtype.rank < 2:
        raise _not_implemented("normal_kernel_cpu", dtype)
    result = _fresh(
        "randn",
        shape,
        dtype,
        out,
        layout=layout,
        device=device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
    )
    return _filled(result, random.fill_normal, 0.0, 1.0, generator)


def _filled(result: Tensor, fill: Callable[..., None], *arguments: Any) -> Tensor:
    """``result``, new or an ``out=``, after ``fill`` wrote into it."""
    if not result.is_meta:  # which takes nothing from the stream
        fill(result._array, *arguments)
    return result


def randint(
    low: Any = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from ``low`` (0 if left out) to ``high - 1``, int64 without a ``dtype``.

    Shape: ``size``, always a sequence.
    Raises RuntimeError for an empty range or one beyond the dtype.  Source: torch.randint.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randint(10, (3,)), minitorch.randint(3, 5, (2,))
    (tensor([4, 9, 3]), tensor([3, 4]))
    """
    generator = _checked("randint", generator)
    if size is None:
        low, high, size = low, None, high
    if high is None:
        low, high = 0, low
    low = _integer("randint", "low", 1, low)
    high = _integer("randint", "high", 2, high)
    if size is None:
        raise TypeError(
            "randint() received an invalid combination of arguments - got no tuple of ints size"
        )
    shape = _shape("randint", (), size)
    dtype = _wanted_dtype("randint", dtype, out, dtypes.int64)
    _check_may_require_grad(dtype, requires_grad)
    low, high = _integer_range(low, high, dtype)
    result = _fresh(
        "randint",
        shape,
        dtype,
        out,
        layout=layout,
        device=device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
    )
    return _filled(result, random.fill_random_between, low, high, generator)


def _check_may_require_grad(dtype: dtypes.dtype, requires_grad: bool) -> None:
    if requires_grad and dtype.rank < 2:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The integers 0 ... n-1 in random order, int64 without a ``dtype``.

    Shape: (n,).  Raises RuntimeError for a negative ``n`` or one that the dtype cannot count to.
    Source: torch.randperm.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randperm(5)
    tensor([4, 0, 1, 3, 2])
    """
    generator = _checked("randperm", generator)
    n = _integer("randperm", "n", 1, n)
    shape = _shape("randperm", (n,))
    dtype = _wanted_dtype("randperm", dtype, out, dtypes.int64)
    _check_may_require_grad(dtype, requires_grad)
    _check_permutation_dtype(n, dtype)
    result = _fresh(
        "randperm",
        shape,
        dtype,
        out,
        layout=layout,
        device=device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
    )
    return _filled(result, random.fill_permutation, generator)


def _check_permutation_dtype(n: int, dtype: dtypes.dtype) -> None:
    if dtype.rank in (0, 3):
        raise _not_implemented("randperm", dtype)
    if dtype.rank == 1:
        # torch: the last number, n - 1, must fit.
        if n - 1 > dtypes.iinfo(dtype).max:
            raise RuntimeError(f"value cannot be converted to type {dtype.name}_t without overflow")
    elif dtype is dtypes.float16 and n > (1 << 11) + 1:
        raise RuntimeError("n cannot be greater than 2049 for Half type.")
    elif dtype in (dtypes.float32, dtypes.float64) and n > (1 << _DIGITS[dtype.name]) + 1:
        raise RuntimeError(
            f"n cannot be greater than 2^{_DIGITS[dtype.name]}+1 for {dtype.legacy_name} type."
        )


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform numbers from [0, 1) in a tensor like ``input``: its shape, dtype and memory layout.

    Source: torch.rand_like.
    """
    generator = _checked("rand_like", generator)
    input = _tensor_argument("rand_like", "input", 1, input)
    dtype = _wanted_dtype("rand_like", dtype, default=input.dtype)
    if dtype.rank < 2:
        raise _not_implemented("check_uniform_bounds", dtype)
    result = empty_like(
        input,
        dtype=dtype,
        layout=layout,
        device=input.device if device is None else device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )
    return _filled(result, random.fill_uniform, 0.0, 1.0, generator)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Standard normal numbers in a tensor like ``input``: its shape, dtype and memory layout.

    Source: torch.randn_like.
    """
    generator = _checked("randn_like", generator)
    input = _tensor_argument("randn_like", "input", 1, input)
    dtype = _wanted_dtype("randn_like", dtype, default=input.dtype)
    if dtype.rank < 2:
        raise _not_implemented("normal_kernel_cpu", dtype)
    result = empty_like(
        input,
        dtype=dtype,
        layout=layout,
        device=input.device if device is None else device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )
    return _filled(result, random.fill_normal, 0.0, 1.0, generator)


def randint_like(
    input: Tensor,
    low: Any = 0,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Integers from ``low`` (0 if left out) to ``high - 1`` in a tensor like ``input``.

    Its shape, dtype and memory layout are the input's.  Source: torch.randint_like.
    """
    generator = _checked("randint_like", generator)
    input = _tensor_argument("randint_like", "input", 1, input)
    if high is None:
        low, high = 0, low
    low = _integer("randint_like", "low", 2, low)
    high = _integer("randint_like", "high", 3, high)
    dtype = _wanted_dtype("randint_like", dtype, default=input.dtype)
    _check_may_require_grad(dtype, requires_grad)
    low, high = _integer_range(low, high, dtype)
    result = empty_like(
        input,
        dtype=dtype,
        layout=layout,
        device=input.device if device is None else device,
        pin_memory=pin_memory,
        requires_grad=requires_grad,
        memory_format=memory_format,
    )
    return _filled(result, random.fill_random_between, low, high, generator)


# ---- samples of given distributions --------------------------------------------------------------


def normal(
    mean: float | Tensor = _NOT_GIVEN,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: Any = None,
    device: Device | str | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers: one for each element of ``mean`` and ``std``, or a tensor of ``size``.

    ``normal(mean, std)`` with one or two tensors broadcasts them and has the dtype of the first;
    ``normal(mean, std, size)`` takes two numbers, and only it takes ``dtype`` and what follows.
    Raises RuntimeError for a negative ``std``.  Source: torch.normal.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.normal(2.0, 0.5, (2,))
    tensor([2.7705, 1.8533])
    """
    generator = _checked("normal", generator)
    options = dict(layout=layout, device=device, pin_memory=pin_memory, requires_grad=requires_grad)
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        if size is not None or dtype is not None or any(options.values()):
            raise TypeError(
                "normal() received an invalid combination of arguments - size, dtype and the like "
                "go with two numbers, not with tensors"
            )
        return _normal_of_tensors(mean, std, generator, out)
    if size is None or mean is _NOT_GIVEN:
        raise TypeError(
            "normal() received an invalid combination of arguments - got two numbers and no "
            "tuple of ints size, or no mean"
        )
    mean, std = _number("normal", "mean", 1, mean), _number("normal", "std", 2, std)
    _check_std(std)
    shape = _shape("normal", (), size)
    dtype = _wanted_dtype("normal", dtype, out)
    if dtype.rank < 2:
        raise _not_implemented("normal_kernel_cpu", dtype)
    result = _fresh("normal", shape, dtype, out, **options)
    return _filled(result, random.fill_normal, mean, std, generator)


def _normal_of_tensors(
    mean: Any, std: Any, generator: Generator | None, out: Tensor | None
) -> Tensor:
    if mean is _NOT_GIVEN:
        raise TypeError('normal() missing 1 required positional arguments: "mean"')
    parameters = [x for x in (mean, std) if isinstance(x, Tensor)]
    shape = functools.reduce(broadcast_pair, [x._array.shape for x in parameters])
    if isinstance(std, Tensor):
        if std.dtype.is_complex:
            raise RuntimeError("normal expects standard deviation to be non-complex")
        if not (std._array >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
        name = "NormalBackward3" if isinstance(mean, Tensor) else "NormalBackward2"
    else:
        std = _number("normal", "std", 2, std)
        _check_std(std)
        name = "NormalBackward1"
    if not isinstance(mean, Tensor):
        mean = _number("normal", "mean", 1, mean)
    dtype = _wanted_dtype("normal", None, out, parameters[0].dtype)
    if dtype.rank < 2:
        raise _not_implemented("normal_kernel_cpu", dtype)
    if out is not None:
        _refuse_gradient("normal", *parameters)
    result = _fresh("normal", shape, dtype, out, device=parameters[0].device)
    array = result._array
    # torch: standard normals, times std, plus mean; a std that is a number is drawn with.
    _filled(result, random.fill_normal, 0.0, 1.0 if isinstance(std, Tensor) else std, generator)
    if isinstance(std, Tensor):
        array[...] = array * _operand(std, array)
    array[...] = array + _operand(mean, array)
    return _recorded(result, name, *parameters)


def _operand(value: float | Tensor, array: np.ndarray) -> Any:
    """``value`` for arithmetic with ``array``: a number or 0-d tensor takes its dtype."""
    if not isinstance(value, Tensor):
        return array.dtype.type(value)
    if value.ndim == 0 or value.dtype.rank < 2:
        return value._array.astype(array.dtype)
    return value._array


def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Ones and zeros; each element of ``input`` is the probability of its one.

    With ``p``, every element has that probability and ``input`` gives only shape and dtype.
    Shape: (*) -> (*).  Raises RuntimeError for probabilities outside [0, 1].
    Source: torch.bernoulli.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.bernoulli(minitorch.tensor([0.0, 0.9, 1.0]))
    tensor([0., 1., 1.])
    """
    generator = _checked("bernoulli", generator)
    input = _tensor_argument("bernoulli", "input", 1, input)
    if out is not None:
        _refuse_gradient("bernoulli", input)
    shape = input._array.shape
    dtype = _wanted_dtype("bernoulli", None, out, input.dtype)
    if p is not None:
        p = _checked_probability(_number("bernoulli", "p", 2, p))
        if dtype.is_complex:
            raise _not_implemented("bernoulli_scalar_cpu_", dtype)
        result = _fresh("bernoulli", shape, dtype, out, device=input.device)
        return _recorded(
            _filled(result, random.fill_bernoulli, p, generator), "BernoulliBackward0", input
        )
    probabilities = _checked_probabilities(input, shape)
    result = _fresh("bernoulli", shape, dtype, out, device=input.device)
    _filled(result, random.fill_bernoulli_tensor, probabilities, generator)
    return _recorded(result, "BernoulliBackward0", input)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson counts; each element of ``input`` is the mean of its own.

    Shape: (*) -> (*).  Raises RuntimeError for a negative mean.  Source: torch.poisson.
    """
    generator = _checked("poisson", generator)
    input = _tensor_argument("poisson", "input", 1, input)
    if not input.dtype.is_floating_point:
        raise _not_implemented("poisson_cpu", input.dtype)
    rate = input._array
    if not (rate >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    result = _fresh("poisson", rate.shape, input.dtype, None, device=input.device)
    return _recorded(
        _filled(result, random.fill_poisson, rate, generator), "PoissonBackward0", input
    )


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """The number of successes in ``count`` trials, each of probability ``prob``.

    Shape: (*), broadcast to (*) -> (*).  Raises RuntimeError for tensors of different dtypes, and
    NotImplementedError for ones that are not floating.  Source: torch.binomial.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.binomial(minitorch.tensor([10.0, 100.0]), minitorch.tensor([0.5, 0.1]))
    tensor([5., 8.])
    """
    generator = _checked("binomial", generator)
    count = _tensor_argument("binomial", "count", 1, count)
    prob = _tensor_argument("binomial", "prob", 2, prob)
    if count.dtype is not prob.dtype:
        raise RuntimeError(
            f"Found dtype {prob.dtype.legacy_name} but expected {count.dtype.legacy_name}"
        )
    if not count.dtype.is_floating_point:
        raise _not_implemented("binomial_cpu", count.dtype)
    trials = count._array
    result = np.empty(trials.shape, trials.dtype)
    chances = np.broadcast_to(prob._array, trials.shape)
    random.fill_binomial(result, trials, chances, generator)
    return _recorded(wrap(result), "BinomialBackward0", count, prob)


_FLOATS = (dtypes.float32.numpy, dtypes.float64.numpy)


@op(public=False, method=False, numbers=(), kinds="biufc", node="StandardGammaBackward0")
def standard_gamma(xp, input, /, generator=None):
    """Gamma numbers of rate 1; each element of ``input`` is the concentration of its own.

    Shape: (*) -> (*).  Raises NotImplementedError for a dtype other than float32 and float64.
    The samples' gradient is that of implicit reparametrization.  Source: torch._standard_gamma.
    """
    if input.dtype not in _FLOATS:
        raise _not_implemented("gamma_cpu", dtypes.from_numpy(input.dtype))
    result = xp.empty(input.shape, input.dtype)
    random.fill_standard_gamma(result, input, generator)
    return result


@op(public=False, method=False)
def standard_gamma_gradient(xp, input, output, /):
    """The derivative of gamma samples ``output`` by their concentrations ``input``."""
    return gamma_gradient_values(xp, input, output)


def _no_second_derivative(name):
    raise NotImplementedError(f"the second derivative of the samples of {name} is not implemented")


standard_gamma_gradient.vjp(
    input=lambda g: _no_second_derivative("standard_gamma"),
    output=lambda g: _no_second_derivative("standard_gamma"),
)
standard_gamma.vjp(input=lambda g, input, out: g * standard_gamma_gradient(input, out))


@op(public=False, method=False, numbers=(), kinds="biufc", node="_DirichletBackward")
def sample_dirichlet(xp, input, /, generator=None):
    """Dirichlet vectors; the last dimension of ``input`` holds their concentrations.

    Shape: (*, categories) -> (*, categories).  Raises NotImplementedError for a dtype other than
    float32 and float64.  Source: torch._sample_dirichlet.
    """
    if input.dtype not in _FLOATS:
        raise _not_implemented("dirichlet", dtypes.from_numpy(input.dtype))
    result = xp.empty(input.shape, input.dtype)
    random.fill_dirichlet(result, input, generator)
    return result


@op(public=False, method=False)
def dirichlet_gradient(xp, output, input, total, /):
    """The derivative of components of Dirichlet samples by their own concentrations."""
    return dirichlet_gradient_values(xp, output, input, total)


dirichlet_gradient.vjp(
    output=lambda g: _no_second_derivative("sample_dirichlet"),
    input=lambda g: _no_second_derivative("sample_dirichlet"),
    total=lambda g: _no_second_derivative("sample_dirichlet"),
)


def _dirichlet_rule(g, input, out):
    total = expand(sum_of(input, -1, keepdim=True), size=tuple(input.shape))
    along = g - sum_of(out * g, -1, keepdim=True)
    return dirichlet_gradient(out, input, total) * along


sample_dirichlet.vjp(input=_dirichlet_rule)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices of categories, drawn in proportion to the weights in each row of ``input``.

    Shape: (categories,) -> (num_samples,); (rows, categories) -> (rows, num_samples), int64.
    Raises RuntimeError for negative or infinite weights, for rows without weight, and for more
    samples than categories where they are not put back.  Source: torch.multinomial.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.multinomial(minitorch.tensor([1.0, 10.0, 3.0, 0.0]), 2)
    tensor([1, 2])
    """
    generator = _checked("multinomial", generator)
    input = _tensor_argument("multinomial", "input", 1, input)
    num_samples = _integer("multinomial", "num_samples", 2, num_samples)
    dtype = _wanted_dtype("multinomial", None, out, dtypes.int64)
    if dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {dtype.legacy_name}")
    weights = input._array
    _check_weights(weights, input.dtype, num_samples, replacement)
    shape = (*weights.shape[:-1], num_samples)
    result = _fresh("multinomial", shape, dtype, out, device=input.device)
    return _filled(result, random.fill_multinomial, weights, replacement, generator)


def _check_weights(
    weights: np.ndarray, dtype: dtypes.dtype, num_samples: int, replacement: bool
) -> None:
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"prob_dist must be 1 or 2 dim, but got {weights.ndim}")
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {dtype.legacy_name}"
        )
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, got {num_samples}")
    categories = weights.shape[-1]
    if not replacement and num_samples > categories:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
            f"{num_samples} > {categories}"
        )
    if categories > 1 << 24:
        raise RuntimeError(f"number of categories cannot exceed 2^24, got {categories}")
    by_search = replacement and num_samples > 1
    if by_search and (weights < 0).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if not ((weights >= 0) & (weights < math.inf)).all():
        raise RuntimeError(
            "invalid multinomial distribution (encountering probability entry = infinity or NaN)"
            if by_search
            else "probability tensor contains either `inf`, `nan` or element < 0"
        )
    if not (weights.max(-1, initial=0) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def dropout_noise(
    input: Tensor | np.ndarray,
    p: float,
    *,
    feature: bool = False,
    scaled: bool = True,
    generator: Generator | None = None,
) -> np.ndarray:
    """The array that dropout multiplies ``input`` by, drawn as torch draws it.

    Args:
        p: the probability of a zero; the rest are ``1 / (1 - p)``.  Nothing is drawn for 0 and 1.
        feature: one draw for each channel of (N, C, ...), as ``dropout2d`` wants.
        scaled: False leaves the rest at 1, as alpha dropout wants.

    Shape: that of ``input``, or (N, C, 1, ..., 1) with ``feature``.
    Raises ValueError for ``p`` outside [0, 1].  Source: the noise in torch.nn.functional.dropout.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    array = input._array if isinstance(input, Tensor) else input
    if type(array) is MetaArray:
        return meta_array(array.shape, array.dtype)
    return random.dropout_noise(array, p, generator, feature=feature, scaled=scaled)


#: What `minitorch._surface` installs on the Tensor.
METHODS = {
    "bernoulli": bernoulli,
    "bernoulli_": bernoulli_,
    "cauchy_": cauchy_,
    "exponential_": exponential_,
    "geometric_": geometric_,
    "log_normal_": log_normal_,
    "multinomial": multinomial,
    "normal_": normal_,
    "random_": random_,
    "uniform_": uniform_,
}
