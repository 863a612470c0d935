"""Bessel functions on arrays: NumPy has none but ``i0``.

Each is a Chebyshev series near the origin and another one, in the reciprocal, beyond; the fits are
our own, good to about 1e-16.  Formulas: Abramowitz and Stegun, chapters 9 and 10.
"""

from __future__ import annotations

import math

__all__ = [
    "airy_ai_values",
    "i0_values",
    "i0e_values",
    "i1_values",
    "i1e_values",
    "j0_values",
    "j1_values",
    "k0_values",
    "k0e_values",
    "k1_values",
    "k1e_values",
    "spherical_j0_values",
    "y0_values",
    "y1_values",
]

# All tables are Chebyshev coefficients.
# exp(-x) I0(x) on [0, 8], and sqrt(x) exp(-x) I0(x) from 8 on in 8 / x.
_I0_NEAR = (
    0.33839763720473803,
    -0.3046826723431984,
    0.17162090152220877,
    -0.09490109704804764,
    0.04930528423967071,
    -0.02373741480589947,
    0.010546460394594998,
    -0.004324309995050576,
    0.0016394756169413357,
    -0.0005763755745385824,
    0.00018850288509584165,
    -5.754195010082104e-05,
    1.6448448070728896e-05,
    -4.4167383584587505e-06,
    1.1173875391201037e-06,
    -2.670793853940612e-07,
    6.046995022541919e-08,
    -1.300025009986248e-08,
    2.6598237246823866e-09,
    -5.189795601635263e-10,
    9.675809035373237e-11,
    -1.726826291441556e-11,
    2.95505266312964e-12,
    -4.856446783111929e-13,
    7.676185498604936e-14,
    -1.1685332877993451e-14,
    1.715391285555133e-15,
    -2.431279846547955e-16,
    3.3307945188222384e-17,
)
_I0_FAR = (
    0.4022452055070544,
    0.0033691164782556943,
    6.889758346916825e-05,
    2.8913705208347567e-06,
    2.0489185894690638e-07,
    2.266668990498178e-08,
    3.3962320257083865e-09,
    4.94060238822497e-10,
    1.1889147107846439e-11,
    -3.1499165279632416e-11,
    -1.3215811840447713e-11,
    -1.7941785315068062e-12,
    7.180124451383666e-13,
    3.8527783827421426e-13,
    1.54008621752141e-14,
    -4.150569347287222e-14,
    -9.554846698828307e-15,
    3.8116806693526224e-15,
    1.7725601330565263e-15,
    -3.425485619677219e-16,
    -2.8276239805165836e-16,
    3.461222867697461e-17,
    4.46562142029676e-17,
    -4.830504485944182e-18,
    -7.233180487874754e-18,
)
# The same of I1, the first divided by x.
_I1_NEAR = (
    0.12629359322181682,
    -0.17641651835783406,
    0.1026436586898471,
    -0.05294598120809499,
    0.024726449030626516,
    -0.010564084894626197,
    0.004156422944312888,
    -0.0015135724506312532,
    0.0005122859561685758,
    -0.00016176081582589674,
    4.781565107550054e-05,
    -1.3273163656039436e-05,
    3.4702513081376785e-06,
    -8.568720264695455e-07,
    2.0032947535521353e-07,
    -4.445059128796328e-08,
    9.381537386495773e-09,
    -1.8872497517228294e-09,
    3.625590281552117e-10,
    -6.663489723502027e-11,
    1.1736186298890901e-11,
    -1.9839743977649436e-12,
    3.223793365945575e-13,
    -5.042185504727912e-14,
    7.600684294735408e-15,
    -1.1055969477353862e-15,
    1.5536319577362005e-16,
    -2.111421214358166e-17,
    2.7779141127610464e-18,
)
_I1_FAR = (
    0.38928811750914005,
    -0.009761097491361469,
    -0.00011058893876262371,
    -3.882564808877691e-06,
    -2.512236237870209e-07,
    -2.6314688468895196e-08,
    -3.835380385964237e-09,
    -5.589743462196584e-10,
    -1.8974958123505413e-11,
    3.2526035830154884e-11,
    1.4125807436613782e-11,
    2.0356285441470896e-12,
    -7.198551776245908e-13,
    -4.0835511110921974e-13,
    -2.1015418427726643e-14,
    4.272440016711951e-14,
    1.0420276984128802e-14,
    -3.8144030724370075e-15,
    -1.8803547755107825e-15,
    3.3082023109209285e-16,
    2.96262899764595e-16,
    -3.209525921993424e-17,
    -4.6503053684893586e-17,
    4.414348323071708e-18,
    7.517296310842105e-18,
)
# On [0, 8], in (x / 8)^2: J0(x), J1(x) / x, and what Y0(x) and Y1(x) / x add to their logarithms.
_J0_NEAR = (
    0.15772797147489012,
    -0.008723442352852221,
    0.2651786132033368,
    -0.37009499387264977,
    0.15806710233209725,
    -0.034893769411408884,
    0.004819180069467605,
    -0.00046062616620627504,
    3.246032882100508e-05,
    -1.7619469077621507e-06,
    7.608163592418782e-08,
    -2.679253530557673e-09,
    7.848696314479465e-11,
    -1.9438346867370164e-12,
    4.125320595634374e-14,
    -7.588508125447546e-16,
    1.2218515873961411e-17,
)
_J1_NEAR = (
    0.08104484632565812,
    -0.1489751450676521,
    0.1609992623572097,
    -0.08268049176681791,
    0.022213639654966037,
    -0.003646940600769276,
    0.0004050337728354822,
    -3.255554866857259e-05,
    1.9858774049915165e-06,
    -9.521984756750436e-08,
    3.687133759097148e-09,
    -1.178026622695885e-10,
    3.160154580348003e-12,
    -7.221755239651773e-14,
    1.4232144003513942e-15,
    -2.4441972916190464e-17,
)
_Y0_NEAR = (
    -0.03314611320328494,
    -0.2744743055297453,
    0.17903431407718265,
    0.26156734625504663,
    -0.17730201278114358,
    0.04719668959576339,
    -0.007287962479552079,
    0.0007531135932577742,
    -5.632079141056987e-05,
    3.206532537654801e-06,
    -1.44072332740187e-07,
    5.248794787330516e-09,
    -1.5837552541812015e-10,
    4.02633081830612e-12,
    -8.747341203310769e-14,
    1.6434898714919468e-15,
    -2.6977881152566837e-17,
)
_Y1_NEAR = (
    0.0025380132357417816,
    -0.01608717304766875,
    -0.09591204536083074,
    0.08445197259652346,
    -0.028328123944594365,
    0.005289897544167113,
    -0.0006414551451326356,
    5.505982873338744e-05,
    -3.53808001868935e-06,
    1.7707804556154404e-07,
    -7.11055004989928e-09,
    2.344337905911516e-10,
    -6.4651518414115946e-12,
    1.51429151205002e-13,
    -3.0511859694473254e-15,
    5.34668038572867e-17,
)
# From 8 on, in (8 / x)^2: the amplitudes of cosine and sine, the second times x / 8.
_P0 = (
    0.9994603493475187,
    -0.0005365220468132117,
    3.0751847875194745e-06,
    -5.1705945376060975e-08,
    1.6306464635151382e-09,
    -7.86409137723707e-11,
    5.168262387349193e-12,
    -4.3045788699253914e-13,
    4.3265957431549404e-14,
    -5.069034095935236e-15,
    6.748072215733873e-16,
    -1.0011513723467786e-16,
    1.6305919233744186e-17,
)
_Q0 = (
    -0.015555854605337009,
    6.838519942611649e-05,
    -7.414498411060647e-07,
    1.7972457247968992e-08,
    -7.27191593686632e-10,
    4.2201219046687385e-11,
    -3.206747420996635e-12,
    3.006145125351706e-13,
    -3.336328185322427e-14,
    4.255225040245461e-15,
    -6.09993013164005e-16,
    9.662128970303257e-17,
    -1.6686065214378146e-17,
    3.1082440486738143e-18,
    -6.191115787358146e-19,
    1.3091448717220127e-19,
)
_P1 = (
    1.0009030408600137,
    0.0008989898330859408,
    -3.987284300488908e-06,
    6.177633960644299e-08,
    -1.8718907491063067e-09,
    8.816898659582339e-11,
    -5.704863640395645e-12,
    4.699195515230542e-13,
    -4.6842237839904895e-14,
    5.452674896044717e-15,
    -7.221180842274018e-16,
    1.0667689114335412e-16,
    -1.7312313216116335e-17,
)
_Q1 = (
    0.04677778706953532,
    -9.62772354915708e-05,
    9.138615257955454e-07,
    -2.0959781384083424e-08,
    8.229193327650554e-10,
    -4.686363688176945e-11,
    3.5152187949686082e-12,
    -3.2643156743279e-13,
    3.5967765829165294e-14,
    -4.5612523950772974e-15,
    6.508282957783384e-16,
    -1.0269147531823243e-16,
    1.767635548776479e-17,
    -3.2834519872981614e-18,
    6.524081149589259e-19,
)
# On [0, 2], in (x / 2)^2: what K0(x) and K1(x) / x add to their logarithms; from 2 on, in 2 / x:
# sqrt(x) exp(x) K(x).
_K0_NEAR = (
    0.8433977275772223,
    0.787078990859296,
    0.06152577860244072,
    0.0019458946141853283,
    3.3247998700597626e-05,
    3.5563825166277007e-07,
    2.6056207418988497e-09,
    1.3895141631982779e-11,
    5.635214661841847e-14,
    1.7966278703136082e-16,
)
_K0_FAR = (
    1.2201515410329777,
    -0.0314481013119645,
    0.0015698838857300533,
    -0.00012849549581627802,
    1.39498137188765e-05,
    -1.8317555227191195e-06,
    2.766813639445015e-07,
    -4.660489897687948e-08,
    8.574034017414225e-09,
    -1.6975345093890614e-09,
    3.5773972814003283e-10,
    -7.957489244477396e-11,
    1.8559491149549264e-11,
    -4.514597883374519e-12,
    1.1403405882073441e-12,
    -2.9800969231481784e-13,
    8.032890775068375e-14,
    -2.2275133267462965e-14,
    6.340076476276646e-15,
    -1.848593377920907e-15,
    5.5120559994043335e-16,
    -1.6782311257549006e-16,
    5.2103917776435543e-17,
    -1.6475805939842632e-17,
)
_K1_NEAR = (
    -0.5089237845320825,
    -0.2114356597763456,
    -0.010725575310322739,
    -0.0002513233586483403,
    -3.4112002554142968e-06,
    -3.026704146655771e-08,
    -1.89459722399161e-10,
    -8.819221396228751e-13,
    -3.1733487638923218e-15,
    -9.092150880033067e-18,
)
_K1_FAR = (
    1.3603130952422213,
    0.10392373657681724,
    -0.002857816859622779,
    0.00019521551847135162,
    -1.936197974166083e-05,
    2.406484947837217e-06,
    -3.5019606030878126e-07,
    5.7410841254500495e-08,
    -1.0345762465678097e-08,
    2.0150497551970347e-09,
    -4.1903547593419254e-10,
    9.218315187605315e-11,
    -2.129967838427791e-11,
    5.139639673482343e-12,
    -1.2891739609498229e-12,
    3.348419666052243e-13,
    -8.976705182010146e-14,
    2.4771544242195988e-14,
    -7.0198370892147685e-15,
    2.038703166239861e-15,
    -6.057047270643018e-16,
    1.8380935752430455e-16,
    -5.689462849193648e-17,
    1.7940510478863572e-17,
)
# Ai(x) on [-8, 2]; from 2 on, x^(1/4) exp(z) Ai(x) in z(2) / z, where z = 2/3 x^(3/2); and before
# -8 the amplitudes of cosine and sine, in (z(8) / z)^2, the second times z / z(8).
_AIRY_NEAR = (
    0.10373261456502882,
    0.06064472474615535,
    -0.0006617919680207608,
    -0.15428130198851614,
    -0.08516168170219114,
    0.06346992469849864,
    0.07272028262793064,
    0.0998785486844049,
    -0.20148817364068577,
    0.02047398774752141,
    0.12204374035980144,
    -0.0725566736309673,
    -0.014433634298985138,
    0.030621435814921313,
    -0.008671707544479426,
    -0.004205596407239919,
    0.0035017022940531054,
    -0.00042964664011946134,
    -0.0004782140567037823,
    0.00022907334394449148,
    -1.885537034700713e-06,
    -3.103592083948891e-05,
    9.549870324863047e-06,
    9.20303031558348e-07,
    -1.323626525088144e-06,
    2.6758905896210777e-07,
    5.8470181392722096e-08,
    -4.006326840538237e-08,
    5.073543843478201e-09,
    2.068467955201876e-09,
    -9.036777454784145e-10,
    5.954205364916864e-11,
    5.0904109860842495e-11,
    -1.5699872743354276e-11,
    1.8061639125981664e-13,
    9.456160748106545e-13,
    -2.1479987514789343e-13,
    -9.191219243075308e-15,
    1.3861221703608767e-14,
    -2.344690700395001e-15,
    -2.434864401715487e-16,
    1.6501178823919658e-16,
    -2.0471199040231088e-17,
    -3.739608420447067e-18,
)
_AIRY_FAR = (
    0.2776956095117059,
    -0.004172967562045923,
    0.00020669586013998011,
    -1.7280997841068207e-05,
    1.928052166797157e-06,
    -2.605774398776262e-07,
    4.051516883512395e-08,
    -7.022240440986223e-09,
    1.3286081997701028e-09,
    -2.703558037129289e-10,
    5.852297782838998e-11,
    -1.3363584416519756e-11,
    3.1978547149289153e-12,
    -7.976813559559603e-13,
    2.0651347541109665e-13,
    -5.52899978215978e-14,
    1.526165619010181e-14,
    -4.331979304955806e-15,
    1.2616239319898747e-15,
    -3.7626070399357594e-16,
    1.1471616156264618e-16,
    -3.570144365109208e-17,
    1.1326462271400218e-17,
    -3.658761589006901e-18,
)
_AIRY_P = (
    0.9999188179179308,
    -8.104660923669418e-05,
    1.3475665984689078e-07,
    -7.085584714312658e-10,
    7.48184186508309e-12,
    -1.2902774343407968e-13,
    3.225040209748759e-15,
    -1.0809146475761038e-16,
)
_AIRY_Q = (
    0.004598079993550731,
    -5.461926714589816e-06,
    1.771363442340556e-08,
    -1.3750377609614297e-10,
    1.904808176028723e-12,
    -4.035382447167188e-14,
    1.1882636391670239e-15,
    -4.5581864383599807e-17,
    2.1742231803092356e-18,
    -1.2454648245459933e-19,
)
#: Where the two series meet.
_MEETING = 8.0


