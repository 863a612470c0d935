"""Properties with PyTorch as the oracle: Hypothesis draws the programs, both libraries run them.

Thousands of examples in well under a minute; a failing one is shrunk to its smallest form.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import minitorch as mt

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.compare
torch.set_num_threads(1)

many = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)

DTYPES = """bool uint8 int8 int16 int32 int64
            float16 bfloat16 float32 float64 complex64 complex128""".split()
_values = np.random.default_rng(0).standard_normal(10_000)


def array(shape, at=0):
    """Standard normal numbers, taken from one fixed supply."""
    count = int(np.prod(shape))
    return np.take(_values, np.arange(at, at + count), mode="wrap").reshape(shape)


def run(program, library):
    """(result, None) or (None, class of the error)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program(library), None
        except Exception as error:
            return None, type(error)


def agree(program):
    """Run in both; the same values, shapes, dtypes, or errors of one class."""
    ours, our_error = run(program, mt)
    theirs, their_error = run(program, torch)
    if their_error is NotImplementedError or any(
        "complex32" in str(getattr(t, "dtype", "")) for t in flat(theirs)
    ):
        return  # what torch cannot compute, we may; complex32 is no dtype here
    if their_error or our_error:
        assert our_error is not None and their_error is not None, (our_error, their_error)
        assert issubclass(our_error, their_error), (our_error, their_error)
        return
    for a, b in zip(flat(ours), flat(theirs), strict=True):
        if not hasattr(b, "detach"):
            assert a == b
            continue
        assert str(a.dtype) == str(b.dtype)
        assert tuple(a.shape) == tuple(b.shape)
        wide = (
            (lambda t: t.detach().float())
            if str(b.dtype) == "torch.bfloat16"
            else (lambda t: t.detach())
        )
        tolerance = {
            "torch.float16": 1e-2,
            "torch.bfloat16": 2e-2,
            "torch.float32": 1e-5,
            "torch.complex64": 1e-5,
        }
        np.testing.assert_allclose(
            wide(a).numpy(),
            wide(b).numpy(),
            tolerance.get(str(b.dtype), 1e-9),
            tolerance.get(str(b.dtype), 1e-9),
        )


def flat(value):
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in flat(part)]
    return [value]


# --- broadcasting ---------------------------------------------------------------------------------

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@many
@given(npst.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3, min_side=0))
def test_broadcasting_and_its_gradients(drawn):
    def program(lib):
        leaves = [
            lib.from_numpy(array(s, 7 * i)).requires_grad_()
            for i, s in enumerate(drawn.input_shapes)
        ]
        out = (leaves[0] * leaves[1] - leaves[2]).tanh()
        weights = lib.from_numpy(array(tuple(out.shape), 50))
        return out, lib.autograd.grad((out * weights).sum(), leaves)

    agree(program)


@many
@given(shapes, shapes)
def test_shapes_that_may_not_fit(a, b):
    agree(lambda lib: lib.from_numpy(array(a)) + lib.from_numpy(array(b)))


@many
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple),
    st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple),
)
def test_matmul_of_any_shapes(a, b):
    def program(lib):
        x, y = (lib.from_numpy(array(s, 3 * i)).requires_grad_() for i, s in enumerate((a, b)))
        out = x @ y
        return out, lib.autograd.grad(out.sum(), [x, y])

    agree(program)


# --- promotion ------------------------------------------------------------------------------------

OPERATORS = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "lt": lambda a, b: a < b,
    "where": None,
}
NUMBERS = (True, 3, 2.5, 1j)


