"""Old spellings that programs still have."""

import pytest

import minitorch as mt


def test_resize_makes_a_view_of_as_many_elements():
    x = mt.arange(6.0).requires_grad_()
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        y = x.resize(2, 3)
    assert y.shape == (2, 3)
    assert y.grad_fn.name() == "ResizeBackward"
    y.sum().backward()
    assert x.grad.tolist() == [1.0] * 6
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="requested resize to 2x2 "):
        x.resize(2, 2)
    with pytest.warns(UserWarning):
        assert x.detach().resize_as(mt.ones(3, 2)).shape == (3, 2)


def test_covariance_without_freedom_warns():
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert mt.tensor([1.0]).cov().isnan()
    assert mt.tensor([1.0, 3.0]).cov().item() == 2.0


def test_questions_about_memory():
    x = mt.ones(2)
    assert mt.is_storage(x.storage())
    assert mt.is_storage(x.untyped_storage())
    assert not mt.is_storage(x)
    assert not mt.is_inference(x)
    with pytest.raises(TypeError, match="is_inference"):
        mt.is_inference(3)


def test_the_warning_of_too_few_values():
    with pytest.warns(UserWarning, match=r"std\(\): degrees of freedom is <= 0"):
        assert mt.ones(1).std().isnan()
    with pytest.warns(UserWarning, match=r"var\(\): degrees of freedom is <= 0"):
        assert mt.ones(1, 3).var(0).isnan().all()
    assert mt.ones(1).var(unbiased=False) == 0
