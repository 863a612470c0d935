"""``minitorch.distributions``: a table of distributions, against themselves and against torch."""

from __future__ import annotations

import doctest
import importlib
import math
import pkgutil
import warnings

import numpy as np
import pytest

import minitorch as mt
from tests.comparing import outcome

# Wishart warns, as torch does, whenever it draws.
pytestmark = pytest.mark.filterwarnings("ignore:Singular sample detected")

#: By name, functions ``(D, t)`` of a library's distributions and its float tensors.
CASES = {
    "Bernoulli": lambda D, t: D.Bernoulli(t([[0.1, 0.5, 0.8]])),
    "Bernoulli-logits": lambda D, t: D.Bernoulli(logits=t([-1.0, 0.3])),
    "Beta": lambda D, t: D.Beta(t([[0.5, 2.0, 9.0]]), t([[1.0], [3.0]])),
    "Binomial": lambda D, t: D.Binomial(5, t([0.1, 0.5, 0.9])),
    "Binomial-many": lambda D, t: D.Binomial(t([40.0, 7.0]), logits=t([0.5, -1.0])),
    "Categorical": lambda D, t: D.Categorical(t([[0.2, 0.3, 0.5], [2.0, 1.0, 0.0]])),
    "Categorical-logits": lambda D, t: D.Categorical(logits=t([0.5, -1.0, 2.0, 0.0])),
    "Cauchy": lambda D, t: D.Cauchy(t([0.0, 1.0]), t([[1.0], [0.3]])),
    "Chi2": lambda D, t: D.Chi2(t([1.0, 4.5])),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t([0.1, 0.5, 0.8])),
    "ContinuousBernoulli-logits": lambda D, t: D.ContinuousBernoulli(logits=t([-2.0, 0.4])),
    "Dirichlet": lambda D, t: D.Dirichlet(t([[0.3, 0.7, 0.5], [2.0, 5.0, 12.0]])),
    "Exponential": lambda D, t: D.Exponential(t([0.5, 3.0])),
    "FisherSnedecor": lambda D, t: D.FisherSnedecor(t([1.0, 3.0, 7.0]), t([2.0, 4.5, 9.0])),
    "Gamma": lambda D, t: D.Gamma(t([0.4, 1.0, 3.0, 20.0]), t([1.0, 2.0, 0.5, 4.0])),
    "GeneralizedPareto": lambda D, t: D.GeneralizedPareto(
        t([0.0, 1.0, 2.0]), t([1.0, 2.0, 3.0]), t([0.0, 0.3, -0.5])
    ),
    "Geometric": lambda D, t: D.Geometric(t([0.2, 0.9])),
    "Geometric-logits": lambda D, t: D.Geometric(logits=t([0.2, -0.9])),
    "Gumbel": lambda D, t: D.Gumbel(t([0.0, 1.0]), t([1.0, 0.5])),
    "HalfCauchy": lambda D, t: D.HalfCauchy(t([1.0, 0.5])),
    "HalfNormal": lambda D, t: D.HalfNormal(t([1.0, 0.5])),
    "Independent": lambda D, t: D.Independent(D.Normal(t([[0.0, 1.0]]), t([[1.0], [2.0]])), 1),
    "InverseGamma": lambda D, t: D.InverseGamma(t([0.8, 1.5, 4.0]), t([1.0, 2.0, 0.5])),
    "Kumaraswamy": lambda D, t: D.Kumaraswamy(t([1.5, 2.0]), t([3.0, 1.2])),
    "LKJCholesky": lambda D, t: D.LKJCholesky(3, t([0.5, 2.0])),
    "Laplace": lambda D, t: D.Laplace(t([0.0, 1.0]), t([1.0, 0.5])),
    "LogNormal": lambda D, t: D.LogNormal(t([0.0, 1.0]), t([1.0, 0.5])),
    "LogisticNormal": lambda D, t: D.LogisticNormal(t([0.0, 1.0]), t([1.0, 0.5])),
    "LowRankMultivariateNormal": lambda D, t: D.LowRankMultivariateNormal(
        t([0.0, 1.0, 2.0]), t([[1.0, 0.5], [0.3, -1.0], [0.0, 2.0]]), t([1.0, 0.5, 2.0])
    ),
    "MixtureSameFamily": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([0.3, 0.7])), D.Normal(t([-1.0, 1.0]), t([0.5, 2.0]))
    ),
    "MixtureSameFamily-vectors": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([[0.3, 0.7], [0.5, 0.5]])),
        D.Independent(D.Normal(t([[[0.0, 1.0], [2.0, 3.0]]] * 2), t([1.0, 2.0])), 1),
    ),
    "Multinomial": lambda D, t: D.Multinomial(7, t([[0.2, 0.3, 0.5], [1.0, 1.0, 2.0]])),
    "MultivariateNormal": lambda D, t: D.MultivariateNormal(
        t([[0.0, 1.0], [2.0, 3.0]]), t([[2.0, 0.5], [0.5, 1.0]])
    ),
    "MultivariateNormal-precision": lambda D, t: D.MultivariateNormal(
        t([0.0, 1.0]), precision_matrix=t([[2.0, 0.5], [0.5, 1.0]])
    ),
    "MultivariateNormal-factor": lambda D, t: D.MultivariateNormal(
        t([0.0, 1.0]), scale_tril=t([[[2.0, 0.0], [0.5, 1.0]], [[1.0, 0.0], [-1.0, 1.5]]])
    ),
    "NegativeBinomial": lambda D, t: D.NegativeBinomial(t([3.0, 0.5]), t([0.3, 0.8])),
    "NegativeBinomial-logits": lambda D, t: D.NegativeBinomial(4, logits=t([0.3, -0.8])),
    "Normal": lambda D, t: D.Normal(t([0.0, 1.0]), t([[1.0], [0.1]])),
    "Normal-numbers": lambda D, t: D.Normal(0.5, 2),
    "OneHotCategorical": lambda D, t: D.OneHotCategorical(t([[0.2, 0.8], [0.5, 0.6]])),
    "OneHotCategoricalStraightThrough": lambda D, t: D.OneHotCategoricalStraightThrough(
        logits=t([0.2, 0.8, -1.0])
    ),
    "Pareto": lambda D, t: D.Pareto(t([1.0, 0.5]), t([1.5, 4.0])),
    "Poisson": lambda D, t: D.Poisson(t([0.5, 4.0, 30.0])),
    "RelaxedBernoulli": lambda D, t: D.RelaxedBernoulli(t(0.7), t([0.2, 0.6])),
    "RelaxedOneHotCategorical": lambda D, t: D.RelaxedOneHotCategorical(
        t(0.7), logits=t([[0.2, 0.6, -1.0]])
    ),
    "StudentT": lambda D, t: D.StudentT(t([0.8, 1.5, 5.0]), t([0.0, 1.0, 2.0]), t([1.0, 2.0, 0.5])),
    "TransformedDistribution": lambda D, t: D.TransformedDistribution(
        D.Normal(t([0.0, 1.0]), t([1.0, 0.5])),
        [D.AffineTransform(t([1.0, 2.0]), -2.0), D.SigmoidTransform()],
    ),
    "TransformedDistribution-simplex": lambda D, t: D.TransformedDistribution(
        D.Normal(t([0.0, 1.0, 2.0]), t([1.0, 0.5, 1.0])), D.StickBreakingTransform()
    ),
    "Uniform": lambda D, t: D.Uniform(t([0.0, -1.0]), t([1.0, 3.0])),
    "VonMises": lambda D, t: D.VonMises(t([0.0, 2.0, -3.0]), t([0.5, 3.0, 40.0])),
    "Weibull": lambda D, t: D.Weibull(t([1.0, 2.0]), t([1.5, 0.7])),
    "Wishart": lambda D, t: D.Wishart(t([3.0, 5.0]), t([[2.0, 0.5], [0.5, 1.0]])),
    "Wishart-factor": lambda D, t: D.Wishart(t(4.5), scale_tril=t([[2.0, 0.0], [0.5, 1.0]]).tril()),
}


