"""How models are made by name and how their weights are described.

A family's file defines its classes; of each model it has a set of weights, an enumeration, and a
function that makes the model.  :func:`builder` gives that function the arguments ``weights`` and
``progress`` and enters it in the list of models.  Source: torchvision.models._api.
"""

from __future__ import annotations

import fnmatch
import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any, TypeVar

from minitorch.hub import load_state_dict_from_url
from minitorch.nn.module import Module
from minitorch.vision.models._imagenet import IMAGENET_CATEGORIES
from minitorch.vision.transforms._presets import ImageClassification
from minitorch.vision.transforms.functional import InterpolationMode

__all__ = [
    "Weights",
    "WeightsEnum",
    "builder",
    "force",
    "get_model",
    "get_model_builder",
    "get_model_weights",
    "get_weight",
    "imagenet",
    "list_models",
    "load",
]


# --- weights --------------------------------------------------------------------------------------


@dataclass
class Weights:
    """Trained weights: where they are, how pictures are prepared for them, what is known of them.

    Source: torchvision.models.Weights.
    """

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Weights):
            return NotImplemented
        return (self.url, self.meta, _parts(self.transforms)) == (
            other.url,
            other.meta,
            _parts(other.transforms),
        )


def _parts(function: Any) -> Any:
    """What makes a partial function: two with the same parts are not equal by themselves."""
    if isinstance(function, functools.partial):
        return function.func, function.args, function.keywords
    return function


