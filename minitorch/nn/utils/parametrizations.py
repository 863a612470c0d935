"""Parametrizations ready for use: orthogonal weights, weight norm and spectral norm."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from minitorch.autograd.mode import no_grad
from minitorch.dtypes import finfo
from minitorch.nn import functional as F
from minitorch.nn.module import Module
from minitorch.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from minitorch.nn.utils import parametrize
from minitorch.nn.utils.weight_norm import normalized_weight
from minitorch.ops.creation import eye, zeros_like
from minitorch.ops.decomposition import solve
from minitorch.ops.joining import cat
from minitorch.ops.linalg import mv, vdot
from minitorch.ops.matrix_functions import geqrf, householder_product, matrix_exp
from minitorch.ops.normalization import norm_except_dim
from minitorch.ops.random import randn
from minitorch.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor_named(module: Module, name: str) -> Tensor:
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return tensor


# --- orthogonal matrices --------------------------------------------------------------------------


class _OrthMaps(Enum):
    matrix_exp = auto()
    cayley = auto()
    householder = auto()


class _Orthogonal(Module):
    """Orthogonal columns (or rows, of a wide matrix) from any matrix ``X``; see `orthogonal`."""

    base: Tensor

    def __init__(
        self, weight: Tensor, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True
    ) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        if wide:
            X = X.mT
        if self.orthogonal_map == _OrthMaps.householder:
            Q = self._by_reflections(X)
        else:
            Q = self._of_skew_matrix(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if wide else Q

    def _by_reflections(self, X: Tensor) -> Tensor:
        A = X.tril(-1)
        tau = 2.0 / (1.0 + (A * A).sum(-2))
        # The diagonal says which columns are turned around: it is 1 or -1, and is not trained.
        signs = X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        return householder_product(A, tau) * signs

    def _of_skew_matrix(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            X = cat([X, X.new_zeros(n, n - k).expand(*X.shape[:-2], -1, -1)], -1)
        A = X - X.mH  # (n, n), A^H = -A
        if self.orthogonal_map == _OrthMaps.matrix_exp:
            Q = matrix_exp(A)
        else:
            one = eye(n, dtype=A.dtype, device=A.device)
            Q = solve(one - 0.5 * A, one + 0.5 * A)
        return Q[..., :k] if n != k else Q

    @no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        """What to store so that ``forward`` gives ``Q``, or an orthogonal matrix made of it."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. "
                f"Got a tensor of shape {Q.shape}."
            )
        wide = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if wide else Q
        n, k = tall.shape[-2:]
        if hasattr(self, "base"):
            if n != k:
                filling = randn(*tall.shape[:-1], n - k, dtype=Q.dtype, device=Q.device)
                self.base = _make_orthogonal(cat([tall, filling], -1))
            else:
                self.base = tall.clone() if _is_orthogonal(tall) else _make_orthogonal(tall)
            # Of -I every map makes I (or, with signs, -I twice): the result is the base.
            start = zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start
        if self.orthogonal_map != _OrthMaps.householder:
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        A, tau = geqrf(tall)
        signs = A.diagonal(dim1=-2, dim2=-1).sign()
        signs[tau == 0.0] *= -1
        A.diagonal(dim1=-2, dim2=-1).copy_(signs)
        return A.mT if wide else A


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    one = eye(k, dtype=Q.dtype, device=Q.device)
    return (Q.mH @ Q).allclose(one, atol=10.0 * n * finfo(Q.dtype).eps)