def build(library, case, dtype="float32", requires_grad=False):
    """The distribution of a case, and the tensors that it was made of."""
    leaves = []

    def tensor(values):
        leaf = library.tensor(values, dtype=getattr(library, dtype))
        leaves.append(leaf.requires_grad_() if requires_grad else leaf)
        return leaf

    return CASES[case](library.distributions, tensor), leaves


#: One place to look at: a name, and what it asks of a distribution.
ASKED = {
    "mean": lambda d: d.mean,
    "mode": lambda d: d.mode,
    "variance": lambda d: d.variance,
    "stddev": lambda d: d.stddev,
    "entropy": lambda d: d.entropy(),
    "perplexity": lambda d: d.perplexity(),
    "enumerate_support": lambda d: d.enumerate_support(),
    "enumerate_support, not expanded": lambda d: d.enumerate_support(expand=False),
    "covariance_matrix": lambda d: d.covariance_matrix,
    "precision_matrix": lambda d: d.precision_matrix,
    "scale_tril": lambda d: d.scale_tril,
    "probs": lambda d: d.probs,
    "logits": lambda d: d.logits,
    "df": lambda d: d.df,
    "concentration": lambda d: d.concentration,
    "scale": lambda d: d.scale,
    "temperature": lambda d: d.temperature,
    "param_shape": lambda d: d.param_shape,
}


def same(ours, theirs, tolerance, where=""):
    """Equal shapes, dtypes and values, or errors of one class."""
    if hasattr(theirs, "error"):
        assert hasattr(ours, "error"), f"{where}: torch raises {theirs.error!r}"
        assert type(ours.error).__name__ == type(theirs.error).__name__, where
        return
    assert not hasattr(ours, "error"), f"{where}: {getattr(ours, 'error', None)!r}"
    if not hasattr(theirs, "shape"):
        assert tuple(ours) == tuple(theirs), where
        return
    assert tuple(ours.shape) == tuple(theirs.shape), where
    assert str(ours.dtype).removeprefix("minitorch.") == str(theirs.dtype), where
    ours, theirs = (np.asarray(x.detach().tolist(), "float64") for x in (ours, theirs))
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale, err_msg=where)


TOLERANCE = {"float32": 3e-5, "float64": 1e-9}
#: torch's Bessel functions of the von Mises distribution are polynomials of single precision.
COARSE = {"VonMises": 1e-4}
#: float32 round-off that the formulas themselves magnify.
ROUGH = {
    "Kumaraswamy": 1e-3,
    "ContinuousBernoulli": 1e-3,
    "ContinuousBernoulli-logits": 1e-3,
    "LKJCholesky": 3e-4,
    "GeneralizedPareto": 3e-4,
}


def tolerance_of(case, dtype):
    rough = ROUGH.get(case, 0) if dtype == "float32" or "numbers" in case else 0
    plain = TOLERANCE["float32" if "numbers" in case else dtype]
    return max(plain, rough, COARSE.get(case, 0))


# --- without torch --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_shapes_of_samples_and_probabilities(case):
    distribution, _ = build(mt, case)
    mt.manual_seed(3)
    for sample_shape in ((), (4,), (2, 3)):
        sample = distribution.sample(sample_shape)
        assert sample.shape == (
            *sample_shape,
            *distribution.batch_shape,
            *distribution.event_shape,
        )
        assert not sample.requires_grad
        log_prob = distribution.log_prob(sample)
        assert log_prob.shape == (*sample_shape, *distribution.batch_shape)
        assert not log_prob.isnan().any()
        assert distribution.support.check(sample).all()


@pytest.mark.parametrize("case", CASES)
def test_samples_have_the_mean_and_variance(case):
    distribution, _ = build(mt, case, "float64")
    mean, variance = outcome(lambda: distribution.mean), outcome(lambda: distribution.variance)
    if hasattr(mean, "error") or hasattr(variance, "error") or case in ("VonMises", "Pareto"):
        pytest.skip("no moments, an angle, or a tail too heavy")
    mt.manual_seed(11)
    count = 1500
    sample = distribution.sample((count,)).numpy()
    mean, variance = mean.numpy(), variance.numpy()
    usable = np.isfinite(mean) & np.isfinite(variance) & (np.abs(variance) < 50)
    if not usable.any():
        pytest.skip("no finite moments")
    error = np.abs(sample.mean(0) - mean)[usable]
    assert (error < 6 * np.sqrt(variance[usable] / count) + 1e-9).all()
    spread = np.abs(sample.var(0) - variance)[usable]
    assert (spread < 0.6 * variance[usable] + 1e-9).all()