def _chebyshev(coefficients, t):
    """The sum of ``coefficients[k] T_k(t)`` on [-1, 1], by Clenshaw's recurrence."""
    first, second = 0 * t, 0 * t
    for coefficient in coefficients[:0:-1]:
        first, second = coefficient + 2 * t * first - second, first
    return coefficients[0] + t * first - second


def _scaled(xp, size, near, far):
    """One of the two series; ``near`` comes without its factor."""
    close = xp.minimum(size, _MEETING)
    distant = xp.maximum(size, _MEETING)
    beyond = _chebyshev(far, 2 * _MEETING / distant - 1) / xp.sqrt(distant)
    return _chebyshev(near, 2 * close / _MEETING - 1), beyond


def _i0e(xp, x):
    size = xp.abs(x)
    near, far = _scaled(xp, size, _I0_NEAR, _I0_FAR)
    return xp.where(size <= _MEETING, near, far)


def _i1e(xp, x):
    size = xp.abs(x)
    near, far = _scaled(xp, size, _I1_NEAR, _I1_FAR)
    return xp.copysign(xp.where(size <= _MEETING, near * size, far), x)


def i0_values(xp, array):
    """I0, the modified Bessel function of order 0, in the array's dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    return (_i0e(xp, x) * xp.exp(xp.abs(x))).astype(array.dtype)


def i0e_values(xp, array):
    """``exp(-abs(x)) I0(x)``, in the array's dtype.  Shape: (*) -> (*)."""
    return _i0e(xp, array.astype("float64")).astype(array.dtype)