def _make_orthogonal(A: Tensor) -> Tensor:
    """The Q of a QR decomposition whose R has a positive diagonal."""
    X, tau = geqrf(A)
    return householder_product(X, tau) * X.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Let a matrix be orthogonal: ``Q^H Q = I``, or ``Q Q^H = I`` of a wide one.

    Args:
        name: the parameter, a matrix or a batch of matrices.
        orthogonal_map: "matrix_exp" (exp of the skew part ``A`` of the original), "cayley"
            ((I - A / 2)^-1 (I + A / 2)) or "householder" (a product of reflections); by default
            the first for square and complex matrices, the last for others.
        use_trivialization: multiply by a fixed orthogonal matrix, made of the value that is there;
            needed to assign to the first two.

    Returns: ``module``.

    Errors: ValueError for a name without a tensor, fewer than 2 dimensions, another map, or
    "householder" of complex numbers.
    Source: torch.nn.utils.parametrizations.orthogonal; Lezcano-Casado 2019.

    >>> import minitorch
    >>> from minitorch.nn.utils.parametrizations import orthogonal
    >>> layer = orthogonal(minitorch.nn.Linear(20, 40))
    >>> layer.weight.shape, (layer.weight.T @ layer.weight).allclose(minitorch.eye(20), atol=1e-5)
    (torch.Size([40, 20]), True)
    """
    weight = _tensor_named(module, name)
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    chosen = getattr(_OrthMaps, orthogonal_map, None)
    if chosen is None:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    parametrization = _Orthogonal(weight, chosen, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, parametrization, unsafe=True)


# --- weight norm ----------------------------------------------------------------------------------


class _WeightNorm(Module):
    """``g v / |v|``, of a magnitude ``g`` and a direction ``v``."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return normalized_weight(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train magnitude and direction of a weight on their own: ``w = g v / |v|``.

    ``g`` becomes ``module.parametrizations.weight.original0`` and ``v`` its ``original1``.

    Args:
        name: the parameter.
        dim: one norm for each index of this dimension; None for one of the whole tensor.

    Returns: ``module``.

    Source: torch.nn.utils.parametrizations.weight_norm; Salimans and Kingma 2016.

    >>> import minitorch
    >>> from minitorch.nn.utils.parametrizations import weight_norm
    >>> layer = weight_norm(minitorch.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    torch.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def take_old_names(state_dict: Any, prefix: str, *unused: Any) -> None:
        """States of ``nn.utils.weight_norm`` have ``weight_g`` and ``weight_v``."""
        old = [f"{prefix}{name}_{letter}" for letter in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                new = f"{prefix}parametrizations.{name}.original{i}"
                state_dict[new] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(take_old_names)
    return module


# --- spectral norm --------------------------------------------------------------------------------


class _SpectralNorm(Module):
    """``w / sigma(w)``, sigma by power iterations: the vectors are kept from call to call."""

    _u: Tensor
    _v: Tensor

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] "
                f"but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._as_matrix(weight)
            vectors = [matrix.new_empty(n).normal_(0, 1) for n in matrix.shape]
            for key, vector in zip(("_u", "_v"), vectors, strict=True):
                self.register_buffer(key, F.normalize(vector, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _as_matrix(self, weight: Tensor) -> Tensor:
        """The rows are the indices of ``dim``."""
        return weight.movedim(self.dim, 0).flatten(1)

    @no_grad()
    def _power_method(self, matrix: Tensor, iterations: int) -> None:
        for _ in range(iterations):
            self._u.copy_(F.normalize(mv(matrix, self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(mv(matrix.mH, self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._as_matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies: the next call writes to the buffers, backward of this one needs them as they are.
        u, v = self._u.clone(), self._v.clone()
        return weight / vdot(u, mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        # An assigned value is taken as it is, and divided by its norm when it is read.
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a weight by its largest singular value, estimated by power iterations.

    Args:
        name: the parameter.
        n_power_iterations: iterations at every access in training; in evaluation none.
        eps: keeps norms from zero.
        dim: the dimension of the outputs: 1 for transposed convolutions, else 0.

    Returns: ``module``.

    Errors: ValueError for a name without a tensor or no iterations, IndexError for the dimension.
    Source: torch.nn.utils.parametrizations.spectral_norm; Miyato et al. 2018.

    >>> import minitorch
    >>> from minitorch.nn.utils.parametrizations import spectral_norm
    >>> layer = spectral_norm(minitorch.nn.Linear(20, 40))
    >>> round(minitorch.linalg.matrix_norm(layer.weight, 2).item(), 1)
    1.0
    """
    weight = _tensor_named(module, name)
    if dim is None:
        dim = _output_dimension(module)
    parametrization = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return parametrize.register_parametrization(module, name, parametrization)


def _output_dimension(module: Module) -> int:
    """The dimension of a layer's weight that counts its outputs."""
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