@pytest.mark.parametrize(
    "case", [c for c in CASES if not hasattr(outcome(build(mt, c)[0].enumerate_support), "error")]
)
def test_probabilities_of_discrete_values_sum_to_one(case):
    distribution, _ = build(mt, case, "float64")
    values = distribution.enumerate_support()
    log_probs = distribution.log_prob(values)
    np.testing.assert_allclose(log_probs.exp().sum(0).numpy(), 1, rtol=1e-12)
    entropy = -(log_probs.exp() * log_probs.clamp(min=-1e300)).sum(0)
    np.testing.assert_allclose(distribution.entropy().numpy(), entropy.numpy(), rtol=1e-9)


def of_numbers(case):
    """Whether a case is continuous and one-dimensional, and its cdf is there."""
    distribution, _ = build(mt, case)
    if len(distribution.event_shape) or distribution.support.is_discrete:
        return False
    value = distribution.sample()
    return not hasattr(outcome(distribution.cdf, value), "error")


@pytest.mark.parametrize("case", [c for c in CASES if of_numbers(c)])
def test_the_density_is_the_slope_of_the_cdf(case):
    distribution, _ = build(mt, case, "float64")
    mt.manual_seed(5)
    value = distribution.sample((20,)).requires_grad_()
    (slope,) = mt.autograd.grad(distribution.cdf(value).sum(), value)
    density = distribution.log_prob(value).exp()
    np.testing.assert_allclose(
        slope.abs().numpy(), density.detach().numpy(), rtol=1e-6, atol=1e-9
    ) if case not in ("Gamma", "Chi2") else np.testing.assert_allclose(
        slope.numpy(), density.detach().numpy(), rtol=1e-6
    )


@pytest.mark.parametrize("case", [c for c in CASES if of_numbers(c)])
def test_icdf_undoes_cdf(case):
    distribution, _ = build(mt, case, "float64")
    share = mt.linspace(0.05, 0.95, 7, dtype=mt.float64)
    share = share.reshape(7, *(1,) * len(distribution.batch_shape))
    share = share.expand((7, *distribution.batch_shape))
    value = outcome(distribution.icdf, share)
    if hasattr(value, "error"):
        pytest.skip("no icdf")
    np.testing.assert_allclose(distribution.cdf(value).numpy(), share.numpy(), rtol=1e-7)


@pytest.mark.parametrize("case", CASES)
def test_expand_repeats(case):
    distribution, _ = build(mt, case)
    wide = distribution.expand((3, *distribution.batch_shape))
    assert type(wide) is type(distribution)
    assert wide.batch_shape == (3, *distribution.batch_shape)
    assert wide.event_shape == distribution.event_shape
    mt.manual_seed(0)
    value = wide.sample()
    alone = distribution.log_prob(value)
    np.testing.assert_allclose(wide.log_prob(value).numpy(), alone.numpy(), rtol=1e-6)
    assert wide.expand((2, 3, *distribution.batch_shape)).sample((4,)).shape[:3] == (4, 2, 3)


@pytest.mark.parametrize("case", [c for c in CASES if build(mt, c)[0].has_rsample])
def test_rsample_is_differentiable(case):
    distribution, leaves = build(mt, case, "float64", requires_grad=True)
    mt.manual_seed(0)
    sample = distribution.rsample((2,))
    if not leaves:
        assert not sample.requires_grad
        return
    gradients = mt.autograd.grad(sample.square().sum(), leaves, allow_unused=True)
    assert any(g is not None and g.isfinite().all() and g.any() for g in gradients)


@pytest.mark.parametrize("concentration", [0.3, 0.9, 2.0, 7.0, 40.0])
def test_gradients_of_gamma_samples_move_the_mean(concentration):
    """E[x] is the concentration, so the gradients' mean is 1; E[x^2] is a + a^2."""
    a = mt.full((4000,), concentration, dtype=mt.float64, requires_grad=True)
    mt.manual_seed(1)
    x = mt.distributions.Gamma(a, 1.0).rsample()
    (first,) = mt.autograd.grad(x.sum(), a, retain_graph=True)
    (second,) = mt.autograd.grad(x.square().sum(), a)
    assert first.mean().item() == pytest.approx(1, abs=0.08)
    assert second.mean().item() == pytest.approx(1 + 2 * concentration, rel=0.15)


@pytest.mark.parametrize("case", ["Gamma", "Dirichlet"])
def test_samples_have_no_second_derivatives(case):
    distribution, (leaf, *_) = build(mt, case, requires_grad=True)
    sample = distribution.rsample()
    (first,) = mt.autograd.grad(sample.square().sum(), leaf, create_graph=True)
    assert first.isfinite().all()
    with pytest.raises(NotImplementedError, match="second derivative"):
        first.sum().backward()


