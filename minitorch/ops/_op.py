"""What an operation is.  Read this first; then any file beside it reads like a table.

::

    @op(elementwise=True, dtype="float")
    def exp(xp, input, /):
        '''Elementwise exponential, ``e ** input``.  Shape: (*) -> (*).  Source: torch.exp.'''
        return xp.exp(input)

    exp.vjp(input=lambda g, out: g * out)

The body computes on bare arrays of the library ``xp``.  In its signature the tensors stand before
``/`` and the metadata after it, in torch's order, so the signature is torch's own.  The decorator
returns a plain function: ``exp(tensor)`` promotes, runs the body, records a node; ``exp(array)``,
    as in
the rules during a first-order backward, is the bare body.

A rule's parameter names say what it needs: ``g``, an input, ``out`` (of several: a field's name, or
``outs`` for all), ``<input>_shape`` or a metadata name.  Only what a needed rule names is saved.
Rules use ops and operators only, so the same
line serves arrays and, under ``create_graph``, tensors.
"""

from __future__ import annotations

import copy
import functools
import inspect

import numpy as np

from minitorch import dtypes
from minitorch.autograd import anomaly
from minitorch.autograd.bridge import bridge
from minitorch.autograd.graph import Node, modified_in_place_error, next_sequence
from minitorch.autograd.mode import mode
from minitorch.autograd.saved import FREED_MESSAGE, Packed, SavedTensor, pack_saved
from minitorch.autograd.views import View, check_writable, rebase
from minitorch.backends import (
    META,
    MetaArray,
    check_same_device,
    inside_quiet_context,
    is_array,
    namespace,
)
from minitorch.dtypes import from_numpy as dtype_of
from minitorch.dtypes import result_type_of, type_name
from minitorch.memory_format import elementwise_order
from minitorch.return_types import return_type
from minitorch.size import Size
from minitorch.tensor import Tensor, wrap

__all__ = [
    "COMPOSITES",
    "NUMBERS",
    "REGISTRY",
    "Op",
    "array_of",
    "cast",
    "composite",
    "expand",
    "gradient",
    "named",
    "op",
    "sum_to",
    "view_scatter",
    "wide",
    "write",
]

#: Every op by name; the surface, the tests and the docs are derived from it.
REGISTRY: dict[str, Op] = {}
#: Every public function that is composed of ops, by name.
COMPOSITES: dict[str, Composite] = {}

#: What takes over a call whose tensors are not arrays of elements: ``(op, inputs, metadata)`` ->
#: a result, or NotImplemented.  Sparse tensors add theirs (ops/sparse.py) when one is made.
layouts: list = []

#: What takes over a call with a value that is no tensor but has ``__torch_function__``.
foreign: list = []

NUMBERS = (bool, int, float, complex)
_ALL_KINDS = "biufVc"
#: NumPy's letters of the element types of each kind, and those of float16 and bfloat16, which the
#: short ways leave to the general one.
_LETTERS = {"b": "?", "i": "bhilq", "u": "BHILQ", "f": "fd", "c": "FD", "V": ""}
_HALVES = "eE"
_new = object.__new__
#: Stands for an argument that was not given, where None would be a value.
_MISSING = object()
_ndarray = np.ndarray
#: What a body may return that is an array already; NumPy's scalars are not.
_WHOLE = (np.ndarray, MetaArray)
#: NumPy's spellings, accepted wherever torch's are.
_SYNONYMS = {"axis": "dim", "keepdims": "keepdim", "x1": "input", "x2": "other", "a": "input"}


def op(body=None, **traits):
    """Make an op of a body.  The traits, each said and never implied:

    Args:
        elementwise: inputs broadcast and promote together.
        numbers: the inputs that may be Python numbers (default: none of a public op, all of an
            internal one).
        kinds: the kinds of elements it computes with, in NumPy's letters; others raise
            NotImplementedError.
        kernel_name: what that error calls the op (default: its name and ``_cpu``).
        check: looks at the inputs as they were given, before promotion, and raises.
        promote: inputs promote together without broadcasting (``cat``).
        dtype: "same", "float" (integers compute in the default dtype) or "bool" (the result is
            bool).
        view: the body returns a view of its first input.
        widen: half precision computes in float32 and is rounded once, as in torch's kernels; False
            for an op that keeps bits or asks for the precision itself.
        wide_numbers: beside half precision a number is taken in float32 (otherwise it is rounded to
            half precision first).
        several: the body returns a tuple of tensors, one kind (``unbind``).
        outputs: names of the fields of the named tuple that the op returns (``("values",
            "indices")``).
        inplace: there is an in-place twin, ``name_`` (default: elementwise ops that return
            numbers).
        sequence: the first input is a list of tensors.
        varargs: the metadata that may be given as loose ints, ``x.permute(0, 2, 1)``.
        differentiable: False for an op without gradients.
        public, method: whether there is a public function, a method.
        home: the namespace of the public function, where that is not the main one
            ("nn.functional").
        aliases: other public names.
        legacy: the number that torch's old order of arguments has second, ``x.add(alpha, other)``.
        node: the name of its node where torch's is not the op's, or a function of the metadata,
            or of the metadata and the inputs.
        edges: the inputs in the order in which torch's node lists their edges, where that is not
            the op's; one that was not given has none.
    """
    if body is None:
        return lambda body: Op(body, **traits).function
    return Op(body, **traits).function


