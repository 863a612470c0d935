"""The in-place twins that are functions, too: each is its method."""

import pytest

import minitorch as mt
from minitorch.ops import twins

#: What a twin needs beside the tensor.
ARGUMENTS = {
    "addmv_": (mt.full((3, 3), 0.1), mt.full((3,), 0.2)),
    "as_strided_": ((2,), (1,)),
    "clamp_": (0.1, 0.4),
    "clamp_max_": (0.4,),
    "clamp_min_": (0.1,),
    "clip_": (0.1, 0.4),
    "fill_": (2.0,),
    "index_put_": ((mt.tensor([1]),), mt.tensor(5.0)),
    "resize_as_": (mt.zeros(3),),
    "xlogy_": (mt.full((3,), 0.3),),
}


def start(name):
    values = mt.tensor([0.2, 0.5, 0.8])
    return values + 1 if name in ("acosh_", "arccosh_") else values


@pytest.mark.parametrize("name", twins.__all__)
def test_the_function_is_the_method(name):
    by_function, by_method = start(name), start(name)
    result = getattr(mt, name)(by_function, *ARGUMENTS.get(name, ()))
    getattr(by_method, name)(*ARGUMENTS.get(name, ()))
    assert result is by_function
    assert mt.equal(by_function, by_method)


@pytest.mark.parametrize("name", twins.__all__)
def test_no_tensor_is_a_type_error(name):
    with pytest.raises(TypeError, match="must be Tensor, not int"):
        getattr(mt, name)(3)