PAIRS = {
    "Bernoulli": lambda D, t: (D.Bernoulli(t([0.0, 0.3, 1.0])), D.Bernoulli(t([0.2, 0.6, 0.5]))),
    "Beta": lambda D, t: (
        D.Beta(t([0.5, 2.0]), t([1.0, 3.0])),
        D.Beta(t([2.0, 3.0]), t([1.5, 1.0])),
    ),
    "Binomial": lambda D, t: (D.Binomial(5, t([0.2, 0.6])), D.Binomial(5, t([0.5, 0.3]))),
    "Categorical": lambda D, t: (
        D.Categorical(t([[0.2, 0.8], [0.0, 1.0]])),
        D.Categorical(t([[0.5, 0.5], [0.3, 0.7]])),
    ),
    "Cauchy": lambda D, t: (D.Cauchy(t([0.0]), t([1.0])), D.Cauchy(t([1.0]), t([2.0]))),
    "ContinuousBernoulli": lambda D, t: (
        D.ContinuousBernoulli(t([0.2, 0.9])),
        D.ContinuousBernoulli(t([0.7, 0.3])),
    ),
    "Dirichlet": lambda D, t: (
        D.Dirichlet(t([0.5, 1.0, 2.0])),
        D.Dirichlet(t([[1.0, 1.0, 1.0], [3.0, 2.0, 0.4]])),
    ),
    "Exponential": lambda D, t: (D.Exponential(t([0.5, 2.0])), D.Exponential(t([1.0, 1.0]))),
    "Gamma": lambda D, t: (D.Gamma(t([0.5, 3.0]), t([1.0, 2.0])), D.Gamma(t([2.0]), t([1.5]))),
    "Chi2": lambda D, t: (D.Chi2(t([2.0])), D.Chi2(t([3.0]))),
    "Geometric": lambda D, t: (D.Geometric(t([0.3])), D.Geometric(t([0.6]))),
    "Gumbel": lambda D, t: (D.Gumbel(t([0.0]), t([1.0])), D.Gumbel(t([1.0]), t([2.0]))),
    "HalfNormal": lambda D, t: (D.HalfNormal(t([0.5])), D.HalfNormal(t([2.0]))),
    "Independent": lambda D, t: (
        D.Independent(D.Normal(t([0.0, 1.0]), t([1.0, 2.0])), 1),
        D.Independent(D.Normal(t([1.0, 1.0]), t([2.0, 2.0])), 1),
    ),
    "Laplace": lambda D, t: (D.Laplace(t([0.0]), t([1.0])), D.Laplace(t([1.0]), t([2.0]))),
    "LogNormal": lambda D, t: (D.LogNormal(t([0.0]), t([1.0])), D.LogNormal(t([1.0]), t([2.0]))),
    "LowRank": lambda D, t: (low_rank(D, t), low_rank(D, t, 0.5)),
    "MultivariateNormal": lambda D, t: (full_rank(D, t), full_rank(D, t, 0.5)),
    "LowRank-MultivariateNormal": lambda D, t: (low_rank(D, t), full_rank(D, t, 0.5)),
    "MultivariateNormal-LowRank": lambda D, t: (full_rank(D, t), low_rank(D, t, 0.5)),
    "Normal": lambda D, t: (D.Normal(t([0.0, 1.0]), t([1.0])), D.Normal(t([1.0]), t([2.0]))),
    "OneHotCategorical": lambda D, t: (
        D.OneHotCategorical(t([0.2, 0.8])),
        D.OneHotCategorical(t([0.6, 0.4])),
    ),
    "Pareto": lambda D, t: (D.Pareto(t([1.0, 0.5]), t([2.5])), D.Pareto(t([0.8]), t([1.5]))),
    "Poisson": lambda D, t: (D.Poisson(t([0.5, 4.0])), D.Poisson(t([1.0]))),
    "Uniform": lambda D, t: (
        D.Uniform(t([0.0, 0.0]), t([1.0, 3.0])),
        D.Uniform(t([-1.0]), t([2.0])),
    ),
}


def low_rank(D, t, shift=0.0):
    return D.LowRankMultivariateNormal(
        t([0.0 + shift, 1.0]), t([[1.0], [0.3 + shift]]), t([1.0 + shift, 0.5])
    )


def full_rank(D, t, shift=0.0):
    return D.MultivariateNormal(t([0.0 - shift, 1.0]), t([[2.0 + shift, 0.5], [0.5, 1.0]]))


#: The families that meet each other, all on or around [0, 1].
ACROSS = {
    "Beta": lambda D, t: D.Beta(t([2.0, 0.7]), t([1.5, 3.0])),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t([0.3, 0.8])),
    "Exponential": lambda D, t: D.Exponential(t([1.5, 0.7])),
    "Gamma": lambda D, t: D.Gamma(t([2.5, 0.7]), t([1.5, 0.7])),
    "Gumbel": lambda D, t: D.Gumbel(t([0.5, -0.7]), t([1.5, 0.7])),
    "Laplace": lambda D, t: D.Laplace(t([0.5, -0.7]), t([1.5, 0.7])),
    "Normal": lambda D, t: D.Normal(t([0.5, -0.7]), t([1.5, 0.7])),
    "Pareto": lambda D, t: D.Pareto(t([0.5, 0.2]), t([3.5, 2.7])),
    "Uniform": lambda D, t: D.Uniform(t([0.1, 0.0]), t([0.8, 1.0])),
    "Uniform-wide": lambda D, t: D.Uniform(t([-0.5, 0.0]), t([2.0, 2.0])),
    "Poisson": lambda D, t: D.Poisson(t([0.5, 4.0])),
    "Bernoulli": lambda D, t: D.Bernoulli(t([0.5, 0.4])),
    "Binomial": lambda D, t: D.Binomial(4, t([0.5, 0.4])),
}
for _p in ACROSS:
    for _q in ACROSS:
        if _p != _q:
            PAIRS[f"{_p} to {_q}"] = lambda D, t, p=_p, q=_q: (ACROSS[p](D, t), ACROSS[q](D, t))


def build_pair(library, pair, dtype, requires_grad=False):
    leaves = []

    def tensor(values):
        leaf = library.tensor(values, dtype=getattr(library, dtype))
        leaves.append(leaf.requires_grad_() if requires_grad else leaf)
        return leaf

    return *PAIRS[pair](library.distributions, tensor), leaves


