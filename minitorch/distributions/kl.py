"""Kullback and Leibler's divergence of pairs of distributions, in closed form.

``KL(p || q) = E_p[log p(x) - log q(x)]``.  Formulas between families are written in this form:
minus the entropy of p, minus the mean under p of ``log q``.  What is infinite because p has values
where q has none stands in one table at the end.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

from minitorch.autograd import grad
from minitorch.distributions.bernoulli import Bernoulli
from minitorch.distributions.beta import Beta
from minitorch.distributions.binomial import Binomial
from minitorch.distributions.categorical import Categorical
from minitorch.distributions.cauchy import Cauchy
from minitorch.distributions.continuous_bernoulli import ContinuousBernoulli
from minitorch.distributions.dirichlet import Dirichlet
from minitorch.distributions.distribution import Distribution
from minitorch.distributions.exp_family import ExponentialFamily
from minitorch.distributions.exponential import Exponential
from minitorch.distributions.gamma import Gamma
from minitorch.distributions.geometric import Geometric
from minitorch.distributions.gumbel import Gumbel
from minitorch.distributions.half_normal import HalfNormal
from minitorch.distributions.independent import Independent
from minitorch.distributions.laplace import Laplace
from minitorch.distributions.lowrank_multivariate_normal import (
    LowRankMultivariateNormal,
    low_rank_log_det,
    low_rank_mahalanobis,
)
from minitorch.distributions.multivariate_normal import (
    MultivariateNormal,
    log_diagonal_sum,
    mahalanobis,
)
from minitorch.distributions.normal import Normal
from minitorch.distributions.one_hot_categorical import OneHotCategorical
from minitorch.distributions.pareto import Pareto
from minitorch.distributions.poisson import Poisson
from minitorch.distributions.transformed_distribution import TransformedDistribution
from minitorch.distributions.uniform import Uniform
from minitorch.distributions.utils import euler_constant, overwritten, sum_rightmost
from minitorch.nn.functional import softplus
from minitorch.ops.creation import full_like
from minitorch.ops.decomposition import solve_triangular
from minitorch.ops.shape import broadcast_shapes
from minitorch.tensor import Tensor

__all__ = ["kl_divergence", "register_kl"]

#: The functions by the types of p and q, and those found for pairs of subclasses.
_KL_REGISTRY: dict[tuple[type, type], Callable] = {}
_KL_MEMOIZE: dict[tuple[type, type], Callable] = {}


def register_kl(type_p: Any, type_q: Any) -> Callable:
    """Register a function ``(p, q) -> divergence`` for two classes and their subclasses.

    A pair of subclasses takes the nearest registered pair.  Raises TypeError for what is no class
    of distributions.  Source: torch.distributions.register_kl.
    """
    for which, given in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(given, type) or not issubclass(given, Distribution):
            raise TypeError(f"Expected {which} to be a Distribution subclass but got {given}")

    def register(function: Callable) -> Callable:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return register


def _dispatch(type_p: type, type_q: type) -> Any:
    """The function of the nearest pair of superclasses; NotImplemented where there is none."""
    fitting = [
        pair for pair in _KL_REGISTRY if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])
    ]
    if not fitting:
        return NotImplemented

    def nearness(pair, order):
        types = (type_p, type_q)
        return [types[i].__mro__.index(pair[i]) for i in order]

    by_p = min(fitting, key=functools.partial(nearness, order=(0, 1)))
    by_q = min(fitting, key=functools.partial(nearness, order=(1, 0)))
    if _KL_REGISTRY[by_p] is not _KL_REGISTRY[by_q]:
        names = [type_p.__name__, type_q.__name__]
        warnings.warn(
            f"Ambiguous kl_divergence({', '.join(names)}). Please "
            f"register_kl({by_p[0].__name__}, {by_q[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _KL_REGISTRY[by_p]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """``KL(p || q)``, for each distribution of the batch.

    Raises NotImplementedError for a pair without a closed form.
    Source: torch.distributions.kl_divergence.

    >>> from minitorch.distributions import Normal
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    pair = type(p), type(q)
    function = _KL_MEMOIZE.get(pair)
    if function is None:
        function = _KL_MEMOIZE[pair] = _dispatch(*pair)
    if function is NotImplemented:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type "
            f"{type(q).__name__}"
        )
    return function(p, q)