def i1_values(xp, array):
    """I1, the modified Bessel function of order 1, in the array's dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    return (_i1e(xp, x) * xp.exp(xp.abs(x))).astype(array.dtype)


def i1e_values(xp, array):
    """``exp(-abs(x)) I1(x)``, in the array's dtype.  Shape: (*) -> (*)."""
    return _i1e(xp, array.astype("float64")).astype(array.dtype)


def _oscillating(xp, x, order, p, q):
    """J and Y for x >= 8: a cosine and a sine with slowly varying amplitudes."""
    z = (_MEETING / x) ** 2
    phase = x - (order / 2 + 0.25) * math.pi
    root = xp.sqrt(2 / (math.pi * x))
    even, odd = _chebyshev(p, 2 * z - 1), _chebyshev(q, 2 * z - 1) * _MEETING / x
    cosine, sine = xp.cos(phase), xp.sin(phase)
    return root * (even * cosine - odd * sine), root * (even * sine + odd * cosine)


def _j0(xp, x):
    size = xp.abs(x)
    near = _chebyshev(_J0_NEAR, 2 * (xp.minimum(size, _MEETING) / _MEETING) ** 2 - 1)
    far, _ = _oscillating(xp, xp.maximum(size, _MEETING), 0, _P0, _Q0)
    return xp.where(size <= _MEETING, near, far)