@pytest.mark.parametrize("pair", PAIRS)
def test_divergence_is_the_mean_of_log_ratios(pair):
    p, q, _ = build_pair(mt, pair, "float64")
    divergence = outcome(mt.distributions.kl_divergence, p, q)
    if hasattr(divergence, "error"):
        assert isinstance(divergence.error, NotImplementedError)
        return
    assert (divergence >= -1e-9).all()
    mt.manual_seed(2)
    x = p.expand(divergence.shape).sample((4000,))
    q._validate_args = False
    for base in (q, getattr(q, "base_dist", q), getattr(q, "_dirichlet", q)):
        base._validate_args = False
    ratios = (p.log_prob(x) - q.log_prob(x)).numpy()
    with np.errstate(invalid="ignore"):
        expected, error = ratios.mean(0), ratios.std(0) / math.sqrt(len(ratios))
    for mine, mean, deviation in zip(
        np.ravel(divergence.numpy()), np.ravel(expected), np.ravel(error), strict=True
    ):
        if np.isfinite(mine) and np.isfinite(mean):
            assert abs(mine - mean) < 7 * deviation + 1e-9


class MyNormal(mt.distributions.Normal):
    """A subclass without a formula of its own."""


def test_register_kl_takes_the_nearest_pair(monkeypatch):
    kl = importlib.import_module("minitorch.distributions.kl")
    monkeypatch.setattr(kl, "_KL_REGISTRY", dict(kl._KL_REGISTRY))
    monkeypatch.setattr(kl, "_KL_MEMOIZE", {})
    ours, normal = MyNormal(0.0, 1.0), mt.distributions.Normal(1.0, 1.0)
    assert mt.distributions.kl_divergence(ours, normal).item() == pytest.approx(0.5)
    mt.distributions.register_kl(MyNormal, MyNormal)(lambda p, q: "mine")
    assert mt.distributions.kl_divergence(ours, ours) == "mine"
    assert mt.distributions.kl_divergence(ours, normal).item() == pytest.approx(0.5)
    mt.distributions.register_kl(MyNormal, mt.distributions.Distribution)(lambda p, q: "p")
    mt.distributions.register_kl(mt.distributions.Distribution, MyNormal)(lambda p, q: "q")
    with pytest.raises(TypeError, match="Expected type_p to be a Distribution subclass"):
        mt.distributions.register_kl(int, MyNormal)


def test_validation_can_be_turned_off():
    normal = mt.distributions.Normal(0.0, -1.0, validate_args=False)
    assert normal.log_prob(mt.tensor(math.nan)).isnan()
    assert normal.expand((2,))._validate_args is False
    mt.distributions.Distribution.set_default_validate_args(False)
    try:
        mt.distributions.Normal(0.0, -1.0)
    finally:
        mt.distributions.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="Expected parameter scale"):
        mt.distributions.Normal(0.0, -1.0)


def test_a_subclass_with_its_own_init_must_expand_itself():
    class Own(mt.distributions.Normal):
        def __init__(self):
            super().__init__(0.0, 1.0)

    with pytest.raises(NotImplementedError, match=r"must also define a custom \.expand"):
        Own().expand((2,))


MODULES = [
    f"minitorch.distributions.{info.name}"
    for info in pkgutil.iter_modules(mt.distributions.__path__)
]


@pytest.mark.parametrize("name", ["minitorch.distributions", *MODULES])
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", ["categorical.Categorical", "normal.Normal", "kl.kl_divergence"])
def test_import_paths(name):
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(f"minitorch.distributions.{module}"), attribute)


# --- transforms -----------------------------------------------------------------------------------

TRANSFORMS = {
    "Abs": lambda D, t: D.AbsTransform(),
    "Affine": lambda D, t: D.AffineTransform(t([1.0, 2.0, 0.0, 3.0]), t([2.0, -1.0, 0.5, 1.0])),
    "Affine-event": lambda D, t: D.AffineTransform(1.0, -2.0, event_dim=1),
    "Cat": lambda D, t: D.CatTransform(
        [D.ExpTransform(), D.identity_transform], dim=-1, lengths=[1, 3]
    ),
    "Compose": lambda D, t: D.ComposeTransform(
        [D.TanhTransform(), D.AffineTransform(0.5, 0.5), D.SigmoidTransform().inv]
    ),
    "CorrCholesky": lambda D, t: D.CorrCholeskyTransform(),
    "CumulativeDistribution": lambda D, t: D.CumulativeDistributionTransform(
        D.Normal(t(0.5), t(2.0))
    ),
    "Exp": lambda D, t: D.ExpTransform(),
    "Independent": lambda D, t: D.IndependentTransform(D.ExpTransform(), 1),
    "LowerCholesky": lambda D, t: D.LowerCholeskyTransform(),
    "PositiveDefinite": lambda D, t: D.PositiveDefiniteTransform(),
    "Power": lambda D, t: D.ComposeTransform([D.ExpTransform(), D.PowerTransform(t(2.5))]),
    "Reshape": lambda D, t: D.ReshapeTransform((4,), (2, 2)),
    "Sigmoid": lambda D, t: D.SigmoidTransform(),
    "Softmax": lambda D, t: D.SoftmaxTransform(),
    "Softplus": lambda D, t: D.SoftplusTransform(),
    "Stack": lambda D, t: D.StackTransform(
        [D.ExpTransform(), D.identity_transform, D.TanhTransform()], dim=0
    ),
    "StickBreaking": lambda D, t: D.StickBreakingTransform(),
    "Tanh": lambda D, t: D.TanhTransform(),
}
#: Inputs that are no 3 x 4 matrix.
_random = np.random.default_rng(4)
INPUTS = {
    "CorrCholesky": _random.standard_normal((2, 6)),
    "LowerCholesky": _random.standard_normal((2, 3, 3)),
    "PositiveDefinite": _random.standard_normal((2, 3, 3)),
}
_matrix = _random.standard_normal((3, 4))


def transform_of(library, name):
    def tensor(values):
        return library.tensor(values, dtype=library.float64)

    x = library.from_numpy(INPUTS.get(name, _matrix).copy())
    return TRANSFORMS[name](library.distributions, tensor), x