@pytest.mark.parametrize("name", OPERATORS)
def test_promotion_of_all_pairs_of_dtypes(name):
    """All dtypes against all others, with and without dimensions."""
    for first, second in itertools.product(DTYPES, DTYPES):
        for a_shape, b_shape in (((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())):

            def program(lib, first=first, second=second, a_shape=a_shape, b_shape=b_shape):
                a = lib.ones(a_shape, dtype=getattr(lib, first))
                b = lib.ones(b_shape, dtype=getattr(lib, second))
                if name == "where":
                    return lib.where(lib.tensor([True, False]), a, b)
                return OPERATORS[name](a, b), lib.result_type(a, b) == lib.promote_types(
                    a.dtype, b.dtype
                )

            agree(program)


@pytest.mark.parametrize("name", ["add", "mul", "div", "lt"])
def test_promotion_with_python_numbers(name):
    for dtype, number, shape in itertools.product(DTYPES, NUMBERS, ((2,), ())):

        def forwards(lib, dtype=dtype, number=number, shape=shape):
            return OPERATORS[name](lib.ones(shape, dtype=getattr(lib, dtype)), number)

        def backwards(lib, dtype=dtype, number=number, shape=shape):
            return OPERATORS[name](number, lib.ones(shape, dtype=getattr(lib, dtype)))

        agree(forwards)
        agree(backwards)


@pytest.mark.parametrize("operator", ["add_", "mul_", "div_", "copy_"])
def test_promotion_in_place(operator):
    for first, second in itertools.product(DTYPES, DTYPES):

        def program(lib, first=first, second=second):
            a = lib.ones(2, dtype=getattr(lib, first))
            return getattr(a, operator)(lib.ones(2, dtype=getattr(lib, second)))

        agree(program)


# --- indexing -------------------------------------------------------------------------------------

SHAPE = (3, 4, 2)


def one_index(length):
    """An index into a dimension of this length, sometimes a wrong one."""
    ints = st.integers(-length - (length > 3), length - 1)
    return st.one_of(
        ints,
        st.slices(length).filter(lambda s: s.step is None or s.step > 0),
        st.lists(st.integers(-length, length - 1), min_size=0, max_size=3).map(
            lambda v: np.array(v, "int64")
        ),
        st.lists(st.integers(-length, length - 1), min_size=2, max_size=2).map(
            lambda v: np.array([v, v], "int64")
        ),
        st.lists(st.booleans(), min_size=length, max_size=length).map(lambda v: np.array(v, bool)),
        st.just(None),
    )


@st.composite
def indices(draw):
    """A tuple of indices, with None, Ellipsis, masks and integer tensors mixed in."""
    parts, dim = [], 0
    for _ in range(draw(st.integers(0, 4))):
        if dim >= len(SHAPE):
            break
        part = draw(one_index(SHAPE[dim]))
        parts.append(part)
        dim += part is not None
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), Ellipsis)
    return tuple(parts)


def in_library(index, lib):
    return tuple(lib.from_numpy(part) if isinstance(part, np.ndarray) else part for part in index)


@settings(many, max_examples=800)
@given(indices())
def test_indexing_and_its_gradient(index):
    def program(lib):
        x = lib.from_numpy(array(SHAPE)).requires_grad_()
        out = x[in_library(index, lib)]
        weights = lib.from_numpy(array(tuple(out.shape), 30))
        return out, lib.autograd.grad((out * weights).sum(), x)

    agree(program)


@settings(many, max_examples=800)
@given(indices(), st.sampled_from(["number", "same", "broadcast", "wrong"]))
def test_assignment_and_its_gradient(index, kind):
    target = run(
        lambda lib: tuple(lib.from_numpy(array(SHAPE))[in_library(index, lib)].shape), torch
    )[0]

    def program(lib):
        x = lib.from_numpy(array(SHAPE)).requires_grad_()
        shape = {
            "number": (),
            "same": target or (),
            "broadcast": (target or ())[1:],
            "wrong": (7,),
        }[kind]
        value = lib.from_numpy(array(shape, 60)).requires_grad_()
        y = x * 1
        y[in_library(index, lib)] = value
        weights = lib.from_numpy(array(SHAPE, 30))
        return y, lib.autograd.grad(
            (y * weights).sum(), [x, value], allow_unused=True, materialize_grads=True
        )

    if _no_place_twice(index) and (target is not None or kind != "wrong"):
        agree(program)


def _no_place_twice(index):
    """Whether the assignment names no element twice: which value wins is not defined."""
    places = run(lambda lib: lib.arange(24).reshape(SHAPE)[in_library(index, lib)], torch)[0]
    return places is None or len(set(places.flatten().tolist())) == places.numel()