def _infinite_where(condition: Tensor, value: Tensor) -> Tensor:
    return overwritten(value, condition, math.inf)


# --- within a family ------------------------------------------------------------------------------


@register_kl(Bernoulli, Bernoulli)
def _kl_bernoulli(p, q):
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = overwritten(_infinite_where(q.probs == 0, ones), p.probs == 0, 0.0)
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zeros = overwritten(_infinite_where(q.probs == 1, zeros), p.probs == 1, 0.0)
    return ones + zeros


@register_kl(Beta, Beta)
def _kl_beta(p, q):
    total_p = p.concentration1 + p.concentration0
    total_q = q.concentration1 + q.concentration0
    normalizers = (
        q.concentration1.lgamma()
        + q.concentration0.lgamma()
        + total_p.lgamma()
        - (p.concentration1.lgamma() + p.concentration0.lgamma() + total_q.lgamma())
    )
    return (
        normalizers
        + (p.concentration1 - q.concentration1) * p.concentration1.digamma()
        + (p.concentration0 - q.concentration0) * p.concentration0.digamma()
        + (total_q - total_p) * total_p.digamma()
    )


@register_kl(Binomial, Binomial)
def _kl_binomial(p, q):
    if (p.total_count < q.total_count).any():
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    of_trial = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return _infinite_where(p.total_count > q.total_count, p.total_count * of_trial)


@register_kl(Categorical, Categorical)
def _kl_categorical(p, q):
    terms = p.probs * (p.logits - q.logits)
    terms = _infinite_where(q.probs == 0, terms)
    return overwritten(terms, p.probs == 0, 0.0).sum(-1)


@register_kl(Cauchy, Cauchy)
def _kl_cauchy(p, q):
    # F. Chyzak and F. Nielsen, "A closed-form formula for the KL divergence between Cauchy
    # distributions" (2019).
    apart = (p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)
    return apart.log() - (4 * p.scale * q.scale).log()


def _log_scale(q):
    """The part of the continuous Bernoulli's ``log q`` that does not depend on the value."""
    return q._log_norm() + (-q.probs).log1p()


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _kl_continuous_bernoulli(p, q):
    return p.mean * (p.logits - q.logits) + (_log_scale(p) - _log_scale(q))