@pytest.mark.parametrize("name", TRANSFORMS)
def test_inverse_and_jacobian_of_transforms(name):
    transform, x = transform_of(mt, name)
    x = x.requires_grad_()
    y = transform(x)
    assert transform.forward_shape(x.shape) == y.shape
    assert transform.inverse_shape(y.shape) == x.shape
    if not transform.bijective:
        again = transform(transform.inv(y))
        np.testing.assert_allclose(again.detach().numpy(), y.detach().numpy(), rtol=1e-9)
        return
    np.testing.assert_allclose(
        transform.inv(y).detach().numpy(), x.detach().numpy(), rtol=1e-7, atol=1e-9
    )
    log_det = transform.log_abs_det_jacobian(x, y)
    back = transform.inv.log_abs_det_jacobian(y, x)
    np.testing.assert_allclose(back.detach().numpy(), -log_det.detach().numpy())
    if transform.domain.event_dim == 0 and name != "Stack":
        (slope,) = mt.autograd.grad(y.sum(), x)
        np.testing.assert_allclose(log_det.detach().numpy(), slope.abs().log().numpy(), rtol=1e-9)


def test_a_cache_returns_the_very_tensor():
    transform = mt.distributions.TanhTransform(cache_size=1)
    x = mt.tensor([50.0])
    y = transform(x)
    assert transform.inv(y) is x
    assert mt.distributions.TanhTransform().inv(y).isinf()
    chain = mt.distributions.ComposeTransform([mt.distributions.TanhTransform()], cache_size=1)
    assert chain.inv(chain(x)) is x


def test_transforms_compare():
    D = mt.distributions
    assert D.ExpTransform() == D.ExpTransform()
    assert D.AffineTransform(1.0, 2.0) == D.AffineTransform(1.0, 2.0)
    assert D.AffineTransform(1.0, 2.0) != D.AffineTransform(1.0, 3.0)
    assert D.PowerTransform(mt.tensor(2.0)) == D.PowerTransform(mt.tensor(2.0))
    assert D.ExpTransform().inv == D.ExpTransform().inv
    assert D.ExpTransform().inv != D.ExpTransform()


CONSTRAINTS = [
    lambda C, t: C.real,
    lambda C, t: C.real_vector,
    lambda C, t: C.positive,
    lambda C, t: C.nonnegative,
    lambda C, t: C.greater_than(t([1.0])),
    lambda C, t: C.greater_than_eq(2.0),
    lambda C, t: C.less_than(-1.0),
    lambda C, t: C.unit_interval,
    lambda C, t: C.interval(-1.0, 3.0),
    lambda C, t: C.half_open_interval(0.0, 2.0),
    lambda C, t: C.simplex,
    lambda C, t: C.lower_cholesky,
    lambda C, t: C.positive_definite,
    lambda C, t: C.positive_semidefinite,
    lambda C, t: C.corr_cholesky,
    lambda C, t: C.independent(C.positive, 1),
    lambda C, t: C.stack([C.positive, C.real], 0),
    lambda C, t: C.cat([C.positive, C.unit_interval], 0, [1, 1]),
]


@pytest.mark.parametrize("index", range(len(CONSTRAINTS)))
@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
def test_registered_transforms_reach_their_constraint(registry, index):
    constraint = CONSTRAINTS[index](mt.distributions.constraints, mt.tensor)
    transform = outcome(getattr(mt.distributions, registry), constraint)
    if hasattr(transform, "error"):
        assert registry == "biject_to"
        assert isinstance(transform.error, NotImplementedError)
        return
    shape = (2, 3, 3) if transform.domain.event_dim == 2 else (2, 3)
    x = mt.from_numpy(np.random.default_rng(0).standard_normal(shape))
    assert constraint.check(transform(x)).all()


# --- with torch -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def both(torch, case, dtype, requires_grad=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build(mt, case, dtype, requires_grad), build(torch, case, dtype, requires_grad)


def plain(text):
    return str(text).replace("minitorch.", "torch.")


@pytest.mark.compare
def test_the_same_names_as_torch(torch):
    assert set(torch.distributions.__all__) <= set(mt.distributions.__all__)
    theirs = importlib.import_module("torch.distributions.constraints")
    assert set(theirs.__all__) == set(mt.distributions.constraints.__all__)


@pytest.mark.compare
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_same_properties_as_torch(torch, case, dtype):
    (ours, _), (theirs, _) = both(torch, case, dtype)
    assert plain(repr(ours)) == repr(theirs)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    assert plain(ours.arg_constraints) == str(theirs.arg_constraints)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(ours.event_shape) == tuple(theirs.event_shape)
    assert plain(ours.support) == str(theirs.support)
    for name, ask in ASKED.items():
        if not hasattr(type(theirs), name.partition(",")[0]):
            continue
        same(outcome(ask, ours), outcome(ask, theirs), tolerance_of(case, dtype), name)
    wide = (2, *ours.batch_shape)
    same(ours.expand(wide).mean, theirs.expand(wide).mean, 1e-4, "expanded") if not hasattr(
        outcome(lambda: theirs.mean), "error"
    ) else None


@pytest.mark.compare
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_same_samples_and_probabilities_as_torch(torch, case, dtype):
    (ours, _), (theirs, _) = both(torch, case, dtype)
    tolerance = tolerance_of(case, dtype)
    for seed, shape in enumerate(((), (3,), (2, 9), (0,))):
        mt.manual_seed(seed)
        torch.manual_seed(seed)
        mine, other = (
            outcome(ours.sample, mt.Size(shape)),
            outcome(theirs.sample, torch.Size(shape)),
        )
        same(mine, other, tolerance, f"sample {shape}")
        if hasattr(other, "error"):
            continue  # torch: no category is drawn 0 times
        if ours.has_rsample:
            mine = outcome(ours.rsample, shape)
            same(mine, outcome(theirs.rsample, torch.Size(shape)), tolerance, "rsample")
        same(mt.rand(3), torch.rand(3), 0, "the stream")
        value = mt.from_numpy(other.numpy().copy())
        if case.startswith("Relaxed") or "LKJ" in case:
            ours._validate_args = theirs._validate_args = False  # rounds out of the support
        log_prob = outcome(theirs.log_prob, other)
        if not (hasattr(log_prob, "error") and "did not match" in str(log_prob.error)):
            # torch: GeneralizedPareto fails in float64
            same(outcome(ours.log_prob, value), log_prob, tolerance * 10, "log_prob")
        share = outcome(theirs.cdf, other)
        if "did not match" in repr(share):
            continue
        same(outcome(ours.cdf, value), share, tolerance, "cdf")
        if not hasattr(share, "error"):
            share = share.clamp(0.01, 0.99)
            mine = outcome(ours.icdf, mt.from_numpy(share.numpy().copy()))
            same(mine, outcome(theirs.icdf, share), 10 * tolerance, "icdf")