class Op:
    """An operation: its body, its rules and its traits.  ``function`` is what users call."""

    def __init__(
        self,
        body,
        *,
        name=None,
        elementwise=False,
        numbers=None,
        kinds="biufc",
        kernel_name=None,
        check=None,
        promote=False,
        dtype="same",
        view=False,
        widen=True,
        wide_numbers=False,
        several=False,
        outputs=None,
        inplace=None,
        sequence=False,
        varargs=None,
        differentiable=True,
        public=True,
        method=None,
        home="",
        aliases=(),
        legacy=None,
        node=None,
        edges=None,
    ):
        self.name = name or body.__name__
        self.body = self.forward = body
        self.legacy = legacy
        self.elementwise = elementwise
        self.promote = promote or elementwise
        self.dtype = dtype
        self.kinds = kinds.replace("f", "fV")  # V: bfloat16, as NumPy sees it
        self.kernel_name = kernel_name or f"{self.name}_cpu"
        self.check = check
        self.view = view
        self.widen = widen and not view and not sequence
        self.wide_numbers = wide_numbers
        self.several = several
        self.outputs = outputs
        self.result = return_type(self.name, outputs) if outputs else None
        self.inplace = (elementwise and dtype != "bool") if inplace is None else inplace
        self.sequence = sequence
        self.varargs = varargs
        self.differentiable = differentiable
        self.public = public
        self.home = home
        self.method = (public and not home) if method is None else method
        self.aliases = aliases
        self.edges = edges
        self.node_name = _node_name(node or _camel_case(self.name) + "Backward0")
        self.kernels = {}
        self.rules = {}
        self.joint_rule = None
        self._read_signature()
        self.numbers = (() if public else self.inputs) if numbers is None else numbers
        self._node_types = {}
        self._plans, self._wide_plans = {}, {}
        self.function = self._make_function()
        if self.name in REGISTRY:
            raise ValueError(f"there is an op {self.name!r} already")
        REGISTRY[self.name] = self

    def _read_signature(self):
        parameters = list(inspect.signature(self.body).parameters.values())[1:]
        self.inputs = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
        self.optional = {
            p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.default is None
        }
        metadata = [p for p in parameters if p.kind is not p.POSITIONAL_ONLY]
        self.positional = [p.name for p in metadata if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.metadata = {p.name for p in metadata}
        self.defaults = {p.name: p.default for p in metadata if p.default is not p.empty}
        self.required = [p.name for p in metadata if p.default is p.empty]
        shown = [
            p.replace(kind=p.POSITIONAL_OR_KEYWORD) if p.name in self.inputs else p
            for p in parameters
        ]
        if self.outputs is None and not self.view and not self.several:
            shown.append(inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None))
        self.signature = inspect.Signature(shown)

    # --- what stands beside the body in the ops' files ------------------------------------------

    def vjp(self, **rules):
        """One gradient rule per differentiable input, each named by its input."""
        for name, rule in rules.items():
            if name not in self.inputs:
                raise ValueError(f"{self.name} has no input {name!r}")
            self._check_names(rule)
            self.rules[self.inputs.index(name)] = rule

    def vjp_joint(self, rule):
        """One rule for all inputs' gradients, as a tuple; it may ask which are ``needs``-ed."""
        self._check_names(rule)
        self.joint_rule = rule
        return rule

    @functools.cached_property
    def saveable(self):
        """The names of the inputs and outputs that some rule asks for."""
        rules = [self.joint_rule] if self.joint_rule else self.rules.values()
        return {name for rule in rules for name in _names_of(rule)[1:]} & {
            *self.inputs,
            *(self.outputs or ("out",)),
        }

    def saved_name(self, name):
        """Our name of what torch's nodes call ``name``: "self", "result", ..."""
        if name == "self" and "self" not in self.inputs:
            return self.inputs[0]
        return "out" if name == "result" and not self.outputs else name

    def _check_names(self, rule):
        known = {
            *self.inputs,
            *self.metadata,
            *(f"{n}_shape" for n in self.inputs),
            "out",
            "outs",
            "needs",
        }
        known.update(self.outputs or ())
        unknown = set(_names_of(rule)[1:]) - known
        if unknown:
            raise ValueError(
                f"a rule of {self.name} names {sorted(unknown)}; it may name {sorted(known)}"
            )

    def kernel(self, backend):
        """Register a faster forward for one backend, ``@exp.kernel("numpy")``: ``(arrays...,
        metadata...)``.

        It returns NotImplemented to decline an input; then the body runs.
        """

        def register(kernel):
            self.kernels[backend] = kernel
            if backend == "numpy":
                self.forward = self._kernel_then_body(kernel)
            return kernel

        return register

    def _kernel_then_body(self, kernel):
        def forward(xp, *arrays, **metadata):
            result = kernel(*arrays, **metadata)
            return self.body(xp, *arrays, **metadata) if result is NotImplemented else result

        return forward

    # --- the call -------------------------------------------------------------------------------

    def _make_function(self):
        """The function that users call; the commonest kinds of op get a short way through it."""
        simple = not self.view and not self.several and self.outputs is None and not self.required
        if self.elementwise and simple and len(self.inputs) == 1:
            function = self._unary()
        elif self.elementwise and simple and len(self.inputs) == 2:
            function = self._binary(self.call)
        elif len(self.inputs) == 1 and not self.sequence and not self.promote:
            function = self._single()
        else:
            function = self._any()
        function.__name__ = function.__qualname__ = self.name
        function.__module__ = self.body.__module__
        function.__doc__ = self.body.__doc__
        function.__signature__ = self.signature
        function.op, function.vjp, function.kernel = self, self.vjp, self.kernel
        function.vjp_joint = self.vjp_joint
        return function

    def _any(self):
        def function(*args, **kwargs):
            return self.call(args, kwargs)

        return function

    def _unary(self):
        call, letters, defaults = self.call, self._plain_letters(), self.defaults
        differentiable = self.differentiable and self.dtype != "bool"

        def function(input=_MISSING, *args, **kwargs):
            if args or kwargs or not isinstance(input, Tensor):
                return call(() if input is _MISSING else (input, *args), kwargs)
            x = input._array
            if type(x) is not _ndarray or x.dtype.char not in letters:
                return call((input,), kwargs)
            z = mode.run(self.forward, np, x)
            out = _new(Tensor)
            out._array = z if type(z) is _ndarray else np.asarray(z)
            out._counter = [0]
            out._node = out._grad = out._view = None
            out._index = 0
            out._requires_grad = False
            if differentiable and (input._requires_grad or input._view) and mode.grad:
                edge = input._edge()
                if edge is not None:
                    metas = ((x.shape, x.dtype),)
                    out._node = self._record((out,), (edge,), (input,), 1, defaults, metas)
                    out._requires_grad = True
            return out

        return function

    def _plain_letters(self):
        """The element types that need no look at promotion, ``kinds``, ``check`` or width."""
        plain = "fc" if self.dtype == "float" or self.check else "fciub"
        return "".join(_LETTERS[kind] for kind in plain if kind in self.kinds)

    def operator(self):
        """The op as the method behind an operator like ``*``: a foreign operand may take over."""

        def call(args, kwargs):
            other = args[1]
            if not isinstance(other, (Tensor, *NUMBERS, np.generic)):
                return NotImplemented
            return self.call(args, kwargs)

        return self._binary(call)

    def _binary(self, call):
        letters, defaults = self._plain_letters(), self.defaults
        numbers = (float, int) if self.inputs[1] in self.numbers and "f" in self.kinds else ()
        differentiable = self.differentiable and self.dtype != "bool"

        def function(input=_MISSING, other=_MISSING, *args, **kwargs):
            if args or kwargs or other is _MISSING or not isinstance(input, Tensor):
                given = (x for x in (input, other, *args) if x is not _MISSING)
                return call(tuple(given), kwargs)
            x = input._array
            dtype = x.dtype
            if isinstance(other, Tensor):
                y = other._array
                if (
                    y.dtype is not dtype
                    or dtype.char not in letters
                    or not (type(x) is type(y) is _ndarray)
                ):
                    return call((input, other), kwargs)
            elif type(other) in numbers and dtype.char in "fd" and type(x) is _ndarray:
                y = other
            else:
                return call((input, other), kwargs)
            try:
                z = mode.run(self.forward, np, x, y)
                if not x.flags.c_contiguous and y is not other:
                    z = elementwise_order(z, (x, y))
            except ValueError as error:
                raise _broadcast_error((x, y), error) from None
            out = _new(Tensor)
            out._array = z if type(z) is _ndarray else np.asarray(z)
            out._counter = [0]
            out._node = out._grad = out._view = None
            out._index = 0
            out._requires_grad = False
            if differentiable and mode.grad:
                first = input._edge() if input._requires_grad or input._view else None
                second = None
                if y is not other and (other._requires_grad or other._view):
                    second = other._edge()
                if first is not None or second is not None:
                    mask = (1 if first is not None else 0) | (2 if second is not None else 0)
                    metas = ((x.shape, dtype), (y.shape, dtype) if y is not other else None)
                    out._node = self._record(
                        (out,), (first, second), (input, other), mask, defaults, metas
                    )
                    out._requires_grad = True
            return out

        return function

    def _single(self):
        """Ops of one tensor, such as views and reductions, whose arguments need no promotion."""
        # Locals of the closure: reading them costs half of reading attributes.
        call, defaults, metadata = self.call, self.defaults, self.metadata
        positional, varargs, complete = self.positional, self.varargs, not self.required
        view, differentiable = self.view, self.differentiable
        letters = "".join(_LETTERS[kind] for kind in self.kinds) + ("" if self.widen else _HALVES)

        def function(*args, **kwargs):
            if not args or not isinstance(args[0], Tensor) or not kwargs.keys() <= metadata:
                return call(args, kwargs)
            input = args[0]
            array = input._array
            if (
                type(array) is not _ndarray
                or (varargs and len(args) > 1)
                or array.dtype.char not in letters
            ):
                return call(args, kwargs)
            params = defaults
            if len(args) > 1 or kwargs:
                if len(args) > len(positional) + 1 or kwargs.keys() & positional[: len(args) - 1]:
                    return call(args, kwargs)
                params = {**defaults, **dict(zip(positional, args[1:], strict=False)), **kwargs}
            if not complete and not params.keys() >= metadata:
                return call(args, kwargs)
            result = mode.run(self.forward, np, array, **params)
            if type(result) is tuple:
                return self._finish(result, [input], params)
            tensor = wrap(result if type(result) is _ndarray else np.asarray(result))
            if view:
                tensor._counter = input._counter
                tensor._view = View.of(input, self, params, 0)
            if differentiable and (input._requires_grad or input._view) and mode.grad:
                edge = input._edge()
                if edge is not None and tensor._array.dtype.kind in "fcV":
                    metas = ((array.shape, array.dtype),)
                    tensor._node = self._record((tensor,), (edge,), (input,), 1, params, metas)
                    tensor._requires_grad = True
            return tensor

        return function

    def call(self, args, kwargs):
        """The general way: bind, promote, run, wrap, record."""
        if (
            args
            and not isinstance(args[0], Tensor)
            and _is_raw(args[0])
            and inside_quiet_context.get()
        ):
            return self._forward(args[0])(namespace_of(args[0]), *args, **kwargs)
        try:
            inputs, params, out = self.bind(args, kwargs)
        except _ForeignOperand as operand:
            return foreign[0](self, operand.value, args, kwargs)
        for dispatch in layouts:
            result = dispatch(self, inputs, params)
            if result is not NotImplemented:
                return result
        inputs, common = self._prepared(inputs)
        return self._finish(self._run(inputs, common, params), inputs, params, out)

    def _finish(self, result, inputs, params, out=None):
        """Tensors over the arrays of ``result``: marked as views, recorded, written to ``out``."""
        several = type(result) is tuple
        tensors = tuple([_tensor(array) for array in result]) if several else (_tensor(result),)
        if self.view:
            for index, tensor in enumerate(tensors):
                tensor._counter = inputs[0]._counter
                tensor._view = View.of(inputs[0], self, params, index)
        if mode.grad and self.differentiable:
            edges, mask = self._edges(inputs)
            if mask:
                if out is not None:
                    raise RuntimeError(
                        f"{self.name}(): functions with out=... arguments don't support "
                        "automatic differentiation, but one of the arguments requires grad."
                    )
                self._connect(tensors, edges, inputs, mask, params)
        if out is not None:
            return self._write_out(out, tensors)
        if self.result is not None:
            return self.result(*tensors)
        return tensors if several else tensors[0]

    def _run(self, inputs, common, params):
        """The forward on the arrays behind ``inputs``, in this thread's quiet context."""
        half = _half_of(inputs) if self.widen else None
        if self.sequence:
            arrays = [[x._array for x in inputs[0]], *map(array_of, inputs[1:])]
            first = arrays[0][0]
        else:
            exact = half is not None and self.wide_numbers
            number_type = dtypes.float32 if exact else common
            arrays = [
                x._array if isinstance(x, Tensor) else _operand_array(x, number_type)
                for x in inputs
            ]
            first = next(a for a in arrays if a is not None)
        if MetaArray in map(type, arrays) or (self.sequence and MetaArray in map(type, arrays[0])):
            check_same_device(arrays)
            xp, forward, half = META, self.body, None
        elif type(first) is _ndarray:
            xp, forward = np, self.forward
        else:
            xp, forward = namespace(first), self._forward(first)
        try:
            if half is not None:
                result = mode.run(_run_wide, forward, xp, arrays, params, half)
            else:
                result = mode.run(forward, xp, *arrays, **params)
        except ValueError as error:
            if self.elementwise or "broadcast together" in str(error):
                raise _broadcast_error(arrays, error) from None
            raise
        except TypeError as error:
            # What checks a dimension does not always know for whom.
            if str(error).startswith("():"):
                raise TypeError(f"{self.name}{error}") from None
            raise
        if self.elementwise and len(arrays) > 1:
            return elementwise_order(result, arrays)
        return result

    def _forward(self, array):
        """The body, or the kernel that stands in for it on the backend of ``array``."""
        if type(array) is _ndarray or not self.kernels:
            return self.forward
        xp = namespace_of(array)
        if xp is np:
            return self.forward
        kernel = self.kernels.get(xp.__name__)
        return self.body if kernel is None else self._kernel_then_body(kernel)

    def _write_out(self, out, tensors):
        targets = out if isinstance(out, (tuple, list)) else (out,)
        for target, tensor in zip(targets, tensors, strict=True):
            if not isinstance(target, Tensor):
                raise TypeError(
                    f"{self.name}(): argument 'out' must be Tensor, not {type_name(type(target))}"
                )
            if tensor.dtype.rank > target.dtype.rank:
                raise RuntimeError(
                    f"result type {tensor.dtype.legacy_name} can't be cast to the desired output "
                    f"type {target.dtype.legacy_name}"
                )
        for target, tensor in zip(targets, tensors, strict=True):
            if target._array.shape == tensor._array.shape:
                target._array[...] = tensor._array
            else:
                # torch: an output of another shape is resized (with a warning, unless it is empty).
                target._array = tensor._array.astype(target._array.dtype)
            target._counter[0] += 1
        return out

    def bind(self, args, kwargs):
        """Split a call into (inputs, metadata with defaults, out), with torch's errors."""
        count = len(self.inputs)
        plain = not kwargs and len(args) == count and not self.required and not self.sequence
        if plain and all(isinstance(x, Tensor) for x in args):
            return list(args), self.defaults, None
        if self.legacy and len(args) == count + 1 and isinstance(args[1], NUMBERS):
            kwargs = {**kwargs, self.legacy: args[1]}
            args = (args[0], *args[2:])
        inputs, extra = list(args[:count]), args[count:]
        params = dict(self.defaults)
        out = None
        if extra:
            if self.varargs and (not isinstance(extra[0], (tuple, list, Size)) or len(extra) > 1):
                at = self.positional.index(self.varargs)
                extra = (*extra[:at], extra[at:])
            if len(extra) > len(self.positional):
                raise self._too_many(len(args))
            params.update(zip(self.positional, extra, strict=False))
        given = dict(zip(self.inputs, inputs, strict=False))
        for name, value in kwargs.items():
            if name not in self.metadata and name not in self.inputs:
                name = _SYNONYMS.get(name, name)
            if name in self.metadata:
                if name in self.positional[: len(extra)]:
                    raise TypeError(f"{self.name}() got multiple values for argument '{name}'")
                params[name] = value
            elif name in self.inputs and name not in given:
                given[name] = value
            elif name == "out" and not self.view:
                out = value
            else:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{name}'")
        missing = [n for n in self.inputs if n not in given and n not in self.optional]
        missing += [n for n in self.required if n not in params]
        if missing:
            raise self._missing(missing)
        return [self._input(i, name, given) for i, name in enumerate(self.inputs)], params, out

    def _too_many(self, count):
        most = len(self.inputs) + len(self.positional)
        least = len(self.inputs) - len(self.optional) + len(self.required)
        takes = f"{most}" if least == most else f"from {least} to {most}"
        takes += f" positional argument{'' if most == 1 else 's'}"
        return TypeError(f"{self.name}() takes {takes} but {count} were given")

    def _missing(self, names):
        # torch: the plural is the other way round.
        ending = "s" if len(names) == 1 else ""
        listed = ", ".join(f'"{name}"' for name in names)
        return TypeError(
            f"{self.name}() missing {len(names)} required positional argument{ending}: {listed}"
        )

    def given(self, params):
        """What of the metadata is not as it is by default."""
        return {
            name: value
            for name, value in params.items()
            if name not in self.defaults or value is not self.defaults[name]
        }

    def _input(self, i, name, given):
        if name not in given:
            return None
        value = given[name]
        if self.sequence and i == 0:
            if not isinstance(value, (tuple, list)):
                raise TypeError(
                    f"{self.name}(): argument '{name}' (position 1) must be tuple of Tensors, "
                    f"not {type_name(type(value))}"
                )
            for j, item in enumerate(value):
                if not isinstance(item, Tensor):
                    raise TypeError(
                        f"expected Tensor as element {j} in argument {i}, but got "
                        f"{type_name(type(item))}"
                    )
            if not value:
                self.body(np, [])  # what is wrong with an empty list, the op itself says
            return list(value)
        if isinstance(value, Tensor):
            return value
        if value is None and name in self.optional:
            return None
        if name in self.numbers:
            if isinstance(value, NUMBERS):
                return value
            if isinstance(value, np.generic):
                return value.item()
        if hasattr(type(value), "__torch_function__"):
            raise _ForeignOperand(value)
        raise TypeError(
            f"{self.name}(): argument '{name}' (position {i + 1}) must be Tensor, not "
            f"{type_name(type(value))}"
        )

    # --- promotion ------------------------------------------------------------------------------

    def _prepared(self, inputs):
        """The inputs checked and promoted, and their common dtype (None where nothing promotes)."""
        if self.check is not None:
            self.check(*inputs)
        inputs, common = self._promoted(inputs) if self.promote else (inputs, None)
        if self.kinds == _ALL_KINDS or self.sequence:
            return inputs, common
        dtype = inputs[0]._array.dtype if common is None else common.numpy
        if dtype.kind not in self.kinds:
            raise NotImplementedError(
                f"\"{self.kernel_name}\" not implemented for '{dtype_of(dtype).legacy_name}'"
            )
        return inputs, common

    def _promoted(self, inputs):
        """The inputs in their common dtype (tensors cast, recorded where they require grad), and
        that.
        """
        if not self.promote:
            return inputs, None
        operands = inputs[0] if self.sequence else inputs
        common = self._common_dtype(operands)
        operands = [_cast_operand(x, common) for x in operands]
        return ([operands, *inputs[1:]] if self.sequence else operands), common

    def _common_dtype(self, operands):
        tensors, zero_dims, scalars = [], [], []
        for x in operands:
            if isinstance(x, Tensor):
                (tensors if x._array.ndim else zero_dims).append(dtype_of(x._array.dtype))
            elif x is not None:
                scalars.append(type(x))
        common = result_type_of(tuple(tensors), tuple(zero_dims), tuple(scalars))
        if self.dtype == "float" and common.rank < 2:
            return dtypes.get_default_dtype()
        return common

    # --- recording ------------------------------------------------------------------------------

    def _edges(self, inputs):
        """The edges of the inputs that have a rule, and which those are, as a bit mask."""
        edges, mask = [], 0
        for i, x in enumerate(inputs[0] if self.sequence else inputs):
            edge = None
            if (
                isinstance(x, Tensor)
                and (x._requires_grad or x._view)
                and (self.joint_rule or i in self.rules)
            ):
                edge = x._edge()
                mask |= (edge is not None) << i
            edges.append(edge)
        return tuple(edges), mask

    def _connect(self, outs, edges, inputs, mask, params):
        if not any(out._array.dtype.kind in "fcV" for out in outs):
            return
        node = self._make_node(outs, edges, inputs, mask, params)
        for index, out in enumerate(outs):
            if out._array.dtype.kind in "fcV":
                out._node, out._index, out._requires_grad = node, index, True

    def _make_node(self, outs, edges, inputs, mask, params):
        operands = inputs[0] if self.sequence else inputs
        metas = tuple([_meta(x) for x in operands])
        node = self._record(outs, edges, inputs, mask, params, metas)
        if not self.view and _half_of(operands) is not None:
            node.plan = self._wide_plans.get(mask) or self._wide_plans.setdefault(
                mask, node.plan.widened()
            )
        return node

    def _record(self, outs, edges, inputs, mask, params, metas):
        """The node of one call; the hot path of recording, so it sets the slots itself."""
        plan = self._plans.get(mask) or self._plan(mask)
        name = self.node_name
        if type(name) is not str:
            name = name(params, inputs)
        node = _new(self._node_types.get(name) or self._node_type(name))
        node.sequence = next_sequence()
        node.edges = edges
        node.outputs = len(outs)
        node.hooks = node.metadata_ = None
        node.plan = plan
        node.params = params
        node.metas = metas
        saved = []
        for i in plan.saved:
            x = inputs[i]
            if isinstance(x, Tensor):
                counter = x._counter
                edge = x._edge() if x._requires_grad or x._view else None
                saved.append((x._array, counter, counter[0], edge))
            else:
                saved.append([_save(item) for item in x] if type(x) is list else x)
        for k in plan.saved_outs:
            # The edge of an output is this node: kept out of the record, or it would be a cycle.
            out = outs[k]
            saved.append((out._array, out._counter, out._counter[0], k))
        node.saved = saved
        if anomaly.state.watched:
            if anomaly.state.enabled:
                node.metadata["traceback_"] = anomaly.forward_stack()
            pack_saved(node)
        return node

    def _node_type(self, name):
        # torch: the classes of nodes print without a module, ``<class 'MulBackward0'>``.
        members = {"__slots__": (), "__module__": "builtins", "op": self}
        made = self._node_types[name] = type(name, (OpNode,), members)
        return made

    def _plan(self, mask):
        """What to save and how to call the rules when the inputs in ``mask`` have edges."""
        plan = self._plans[mask] = _Plan(self, mask)
        return plan

    # --- in place -------------------------------------------------------------------------------

    def call_inplace(self, tensor, *args, **kwargs):
        """Run the op and write the result into ``tensor``: the twin ``name_`` of the op."""
        inputs, params, out = self.bind((tensor, *args), kwargs)
        if out is not None:
            raise TypeError(f"{self.name}_() got an unexpected keyword argument 'out'")
        for dispatch in layouts:
            result = dispatch(self, inputs, params)
            if result is not NotImplemented:
                return tensor.copy_(result)
        recording = mode.grad and any(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        if recording or (
            mode.grad and tensor._view is not None and tensor._view.base._requires_grad
        ):
            check_writable(tensor)
        inputs, common = self._prepared(inputs)
        # torch: a truth value fits every tensor, whatever was compared.
        if common is not None and self.dtype != "bool" and common.rank > tensor.dtype.rank:
            raise RuntimeError(
                f"result type {common.legacy_name} can't be cast to the desired output type "
                f"{tensor.dtype.legacy_name}"
            )
        edges, mask = self._edges(inputs) if recording and self.differentiable else ((), 0)
        if mask and inputs[0] is tensor and 0 in (self._plans.get(mask) or self._plan(mask)).saved:
            inputs[0] = _snapshot(tensor)  # the rules want the value before the write
        result = self._run(inputs, common, params)
        if result.dtype != tensor._array.dtype and dtype_of(result.dtype).rank > tensor.dtype.rank:
            raise RuntimeError(
                f"result type {dtype_of(result.dtype).legacy_name} can't be cast to the desired "
                f"output type {tensor.dtype.legacy_name}"
            )
        write(tensor, result, self.name + "_")
        if mask:
            written = wrap(tensor._array)
            written._counter = tensor._counter
            rebase(tensor, self._make_node((written,), edges, inputs, mask, params), view_scatter)
        return tensor

    def __repr__(self):
        return f"<op {self.name}>"


class _ForeignOperand(Exception):
    """An operand that is no tensor and wants to be asked."""

    def __init__(self, value):
        super().__init__()
        self.value = value


class _Plan:
    """For one set of inputs with edges: what is saved, and the rules ready to be called."""

    __slots__ = ("saved", "saved_outs", "rules", "joint", "places")

    def __init__(self, op, mask):
        count = mask.bit_length()
        if op.joint_rule is not None:
            rules = [(None, op.joint_rule)]
        else:
            rules = [(i, op.rules[i]) for i in range(count) if mask >> i & 1 and i in op.rules]
        names = [name for _, rule in rules for name in _names_of(rule)[1:]]
        # torch: saved, and so packed and unpacked, in the order in which the rules name them.
        self.saved = [op.inputs.index(name) for name in dict.fromkeys(names) if name in op.inputs]
        fields = op.outputs or ("out",)
        self.saved_outs = [k for k, name in enumerate(fields) if name in names or "outs" in names]
        self.joint = op.joint_rule is not None
        #: Where in ``node.saved`` an input or output stands, by its name.
        self.places = {op.inputs[i]: k for k, i in enumerate(self.saved)}
        self.places |= {fields[i]: len(self.saved) + k for k, i in enumerate(self.saved_outs)}
        places = {fields[i]: f"v[{len(self.saved) + k}]" for k, i in enumerate(self.saved_outs)}
        places["outs"] = f"v[{len(self.saved)}:]"
        places |= {op.inputs[i]: f"v[{k}]" for k, i in enumerate(self.saved)}
        places["needs"] = "needs"
        for i, name in enumerate(op.inputs):
            places[f"{name}_shape"] = (
                "node.shapes" if op.sequence and i == 0 else f"node.metas[{i}][0]"
            )
        for name in op.metadata:
            places[name] = f"node.params[{name!r}]"
        self.rules = [
            (i, rule, _caller(", ".join(places[n] for n in _names_of(rule)[1:])))
            for i, rule in rules
        ]

    def widened(self):
        """The same with rules that compute half precision in float32; ``_conform`` rounds it."""
        plan = copy.copy(self)
        plan.rules = [(i, rule, _widening(caller)) for i, rule, caller in self.rules]
        return plan


def _widening(caller):
    return lambda rule, g, v, node, needs: caller(rule, _widened(g), _widened(v), node, needs)


@functools.cache
def _caller(arguments):
    """``rule(g, ...)``, each argument fetched from its place: read once, not at every walk."""
    return eval(f"lambda rule, g, v, node, needs: rule(g, {arguments})")


class OpNode(Node):
    """The node of an op: its rules, applied to what was saved."""

    __slots__ = ("plan", "saved", "params", "metas")

    fresh_results = True
    op: Op
    metas: tuple

    def _listed(self):
        """torch: a node lists the inputs for which its op has a derivative."""
        op, every = self.op, super()._listed()
        if op.edges is not None:
            order = [op.inputs.index(name) for name in op.edges]
            return [i for i in order if i < len(self.metas) and self.metas[i] is not None]
        if op.sequence or op.joint_rule is not None:
            return every
        return [i for i in every if i in op.rules]

    @property
    def shapes(self):
        """The shapes of the inputs."""
        return tuple(None if meta is None else meta[0] for meta in self.metas)

    def backward(self, g, create_graph, wanted=None):
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        values = [self._unpack(entry, create_graph) for entry in self.saved]
        if create_graph:
            return self._gradients(g, values, wanted)
        return mode.run(self._gradients, g, values, wanted)

    def _gradients(self, g, values, wanted):
        metas = self.metas
        gradients = [None] * len(metas)
        needs = wanted
        if wanted is None and self.plan.joint:
            needs = [edge is not None for edge in self.edges]
        for i, rule, caller in self.plan.rules:
            if wanted is not None and i is not None and not wanted[i]:
                continue
            result = caller(rule, g, values, self, needs)
            if i is None:
                for k, gradient in enumerate(result):
                    if gradient is not None and needs[k]:
                        gradients[k] = _conform(gradient, metas[k])
            elif result is not None:
                gradients[i] = _conform(result, metas[i])
        return gradients

    def _unpack(self, entry, as_tensor):
        """A saved value, checked to be what was saved: an array, or a tensor with its edge."""
        if type(entry) is list:
            return [self._unpack(item, as_tensor) for item in entry]
        if type(entry) is not tuple:
            if type(entry) is Packed:
                tensor = entry.unpack(self)
                return tensor if as_tensor else tensor._array
            return entry
        array, counter, version, edge = entry
        if type(edge) is int:
            edge = (self, edge)
        if counter[0] != version:
            raise modified_in_place_error(array, counter[0], version, edge)
        return bridge.restore(array, counter, edge) if as_tensor else array

    def __getattr__(self, name):
        """``_saved_<name>``: what was kept for backward of an input, of the result, or a setting.

        ``_raw_saved_<name>`` is the same as a SavedTensor, on which hooks can be registered.
        Asked for when nothing else has the name, so that it costs other attributes nothing.
        """
        kind, _, wanted = name.partition("saved_")
        if kind not in ("_", "_raw_"):
            raise AttributeError(f"'{self.name()}' object has no attribute '{name}'")
        places = self.plan.places
        wanted = self.op.saved_name(wanted)
        if wanted not in places:
            if kind == "_" and wanted in self.params:
                return self.params[wanted]
            if wanted not in self.op.saveable:
                raise AttributeError(f"'{self.name()}' object has no attribute '{name}'")
            places = {wanted: None}  # its gradient was not wanted, so it was not saved
        place = places[wanted]
        if kind == "_raw_":
            return SavedTensor(self, lambda: self.saved, place)
        if self.saved is None:
            raise RuntimeError(FREED_MESSAGE)
        value = None if place is None else self._unpack(self.saved[place], True)
        if wanted == "other" and isinstance(value, NUMBERS):
            # torch: the second operand of an operator is a tensor, also when it was a number.
            value = wrap(np.asarray(value))
        return value

    def release(self):
        # torch: a node that saved nothing can be walked again.
        if self.saved:
            self.saved = None


def _save(tensor):
    """What backward needs of a tensor: never the tensor itself, or the graph would hold cycles."""
    return (tensor._array, tensor._counter, tensor._counter[0], tensor._edge())


def _snapshot(tensor):
    """The tensor before an in-place write: its own memory, the same edge."""
    twin = wrap(tensor._array.copy())
    node, index = tensor._edge() or (None, 0)
    twin._node, twin._index, twin._requires_grad = node, index, node is not None
    return twin


def _meta(x):
    """Shape and element type that the gradient of an input must have."""
    if isinstance(x, Tensor):
        return x._array.shape, x._array.dtype
    return None


def _conform(gradient, meta):
    """The gradient in its input's shape (summed over what broadcasting added) and element type."""
    shape, dtype = meta
    raw = not isinstance(gradient, Tensor)
    array = gradient if raw else gradient._array
    if array.shape != shape:
        gradient = sum_to(gradient, shape)
        array = gradient if raw else gradient._array
    if array.dtype is not dtype and array.dtype != dtype:
        gradient = cast(gradient, dtype_of(dtype))
    # A NumPy scalar, which ufuncs make of 0-d arrays, becomes an array again.
    return np.asarray(gradient) if isinstance(gradient, np.generic) else gradient


def write(tensor, result, name):
    """Write an array into the memory of ``tensor``, with torch's errors."""
    target = tensor._array
    if result.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    if (
        target.size
        and 0 in target.strides
        and any(s == 0 and n > 1 for s, n in zip(target.strides, target.shape, strict=True))
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation. "
            f"({name})"
        )
    target[...] = result
    tensor._counter[0] += 1


def _half_of(inputs):
    """The half type of the floating tensors among ``inputs`` if all have the same, else None."""
    half = None
    for x in inputs:
        dtype = x._array.dtype if isinstance(x, Tensor) else None
        if dtype is None or dtype.kind in "biu":
            continue
        if dtype.char not in _HALVES or (half is not None and dtype != half):
            return None
        half = dtype
    return half


def wide(function):
    """A composition that computes half precision in float32 and rounds once, as one kernel does."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        half = _half_of((*args, *kwargs.values()))
        if half is None or kwargs.get("out") is not None:
            return function(*args, **kwargs)
        kwargs = {name: _widened(value) for name, value in kwargs.items()}
        result = function(*map(_widened, args), **kwargs)
        rounded = cast(result, dtype_of(half))
        return rounded if result._node is None else named(rounded, result._node.name())

    return call


def _run_wide(forward, xp, arrays, params, half):
    """``forward`` in float32, its results rounded to ``half``: what torch's kernels do."""
    result = forward(xp, *map(_widened, arrays), **params)
    if params.get("dtype") is not None:
        return result  # the type that was asked for
    if type(result) is tuple:
        return tuple([_narrowed(array, half) for array in result])
    return _narrowed(result, half)


def _narrowed(array, half):
    return array.astype(half) if array.dtype.char == "f" else array


def _widened(value):
    """``value``, an array or tensor or a list of them, with half precision in float32."""
    if type(value) in (list, tuple):
        return type(value)([_widened(item) for item in value])
    if isinstance(value, Tensor):
        return cast(value, dtypes.float32) if value._array.dtype.char in _HALVES else value
    if is_array(value) and value.dtype.char in _HALVES:
        return value.astype(np.float32)
    return value


def _tensor(array):
    return wrap(array if type(array) in _WHOLE else np.asarray(array))


def _is_raw(value):
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return is_array(value)


def namespace_of(value):
    """The array library of an array, or of the first in a list."""
    return namespace(value[0] if isinstance(value, (list, tuple)) else value)


def array_of(x):
    return x._array if isinstance(x, Tensor) else x


def _operand_array(x, common):
    """A Python number as an array of the common dtype."""
    if x is None:
        return None
    # A wide Python int wraps around, as torch's cast does.
    return np.asarray(x).astype(common.numpy)


def _cast_operand(x, common):
    if isinstance(x, Tensor):
        return x if x._array.dtype == common.numpy else cast(x, common)
    if x is None:
        return None
    return (bool, int, float, complex)[common.rank](x)


def _broadcast_error(arrays, error):
    """torch's error for shapes that do not broadcast; ``error`` if that was not the reason."""
    shapes = [np.shape(a) for a in arrays if a is not None]
    for back in range(1, max(map(len, shapes)) + 1):
        lengths = [
            (shape[-back], shape) for shape in shapes if len(shape) >= back and shape[-back] != 1
        ]
        for length, shape in lengths[1:]:
            if length != lengths[0][0]:
                dim = max(len(lengths[0][1]), len(shape)) - back
                return RuntimeError(
                    f"The size of tensor a ({lengths[0][0]}) must match the size of tensor b "
                    f"({length}) at non-singleton dimension {dim}"
                )
    return error


@functools.cache
def _names_of(function):
    """The names of a function's parameters (``inspect.signature`` takes ten times as long)."""
    code = inspect.unwrap(function).__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _node_name(node):
    """A node's name, or a function of metadata and inputs."""
    if isinstance(node, str) or len(_names_of(node)) == 2:
        return node
    return lambda params, inputs: node(params)


def _camel_case(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


class Composite:
    """A public function that is written with ops: what the surface needs to know about it."""

    def __init__(self, function, name, public, method, home, inplace, aliases):
        self.function = function
        self.name = name
        self.public = public
        self.home = home
        self.method = (public and not home) if method is None else method
        self.inplace = inplace
        self.aliases = aliases


def composite(
    function=None, *, name=None, public=True, method=None, home="", inplace=None, aliases=()
):
    """Register a plain function of ops for the surface: a function, a method, an in-place twin.

    ``inplace`` is the function behind the twin ``name_``, or None.
    """
    if function is None:
        return functools.partial(
            composite,
            name=name,
            public=public,
            method=method,
            home=home,
            inplace=inplace,
            aliases=aliases,
        )
    name = name or function.__name__
    if name in COMPOSITES:
        raise ValueError(f"there is a composite {name!r} already")
    if not home and "dim" in _names_of(function):
        function = _with_synonyms(function, name)
    COMPOSITES[name] = Composite(function, name, public, method, home, inplace, aliases)
    return function


def _with_synonyms(function, name):
    """``function`` that also takes NumPy's ``axis`` and ``keepdims``, and says who wants a tensor
    if the first argument is none.
    """
    wants_tensor = _names_of(function)[0] == "input"

    @functools.wraps(function)
    def call(*args, **kwargs):
        if "axis" in kwargs or "keepdims" in kwargs:
            kwargs = {_SYNONYMS.get(name, name): value for name, value in kwargs.items()}
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            if wants_tensor and args and not isinstance(args[0], Tensor):
                kind = type_name(type(args[0]))
                raise TypeError(
                    f"{name}(): argument 'input' (position 1) must be Tensor, not {kind}"
                ) from None
            if str(error).startswith("():"):
                raise TypeError(f"{name}{error}") from None
            raise

    return call


def named(tensor, name):
    """``tensor``, whose node prints as ``name``: what torch calls a computation that is several ops
    here.
    """
    node = tensor._node
    if isinstance(node, OpNode):
        node.__class__ = node.op._node_types.get(name) or node.op._node_type(name)
    return tensor


def gradient(function):
    """A gradient formula that may get its own kernel: ``@relu_backward.kernel("numpy")``.

    On raw arrays a backend's kernel runs in place of the formula; under ``create_graph`` the
    formula's own ops run, so every higher order is right without another line.
    """
    kernels = {}

    @functools.wraps(function)
    def formula(*args, **params):
        if kernels and is_array(args[0]):
            kernel = kernels.get(namespace(args[0]).__name__)
            result = NotImplemented if kernel is None else kernel(*args, **params)
            if result is not NotImplemented:
                return result
        return function(*args, **params)

    def register(backend):
        return lambda kernel: kernels.setdefault(backend, kernel)

    formula.kernel = register
    formula.kernels = kernels
    return formula


# --- the ops that the machinery itself applies ----------------------------------------------------


@op(public=False, method=False, widen=False, node="ToCopyBackward0")
def cast(xp, input, /, dtype):
    """The elements converted to ``dtype``.

    Shape: (*) -> (*).  Source: the dtype part of torch.Tensor.to.
    """
    if input.dtype.kind == "c" and not dtype.is_complex:
        input = input.real
    return input.astype(dtype.numpy)


cast.vjp(input=lambda g: g)  # the machinery casts it back


@op(view=True, varargs="size", public=False, method=True)
def expand(xp, input, /, size, *, implicit=False):
    """Repeat dimensions of length 1, and new leading ones, without copying.

    -1 keeps a length.  Shape: any -> ``size``.  Raises RuntimeError where a length is neither 1 nor
    kept.
    Source: torch.Tensor.expand.
    """
    new = len(size) - input.ndim
    if new < 0:
        raise RuntimeError(
            f"expand(torch.{dtype_of(input.dtype).legacy_name}Tensor{{{list(input.shape)}}}, "
            f"size={list(size)}): the number of sizes provided ({len(size)}) must be greater or "
            f"equal to the number of dimensions in the tensor ({input.ndim})"
        )
    lengths = list(size)
    for dim, length in enumerate(lengths):
        have = input.shape[dim - new] if dim >= new else None
        if length == -1 and have is None:
            raise RuntimeError(
                "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing "
                f"dimension {dim}"
            )
        if length == -1:
            lengths[dim] = have
        elif have is not None and have not in (1, length):
            raise RuntimeError(
                f"The expanded size of the tensor ({length}) must match the existing size "
                f"({have}) at non-singleton dimension {dim}.  Target sizes: {list(size)}.  "
                f"Tensor sizes: {list(input.shape)}"
            )
    strides = [
        0 if dim < new or input.shape[dim - new] != length else input.strides[dim - new]
        for dim, length in enumerate(lengths)
    ]
    return xp.lib.stride_tricks.as_strided(input, lengths, strides)


expand.vjp(input=lambda g, input_shape: sum_to(g, input_shape))


@op(public=False, method=False, node="SumBackward1")
def sum_to(xp, input, /, size):
    """Sum over what broadcasting from ``size`` had added: the adjoint of ``expand``."""
    new = input.ndim - len(size)
    dims = (*range(new), *(dim + new for dim, length in enumerate(size) if length == 1))
    return input.sum(dims, keepdims=True, dtype=input.dtype).reshape(size)


sum_to.vjp(input=lambda g, input_shape: expand(g, input_shape))


@op(public=False, method=False)
def view_scatter(xp, input, part=None, /, *, region):
    """A copy of ``input`` in which ``region`` (see autograd/views.py) holds ``part``, or zeros."""
    copied = region.copy(xp, input)
    region.of(copied)[...] = 0 if part is None else part
    return copied


view_scatter.vjp(
    input=lambda g, region: view_scatter(g, None, region=region),
    part=lambda g, region: region.of(g),
)