def _j1(xp, x):
    size = xp.abs(x)
    near = size * _chebyshev(_J1_NEAR, 2 * (xp.minimum(size, _MEETING) / _MEETING) ** 2 - 1)
    far, _ = _oscillating(xp, xp.maximum(size, _MEETING), 1, _P1, _Q1)
    return xp.where(size <= _MEETING, near, far) * xp.copysign(1.0, x)


def _of_positive(xp, x, value):
    """``value`` where x is positive, nan below 0."""
    return xp.where(x < 0, xp.nan, value)


def j0_values(xp, array):
    """J0, the Bessel function of order 0, in the array's dtype.  Shape: (*) -> (*)."""
    return _j0(xp, array.astype("float64")).astype(array.dtype)


def j1_values(xp, array):
    """J1, the Bessel function of order 1, in the array's dtype.  Shape: (*) -> (*)."""
    return _j1(xp, array.astype("float64")).astype(array.dtype)


def y0_values(xp, array):
    """Y0, the Bessel function of the second kind of order 0.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    close = xp.clip(x, 0, _MEETING)
    smooth = _chebyshev(_Y0_NEAR, 2 * (close / _MEETING) ** 2 - 1)
    near = smooth + 2 / math.pi * xp.log(close) * _j0(xp, close)
    _, far = _oscillating(xp, xp.maximum(x, _MEETING), 0, _P0, _Q0)
    return _of_positive(xp, x, xp.where(x <= _MEETING, near, far)).astype(array.dtype)


def y1_values(xp, array):
    """Y1, the Bessel function of the second kind of order 1.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    close = xp.clip(x, 1e-320, _MEETING)
    smooth = close * _chebyshev(_Y1_NEAR, 2 * (close / _MEETING) ** 2 - 1)
    near = smooth + 2 / math.pi * (xp.log(close) * _j1(xp, close) - 1 / close)
    _, far = _oscillating(xp, xp.maximum(x, _MEETING), 1, _P1, _Q1)
    value = xp.where(x == 0, -xp.inf, xp.where(x <= _MEETING, near, far))
    return _of_positive(xp, x, value).astype(array.dtype)