#: Whose samples take no step after the draw that NumPy rounds otherwise: equal bit for bit.
EXACT = (
    "Bernoulli Bernoulli-logits Beta Binomial Binomial-many Categorical Categorical-logits Cauchy "
    "Chi2 Dirichlet Exponential FisherSnedecor Gamma Geometric Geometric-logits HalfCauchy "
    "HalfNormal Independent MixtureSameFamily MixtureSameFamily-vectors Multinomial "
    "NegativeBinomial NegativeBinomial-logits Normal Normal-numbers OneHotCategorical Poisson "
    "StudentT Uniform"
).split()


@pytest.mark.compare
@pytest.mark.parametrize("case", EXACT)
def test_the_very_samples_of_torch(torch, case):
    (ours, _), (theirs, _) = both(torch, case, "float32")
    for seed, shape in enumerate(((), (5,), (40, 3))):
        mt.manual_seed(seed)
        torch.manual_seed(seed)
        mine, other = ours.sample(shape), theirs.sample(torch.Size(shape))
        np.testing.assert_array_equal(mine.numpy(), other.numpy())


#: Gradients of samples come from torch's approximations, in another precision.
COARSE_SAMPLES = 1e-3


@pytest.mark.compare
@pytest.mark.parametrize("case", CASES)
def test_same_gradients_as_torch(torch, case):
    (ours, our_leaves), (theirs, their_leaves) = both(torch, case, "float64", True)
    if not our_leaves:
        pytest.skip("no tensors")

    def gradients(library, distribution, leaves, result):
        if hasattr(result, "error") or not result.requires_grad:
            return None
        return library.autograd.grad(
            result.square().sum(), leaves, allow_unused=True, retain_graph=True
        )

    def compare(mine, other, tolerance, where):
        assert (mine is None) == (other is None), where
        for g, h in zip(mine or (), other or (), strict=True):
            assert (g is None) == (h is None), where
            if g is not None:
                same(g, h, tolerance, where)

    mt.manual_seed(8)
    torch.manual_seed(8)
    sample = theirs.sample((4,))
    value = mt.from_numpy(sample.numpy().copy())
    mt.manual_seed(9)
    torch.manual_seed(9)
    asked = {
        "log_prob": (lambda d, x: d.log_prob(x), 1e-7),
        "entropy": (lambda d, x: d.entropy(), 1e-7),
        "mean": (lambda d, x: d.mean, 1e-7),
        "variance": (lambda d, x: d.variance, 1e-7),
        "cdf": (lambda d, x: d.cdf(x), 1e-7),
    }
    # torch: Wishart's samples cannot be differentiated, it writes over what backward needs.
    if ours.has_rsample and not case.startswith("Wishart"):
        asked["rsample"] = (lambda d, x: d.rsample((4,)), COARSE_SAMPLES)
    for name, (ask, tolerance) in asked.items():
        mine, other = outcome(ask, ours, value), outcome(ask, theirs, sample)
        if "did not match" in repr(other):
            continue  # torch: GeneralizedPareto fails in float64
        other = outcome(gradients, torch, theirs, their_leaves, other)
        mine = outcome(gradients, mt, ours, our_leaves, mine)
        if hasattr(other, "error"):
            assert hasattr(mine, "error"), (name, other)
            assert type(mine.error).__name__ == type(other.error).__name__
        else:
            compare(mine, other, max(tolerance, COARSE.get(case, 0)), name)


@pytest.mark.compare
@pytest.mark.parametrize("pair", PAIRS)
def test_same_divergences_as_torch(torch, pair):
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-9)):
        p, q, leaves = build_pair(mt, pair, dtype, True)
        their_p, their_q, their_leaves = build_pair(torch, pair, dtype, True)
        mine = outcome(mt.distributions.kl_divergence, p, q)
        other = outcome(torch.distributions.kl_divergence, their_p, their_q)
        same(mine, other, tolerance, dtype)
        if hasattr(other, "error") or not other.requires_grad or not other.isfinite().all():
            continue
        ours = mt.autograd.grad(mine.sum(), leaves, allow_unused=True)
        theirs = torch.autograd.grad(other.sum(), their_leaves, allow_unused=True)
        for g, h in zip(ours, theirs, strict=True):
            if h is not None and h.isfinite().all():
                same(g, h, 30 * tolerance, "gradient")


@pytest.mark.compare
@pytest.mark.parametrize("name", TRANSFORMS)
def test_same_transforms_as_torch(torch, name):
    (ours, x), (theirs, their_x) = transform_of(mt, name), transform_of(torch, name)
    assert repr(ours) == repr(theirs)
    for part in ("domain", "codomain", "bijective"):
        assert str(getattr(ours, part)) == str(getattr(theirs, part))
    mine, other = outcome(lambda: ours.sign), outcome(lambda: theirs.sign)
    assert str(getattr(mine, "error", mine)).replace(", dtype=torch.float64", "") == str(
        getattr(other, "error", other)
    ).replace(", dtype=torch.float64", "")
    y, their_y = ours(x), theirs(their_x)
    same(y, their_y, 1e-10, "value")
    same(ours.inv(y), theirs.inv(their_y), 1e-9, "inverse")
    jacobian = outcome(ours.log_abs_det_jacobian, x, y)
    same(jacobian, outcome(theirs.log_abs_det_jacobian, their_x, their_y), 1e-9, "jacobian")


@pytest.mark.compare
@pytest.mark.parametrize("index", range(len(CONSTRAINTS)))
def test_same_constraints_as_torch(torch, index):
    C, D = mt.distributions.constraints, mt.distributions
    theirs = CONSTRAINTS[index](torch.distributions.constraints, torch.tensor)
    ours = CONSTRAINTS[index](C, mt.tensor)
    assert repr(ours) == repr(theirs)
    assert (ours.event_dim, ours.is_discrete) == (theirs.event_dim, theirs.is_discrete)
    for name in ("biject_to", "transform_to"):
        mine = outcome(getattr(D, name), ours)
        other = outcome(getattr(torch.distributions, name), theirs)
        assert repr(getattr(mine, "error", mine)) == repr(getattr(other, "error", other))


