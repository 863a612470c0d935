"""Samples for minitorch/fft.py."""

from __future__ import annotations

from tests.samples.base import Fails, S, complex_normal, integers, normal

_real = normal(3, 4)
_odd = normal(2, 5)
_cube = normal(2, 3, 4)
_complex = complex_normal(3, 4)
_complex_cube = complex_normal(2, 3, 4)
_single = normal(3, 4, dtype="float32")
_whole = integers(-5, 5, 3, 4)

_bad_calls = [
    Fails(_real, 0),
    Fails(_real, dim=3),
    Fails(_real, norm="both"),
    Fails(normal()),
    Fails(2.0),
    Fails(_real.astype("float16")),
]
_between = [
    S(_real),
    S(_odd),
    S(_complex),
    S(_single),
    S(_whole),
    S(_complex, 6),
    S(_complex, n=3, dim=0),
    S(_cube, dim=1, norm="ortho"),
    S(_complex, norm="forward"),
    S(_complex, norm="backward"),
    *_bad_calls,
]
_from_real = [
    S(_real),
    S(_odd),
    S(_single),
    S(_whole),
    S(_real, 7),
    S(_real, 2, 0, "ortho"),
    S(_cube, dim=1, norm="forward"),
    Fails(_complex),
    *_bad_calls,
]
_to_real = [
    S(_complex),
    S(_complex, 5),
    S(_complex, 3, 0, "ortho"),
    S(_complex_cube, dim=1, norm="forward"),
    S(_real),
    S(_single),
    S(_complex, 1),
    Fails(complex_normal(3, 1)),
    *_bad_calls,
]
_bad_shapes = [
    Fails(_cube, (2,), (0, 1)),
    Fails(_real, (2, 2, 2)),
    Fails(_real, dim=(0, 0)),
    Fails(_real, (0, 2)),
]
_between_n = [
    S(_real),
    S(_complex),
    S(_complex_cube, (3, 2)),
    S(_complex_cube, (-1, 5), (0, 2), "ortho"),
    S(_cube, dim=1, norm="forward"),
    S(normal()),
    *_bad_shapes,
]
_from_real_n = [
    S(_real),
    S(_cube),
    S(_cube, (3, 5), (2, 0)),
    S(_cube, dim=(1, 2), norm="ortho"),
    Fails(_complex),
    Fails(_real, dim=()),
    *_bad_shapes,
]
_to_real_n = [
    S(_complex),
    S(_complex_cube),
    S(_complex_cube, (3, 5), (2, 0)),
    S(_complex_cube, dim=(1, 2), norm="ortho"),
    S(_complex_cube, (2, -1)),
    Fails(_complex, dim=()),
    *_bad_shapes,
]
_in_plane = [S(_cube), S(_cube, (4, 3)), S(_cube, dim=(0, 1), norm="ortho")]

SAMPLES = {
    "fft.fft": _between,
    "fft.ifft": _between,
    "fft.rfft": _from_real,
    "fft.irfft": _to_real,
    "fft.hfft": _to_real,
    "fft.ihfft": _from_real,
    "fft.fftn": _between_n,
    "fft.ifftn": _between_n,
    "fft.rfftn": _from_real_n,
    "fft.irfftn": _to_real_n,
    "fft.hfftn": _to_real_n,
    "fft.ihfftn": _from_real_n,
    "fft.fft2": [*_in_plane, Fails(normal(3))],
    "fft.ifft2": _in_plane,
    "fft.rfft2": _in_plane,
    "fft.irfft2": [S(_complex_cube), S(_complex_cube, (3, 4))],
    "fft.hfft2": [S(_complex_cube), S(_complex_cube, (3, 4))],
    "fft.ihfft2": _in_plane,
    "fft.fftshift": [S(_real), S(_odd, 1), S(_odd, dim=(0, 1)), Fails(_real, 2)],
    "fft.ifftshift": [S(_real), S(_odd, 1), S(_odd, dim=(0, 1)), Fails(_real, 2)],
}