# --- programs of views and in-place writes --------------------------------------------------------

VIEWS = {
    "row": lambda t: t[0] if t.ndim and t.shape[0] else t,
    "tail": lambda t: t[1:] if t.ndim else t,
    "every other": lambda t: t[..., ::2] if t.ndim else t,
    "transpose": lambda t: t.transpose(0, -1) if t.ndim else t,
    "flat": lambda t: t.reshape(-1),
    "new": lambda t: t.unsqueeze(0),
    "narrow": lambda t: t.narrow(-1, 0, 1) if t.ndim and t.shape[-1] else t,
    "expand": lambda t: t.unsqueeze(0).expand(2, *t.shape),
    "diagonal": lambda t: t.diagonal() if t.ndim > 1 else t,
    "select": lambda t: t.select(-1, 0) if t.ndim and t.shape[-1] else t,
}
WRITES = {
    "mul": lambda t, w: t.mul_(2),
    "add": lambda t, w: t.add_(w.sum()),
    "zero": lambda t, w: t.zero_(),
    "fill": lambda t, w: t.fill_(3),
    "copy": lambda t, w: t.copy_(w.sum().expand(t.shape)),
    "exp": lambda t, w: t.tanh_(),
    "assign": lambda t, w: t.__setitem__(Ellipsis, w[0]),
    "clamp": lambda t, w: t.clamp_(-1, 1),
}
step = st.one_of(
    st.tuples(st.just("view"), st.sampled_from(sorted(VIEWS)), st.integers(0, 9)),
    st.tuples(st.just("write"), st.sampled_from(sorted(WRITES)), st.integers(0, 9)),
    st.tuples(st.just("copy"), st.just("out of place"), st.integers(0, 9)),
)


@settings(many, max_examples=800)
@given(st.lists(step, min_size=1, max_size=8), st.booleans())
def test_programs_of_views_and_writes(steps, tracked):
    """Tensors derived from each other, written through any: values, versions and gradients."""

    def program(lib):
        x = lib.from_numpy(array((3, 4))).requires_grad_(tracked)
        w = lib.from_numpy(array((2,), 40)).requires_grad_(tracked)
        made = [x * 1]
        for kind, name, at in steps:
            chosen = made[at % len(made)]
            if kind == "view":
                made.append(VIEWS[name](chosen))
            elif kind == "write":
                WRITES[name](chosen, w)
            else:
                made.append(chosen * chosen)
        total = sum(t.sum() * (i + 1) for i, t in enumerate(made))
        versions = [t._version for t in made]
        if not tracked:
            return made, versions
        grads = lib.autograd.grad(total, [x, w], allow_unused=True, materialize_grads=True)
        return made, versions, grads, [t.requires_grad for t in made]

    agree(program)


# --- reductions and shapes ------------------------------------------------------------------------

dims = st.one_of(st.none(), st.integers(-4, 3), st.lists(st.integers(-3, 2), max_size=3).map(tuple))


@many
@given(
    shapes,
    dims,
    st.booleans(),
    st.sampled_from(["sum", "mean", "amax", "logsumexp", "var", "norm", "any"]),
)
def test_reductions_over_any_dimensions(shape, dim, keepdim, name):
    def program(lib):
        x = lib.from_numpy(array(shape))
        if name == "logsumexp" and dim == ():
            return None  # torch refuses its own result
        if name == "amax" and dim is None:
            return lib.amax(x, keepdim=keepdim)
        function = lib.linalg.vector_norm if name == "norm" else getattr(lib, name)
        return function(x, dim=dim, keepdim=keepdim)

    agree(program)


@many
@given(shapes, st.lists(st.integers(-1, 6), max_size=4).map(tuple))
def test_view_and_reshape(shape, size):
    agree(lambda lib: lib.from_numpy(array(shape)).reshape(size))
    agree(lambda lib: lib.from_numpy(array(shape)).view(size))
    agree(
        lambda lib: lib.from_numpy(array(shape[::-1])).permute(*range(len(shape))[::-1]).view(size)
    )
