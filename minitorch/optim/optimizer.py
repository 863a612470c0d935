"""The base of all optimizers: parameter groups, state, hooks, state dicts, and the step.

An optimizer of this package is a constructor, ``_update`` and two statements of its formula::

    class SGD(Optimizer):
        def _update(self, group, p, grad):      # gathers the state and the numbers of this step
            ...
            self._apply(group, p, grad, {"buffer": state["buffer"]}, lr=lr, ...)

        def _formula(param, grad, *, buffer, lr, ...):  # the meaning: tensors in, new tensors out
            ...
            return param - lr * buffer, {"buffer": buffer}

        def _kernel(param, grad, *, buffer, lr, ...):   # the same on bare arrays, in place
            ...
            param -= lr * buffer

``_formula`` may be differentiated through (``differentiable=True``). ``_kernel`` is what training
runs: ``_apply`` feeds it block after block, so that its temporaries stay in the cache.
``tests/test_optim.py`` proves the two equal.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias

from minitorch.autograd.mode import enable_grad, mode, set_grad_enabled
from minitorch.backends import array_device, namespace
from minitorch.dtypes import float32, float64, get_default_dtype
from minitorch.hooks import RemovableHandle
from minitorch.ops.creation import full
from minitorch.ops.strides import view_as_complex, view_as_real
from minitorch.tensor import Tensor

__all__ = [
    "Optimizer",
    "ParamsT",
    "register_optimizer_step_post_hook",
    "register_optimizer_step_pre_hook",
    "required",
]

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
_StateDict: TypeAlias = dict[str, Any]

#: Elements of a block: of float32, the six arrays that Adam touches take 768 KB of cache.
_BLOCK = 32768


class _Required:
    """Stands in ``defaults`` for an option that every parameter group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()

_global_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
_global_post_hooks: OrderedDict[int, Callable] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before every step of every optimizer.

    It may return other ``(args, kwargs)`` for the step; ``args`` begins with the optimizer.
    Source: torch.optim.optimizer.register_optimizer_step_pre_hook.
    """
    return _register(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after every step of every optimizer.

    Source: torch.optim.optimizer.register_optimizer_step_post_hook.
    """
    return _register(_global_post_hooks, hook)


def _register(
    hooks: OrderedDict[int, Callable], hook: Callable, prepend: bool = False
) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def _hooked(step: Callable) -> Callable:
    """`step` with the hooks around it, and noted for schedulers: so is every class's ``step``.

    A ``step`` that calls its parent's, which is wrapped as well, runs the hooks once.
    """
    if getattr(step, "hooked", False):
        return step

    @functools.wraps(step)
    def hooked_step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._opt_called is False:
            self._opt_called = True
        pre_hooks = [*_global_pre_hooks.values(), *self._optimizer_step_pre_hooks.values()]
        post_hooks = [*self._optimizer_step_post_hooks.values(), *_global_post_hooks.values()]
        if self._in_step or not (pre_hooks or post_hooks):
            return step(self, *args, **kwargs)
        args = (self, *args)
        self._in_step = True
        try:
            for pre_hook in pre_hooks:
                changed = pre_hook(self, args, kwargs)
                if changed is None:
                    continue
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {changed}: what its pre hook {pre_hook} returned."
                    )
                args, kwargs = changed
            result = step(*args, **kwargs)
        finally:
            self._in_step = False
        for post_hook in post_hooks:
            post_hook(self, args, kwargs)
        return result

    hooked_step.hooked = True  # type: ignore[attr-defined]
    return hooked_step