@register_kl(Dirichlet, Dirichlet)
def _kl_dirichlet(p, q):
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    normalizers = total_p.lgamma() - total_q.lgamma()
    normalizers = normalizers - (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    mean_logs = p.concentration.digamma() - total_p.digamma().unsqueeze(-1)
    return normalizers + ((p.concentration - q.concentration) * mean_logs).sum(-1)


@register_kl(Exponential, Exponential)
def _kl_exponential(p, q):
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _kl_exponential_family(p, q):
    """Bregman's divergence of the normalizer, for a family without a formula of its own."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed "
            "using Bregman divergences"
        )
    of_p = [x.detach().requires_grad_() for x in p._natural_params]
    normalizer = p._log_normalizer(*of_p)
    slopes = grad(normalizer.sum(), of_p, create_graph=True)
    result = q._log_normalizer(*q._natural_params) - normalizer
    for mine, other, slope in zip(of_p, q._natural_params, slopes, strict=True):
        result = result - sum_rightmost((other - mine) * slope, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _kl_gamma(p, q):
    return (
        q.concentration * (p.rate / q.rate).log()
        + q.concentration.lgamma()
        - p.concentration.lgamma()
        + (p.concentration - q.concentration) * p.concentration.digamma()
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Geometric, Geometric)
def _kl_geometric(p, q):
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _kl_gumbel(p, q):
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc) / q.scale
    tail = ((1 + ratio).lgamma() - distance).exp()
    return -ratio.log() + distance + ratio * euler_constant + tail - (1 + euler_constant)


@register_kl(HalfNormal, HalfNormal)
def _kl_half_normal(p, q):
    return _kl_normal(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _kl_independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Laplace, Laplace)
def _kl_laplace(p, q):
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(Normal, Normal)
def _kl_normal(p, q):
    ratio = (p.scale / q.scale).pow(2)
    distance = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + distance - 1 - ratio.log())


@register_kl(OneHotCategorical, OneHotCategorical)
def _kl_one_hot_categorical(p, q):
    return _kl_categorical(p._categorical, q._categorical)


@register_kl(Pareto, Pareto)
def _kl_pareto(p, q):
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _infinite_where(p.scale < q.scale, result)


@register_kl(Poisson, Poisson)
def _kl_poisson(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(TransformedDistribution, TransformedDistribution)
def _kl_transformed(p, q):
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Uniform, Uniform)
def _kl_uniform(p, q):
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return _infinite_where((q.low > p.low) | (q.high < p.high), result)


# --- multivariate normal distributions ------------------------------------------------------------


def _trace_of_square(matrix):
    """The trace of ``X X^T``."""
    return matrix.pow(2).sum((-2, -1))


def _whitened(factor, matrix):
    """``L^-1 X`` over the batch of both."""
    batch = broadcast_shapes(factor.shape[:-2], matrix.shape[:-2])
    return solve_triangular(
        factor.expand((*batch, -1, -1)), matrix.expand((*batch, -1, -1)), upper=False
    )


def _check_same_dimension(p, q):
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two {_of_kind(p, q)} with different event shapes cannot be "
            "computed"
        )


def _of_kind(p, q):
    low = [isinstance(x, LowRankMultivariateNormal) for x in (p, q)]
    if all(low):
        return "Low Rank Multivariate Normals"
    return "(Low Rank) Multivariate Normals" if any(low) else "Multivariate Normals"


def _gaussian(log_dets, trace, distance, p):
    return 0.5 * (log_dets + trace + distance - p.event_shape[0])


@register_kl(MultivariateNormal, MultivariateNormal)
def _kl_multivariate_normal(p, q):
    _check_same_dimension(p, q)
    log_dets = 2 * (log_diagonal_sum(q._factor) - log_diagonal_sum(p._factor))
    trace = _trace_of_square(_whitened(q._factor, p._factor))
    return _gaussian(log_dets, trace, mahalanobis(q._factor, q.loc - p.loc), p)


def _distance_in_low_rank(p, q):
    return low_rank_mahalanobis(q._factor, q._diagonal, q.loc - p.loc, q._capacitance)


def _low_rank_log_det(d):
    return low_rank_log_det(d._diagonal, d._capacitance)


def _correction(q):
    """``A`` in the inverse ``D^-1 - A^T A`` of a covariance of low rank plus diagonal."""
    return _whitened(q._capacitance, q._factor.mT / q._diagonal.unsqueeze(-2))


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _kl_low_rank(p, q):
    _check_same_dimension(p, q)
    correction = _correction(q)
    trace = (
        (p._diagonal / q._diagonal).sum(-1)
        + _trace_of_square(p._factor * q._diagonal.rsqrt().unsqueeze(-1))
        - _trace_of_square(correction * p._diagonal.sqrt().unsqueeze(-2))
        - _trace_of_square(correction @ p._factor)
    )
    log_dets = _low_rank_log_det(q) - _low_rank_log_det(p)
    return _gaussian(log_dets, trace, _distance_in_low_rank(p, q), p)


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _kl_multivariate_normal_low_rank(p, q):
    _check_same_dimension(p, q)
    trace = _trace_of_square(p._factor * q._diagonal.rsqrt().unsqueeze(-1)) - _trace_of_square(
        _correction(q) @ p._factor
    )
    log_dets = _low_rank_log_det(q) - 2 * log_diagonal_sum(p._factor)
    return _gaussian(log_dets, trace, _distance_in_low_rank(p, q), p)


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _kl_low_rank_multivariate_normal(p, q):
    _check_same_dimension(p, q)
    trace = _trace_of_square(_whitened(q._factor, p._factor)) + _trace_of_square(
        _whitened(q._factor, p._diagonal.sqrt().diag_embed())
    )
    log_dets = 2 * log_diagonal_sum(q._factor) - _low_rank_log_det(p)
    return _gaussian(log_dets, trace, mahalanobis(q._factor, q.loc - p.loc), p)


# --- between families: minus the entropy of p, minus the mean of log q ----------------------------


def _x_log_x(x):
    return x.xlogy(x)


def _mean_square_distance(p, loc):
    """``E_p[(x - loc)^2]``."""
    return p.variance + (p.mean - loc).pow(2)


def _cross_normal(p, q):
    """``-E_p[log q]`` for a normal q."""
    log_normalizer = 0.5 * math.log(2 * math.pi) + q.scale.log()
    return log_normalizer + _mean_square_distance(p, q.loc) / (2 * q.scale.pow(2))


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _kl_to_normal(p, q):
    return -p.entropy() + _cross_normal(p, q)


@register_kl(Pareto, Normal)
def _kl_pareto_normal(p, q):
    return _infinite_where(p.alpha <= 2, -p.entropy() + _cross_normal(p, q))


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Gamma, Exponential)
def _kl_to_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Pareto, Exponential)
def _kl_pareto_exponential(p, q):
    return _infinite_where(p.alpha <= 1, _kl_to_exponential(p, q))


@register_kl(Uniform, Exponential)
def _kl_uniform_exponential(p, q):
    return _infinite_where(p.low < 0, _kl_to_exponential(p, q))


def _cross_gamma(p, q, mean_log):
    """``-E_p[log q]`` for a gamma q, given ``E_p[log(x)]``."""
    normalizer = q.concentration.lgamma() - q.concentration * q.rate.log()
    return normalizer - (q.concentration - 1) * mean_log + q.rate * p.mean


@register_kl(Beta, Gamma)
def _kl_beta_gamma(p, q):
    total = p.concentration1 + p.concentration0
    mean_log = p.concentration1.digamma() - total.digamma()
    return -p.entropy() + _cross_gamma(p, q, mean_log)


@register_kl(Exponential, Gamma)
def _kl_exponential_gamma(p, q):
    return -p.entropy() + _cross_gamma(p, q, -p.rate.log() - euler_constant)


@register_kl(Pareto, Gamma)
def _kl_pareto_gamma(p, q):
    result = -p.entropy() + _cross_gamma(p, q, p.scale.log() + p.alpha.reciprocal())
    return _infinite_where(p.alpha <= 1, result)


@register_kl(Uniform, Gamma)
def _kl_uniform_gamma(p, q):
    length = p.high - p.low
    mean_log = (_x_log_x(p.high) - _x_log_x(p.low) - length) / length
    return _infinite_where(p.low < 0, -p.entropy() + _cross_gamma(p, q, mean_log))


def _cross_gumbel(p, q, mean_exp):
    """``-E_p[log q]`` for a Gumbel q, given ``E_p[exp(-x / q.scale)]``."""
    distance = (p.mean - q.loc) / q.scale
    return q.scale.log() + distance + (q.loc / q.scale).exp() * mean_exp


@register_kl(Exponential, Gumbel)
def _kl_exponential_gumbel(p, q):
    product = p.rate * q.scale
    return -p.entropy() + _cross_gumbel(p, q, product / (product + 1))


@register_kl(Gamma, Gumbel)
def _kl_gamma_gumbel(p, q):
    mean_exp = (1 + (p.rate * q.scale).reciprocal()).pow(-p.concentration)
    return -p.entropy() + _cross_gumbel(p, q, mean_exp)


@register_kl(Normal, Gumbel)
def _kl_normal_gumbel(p, q):
    mean_exp = (-p.loc / q.scale + 0.5 * (p.scale / q.scale).pow(2)).exp()
    return -p.entropy() + _cross_gumbel(p, q, mean_exp)


@register_kl(Uniform, Gumbel)
def _kl_uniform_gumbel(p, q):
    ends = (-p.low / q.scale).exp() - (-p.high / q.scale).exp()
    return -p.entropy() + _cross_gumbel(p, q, q.scale / (p.high - p.low) * ends)


@register_kl(Normal, Laplace)
def _kl_normal_laplace(p, q):
    distance = p.loc - q.loc
    scaled = distance / p.scale
    mean_distance = math.sqrt(2 / math.pi) * p.scale * (-0.5 * scaled.pow(2)).exp()
    mean_distance = mean_distance + distance * (math.sqrt(0.5) * scaled).erf()
    return -p.entropy() + (2 * q.scale).log() + mean_distance / q.scale


@register_kl(Bernoulli, Poisson)
def _kl_bernoulli_poisson(p, q):
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _kl_beta_continuous_bernoulli(p, q):
    return -p.entropy() - p.mean * q.logits - _log_scale(q)


@register_kl(Uniform, ContinuousBernoulli)
def _kl_uniform_continuous_bernoulli(p, q):
    # torch: infinite also where an end of the uniform meets one of [0, 1].
    outside = (p.high >= 1) | (p.low <= 0)
    return _infinite_where(outside, _kl_beta_continuous_bernoulli(p, q))


@register_kl(Beta, Uniform)
def _kl_beta_uniform(p, q):
    return _infinite_where((q.low > 0) | (q.high < 1), -p.entropy() + (q.high - q.low).log())


@register_kl(ContinuousBernoulli, Uniform)
def _kl_continuous_bernoulli_uniform(p, q):
    # torch: infinite also where an end of the uniform meets one of [0, 1].
    result = -p.entropy() + (q.high - q.low).log()
    return _infinite_where((q.low >= 0) | (q.high <= 1), result)


@register_kl(Uniform, Beta)
def _kl_uniform_beta(p, q):
    length = p.high - p.low
    mean_log = (_x_log_x(p.high) - _x_log_x(p.low) - length) / length
    mean_log_rest = (_x_log_x(1 - p.low) - _x_log_x(1 - p.high) - length) / length
    normalizer = (
        q.concentration1.lgamma()
        + q.concentration0.lgamma()
        - (q.concentration1 + q.concentration0).lgamma()
    )
    result = (
        normalizer
        - length.log()
        - (q.concentration1 - 1) * mean_log
        - (q.concentration0 - 1) * mean_log_rest
    )
    return _infinite_where((p.high > 1) | (p.low < 0), result)


@register_kl(Uniform, Pareto)
def _kl_uniform_pareto(p, q):
    length = p.high - p.low
    mean_log = (_x_log_x(p.high) - _x_log_x(p.low) - length) / length
    log_normalizer = q.alpha.log() + q.alpha * q.scale.log()
    result = (q.alpha + 1) * mean_log - log_normalizer - length.log()
    return _infinite_where(p.low < q.scale, result)


# --- p has values where q has none ----------------------------------------------------------------

_OUTSIDE: dict[type, tuple[type, ...]] = {
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}


def _kl_infinite(p, q):
    return full_like(p.mean, math.inf)


for _type_p, _types_q in _OUTSIDE.items():
    for _type_q in _types_q:
        register_kl(_type_p, _type_q)(_kl_infinite)