class WeightsEnum(Enum):
    """The weights that there are for one model.  Source: torchvision.models.WeightsEnum."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """The member of that name, or the member itself, or None.

        Raises KeyError for an unknown name, TypeError for another model's weights.
        """
        if isinstance(obj, str):
            return cls[obj.replace(f"{cls.__name__}.", "")]
        if obj is not None and not isinstance(obj, cls):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received "
                f"{type(obj).__name__}."
            )
        return obj

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The weights, from the hub's folder or the net.

        Arguments as for ``minitorch.hub.load_state_dict_from_url``.
        """
        return load_state_dict_from_url(self.url, *args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self._name_}"

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """Makes what prepares pictures for the model: ``weights.transforms()(picture)``."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """What is known: ``categories``, ``num_params``, ``min_size``..."""
        return self.value.meta


def imagenet(
    file: str,
    num_params: int,
    accuracy: tuple[float, float],
    cost: tuple[float, float],
    *,
    min_size: int = 1,
    resize_size: int = 256,
    crop_size: int = 224,
    bicubic: bool = False,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    **meta: Any,
) -> Weights:
    """Weights trained on ImageNet-1K.

    Args:
        file: the name of the file.
        num_params: how many numbers they are.
        accuracy: how often, in percent, the right category was first, and in the first five.
        cost: billions of operations for a picture, and megabytes of the file.
        min_size: the smallest picture.
        resize_size, crop_size, bicubic, mean, std: how pictures are prepared.
        **meta: more that is known.
    """
    options: dict[str, Any] = {"crop_size": crop_size}
    if resize_size != 256:
        options["resize_size"] = resize_size
    if bicubic:
        options["interpolation"] = InterpolationMode.BICUBIC
    if mean is not None and std is not None:
        options.update(mean=mean, std=std)
    known = {
        "categories": IMAGENET_CATEGORIES,
        "min_size": (min_size, min_size),
        "num_params": num_params,
        "_metrics": {"ImageNet-1K": {"acc@1": accuracy[0], "acc@5": accuracy[1]}},
        "_ops": cost[0],
        "_file_size": cost[1],
    }
    transforms = functools.partial(ImageClassification, **options)
    return Weights(f"https://download.pytorch.org/models/{file}", transforms, {**known, **meta})


# --- builders -------------------------------------------------------------------------------------

_M = TypeVar("_M", bound=Module)

#: The functions that make models, by name.
_BUILDERS: dict[str, Callable[..., Module]] = {}


def builder(
    weights_class: type[WeightsEnum],
    legacy: str | None = "IMAGENET1K_V1",
    load: Callable[[Module, WeightsEnum, bool], Module] | None = None,
    backbone: type[WeightsEnum] | None = None,
    **with_weights: Any,
) -> Callable[[Callable[..., _M]], Callable[..., _M]]:
    """Give a function that makes a model the arguments ``weights`` and ``progress``, and list it.

    Args:
        weights_class: the weights that there are.
        legacy: the member that ``pretrained=True`` means.
        load: loads them into the model; :func:`load` when None.
        backbone: the weights that there are for a part of the model: an argument
            ``weights_backbone``, by default those on ImageNet, unless there are ``weights``.
        **with_weights: arguments that the model must be made with to load weights.

    A function that has a parameter ``weights`` itself gets them, and ``progress``, and loads them.
    """
    default = None if legacy is None else weights_class[legacy]
    positional = ["weights", "progress"]
    if backbone is not None:
        positional += ["num_classes", "aux_loss", "weights_backbone"]

    def decorate(construct: Callable[..., _M]) -> Callable[..., _M]:
        loads_itself = "weights" in inspect.signature(construct).parameters

        @functools.wraps(construct)
        def build(*args: Any, **kwargs: Any) -> _M:
            _as_keywords(args, positional, kwargs)
            _modernize(kwargs, "weights", "pretrained", default, construct.__name__)
            if backbone is not None:
                usual = backbone["IMAGENET1K_V1"]
                names = ("weights_backbone", "pretrained_backbone")
                _modernize(kwargs, *names, usual, construct.__name__)
                kwargs["weights_backbone"] = backbone.verify(kwargs.get(names[0], usual))
            weights = weights_class.verify(kwargs.pop("weights", None))
            progress = kwargs.pop("progress", True)
            if weights is not None:
                if backbone is not None:
                    kwargs["weights_backbone"] = None
                for name, value in with_weights.items():
                    force(kwargs, name, value)
                if weights.meta["categories"] is not None:
                    force(kwargs, "num_classes", len(weights.meta["categories"]))
            if loads_itself:
                return construct(weights=weights, progress=progress, **kwargs)
            model = construct(**kwargs)
            if weights is not None:
                (load or _load)(model, weights, progress)
            return model

        keyword = inspect.Parameter.KEYWORD_ONLY
        shown: dict[str, tuple[Any, Any]] = {
            "weights": (None, weights_class),
            "progress": (True, bool),
        }
        shown |= {name: (None, Any) for name in positional[2:]}
        if backbone is not None:
            shown["weights_backbone"] = (backbone["IMAGENET1K_V1"], backbone)
        build.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                *(
                    inspect.Parameter(name, keyword, default=value, annotation=kind)
                    for name, (value, kind) in shown.items()
                ),
                inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
            ]
        )
        del build.__wrapped__  # type: ignore[attr-defined]  # its signature is not the one to show
        _BUILDERS[construct.__name__] = build
        return build

    return decorate


def load(model: Module, weights: WeightsEnum, progress: bool) -> Module:
    """Load the weights into the model, and return it."""
    model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model


_load = load


def force(arguments: dict[str, Any], name: str, value: Any) -> None:
    """Set an argument.  Raises ValueError if it is given already, and is another."""
    if arguments.get(name) is None:
        arguments[name] = value
    if arguments[name] != value:
        raise ValueError(
            f"The parameter '{name}' expected value {value} but got {arguments[name]} instead."
        )


def _as_keywords(args: tuple, names: list[str], kwargs: dict[str, Any]) -> None:
    """Enter arguments given by position, as of old, in ``kwargs``."""
    if len(args) > len(names):
        raise TypeError(
            f"a builder takes {len(names)} positional arguments but {len(args)} were given"
        )
    given = dict(zip(names, args, strict=False))
    if given:
        listed = " and ".join(f"'{name}'" for name in given)
        warnings.warn(
            f"Using {listed} as positional parameter(s) is deprecated since 0.13 and may be "
            "removed in the future. Please use keyword parameter(s) instead.",
            stacklevel=3,
        )
    kwargs.update(given)


def _modernize(
    kwargs: dict[str, Any], name: str, old: str, default: WeightsEnum | None, model: str
) -> None:
    """Replace ``pretrained``, or a truth value given for ``weights``, by what it means today."""
    weights = kwargs.get(name)
    by_name = old in kwargs
    if weights is None and not by_name:
        return
    if isinstance(weights, WeightsEnum) or (isinstance(weights, str) and weights != "legacy"):
        return
    pretrained = kwargs.pop(old) if by_name else weights
    if pretrained and default is None:
        raise ValueError(f"No weights available for model {model}")
    kwargs[name] = default if pretrained else None
    if by_name:
        warnings.warn(
            f"The parameter '{old}' is deprecated since 0.13 and may be removed in the "
            f"future, please use '{name}' instead.",
            stacklevel=3,
        )
    more = (
        f" You can also use `{name}={type(default).__name__}.DEFAULT` to get the most up-to-date "
        "weights."
    )
    warnings.warn(
        f"Arguments other than a weight enum or `None` for '{name}' are deprecated since 0.13 and "
        "may be removed in the future. The current behavior is equivalent to passing "
        f"`{name}={kwargs[name]}`.{more if pretrained else ''}",
        stacklevel=3,
    )


# --- by name --------------------------------------------------------------------------------------


def list_models(
    module: ModuleType | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    """The names of the models, sorted.

    Args:
        module: those of this module only.
        include: patterns; a model is listed if one fits.  All when None.
        exclude: patterns; a model is not listed if one fits.

    Source: torchvision.models.list_models.
    """
    names = [
        name
        for name, build in sorted(_BUILDERS.items())
        if module is None or build.__module__.rpartition(".")[0] == module.__name__
    ]

    def fits(name: str, patterns: Iterable[str] | str) -> bool:
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    return [
        name
        for name in names
        if (not include or fits(name, include)) and not (exclude and fits(name, exclude))
    ]


def get_model_builder(name: str) -> Callable[..., Module]:
    """The function that makes the model of this name.  Raises ValueError for an unknown one.

    Source: torchvision.models.get_model_builder.
    """
    if name.lower() not in _BUILDERS:
        raise ValueError(f"Unknown model {name.lower()}")
    return _BUILDERS[name.lower()]


def get_model(name: str, **config: Any) -> Module:
    """Make the model of this name.  Source: torchvision.models.get_model."""
    return get_model_builder(name)(**config)


def get_model_weights(name: Callable[..., Module] | str) -> type[WeightsEnum]:
    """The weights that there are for a model, or its builder.

    Source: torchvision.models.get_model_weights.
    """
    build = get_model_builder(name) if isinstance(name, str) else name
    parameter = inspect.signature(build).parameters.get("weights")
    if parameter is None:
        raise ValueError("The method is missing the 'weights' argument.")
    return parameter.annotation


def get_weight(name: str) -> WeightsEnum:
    """Weights by their full name: ``"ResNet50_Weights.IMAGENET1K_V1"``.

    Raises ValueError for an unknown model or what is no such name, KeyError for unknown weights.
    Source: torchvision.models.get_weight.
    """
    class_name, _, member = name.partition(".")
    if not member or "." in member:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    for build in _BUILDERS.values():
        found = getattr(sys.modules[build.__module__], class_name, None)
        if isinstance(found, type) and issubclass(found, WeightsEnum):
            return found[member]
    raise ValueError(
        f"The weight enum '{class_name}' for the specific method couldn't be retrieved."
    )