def _k_parts(xp, x, far):
    """x within [0, 2], the argument of the series there, and exp(x) K(x) beyond."""
    distant = xp.maximum(x, 2.0)
    beyond = _chebyshev(far, 4 / distant - 1) / xp.sqrt(distant)
    close = xp.clip(x, 1e-320, 2.0)
    return close, 0.5 * close * close - 1, beyond


def _k0(xp, x, scaled):
    close, t, beyond = _k_parts(xp, x, _K0_FAR)
    near = _chebyshev(_K0_NEAR, t) - xp.log(close) * _i0e(xp, close) * xp.exp(close)
    return _k(xp, x, near, beyond, scaled)


def _k1(xp, x, scaled):
    close, t, beyond = _k_parts(xp, x, _K1_FAR)
    near = close * _chebyshev(_K1_NEAR, t) + 1 / close
    near = near + xp.log(close) * _i1e(xp, close) * xp.exp(close)
    return _k(xp, x, near, beyond, scaled)


def _k(xp, x, near, beyond, scaled):
    if scaled:
        near = near * xp.exp(xp.minimum(x, 2.0))
    else:
        beyond = beyond * xp.exp(-xp.maximum(x, 2.0))
    value = xp.where(x == 0, xp.inf, xp.where(x <= 2, near, beyond))
    return _of_positive(xp, x, value)