class Optimizer:
    """Base class of all optimizers.

    A program's own optimizer subclasses this and overrides ``step``, reading ``self.param_groups``
    and keeping what it remembers of a parameter in ``self.state[p]``.

    Args:
        params: the parameters, ``(name, parameter)`` pairs, or dicts of which each is a group of
            parameters (key ``params``) with options of its own.
        defaults: the options of groups that do not give them.

    Attributes:
        param_groups: the groups: dicts with ``params`` and the options, such as ``lr``.
        state: what is remembered of each parameter: a dict of dicts, keyed by the parameter.
        defaults: as given.

    Raises: TypeError or ValueError for parameters that are none, twice given, or not leaves.
    Source: torch.optim.Optimizer.

    Example::

        >>> import minitorch
        >>> class SignSGD(minitorch.optim.Optimizer):
        ...     def __init__(self, params, lr):
        ...         super().__init__(params, {"lr": lr})
        ...
        ...     @minitorch.no_grad()
        ...     def step(self, closure=None):
        ...         for group in self.param_groups:
        ...             for p in group["params"]:
        ...                 p -= group["lr"] * p.grad.sign()
        >>> w = minitorch.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = SignSGD([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    #: Options that old state dicts may lack, with what they meant before there was a choice.
    _later_options: dict[str, Any] = {}
    #: Whether ``state[p]["step"]`` is a tensor that counts the updates of `p`.
    _counts_steps = False
    #: Further entries of the state of a parameter that are tensors of no dimensions.
    _scalars: tuple[str, ...] = ()
    #: Whether ``step`` ran since a scheduler began to watch; None while none does.
    _opt_called: bool | None = None
    _in_step = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.step)  # type: ignore[method-assign]

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {_typename(params)}"
            )
        self.defaults = defaults
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._make_hook_dicts()

        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hook_dicts(self) -> None:
        self._optimizer_step_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._optimizer_step_post_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._optimizer_state_dict_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._optimizer_state_dict_post_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._optimizer_load_state_dict_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._optimizer_load_state_dict_post_hooks: OrderedDict[int, Callable] = OrderedDict()

    # --- groups -----------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, as when frozen layers are to be trained after all.

        Args:
            param_group: a dict with ``params`` (one tensor, tensors, or pairs of name and tensor)
                and options; the defaults are filled in.

        Raises: TypeError for a group that is no dict, unordered parameters or something that is no
        tensor; ValueError for a parameter that is no leaf, one that another group has, a group with
        names beside one without, or a required option left out.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        tensors, names = _split_names(param_group["params"])
        for tensor in tensors:
            self._check_parameter(tensor)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
        if len(tensors) != len({id(tensor) for tensor in tensors}):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; each is updated "
                "as often as it is listed",
                stacklevel=3,
            )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        named = bool(names) or "param_names" in param_group
        if any(("param_names" in group) != named for group in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if named else 'without'} names to the optimizer"
            )
        if any(id(tensor) in known for tensor in tensors):
            raise ValueError("some parameters appear in more than one parameter group")

        # torch: the caller's own dict becomes the group.
        param_group["params"] = tensors
        if names:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def _check_parameter(self, parameter: Any) -> None:
        if not isinstance(parameter, Tensor):
            raise TypeError(
                "optimizer can only optimize Tensors, but one of the params is "
                f"{_typename(parameter)}"
            )
        leaf = parameter.is_leaf or parameter.retains_grad
        if not leaf and not self.defaults.get("differentiable"):
            raise ValueError("can't optimize a non-leaf Tensor")

    # --- the step ---------------------------------------------------------------------------------

    @_hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: a function that clears the gradients, computes the loss, calls ``backward()``
                and returns the loss; it runs first, with gradients recorded.

        Returns: what `closure` returned, or None.
        """
        if type(self)._update is Optimizer._update:
            raise NotImplementedError(f"{type(self).__name__} defines no step()")
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group.get("fused"):
                _check_fused(group["params"])
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                for p in group["params"]:
                    grad = p.grad
                    if grad is None:
                        continue
                    if grad.is_sparse:
                        self._update_sparse(group, p, grad)
                    else:
                        self._update(group, p, grad)
        return loss

    def _update(self, group: dict[str, Any], p: Tensor, grad: Tensor) -> None:
        """Make the state of `p` at its first step, work out the numbers, call ``_apply``."""
        raise NotImplementedError

    def _update_sparse(self, group: dict[str, Any], p: Tensor, grad: Any) -> None:
        """The same for a sparse gradient."""
        raise RuntimeError(
            f"{type(self).__name__} does not support sparse gradients, please consider SparseAdam "
            "instead"
        )

    @staticmethod
    def _formula(param: Tensor, grad: Tensor, **inputs: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The update as a pure function: the new parameter, and the new state by name."""
        raise NotImplementedError

    @staticmethod
    def _kernel(param: Any, grad: Any, **inputs: Any) -> None:
        """The update of the parameter and of the state, in place, on bare arrays."""
        raise NotImplementedError

    def _apply(
        self,
        group: dict[str, Any],
        p: Tensor,
        grad: Tensor,
        state: dict[str, Tensor],
        **numbers: Any,
    ) -> None:
        """Run the formula on `p`, `grad` and `state`, and keep the new state in ``self.state[p]``.

        The formula gets the state and `numbers` by name. Numbers that are tensors (a tensor ``lr``)
        stay tensors only where the step is differentiable.
        """
        for tensor in (grad, *state.values()):
            if tensor._array.shape != p._array.shape:
                raise RuntimeError(
                    f"{type(self).__name__}: a parameter of shape {list(p._array.shape)} has a "
                    f"gradient or state of shape {list(tensor._array.shape)}"
                )
        if group["differentiable"]:
            state = self._apply_differentiably(p, grad, state, numbers)
        else:
            self._apply_in_place(p, grad, state, numbers)
        if state:
            self.state[p].update(state)
        if self._counts_steps:
            step = self.state[p]["step"]
            step._array[...] += 1
            step._counter[0] += 1

    def _apply_in_place(
        self, p: Tensor, grad: Tensor, state: dict[str, Tensor], numbers: dict[str, Any]
    ) -> None:
        """Run the kernel on the arrays behind the tensors."""
        for name, value in numbers.items():
            if isinstance(value, Tensor):
                numbers[name] = value.item()
        arrays = {"param": p._array, "grad": grad._array}
        for name, tensor in state.items():
            arrays[name] = tensor._array
        mode.run(_run, self._kernel, arrays, numbers)
        p._counter[0] += 1
        for tensor in state.values():
            tensor._counter[0] += 1

    def _apply_differentiably(
        self, p: Tensor, grad: Tensor, state: dict[str, Tensor], numbers: dict[str, Any]
    ) -> dict[str, Tensor]:
        """Write the formula's new parameter into `p`, in the graph, and return the new state."""
        for name, value in numbers.items():
            if isinstance(value, Tensor):
                numbers[name] = value.squeeze()
        if not p.is_complex():
            param, state = self._formula(p, grad, **state, **numbers)
            p.copy_(param)
            return state
        pairs = {name: view_as_real(tensor) for name, tensor in state.items()}
        param, pairs = self._formula(view_as_real(p), view_as_real(grad), **pairs, **numbers)
        p.copy_(view_as_complex(param))
        return {name: view_as_complex(tensor) for name, tensor in pairs.items()}

    # --- what the constructors and updates of the optimizers share -------------------------------

    @staticmethod
    def _check_rate(lr: Any) -> None:
        """Raise ValueError for a rate that is negative, NaN or a tensor of several elements."""
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, but has {lr.numel()}")
        Optimizer._check_not_negative("learning rate", lr)

    @staticmethod
    def _check_not_negative(name: str, value: Any) -> None:
        """Raise ValueError for an option that is negative or NaN."""
        if not value >= 0.0:
            raise ValueError(f"Invalid {name}: {value}")

    @staticmethod
    def _check_betas(betas: Any) -> None:
        """Raise ValueError for a beta out of range."""
        for index, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")

    @staticmethod
    def _check_implementation(group: dict[str, Any]) -> None:
        """Raise RuntimeError for options that exclude each other; they choose nothing here."""
        if group["fused"] and group["differentiable"]:
            raise RuntimeError("`fused` does not support `differentiable`")
        if group["fused"] and group["foreach"]:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")

    @staticmethod
    def _step_tensor(group: dict[str, Any], count: float = 0.0) -> Tensor:
        """``state["step"]``: a float tensor of no dimensions, saved and loaded like the rest."""
        wide = get_default_dtype() is float64 and not group.get("fused")
        return full((), count, dtype=float64 if wide else float32)

    # --- gradients --------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters.

        Args:
            set_to_none: set them to None, which saves memory and makes ``step`` skip parameters
                that get no new one; False fills them with zeros.
        """
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    if p.grad.grad_fn is not None:
                        p.grad.detach_()
                    else:
                        p.grad.requires_grad_(False)
                    p.grad.zero_()

    # --- saving and loading -----------------------------------------------------------------------

    def state_dict(self) -> _StateDict:
        """The state as a dict of plain containers and tensors.

        Returns: ``{"state": {0: {...}, ...}, "param_groups": [{..., "params": [0, ...]}, ...]}``.
        Parameters are numbered in the order of the groups. The tensors are the optimizer's own, not
        copies.
        """
        for pre_hook in self._optimizer_state_dict_pre_hooks.values():
            pre_hook(self)

        numbers: dict[int, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            params = group["params"]
            for position, p in enumerate(params):
                # torch: of a parameter listed twice the first number holds, the other is unused.
                numbers.setdefault(id(p), start + position)
            start += len(params)
            packed = {key: value for key, value in group.items() if key != "params"}
            packed["params"] = [numbers[id(p)] for p in params]
            groups.append(packed)
        state = {
            numbers[id(key)] if isinstance(key, Tensor) else key: value
            for key, value in self.state.items()
        }
        state_dict: _StateDict = {"state": state, "param_groups": groups}

        for post_hook in self._optimizer_state_dict_post_hooks.values():
            changed = post_hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        return state_dict

    def load_state_dict(self, state_dict: _StateDict) -> None:
        """Take over what ``state_dict()`` returned: options and state, matched by position.

        Tensors are copied, in the element type of their parameter, but for ``step``. Build
        schedulers before this call: building one sets the rates.

        Raises: ValueError if the groups, or the parameters in a group, are not as many as here.
        """
        state_dict = state_dict.copy()
        for pre_hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = pre_hook(self, state_dict)
            if changed is not None:
                state_dict = changed

        groups = self.param_groups
        loaded_groups = deepcopy(state_dict["param_groups"])
        if len(groups) != len(loaded_groups):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"expected {len(groups)}, got {len(loaded_groups)}"
            )
        for group, loaded in zip(groups, loaded_groups, strict=True):
            if len(group["params"]) != len(loaded["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group: expected {len(group['params'])} parameters, "
                    f"got {len(loaded['params'])}"
                )

        owners = {}
        for group, loaded in zip(groups, loaded_groups, strict=True):
            exact_step = not (loaded.get("fused") or loaded.get("capturable"))
            for p, number in zip(group["params"], loaded["params"], strict=True):
                owners[number] = p, exact_step
            loaded["params"] = group["params"]
            if "param_names" in group:
                loaded.setdefault("param_names", group["param_names"])

        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in owners:
                p, exact_step = owners[key]
                state[p] = _cast_state(value, p, exact_step)
            else:
                state[key] = value
        self.__setstate__({"state": state, "param_groups": loaded_groups})

        for post_hook in self._optimizer_load_state_dict_post_hooks.values():
            post_hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "defaults": self.defaults,
            "state": self.state,
            "param_groups": self.param_groups,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._make_hook_dicts()
        self.defaults.setdefault("differentiable", False)
        for group in self.param_groups:
            for name, value in self._later_options.items():
                group.setdefault(name, value)
            if not self._counts_steps:
                continue
            for p in group["params"]:
                # torch: state dicts of old count in Python numbers.
                its_state = self.state.get(p) or {}
                for name in ("step", *self._scalars):
                    if its_state and not isinstance(its_state[name], Tensor):
                        its_state[name] = self._step_tensor(group, float(its_state[name]))

    # --- hooks ------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step.

        It may return other ``(args, kwargs)`` for the step; ``args`` begins with the optimizer.
        """
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable[[Optimizer], None], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict()``; `prepend` puts it before the others."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable[[Optimizer, _StateDict], _StateDict | None], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` on the result of ``state_dict()``.

        What it returns, if not None, is the result instead.
        """
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[[Optimizer, _StateDict], _StateDict | None], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` on a shallow copy of what is to be loaded.

        What it returns, if not None, is loaded instead.
        """
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable[[Optimizer], None], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(optimizer)`` after ``load_state_dict()``."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # --- for schedulers ---------------------------------------------------------------------------

    def _watch_steps(self) -> None:
        """Note from now on whether ``step`` was called."""
        if self._opt_called is None:
            self._opt_called = False

    def _steps_are_seen(self) -> bool:
        """Whether ``step`` is still one of ours, not a function put over it on the instance."""
        return getattr(self.step, "hooked", False)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for index, group in enumerate(self.param_groups):
            options = [f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"]
            text += f"\nParameter Group {index}\n" + "".join(options)
        return text + ")"


def _check_fused(params: list[Tensor]) -> None:
    for p in params:
        if p.grad is not None and not p.is_floating_point():
            raise RuntimeError(
                "`fused=True` requires all the params to be floating point Tensors, "
                f"but got {p.dtype} on {p.device.type}"
            )


def _split_names(params: Any) -> tuple[list[Any], list[str]]:
    """The parameters of a group and, if they came as pairs, their names."""
    if isinstance(params, Tensor):
        return [params], []
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    entries = list(params)
    pairs = [entry for entry in entries if isinstance(entry, tuple)]
    if pairs and len(pairs) != len(entries):
        raise ValueError(
            "all optimizer params should be with/without names. Some param names are missing"
        )
    if not pairs:
        return entries, []
    return [pair[1] for pair in pairs], [pair[0] for pair in pairs]


def _typename(value: Any) -> str:
    if isinstance(value, Tensor):
        return str(value.type())
    kind = type(value)
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return prefix + kind.__qualname__


def _cast_state(value: Any, p: Tensor, exact_step: bool, key: Any = None) -> Any:
    """A copy of `value`, a state of `p` as loaded, with its tensors in the element type of `p`.

    A ``step`` keeps its own type and place, unless the group counts beside the parameter.
    """
    if isinstance(value, Tensor):
        if key == "step":
            place: dict[str, Any] = {} if exact_step else {"dtype": float32, "device": p.device}
        elif p.is_floating_point():
            place = {"dtype": p.dtype, "device": p.device}
        else:
            place = {"device": p.device}
        value = value.detach()
        return value.to(copy=True, **place) if place else value.clone()
    if isinstance(value, dict):
        return {name: _cast_state(entry, p, exact_step, name) for name, entry in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_cast_state(entry, p, exact_step) for entry in value)
    return value


def _run(kernel: Callable[..., None], arrays: dict[str, Any], numbers: dict[str, Any]) -> None:
    """Call ``kernel(param=..., grad=..., <state>=..., <numbers>)``, block after block.

    Complex numbers go in as pairs of reals. With 16-bit floats the gradient and the numbers go in
    as float32, so that a statement of the kernel computes in float32 and rounds once, where it
    writes; so do torch's operations.
    """
    param = arrays["param"]
    if param.dtype.kind == "c":
        arrays = {name: _pairs(array) for name, array in arrays.items()}
    elif param.dtype.itemsize == 2:
        single = namespace(param).float32
        arrays = {**arrays, "grad": arrays["grad"].astype(single)}
        numbers = {
            name: single(value) if isinstance(value, float) else value
            for name, value in numbers.items()
        }
    if param.size <= _BLOCK or array_device(param).type != "cpu":
        kernel(**arrays, **numbers)
        return
    for block in _blocks(arrays):
        kernel(**block, **numbers)


def _blocks(arrays: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Views of pieces of the arrays, cut alike; one piece if they are not laid out alike."""
    param = arrays["param"]
    if not param.flags.c_contiguous:
        outer_first = sorted(range(param.ndim), key=param.strides.__getitem__, reverse=True)
        arrays = {name: array.transpose(outer_first) for name, array in arrays.items()}
    if not all(array.flags.c_contiguous for array in arrays.values()):
        yield arrays
        return
    flat = {name: array.reshape(-1) for name, array in arrays.items()}
    for start in range(0, flat["param"].size, _BLOCK):
        yield {name: array[start : start + _BLOCK] for name, array in flat.items()}


def _pairs(array: Any) -> Any:
    """A view of a complex array with a last dimension of two reals."""
    real = array.real.dtype
    return array[..., None].view(real)
