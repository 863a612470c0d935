"""The Tensor: an array, the version of its storage, and its edge in the graph.

Storage, properties, conversion and ``backward()`` stand here.  Operators, methods that compute and
printing are installed by ``_surface`` from the ops, so this file is small and read first.
"""

from __future__ import annotations

import operator
import warnings

import numpy as np

from minitorch import dtypes
from minitorch.autograd.bridge import bridge
from minitorch.autograd.graph import AccumulateGrad
from minitorch.autograd.interface import backward as run_backward
from minitorch.autograd.mode import mode
from minitorch.backends import MetaArray, array_device, is_array
from minitorch.backends.sparse import SparseArray
from minitorch.device import device as Device
from minitorch.dtypes import from_numpy as dtype_of
from minitorch.hooks import RemovableHandle
from minitorch.memory_format import layout, strided
from minitorch.shared_memory import region_of, to_shared
from minitorch.size import Size, size_of
from minitorch.storage import (
    TypedStorage,
    UntypedStorage,
    address,
    is_contiguous,
    owner,
    strides_in_elements,
)

__all__ = ["MarkedArray", "Tensor", "wrap"]


_GRAD_OF_NON_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(): call .retain_grad() on it first, or "
    "ask the leaf that you meant."
)


class MarkedArray(np.ndarray):
    """The elements of a tensor of a derived class: see ops/subclasses.py."""


