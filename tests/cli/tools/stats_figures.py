"""The figures of weights as gguf-dq stats defines them, from Python's integers and fractions and numpy's rounding."""
import fractions
import math

import numpy

UNIT = 2.0 ** 149
EDGES = (numpy.arange(0x7f80, dtype='<u4') << 16).view('<f4').astype('<f8')  # of bins


def rounded(integer, exponent):
    return float(fractions.Fraction(integer) * fractions.Fraction(2) ** exponent)


def place(index, places, shape):
    """The indices in the tensor of weight `index` of an array of a shape; places: the indices along each dimension."""
    found = numpy.unravel_index(index, shape)
    return [int(along[i]) for along, i in zip(places, found)]


def figures(array, places=None):
    """array: f32. places: of each dimension of the tensor, which of its indices are in the array."""
    places = places or [range(n) for n in array.shape]
    x = array.ravel()
    bits = x.view('<u4')
    finite = x[numpy.isfinite(x)]
    integers = [int(v) for v in (finite.astype('<f8') * UNIT).tolist()]  # exact: a power of two
    n, s, p = len(integers), sum(integers), sum(i * i for i in integers)
    order = numpy.where(bits >> 31, -(bits.astype('<i8') & 0x7fffffff) - 1, bits.astype('<i8'))
    found = {
        'weights': len(x), 'nan': int(numpy.isnan(x).sum()),
        'pinf': int((x == numpy.inf).sum()), 'ninf': int((x == -numpy.inf).sum()), 'pzero': int((bits == 0).sum()),
        'nzero': int((bits == 1 << 31).sum()), 'subnormal': int(((bits >> 23 & 255 == 0) & (x != 0)).sum()),
        'octaves': numpy.bincount(bits >> 23 & 255, minlength=256).tolist()}
    if n == 0:
        return {**found, **dict.fromkeys(('mean', 'std', 'rms', 'min', 'max', 'absmax', 'crest', 'min_at', 'max_at'))}
    shape = [len(along) for along in places]
    least = int(numpy.where(numpy.isfinite(x), order, 1 << 40).argmin())
    most = int(numpy.where(numpy.isfinite(x), order, -1 << 40).argmax())
    std = math.sqrt(rounded(n * p - s * s, -298) / n / n)
    absmax = float(max(abs(x[least]), abs(x[most])))
    return {**found, 'mean': rounded(s, -149) / n, 'std': std, 'rms': math.sqrt(rounded(p, -298) / n),
            'min': float(x[least]), 'max': float(x[most]), 'absmax': absmax, 'crest': absmax / std if std else None,
            'min_at': place(least, places, shape), 'max_at': place(most, places, shape)}


def bin_figures(array, std, percentiles, is_bf16):
    """percentiles: as text."""
    x = array.ravel()
    bits = x.view('<u4')
    finite = numpy.abs(x[numpy.isfinite(x)])
    n = len(finite)
    edges = numpy.sort((finite.view('<u4') & 0xffff0000).view('<f4'))
    found = {}
    for text in percentiles:
        rank = max(math.ceil(fractions.Fraction(text) * n / 100), 1)
        found['p' + text] = float(edges[rank - 1]) if n else None
    for k in (3, 4, 6):
        bin_number = numpy.searchsorted(EDGES, k * std) if std else 0
        lowest = EDGES[bin_number] if bin_number < len(EDGES) else math.inf
        found[f'outliers_{k}'] = int((finite >= lowest).sum()) if std else None
    counts = numpy.unique(bits >> 16, return_counts=True)[1]
    entropy = -sum(int(c) / len(x) * math.log2(int(c) / len(x)) for c in counts)
    found['entropy'] = round(entropy + 0.0, 2) if is_bf16 and len(x) else None
    return found


def fit_figures(array):
    x = array.ravel()
    x = x[numpy.isfinite(x)]
    bits = x.view('<u4')
    with numpy.errstate(over='ignore', under='ignore'):
        half = x.astype('<f2')
    back = half.astype('<f4')
    brain = bits.astype('<u8') + 0x7fff + (bits >> 16 & 1) & 0xffff0000
    return {'f16_exact': int((back == x).sum()), 'f16_overflow': int(numpy.isinf(back).sum()),
            'f16_zero': int(((back == 0) & (x != 0)).sum()),
            'f16_subnormal': int(((numpy.abs(x) < 2.0 ** -14) & (back != 0)).sum()),
            'bf16_exact': int((brain == bits).sum()), 'bf16_overflow': int((brain & 0x7fffffff == 0x7f800000).sum())}
