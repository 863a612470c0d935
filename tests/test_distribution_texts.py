"""Expressions over ``minitorch.distributions`` that print what torch prints, errors included."""

from __future__ import annotations

import warnings

import pytest

import minitorch as mt

#: With ``lib`` the library, ``D`` its distributions and ``t`` its function ``tensor``.
EXPRESSIONS = """
D.Bernoulli(t([1, 0]))
D.Bernoulli(t([1, 0])).sample()
D.Normal(t([0, 1]), t([1, 2])).sample()
D.Normal(t([0, 1]), t([1, 2])).log_prob(t([0, 1]))
D.Normal(t([0, 1]), 1.0).rsample()
D.Categorical([0.5, 0.5])
D.Categorical(t([1, 1]))
D.Categorical(t([1, 1])).sample()
D.Categorical(t([0.0, 0.0]))
D.Categorical(t([1.0, 1.0])).log_prob(t([0.0, 1.0]))
D.Categorical(t([1.0, 1.0])).log_prob(t(0.5))
D.Categorical(t([1.0, 1.0]), validate_args=False).log_prob(t(5))
D.Categorical(t([[1.0, 1.0]] * 3)).log_prob(t([0, 1, 0, 1]))
D.Categorical(t([[1.0, 1.0]] * 3)).sample((2,)).shape
D.Categorical(t([[1.0, 1.0]] * 3)).log_prob(t([[0], [1]])).shape
D.Poisson(t([1.0])).log_prob(t([0.5]))
D.Poisson(3)
D.Poisson(t([-1.0]))
D.Poisson(t([0.0])).sample()
D.Poisson(t([0.0])).log_prob(t([0.0]))
D.Poisson(2.0).entropy()
D.Exponential(1).sample()
D.Exponential(1)
D.Uniform(0, 1)
D.Uniform(t([0]), t([1])).sample()
D.Uniform(0, t([1.0, 2.0])).log_prob(t(1.5))
D.Uniform(0.0, 1.0, validate_args=False).log_prob(t(1.5))
D.Gamma(1, 1)
D.Gamma(1, 1).sample()
D.Gamma(t([1]), t([1])).sample()
D.Gamma(1.0, 1.0).log_prob(t(-1.0))
D.Gamma(1.0, 1.0).log_prob(2.0)
D.Gamma(t(0.0), 1.0)
D.Beta(1, 1)
D.Beta(t([1]), t([1]))
D.Beta(t([0.5]), 0.5).sample((2,))
D.Beta(0.5, 0.5).mean
D.Beta(2.0, 2.0).log_prob(t(1.5))
D.Beta(2.0, 2.0).log_prob(t(0.0))
D.Dirichlet(t([1, 1]))
D.Dirichlet(t([1, 1])).sample()
D.Dirichlet(t([1.0, -1.0]))
D.Dirichlet(t([1.0, 1.0])).log_prob(t([0.5, 0.6]))
D.Dirichlet([1.0, 2.0])
D.Multinomial(3, t([1.0, 1.0])).sample((2,))
D.Multinomial(3, t([1.0, 0.0])).log_prob(t([3.0, 0.0]))
D.Multinomial(3, t([1.0, 1.0])).log_prob(t([3.0, 1.0]))
D.Multinomial(3, t([1.0, 1.0])).enumerate_support()
D.Multinomial(probs=t([1.0, 1.0])).entropy()
D.Binomial(3, 0.5)
D.Binomial(t([3]), t([0.5])).sample()
D.Binomial(-1, t(0.5))
D.Binomial(3, t(0.5)).mode
D.Binomial(0, t(0.5)).sample()
D.MultivariateNormal(t([0.0, 0.0]), t([[1.0, 0.0], [0.5, 1.0]]))
D.MultivariateNormal(t([0.0, 0.0]), scale_tril=t([[1.0, 1.0], [0.5, 1.0]]))
D.MultivariateNormal(t([0.0, 0.0, 0.0]), t([[1.0, 0.0], [0.0, 1.0]]))
D.MultivariateNormal(t([0.0, 0.0]), lib.eye(2)).log_prob(t([1.0, 2.0, 3.0]))
D.MultivariateNormal(t([0.0, 0.0]), lib.eye(2)).log_prob(lib.zeros(4, 2))
D.MultivariateNormal(lib.zeros(3, 2), lib.eye(2)).sample((2,)).shape
D.MultivariateNormal(lib.zeros(2), lib.eye(2)).expand((3,)).variance
D.MultivariateNormal(lib.zeros(2), precision_matrix=lib.eye(2) * 4).stddev
D.OneHotCategorical(t([0.5, 0.5])).log_prob(t([1.0, 1.0]))
D.OneHotCategorical(t([0.5, 0.5])).log_prob(t([1.0, 0.0]))
D.Geometric(0.5).sample((3,))
D.Geometric(logits=t([0.0]))
D.Geometric(2.0)
D.Independent(D.Bernoulli(t([0.5, 0.5])), 1).enumerate_support()
D.Independent(D.Bernoulli(t([0.5, 0.5])), 1).sample()
D.Independent(D.Categorical(lib.ones(3, 2)), 1).log_prob(t([0, 1, 1]))
D.Independent(D.Independent(D.Normal(lib.zeros(2, 3), 1.0), 1), 1)
D.TransformedDistribution(D.Normal(0.0, 1.0), []).sample()
D.TransformedDistribution(D.Normal(0.0, 1.0), []).log_prob(t(0.0))
D.TransformedDistribution(D.Normal(0.0, 1.0), D.ExpTransform()).log_prob(t(-1.0))
D.TransformedDistribution(D.Normal(0.0, 1.0), D.ExpTransform()).mean
D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(1, -2)).cdf(t(0.0))
D.TransformedDistribution(D.Normal(0.0, 1.0), D.AffineTransform(t([1.0, 2.0]), 2.0)).sample()
D.TransformedDistribution(D.Bernoulli(0.5), D.AffineTransform(1.0, 2.0)).rsample()
D.kl_divergence(D.LogNormal(0.0, 1.0), D.LogNormal(1.0, 1.0))
D.kl_divergence(D.Normal(0.0, 1.0), D.LogNormal(0.0, 1.0))
D.kl_divergence(D.Independent(D.Normal(lib.zeros(2), 1.0), 1), D.Normal(0.0, 1.0))
D.kl_divergence(D.StudentT(3.0), D.Normal(0.0, 1.0))
D.kl_divergence(D.Chi2(t(2.0)), D.Gamma(t(1.0), t(1.0)))
D.kl_divergence(D.HalfNormal(1.0), D.HalfNormal(2.0))
D.kl_divergence(D.Poisson(1.0), D.Poisson(2.0))
D.Normal(0.0, 1.0).icdf(t([0.0, 0.5, 1.0, 2.0]))
D.Normal(0.0, 1.0).cdf(t(float("inf")))
D.Normal(0.0, 1.0).log_prob(t(float("inf")))
D.Normal(0.0, 1.0).sample([5])
D.Normal(0.0, 1.0).sample((2, 0))
D.Normal(t([]), t([])).sample()
D.Normal(0.0, 0.0)
D.Normal(lib.zeros(3), lib.ones(2))
D.Normal("a", 1)
D.Normal(None, 1)
D.Normal()
D.Normal(0.0, 1.0, 2)
D.Normal(0.0, 1.0).foo
D.Normal(loc=0.0, scale=1.0, validate_args=True)
D.StudentT(1).variance
D.StudentT(2.5).entropy()
D.LKJCholesky(2).log_prob(lib.eye(2))
D.LKJCholesky(3, t([1.0, 2.0])).log_prob(lib.eye(3))
D.VonMises(0.0, 1.0)
D.VonMises(t(0.0), t(0.0))
D.MixtureSameFamily(D.Categorical(lib.ones(2)), D.Normal(t([0.0, 1.0]), 1.0)).rsample()
D.MixtureSameFamily(D.Categorical(lib.ones(2)), D.Normal(t([0.0, 1.0]), 1.0)).entropy()
D.MixtureSameFamily(D.Categorical(lib.ones(2)), D.Normal(t([0.0, 1.0]), 1.0)).expand((3,))
D.MixtureSameFamily(D.Categorical(lib.ones(2)), D.Normal(t([0.0, 1.0]), 1.0)).cdf(t(0.5))
D.RelaxedBernoulli(t(0.5), logits=t(0.0)).sample()
D.RelaxedOneHotCategorical(0.5, t([0.5, 0.5])).sample()
D.RelaxedOneHotCategorical(0.5, t([0.5, 0.5])).log_prob(t([0.5, 0.5]))
D.ContinuousBernoulli(0.5).sample((2,))
D.ContinuousBernoulli(1.0)
D.ContinuousBernoulli(0.3).cdf(t([0.0, 0.5, 1.0]))
D.HalfNormal(1.0).log_prob(t(-1.0))
D.HalfCauchy(1.0).icdf(t(0.5))
D.Weibull(1.0, 1.0).mode
D.Gumbel(0, 1).sample()
D.Pareto(t([1]), t([2])).sample()
D.Kumaraswamy(1, 1).mode
D.InverseGamma(1.0, 1.0).variance
D.Wishart(t(3.0), lib.eye(2)).mode
D.Wishart(3, lib.eye(2)).df
D.NegativeBinomial(3, 0.5)
D.NegativeBinomial(-1, t(0.5))
D.NegativeBinomial(0, t(0.5)).log_prob(t(0.0))
D.FisherSnedecor(1, 1).mean
D.constraints.integer_interval(0, 3).check(t([0, 1, 4]))
D.constraints.one_hot.check(t([[0, 1], [1, 1]]))
D.constraints.positive_definite.check(lib.eye(2))
D.constraints.simplex.check(t([[0.5, 0.5], [0.5, 0.6]]))
D.constraints.corr_cholesky.check(lib.eye(2))
D.constraints.square.check(lib.zeros(2, 3))
D.constraints.symmetric.check(t([[1.0, 2.0], [2.0, 1.0]]))
D.constraints.dependent.check(1)
D.constraints.multinomial(2).check(t([1, 1]))
D.constraints.cat([D.constraints.real]).check(t([1.0]))
D.constraints.boolean.check(t([0.0, 0.5]))
D.constraints.interval(0, 1)
D.constraints.is_dependent(D.Uniform.support)
D.Uniform.support
D.Categorical.support.event_dim
D.Independent.support.event_dim
D.constraints.lower_triangular.check(lib.ones(2, 2))
D.biject_to(3)
D.biject_to.register(3)(lambda c: c)
D.transforms.Transform().inv
D.AffineTransform(1.0, 2.0)(t([1.0]))
D.AffineTransform(1.0, 2.0).with_cache()
D.ComposeTransform([D.ExpTransform()]).with_cache()
D.ExpTransform().inv.inv
D.ExpTransform().inv.log_abs_det_jacobian(t(2.0), t(1.0))
D.StickBreakingTransform()(lib.zeros(3))
D.CorrCholeskyTransform().forward_shape((4,))
D.SoftmaxTransform().forward_shape(())
D.ReshapeTransform((2,), (1, 2)).forward_shape((3,))
D.utils.broadcast_all(t([1.0]), 2)
D.AbsTransform() == D.AbsTransform()
D.TanhTransform().inv(t(2.0))
D.PowerTransform(2.0)(t(3.0))
D.PowerTransform(t(2.0)).inv(t(9.0))
""".strip().splitlines()


def printed(library, expression):
    """What an expression prints under seed 0, or the error's class and first line."""
    library.manual_seed(0)
    names = {"lib": library, "D": library.distributions, "t": library.tensor}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = str(eval(expression, names))
    except Exception as error:
        text = f"{type(error).__name__}: {error}".split("\n")[0]
    return text.replace("minitorch.", "torch.")


@pytest.mark.compare
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_prints_what_torch_prints(expression):
    torch = pytest.importorskip("torch")
    assert printed(mt, expression) == printed(torch, expression)