def k0_values(xp, array):
    """K0, the modified Bessel function of the second kind of order 0.  Shape: (*) -> (*)."""
    return _k0(xp, array.astype("float64"), False).astype(array.dtype)


def k0e_values(xp, array):
    """``exp(x) K0(x)``, in the array's dtype.  Shape: (*) -> (*)."""
    return _k0(xp, array.astype("float64"), True).astype(array.dtype)


def k1_values(xp, array):
    """K1, the modified Bessel function of the second kind of order 1.  Shape: (*) -> (*)."""
    return _k1(xp, array.astype("float64"), False).astype(array.dtype)


def k1e_values(xp, array):
    """``exp(x) K1(x)``, in the array's dtype.  Shape: (*) -> (*)."""
    return _k1(xp, array.astype("float64"), True).astype(array.dtype)


def spherical_j0_values(xp, array):
    """``sin(x) / x``, in the array's dtype.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    value = xp.where(x == 0, 1.0, xp.sin(x) / xp.where(x == 0, 1.0, x))
    return xp.where(xp.isinf(x), 0.0, value).astype(array.dtype)


def _airy_exponent(x):
    return 2 / 3 * x**1.5


def airy_ai_values(xp, array):
    """Ai, Airy's function that falls for positive arguments.  Shape: (*) -> (*)."""
    x = array.astype("float64")
    near = _chebyshev(_AIRY_NEAR, (xp.clip(x, -8.0, 2.0) + 3.0) / 5.0)
    right = xp.maximum(x, 2.0)
    z = _airy_exponent(right)
    falling = _chebyshev(_AIRY_FAR, 2 * _airy_exponent(2.0) / z - 1)
    falling = falling * xp.exp(-z) / right**0.25
    left = xp.maximum(-x, 8.0)
    z = _airy_exponent(left)
    ratio = _airy_exponent(8.0) / z
    t = 2 * ratio * ratio - 1
    phase = z - math.pi / 4
    swinging = _chebyshev(_AIRY_P, t) * xp.cos(phase)
    swinging = swinging + ratio * _chebyshev(_AIRY_Q, t) * xp.sin(phase)
    swinging = swinging / (math.sqrt(math.pi) * left**0.25)
    value = xp.where(x < -8, swinging, xp.where(x > 2, falling, near))
    return xp.where(xp.isfinite(x), value, xp.nan).astype(array.dtype)  # torch: nan at infinity
