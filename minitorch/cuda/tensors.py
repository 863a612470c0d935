"""The old classes of tensors on GPUs, ``torch.cuda.FloatTensor``: to name, not to make.

Programs write ``x.type(torch.cuda.FloatTensor if cuda else torch.FloatTensor)``.
"""

from __future__ import annotations

from minitorch import dtypes

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


class _ClassOfNone(type):
    """No tensor is an instance, and none can be made."""

    is_cuda = True

    def __instancecheck__(cls, instance):
        return False

    def __call__(cls, *args, **kwargs):
        raise TypeError(
            f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled."
        )

    def __repr__(cls):
        return f"<class 'torch.cuda.{cls.__name__}'>"


def _class_of(name):
    """The class ``name``; ``cuda_dtype`` is its elements' type."""
    doc = (
        f"Tensors like ``torch.{name}`` on a GPU.  Making one raises TypeError: there is none.  "
        f"Source: torch.cuda.{name}."
    )
    members = {
        "cuda_dtype": dtypes.from_class_name(f"torch.{name}"),
        "__doc__": doc,
        "__module__": "torch.cuda",
    }
    return _ClassOfNone(name, (), members)


BFloat16Tensor = _class_of("BFloat16Tensor")
BoolTensor = _class_of("BoolTensor")
ByteTensor = _class_of("ByteTensor")
CharTensor = _class_of("CharTensor")
DoubleTensor = _class_of("DoubleTensor")
FloatTensor = _class_of("FloatTensor")
HalfTensor = _class_of("HalfTensor")
IntTensor = _class_of("IntTensor")
LongTensor = _class_of("LongTensor")
ShortTensor = _class_of("ShortTensor")