class Tensor:
    """A multi-dimensional array that can record how it was computed.

    ``Tensor(2, 3)`` is uninitialised memory and ``Tensor([1, 2])`` holds floats, as in torch;
    programs make tensors with ``minitorch.tensor``, ``zeros`` and so on.  Source: ``torch.Tensor``.
    """

    __module__ = "minitorch"  # where users find it, as in ``<class 'minitorch.Tensor'>``

    __slots__ = (
        "_array",  # the elements: an array of a backend
        "_counter",  # [version of the storage], shared with every view of it
        "_node",  # where the gradient goes: a graph node, or None
        "_index",  # which output of that node this tensor is
        "_requires_grad",
        "_grad",
        "_view",  # None, or how this tensor looks at its base (autograd/views.py)
        "__dict__",
        "__weakref__",
    )

    # NumPy's operators leave mixed expressions to the tensor.
    __array_priority__ = 1000

    #: Whether this is a class that a program derived, and that ops have to ask.
    _derived = False

    def __init_subclass__(cls, **unused):
        super().__init_subclass__(**unused)
        if cls.__module__.partition(".")[0] == "minitorch":
            return
        # torch: what is computed from parameters is a plain tensor, whatever their class.
        parameter = any(base.__name__ == "Parameter" for base in cls.__mro__)
        dispatch = cls.__torch_function__  # type: ignore[attr-defined]
        cls._derived = not parameter and dispatch is not None
        if cls._derived:
            bridge.derived()

    @classmethod
    def _marked(cls, array):
        """``array`` as an object of this class keeps it."""
        return array.view(MarkedArray) if cls._derived and type(array) is np.ndarray else array

    @staticmethod
    def _make_subclass(cls, data, require_grad=False, **unused):
        """A tensor of class ``cls`` over the elements of ``data``, outside its graph."""
        made = _new(cls, cls._marked(data._array))
        made._counter = data._counter
        made._requires_grad = require_grad
        return made

    def __new__(cls, *args, dtype=None, device=None, **unused):
        if len(args) == 1 and isinstance(args[0], Tensor):
            source = args[0]._array
            if dtype is None and cls is Tensor and source.dtype != dtypes.get_default_dtype().numpy:
                raise TypeError(
                    f"expected {dtypes.get_default_dtype()} (got {dtype_of(source.dtype)}): "
                    "Tensor(tensor) keeps the element type; use tensor.to() to change it"
                )
            return _new(cls, cls._marked(source))
        element = (dtype or dtypes.get_default_dtype()).numpy
        if len(args) == 1 and isinstance(args[0], Size):
            args = tuple(args[0])
        elif len(args) == 1 and isinstance(args[0], (str, bytes)):
            raise TypeError(f"new(): invalid data type '{type(args[0]).__name__}'")
        elif len(args) == 1 and not isinstance(args[0], int):
            return _new(cls, cls._marked(np.array(args[0], element)))
        if not all(isinstance(n, int) for n in args):
            raise TypeError(f"new(): expected sizes (ints) or one sequence, but got {args!r}")
        return _new(cls, cls._marked(np.empty(args or (0,), element)))

    # --- what it is -------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        return size_of(self._array.shape)

    def size(self, dim: int | None = None):
        """The shape, or the length of one dimension."""
        if dim is None:
            return size_of(self._array.shape)
        shape = self._array.shape
        if not -len(shape) <= dim < len(shape):
            limit = max(len(shape), 1)
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], "
                f"but got {dim})"
            )
        return shape[dim]

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtype_of(self._array.dtype)

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return array_device(self._array)

    @property
    def layout(self) -> layout:
        """How the elements are found: ``strided``, always."""
        return strided

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._array.nbytes

    def get_device(self) -> int:
        """The index of the GPU that holds the tensor, or -1 on the CPU."""
        return -1 if self.device.type != "cuda" else self.device.index

    def is_floating_point(self) -> bool:
        """Whether the element type is floating point."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the element type is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the element type is signed."""
        return self.dtype.is_signed

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference mode: never; see docs/divergences.md."""
        return False

    @property
    def is_cuda(self) -> bool:
        """Whether the tensor is on a GPU."""
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether the tensor is on the CPU."""
        return self.device.type == "cpu"

    @property
    def is_meta(self) -> bool:
        """Whether the tensor has no elements, only a shape and an element type."""
        return type(self._array) is MetaArray

    @property
    def name(self) -> str | None:
        """None: torch has the attribute, and nothing sets it."""
        return None

    is_sparse = is_sparse_csr = is_quantized = is_mps = is_xpu = is_nested = is_mkldnn = False

    def is_same_size(self, other: Tensor) -> bool:
        """Whether both have the same shape."""
        return self._array.shape == other._array.shape

    # --- memory -----------------------------------------------------------------------------------

    def stride(self, dim: int | None = None):
        """The steps between neighbours along the dimensions (or one of them), in elements."""
        strides = strides_in_elements(self._array)
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """How many elements into its storage the tensor begins."""
        base = owner(self._array)
        return (
            (address(self._array) - address(base)) // self._array.itemsize
            if self._array.size
            else 0
        )

    def data_ptr(self) -> int:
        """The address of the first element."""
        return address(self._array)

    def is_contiguous(self, memory_format=None) -> bool:
        """Whether the elements lie in row-major order (or in that of ``memory_format``)."""
        return is_contiguous(
            self._array, "contiguous" if memory_format is None else memory_format.name
        )

    def untyped_storage(self) -> UntypedStorage:
        """The memory behind the tensor, as bytes."""
        return UntypedStorage(self._array)

    def storage(self) -> TypedStorage:
        """The memory behind the tensor, as elements."""
        return TypedStorage(self._array)

    def is_set_to(self, tensor: Tensor) -> bool:
        """Whether both look at the same memory in the same way."""
        mine, theirs = self._array, tensor._array
        return (address(mine), mine.shape, mine.strides) == (
            address(theirs),
            theirs.shape,
            theirs.strides,
        )

    def share_memory_(self) -> Tensor:
        """Move the elements to memory that other processes share, in place.

        A view and the tensor it is a view of move together; other tensors that shared memory with
        this one stay where they are.  Source: ``torch.Tensor.share_memory_``.
        """
        tensors = [self] if self._base is None else [self, self._base]
        moved = to_shared([tensor._array for tensor in tensors])
        for tensor, array in zip(tensors, moved, strict=True):
            tensor._array = array
        return self

    def is_shared(self) -> bool:
        """Whether the elements are in memory that other processes share."""
        return region_of(self._array) is not None

    def pin_memory(self, device=None) -> Tensor:
        """The tensor itself: there is no GPU to page memory for."""
        return self

    def is_pinned(self, device=None) -> bool:
        """Whether the memory is page-locked: never."""
        return False

    @property
    def data(self) -> Tensor:
        """The same elements, outside the graph.

        Assigning replaces the elements, not the identity.
        """
        made = wrap(self._array)
        return made.as_subclass(type(self)) if type(self)._derived else made

    @data.setter
    def data(self, new: Tensor):
        if not isinstance(new, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        if self._requires_grad and new._array.dtype.kind in "iub":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        self._array, self._counter = self._marked(new._array), [0]
        # A gradient edge that was made for another shape or element type no longer fits.
        if type(self._node) is AccumulateGrad and self._node.hooks is None:
            self._node = None

    # --- the graph --------------------------------------------------------------------------------

    def _edge(self):
        """(node, output index) that takes this tensor's gradient; None if it requires none."""
        view = self._view
        if view is not None and view.version != self._counter[0]:
            view.refresh(self)
        if not self._requires_grad:
            return None
        if self._node is None:
            self._node = AccumulateGrad(self)
        return self._node, self._index

    @property
    def requires_grad(self) -> bool:
        """Whether ops on this tensor are recorded and ``backward`` gives it a gradient."""
        view = self._view
        if view is not None and view.version != self._counter[0]:
            return self._requires_grad or view.base._requires_grad  # a write may have changed it
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool):
        if not value and not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        if value and self._array.dtype.kind in "iub":
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set ``requires_grad`` in place and return the tensor."""
        if requires_grad and self._array.dtype.kind in "iub":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user, not by a recorded op."""
        edge = self._edge()
        return edge is None or type(edge[0]) is AccumulateGrad

    @property
    def grad_fn(self):
        """The node that made this tensor; None for leaves."""
        edge = self._edge()
        return None if edge is None or type(edge[0]) is AccumulateGrad else edge[0]

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` this tensor is."""
        return self._index

    @property
    def _version(self) -> int:
        return self._counter[0]

    @property
    def _base(self):
        return self._view.base if self._is_view() else None

    def _is_view(self):
        return self._view is not None and not self._view.of_old_self

    @property
    def grad(self) -> Tensor | None:
        """What ``backward`` accumulated: a tensor of this shape and element type, or None."""
        grad = self._grad
        if grad is None and self._requires_grad and not (self.is_leaf or self.retains_grad):
            warnings.warn(_GRAD_OF_NON_LEAF, UserWarning, stacklevel=2)
        return grad

    @grad.setter
    def grad(self, value: Tensor | None):
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{value.dtype.cpp_name}' to a "
                    f"tensor with grad_dtype '{self.dtype.legacy_name}'. The gradient must match "
                    "the tensor's grad_dtype."
                )
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._array.shape)}' to a "
                    f"tensor of size '{list(self._array.shape)}'. Please ensure that the "
                    "gradient and the tensor are the same size"
                )
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    def _accumulate_grad(self, g, create_graph, fresh):
        """Add what the walk brought to ``.grad``.  ``fresh``: nobody else holds this array."""
        if create_graph:
            self._grad = g if self._grad is None else self._grad + g
            return
        array = self._array
        if type(g) is SparseArray or self._grad is not None and self._grad.is_sparse:
            self._accumulate_sparse(g)
            return
        if g.dtype != array.dtype:
            g, fresh = g.astype(array.dtype), True
        if self._grad is None:
            # The leaf owns its gradient, laid out as the leaf is: an optimizer walks both in step.
            if not fresh or g.strides != array.strides:
                owned = np.empty_like(array)
                owned[...] = g
                g = owned
            self._grad = wrap(g)
        elif self._grad._requires_grad:
            self._grad = wrap(mode.run(operator.add, self._grad._array, g))
        else:
            # In the quiet context: a sum may overflow, and says so by being inf.
            self._grad._array = mode.run(operator.iadd, self._grad._array, g)
            self._grad._counter[0] += 1

    def _accumulate_sparse(self, g):
        """Add to ``.grad`` where either is sparse; the sum is sparse if both are."""
        if self._grad is None:
            self._grad = bridge.sparse(g.copy())
        else:
            total = self._grad._array + g
            self._grad = bridge.sparse(total) if type(total) is SparseArray else wrap(total)

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Add the gradients of this tensor to the ``.grad`` of the leaves it was computed from.

        ``gradient`` (of this tensor's shape) may be left out for a single element; see
        :func:`minitorch.autograd.backward` for the rest.  Source: ``torch.Tensor.backward``.
        """
        run_backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in its ``.grad``."""
        edge = self._edge()
        if edge is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self.retains_grad:
            return
        node, index = edge
        node.retain_output(index, _Retain(self))

    @property
    def retains_grad(self) -> bool:
        """Whether this non-leaf keeps its gradient."""
        node = self._node
        if self.is_leaf or node.hooks is None:
            return False
        keeper = node.hooks.retain.get(self._index)
        return keeper is not None and keeper.tensor() is self

    def register_hook(self, hook) -> RemovableHandle:
        """Call ``hook(grad)`` whenever this tensor's gradient is known; it may return another one.

        Raises RuntimeError if the tensor does not require grad.  Source:
        ``torch.Tensor.register_hook``.
        """
        edge = self._edge()
        if edge is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node, index = edge
        return node.register_output_hook(index, hook)

    def register_post_accumulate_grad_hook(self, hook) -> RemovableHandle:
        """Call ``hook(tensor)`` after a gradient was added to this leaf's ``.grad``."""
        edge = self._edge()
        if edge is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if not self.is_leaf:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        return edge[0].register_accumulated_hook(hook)

    # --- conversion -------------------------------------------------------------------------------

    def item(self):
        """The only element, as a Python number.

        Raises RuntimeError if there is not exactly one.
        """
        if self._array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._array.size} elements cannot be converted to Scalar"
            )
        value = self._array.item()
        return float(value) if self._array.dtype.kind == "V" else value

    def tolist(self):
        """The elements as nested lists of Python numbers (one number for a 0-d tensor)."""
        if self._array.dtype.kind == "V":  # bfloat16 elements know no Python number
            return self._array.astype(np.float32).tolist()
        return self._array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares memory with the tensor.

        ``force`` detaches and copies to the host where needed.  Raises RuntimeError for a tensor
        that requires grad, TypeError for bfloat16, which NumPy does not know.
        """
        if type(self._array) is MetaArray:
            raise TypeError(
                "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the "
                "tensor to host memory first."
            )
        if force:
            return np.asarray(self._array)
        if self.requires_grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if self._array.dtype.kind == "V":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._array if type(self._array) is np.ndarray else np.asarray(self._array)

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(
                    f"Unable to avoid copy while converting {array.dtype} to {np.dtype(dtype)}"
                )
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        given = {"max_version": max_version, "dl_device": dl_device, "copy": copy}
        return self._array.__dlpack__(
            **{name: value for name, value in given.items() if value is not None}
        )

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def __delitem__(self, index):
        raise TypeError("Tensor does not support deleting items")

    def __len__(self):
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __bool__(self):
        if self._array.size != 1:
            what = "no values" if not self._array.size else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self._array.item())

    def _number(self):
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def _real_number(self, target):
        number = self._number()
        if isinstance(number, complex):
            if number.imag:
                raise RuntimeError(f"value cannot be converted to type {target} without overflow")
            return number.real
        return number

    def __int__(self):
        return int(self._real_number("int64_t"))

    def __float__(self):
        self._warn_of_a_lost_graph()
        return float(self._real_number("double"))

    def __complex__(self):
        self._warn_of_a_lost_graph()
        return complex(self._number())

    def _warn_of_a_lost_graph(self):
        # torch: not for int() and item().
        if self.requires_grad:
            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
                "behavior.\nConsider using tensor.detach() first.",
                UserWarning,
                stacklevel=3,
            )

    def __index__(self):
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __hash__(self):
        return id(self)

    def __copy__(self):
        twin = _new(type(self), self._array)
        twin._counter, twin._requires_grad, twin._grad = (
            self._counter,
            self._requires_grad,
            self._grad,
        )
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may "
                "be because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        import copy

        if id(self) in memo:
            return memo[id(self)]
        twin = _new(type(self), self._marked(self._copy_storage(memo)))
        memo[id(self)] = twin
        twin._requires_grad = self._requires_grad
        twin._grad = copy.deepcopy(self._grad, memo)
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def _copy_storage(self, memo):
        """A copy of the elements in which views that shared memory before share it again."""
        root = self._root()
        key = ("storage", address(root), root.shape)
        if key not in memo:
            memo[key] = root.copy(order="K")
        if root is self._array:
            return memo[key]
        return _look(memo[key], *self._place(root))

    def _root(self):
        """The array that owns the memory, if this tensor can be told as a look at it."""
        root = owner(self._array)
        if not root.flags.c_contiguous or root.dtype != self._array.dtype:
            return self._array
        return root

    def _place(self, root):
        """How the tensor looks at ``root``: offset in bytes, shape, strides in bytes."""
        offset = address(self._array) - address(root) if self._array.size else 0
        return offset, self._array.shape, self._array.strides

    def __reduce_ex__(self, protocol):
        # Pickle writes an array that is met again once: views share memory after loading, too.
        root = self._root()
        place = None if root is self._array else self._place(root)
        return _rebuild, (type(self), root, place, self.requires_grad, self.__dict__)


class _Retain:
    """Keeps the gradient that arrives at a non-leaf in its ``.grad``, without keeping it alive."""

    def __init__(self, tensor):
        import weakref

        self.tensor = weakref.ref(tensor)

    def __call__(self, gradient):
        tensor = self.tensor()
        if tensor is not None:
            tensor._grad = gradient if tensor._grad is None else tensor._grad + gradient


def _new(cls, array):
    self = object.__new__(cls)
    self._array = array
    self._counter = [0]
    self._node = None
    self._index = 0
    self._requires_grad = False
    self._grad = None
    self._view = None
    return self


def _look(root, offset, shape, strides):
    """The array that lies so in the memory of the contiguous array ``root``."""
    return np.ndarray(shape, root.dtype, root, offset, strides)


def _rebuild(cls, root, place, requires_grad, attributes):
    tensor = _new(cls, root if place is None else _look(root, *place))
    tensor._requires_grad = requires_grad
    tensor.__dict__.update(attributes)
    return tensor


def wrap(array) -> Tensor:
    """A tensor over ``array``: no copy, no graph."""
    return _new(Tensor, array)


def _to_tensor(gradient):
    if type(gradient) is SparseArray:
        return bridge.sparse(gradient)
    return wrap(gradient) if is_array(gradient) else gradient


def _to_array(gradient):
    return gradient._array if isinstance(gradient, Tensor) else gradient


def _restore(array, counter, edge):
    """The tensor that a node saved as these parts: the leaf itself, if it still has ``array``."""
    if edge is not None and type(edge[0]) is AccumulateGrad:
        leaf = edge[0].variable
        if leaf is not None and leaf._array is array:
            return leaf
    tensor = wrap(array)
    tensor._counter = counter
    if edge is not None:
        tensor._node, tensor._index = edge
        tensor._requires_grad = True
    return tensor


bridge.restore = _restore
bridge.to_tensor = _to_tensor
bridge.to_array = _to_array