FAILURES = {
    "negative scale": lambda D, t: D.Normal(0.0, -1.0),
    "nan in scale": lambda D, t: D.Normal(t([0.0, 1.0]), t([1.0, math.nan])),
    "nan": lambda D, t: D.Normal(0.0, 1.0).log_prob(t(math.nan)),
    "no tensor": lambda D, t: D.Normal(0.0, 1.0).log_prob(1.0),
    "out of categories": lambda D, t: D.Categorical(t([0.2, 0.8])).log_prob(t(5)),
    "no simplex": lambda D, t: D.Categorical(t([-0.2, 0.8])),
    "neither": lambda D, t: D.Categorical(),
    "both": lambda D, t: D.Bernoulli(0.3, 0.2),
    "0-d": lambda D, t: D.Categorical(t(1.0)),
    "0-d logits": lambda D, t: D.Categorical(logits=t(1.0)),
    "shapes": lambda D, t: D.Normal(t([0.0, 1.0]), t([1.0, 2.0])).log_prob(t([1.0, 2.0, 3.0])),
    "event shape": lambda D, t: D.Dirichlet(t([1.0, 2.0])).log_prob(t([1.0, 2.0, 3.0])),
    "no rsample": lambda D, t: D.Bernoulli(0.3).rsample(),
    "no cdf": lambda D, t: D.Bernoulli(0.3).cdf(t(1.0)),
    "no pair": lambda D, t: D.kl_divergence(D.Normal(0.0, 1.0), D.Categorical(t([1.0]))),
    "low above high": lambda D, t: D.Uniform(1.0, 0.0),
    "too many dimensions": lambda D, t: D.Independent(D.Normal(0.0, 1.0), 1),
    "not positive definite": lambda D, t: D.MultivariateNormal(
        t([0.0, 0.0]), t([[1.0, 2.0], [2.0, 1.0]])
    ),
    "no matrix": lambda D, t: D.MultivariateNormal(t([0.0, 0.0])),
    "0-d loc": lambda D, t: D.MultivariateNormal(t(0.0), t([[1.0]])),
    "a vector": lambda D, t: D.MultivariateNormal(t([0.0]), t([1.0])),
    "a vector's factor": lambda D, t: D.MultivariateNormal(t([0.0]), scale_tril=t([1.0])),
    "0-d concentration": lambda D, t: D.Dirichlet(t(1.0)),
    "tensor of counts": lambda D, t: D.Multinomial(t([1]), t([0.5, 0.5])),
    "negative count": lambda D, t: D.Multinomial(3, t([0.5, 0.5])).log_prob(t([-1.0, 4.0])),
    "too many successes": lambda D, t: D.Binomial(3, t(0.5)).log_prob(t(4.0)),
    "counts differ": lambda D, t: D.Binomial(t([3, 4]), t(0.5)).enumerate_support(),
    "never": lambda D, t: D.Geometric(0.0),
    "sometimes never": lambda D, t: D.Geometric(t([0.0, 0.5])),
    "no transform": lambda D, t: D.TransformedDistribution(D.Normal(0.0, 1.0), 3),
    "no transforms": lambda D, t: D.TransformedDistribution(D.Normal(0.0, 1.0), [3]),
    "too few dimensions": lambda D, t: D.TransformedDistribution(
        D.Normal(0.0, 1.0), D.SoftmaxTransform()
    ),
    "a dimension": lambda D, t: D.LKJCholesky(1),
    "no mixture": lambda D, t: D.MixtureSameFamily(3, 4),
    "no components": lambda D, t: D.MixtureSameFamily(D.Categorical(t([0.5, 0.5])), 3),
    "numbers of components": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([0.5, 0.5])), D.Normal(t([0.0, 0.0, 0.0]), 1.0)
    ),
    "too few degrees": lambda D, t: D.Wishart(t(0.5), t([[1.0, 0.0], [0.0, 1.0]])),
    "no covariance": lambda D, t: D.Wishart(t(2.0)),
    "a wrong factor": lambda D, t: D.LowRankMultivariateNormal(
        t([0.0, 0.0]), t([[1.0]]), t([1.0, 1.0])
    ),
    "a wrong diagonal": lambda D, t: D.LowRankMultivariateNormal(
        t([0.0, 0.0]), t([[1.0], [1.0]]), t([1.0, 1.0, 1.0])
    ),
    "cache": lambda D, t: D.ExpTransform(cache_size=2),
    "jacobian": lambda D, t: D.AbsTransform().log_abs_det_jacobian(t(1.0), t(1.0)),
    "numbers of elements": lambda D, t: D.ReshapeTransform((2,), (3,)),
    "words": lambda D, t: D.Normal("a", 1.0),
    "trials differ": lambda D, t: D.kl_divergence(D.Binomial(3, t(0.5)), D.Binomial(4, t(0.5))),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", FAILURES)
def test_same_errors_as_torch(torch, name):
    ours = outcome(FAILURES[name], mt.distributions, mt.tensor)
    theirs = outcome(FAILURES[name], torch.distributions, torch.tensor)
    assert type(ours.error).__name__ == type(theirs.error).__name__
    assert plain(ours.error).split("\n")[0] == str(theirs.error).split("\n")[0]


@pytest.mark.compare
def test_same_loss_of_a_policy_as_torch(torch):
    losses = []
    for library in (mt, torch):
        library.manual_seed(0)
        model = library.nn.Linear(4, 3)
        optimizer = library.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            policy = library.distributions.Categorical(logits=model(library.randn(8, 4)))
            action = policy.sample()
            loss = (
                -(policy.log_prob(action) * action.float()).mean() - 0.01 * policy.entropy().mean()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[:5] == pytest.approx(losses[5:], rel=1e-5)
