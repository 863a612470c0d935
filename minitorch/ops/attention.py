"""Scaled dot-product attention and multi-head attention.

Letters: L target length, S source length, N batch, E embedding, H heads, D = E / H.
"""

from __future__ import annotations

import math

from minitorch import dtypes
from minitorch.memory_format import elementwise_order
from minitorch.ops._autocast import lower_precision
from minitorch.ops._op import named, wide
from minitorch.ops.activation import softmax
from minitorch.ops.creation import ones, zeros
from minitorch.ops.diagonals import triu
from minitorch.ops.dropout import dropout
from minitorch.ops.joining import cat
from minitorch.ops.linalg import linear, matmul
from minitorch.ops.masking import masked_fill
from minitorch.ops.padding import pad

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


@lower_precision
@wide
def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """``softmax(query @ key^T * scale + mask) @ value``.

    A boolean mask is True where attention is allowed, a float mask is added.  ``scale`` defaults to
    1 / sqrt(D).
    Shape: (*, L, D), (*, S, D), (*, S, V) -> (*, L, V); with ``enable_gqa`` key and value may have
    fewer heads.
    Raises RuntimeError for a mask together with ``is_causal``.
    Source: F.scaled_dot_product_attention; Vaswani et al. (2017).
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if not query.dtype is key.dtype is value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{query.dtype.cpp_name} key.dtype: {key.dtype.cpp_name} and value.dtype: "
            f"{value.dtype.cpp_name} instead."
        )
    if attn_mask is not None and attn_mask.dtype not in (dtypes.bool_, dtypes.float32, query.dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {attn_mask.dtype.cpp_name} and  query.dtype: "
            f"{query.dtype.cpp_name} instead."
        )
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(groups, -3), value.repeat_interleave(groups, -3)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    # torch: both factors take the root of the scale.
    root = math.sqrt(abs(scale))
    scores = matmul(query * (math.copysign(root, scale)), (key * root).transpose(-2, -1))
    if is_causal:
        length, source = query.shape[-2], key.shape[-2]
        hidden = triu(ones(length, source, dtype=dtypes.bool_), 1)
        scores = masked_fill(scores, hidden, -math.inf)
    elif attn_mask is not None:
        if attn_mask.dtype is dtypes.bool_:
            scores = masked_fill(scores, attn_mask.logical_not(), -math.inf)
        else:
            scores = scores + attn_mask
    weights = softmax(scores, -1)
    if attn_mask is not None and attn_mask.dtype is dtypes.bool_:
        # torch: a row that may attend to nothing gives zeros, not nan.
        weights = masked_fill(weights, attn_mask.any(-1, keepdim=True).logical_not(), 0.0)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
        return matmul(weights, value)
    attended = matmul(weights, value)
    if query.ndim == 4 and query.stride(-1) == 1:
        # torch: the result is laid out as the queries are, so that heads can be joined by a view.
        attended._array = elementwise_order(attended._array, [query._array[..., :1]])
    # torch: batches of heads without dropout take a kernel of their own.
    return (
        named(attended, "ScaledDotProductFlashAttentionForCpuBackward0")
        if query.ndim == 4
        else attended
    )


def _additive(mask, name, dtype):
    """A boolean mask (True: hidden) as numbers to add; a float mask as it is."""
    if mask is None:
        return None
    if mask.dtype is dtypes.bool_:
        return masked_fill(zeros(tuple(mask.shape), dtype=dtype), mask, -math.inf)
    if not mask.dtype.is_floating_point:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    return mask


def _project_inputs(query, key, value, weight, bias):
    """Queries, keys and values by one stacked weight (3E, E)."""
    size = query.shape[-1]
    if key is value and query is key:
        return linear(query, weight, bias).split(size, -1)
    weights = weight.split(size, 0)
    biases = (None,) * 3 if bias is None else bias.split(size, 0)
    return tuple(
        linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )


def _project_separately(query, key, value, weights, bias):
    biases = (None,) * 3 if bias is None else bias.split(query.shape[-1], 0)
    return tuple(
        linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )


def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Multi-head attention: project, attend in every head, join the heads, project.

    Masks: boolean, True where attention is hidden, or float, added.
    Shape: (L, N, E), (S, N, E), (S, N, E) -> (L, N, E) and weights (N, L, S), or (N, H, L, S)
    unaveraged; without the batch dimension N as well.  Source: F.multi_head_attention_forward.
    """
    unbatched = query.ndim == 2
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query "
            "tensor"
        )
    if unbatched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    if size != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {size}"
        )
    head = size // num_heads
    if head * num_heads != size:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    if use_separate_proj_weight:
        q, k, v = _project_separately(
            query, key, value, (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias
        )
    else:
        q, k, v = _project_inputs(query, key, value, in_proj_weight, in_proj_bias)
    # torch: with nothing else to hide and no weights to show, the hint stands for the mask.
    causal = is_causal and key_padding_mask is None and not need_weights
    mask = None if causal else _additive(attn_mask, "attn_mask", q.dtype)
    padding = _additive(key_padding_mask, "key_padding_mask", q.dtype)
    if mask is not None and mask.ndim == 2:
        if tuple(mask.shape) != (length, key.shape[0]):
            raise RuntimeError(
                f"The shape of the 2D attn_mask is {mask.shape}, but should be "
                f"{(length, key.shape[0])}."
            )
        mask = mask.unsqueeze(0)
    elif mask is not None and mask.ndim == 3:
        if tuple(mask.shape) != (batch * num_heads, length, key.shape[0]):
            raise RuntimeError(
                f"The shape of the 3D attn_mask is {mask.shape}, but should be "
                f"{(batch * num_heads, length, key.shape[0])}."
            )
    elif mask is not None:
        raise RuntimeError(f"attn_mask's dimension {mask.ndim} is not supported")

    def longer():
        return (None if m is None else pad(m, (0, 1)) for m in (mask, padding))

    if bias_k is not None and bias_v is not None:
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = longer()

    def heads(x):
        return x.reshape(x.shape[0], batch * num_heads, head).transpose(0, 1)  # (N H, length, D)

    q = heads(q)
    k = heads(k) if static_k is None else static_k
    v = heads(v) if static_v is None else static_v
    if add_zero_attn:
        empty = zeros(batch * num_heads, 1, head, dtype=k.dtype)
        k, v = cat([k, empty], 1), cat([v, empty], 1)
        mask, padding = longer()
    source = k.shape[1]
    if padding is not None:
        if tuple(padding.shape) != (batch, source):
            at = 0 if padding.shape[0] != batch else 1
            raise AssertionError(
                f"Expected key_padded_mask.shape[{at}] to be {(batch, source)[at]}, but got "
                f"{padding.shape[at]}"
            )
        padding = padding.reshape(batch, 1, 1, source).expand(-1, num_heads, -1, -1)
        padding = padding.reshape(batch * num_heads, 1, source)
        mask = padding if mask is None else mask + padding
    drop = dropout_p if training else 0.0
    weights = None
    if need_weights:
        scores = matmul(q * math.sqrt(1.0 / head), k.transpose(-2, -1))
        weights = softmax(scores if mask is None else scores + mask, -1)
        dropped = dropout(weights, drop) if drop > 0 else weights
        attended = matmul(dropped, v)
        weights = (
            weights.reshape(batch, num_heads, length, source)
            if not drop
            else dropped.reshape(batch, num_heads, length, source)
        )
        if average_attn_weights:
            weights = weights.mean(1)
        attended = attended.transpose(0, 1).reshape(length * batch, size)
    else:
        if mask is not None:
            mask = (
                mask.unsqueeze(0)
                if mask.shape[0] == 1
                else mask.reshape(batch, num_heads, -1, source)
            )
        split = (x.reshape(batch, num_heads, x.shape[1], head) for x in (q, k, v))
        attended = scaled_dot_product_attention(*split, mask, drop, causal)
        attended = attended.permute(2, 0, 1, 3).reshape(length * batch, size)
    output = linear(attended, out_proj_weight, out_proj_bias).reshape(length, batch, size)
    if unbatched:
        output = output.squeeze(1)
        weights = None if weights is None else weights.squeeze(0)
    return output, weights
