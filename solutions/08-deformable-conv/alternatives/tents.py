# %% [markdown]
# # Tents, and one tap after another
# Samples are sums over whole images, slopes are differences, all sums are float64.
# Kernels weight the corners before they load them, and skip those of weight 0.

# %% tags=["setup"]
from typing import NamedTuple

import numpy as np

from autograder.lab.tiles import device, tl, triton


# %%
class Geometry(NamedTuple):
    """What the shapes of a deformable convolution say.

    Pairs are (vertical, horizontal).
    """

    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    out: tuple[int, int]  # Ho, Wo
    offset_groups: int  # G


def accumulator(dtype):
    """Return the dtype that carries sums: float64 for float64, else float32."""
    return np.float64 if np.dtype(dtype) == np.float64 else np.float32


def pair(value):
    """Return an int twice, and a pair as it is."""
    return (value, value) if isinstance(value, int | np.integer) else tuple(value)


def geometry(x, offset, kernel, stride, padding, dilation):
    """Work out the shapes; `kernel` is (kh, kw).

    Raises:
        ValueError: `offset` is not (B, 2 G kh kw, Ho, Wo) for a G >= 1 that divides C.
    """
    stride, padding, dilation = pair(stride), pair(padding), pair(dilation)
    out = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(
            x.shape[2:], kernel, stride, padding, dilation, strict=True
        )
    )
    groups, rest = divmod(offset.shape[1], 2 * kernel[0] * kernel[1])
    if rest or groups < 1 or x.shape[1] % groups:
        raise ValueError(f"offset has {offset.shape[1]} channels, which do not fit")
    if offset.shape[0] != x.shape[0] or offset.shape[2:] != out:
        raise ValueError(f"offset is {offset.shape}, the output has {out} pixels")
    return Geometry(stride, padding, dilation, out, groups)


# %% tags=["task"] task="bilinear"
def tent(at, size):
    return np.maximum(0.0, 1.0 - np.abs(float(at) - np.arange(size)))


def bilinear(im, y, x):
    if np.isinf(y) or np.isinf(x):
        return np.nan if np.isnan(y + 0 * (x == 0)) or np.isnan(x) else 0.0
    return float(tent(y, im.shape[0]) @ im.astype(np.float64) @ tent(x, im.shape[1]))


# %% tags=["task"] task="bilinear_slopes"
def bilinear_slopes(im, y, x):
    """Differences to the right, exact up to rounding between two kinks."""
    if np.isinf(y) or np.isinf(x):
        return 0.0, 0.0
    h = 2.0**-22
    now, size = bilinear(im, y, x), im.shape
    by_y = (bilinear(im, y + h, x) - now) / h if abs(y) < 2 * size[0] + 9 else 0.0
    by_x = (bilinear(im, y, x + h) - now) / h if abs(x) < 2 * size[1] + 9 else 0.0
    return by_y, by_x


# %% tags=["task"] task="deform_conv2d_loops"
def deform_conv2d_loops(
    x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1
):
    """Every sample is a sum over the whole image; sums are float64 throughout."""
    kernel = weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    (batch, channels, _, _), (outputs, per) = x.shape, weight.shape[:2]
    out = np.zeros((batch, outputs, *geo.out))
    wide = x.astype(np.float64)
    for b in range(batch):
        for (ho, wo), (i, j) in (
            (p, t) for p in np.ndindex(*geo.out) for t in np.ndindex(*kernel)
        ):
            samples = np.zeros(channels)
            for c in range(channels):
                group = c * geo.offset_groups // channels
                at = 2 * ((group * kernel[0] + i) * kernel[1] + j)
                y = geo.stride[0] * ho - geo.padding[0] + geo.dilation[0] * i
                across = geo.stride[1] * wo - geo.padding[1] + geo.dilation[1] * j
                y, across = (
                    y + float(offset[b, at, ho, wo]),
                    across + float(offset[b, at + 1, ho, wo]),
                )
                samples[c] = bilinear(wide[b, c], y, across)
            for o in range(outputs):
                group = o // (outputs // (channels // per))
                seen = samples[group * per : (group + 1) * per]
                out[b, o, ho, wo] += (
                    weight[o, :, i, j].astype(np.float64) * seen
                ).sum()
    if bias is not None:
        out += np.reshape(bias, (-1, 1, 1)).astype(np.float64)
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_conv2d"
def tap_points(offset, g, t, kernel, geo):
    """Return y and x of one tap of one offset group, each (B, Ho, Wo), in float64."""
    at, (i, j) = 2 * (g * kernel[0] * kernel[1] + t), divmod(t, kernel[1])
    rows, cols = np.indices(geo.out)
    y = (
        rows * geo.stride[0]
        + (i * geo.dilation[0] - geo.padding[0])
        + offset[:, at].astype(float)
    )
    x = (
        cols * geo.stride[1]
        + (j * geo.dilation[1] - geo.padding[1])
        + offset[:, at + 1].astype(float)
    )
    return y, x


def look(x, y_at, x_at):
    """Return corners, each (pixels (B, c, Ho, Wo), index, weight, slopes), as lists."""
    height, width = x.shape[2:]
    gone = ~((y_at >= -1) & (y_at < height) & (x_at >= -1) & (x_at < width))
    y_at, x_at = np.where(gone, -4.0, y_at), np.where(gone, -4.0, x_at)
    images = np.arange(len(x))[:, None, None]
    found = []
    for a in (0, 1):
        for b in (0, 1):
            row = np.floor(y_at).astype(int) + a
            col = np.floor(x_at).astype(int) + b
            real = (row >= 0) & (row < height) & (col >= 0) & (col < width)
            row, col = row.clip(0, height - 1), col.clip(0, width - 1)
            wy, wx = (
                1 - abs(y_at - np.floor(y_at) - a),
                1 - abs(x_at - np.floor(x_at) - b),
            )
            pixels = np.moveaxis(x[images, :, row, col], 3, 1) * real[:, None]
            slopes = real * wx * (2 * a - 1), real * wy * (2 * b - 1)
            found.append((pixels, (images, row, col), real * wy * wx, slopes))
    return found


def deform_im2col(x, offset, kernel, *, stride=1, padding=0, dilation=1):
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    taps, share = kernel[0] * kernel[1], x.shape[1] // geo.offset_groups
    out = np.zeros((len(x), x.shape[1], taps, *geo.out))
    for g in range(geo.offset_groups):
        mine = slice(g * share, (g + 1) * share)
        for t in range(taps):
            for pixels, _, weight, _ in look(
                x[:, mine], *tap_points(offset, g, t, kernel, geo)
            ):
                out[:, mine, t] += pixels * weight[:, None]
    return out.reshape(len(x), x.shape[1] * taps, geo.out[0] * geo.out[1]).astype(
        x.dtype
    )


def deform_conv2d(x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1):
    kernel = weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    wide = [a.astype(np.float64) for a in (x, offset, weight)]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    columns = deform_im2col(*wide[:2], kernel, **options)
    outputs, per = weight.shape[:2]
    full = np.zeros((outputs, x.shape[1], *kernel))  # zeros where groups do not meet
    for o in range(outputs):
        first = o // (outputs // (x.shape[1] // per)) * per
        full[o, first : first + per] = wide[2][o]
    out = full.reshape(outputs, columns.shape[1]) @ columns
    out = out.reshape(len(x), outputs, *geo.out)
    if bias is not None:
        out = out + np.expand_dims(bias.astype(np.float64), (1, 2))
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_conv2d_backward"
def deform_conv2d_backward(dy, x, offset, weight, *, stride=1, padding=0, dilation=1):
    kernel = weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    wide_x, wide_dy, wide_w = (a.astype(np.float64) for a in (x, dy, weight))
    outputs, per = weight.shape[:2]
    share, each = x.shape[1] // geo.offset_groups, outputs // (x.shape[1] // per)
    dx, doffset = np.zeros(x.shape), np.zeros(offset.shape)
    dweight = np.zeros(weight.shape)
    for t in range(kernel[0] * kernel[1]):
        i, j = divmod(t, kernel[1])
        felt = np.zeros((len(x), x.shape[1], *geo.out))  # by each channel's sample
        for o in range(outputs):
            first = o // each * per
            part = wide_w[o, :, i, j].reshape(1, per, 1, 1) * wide_dy[:, o : o + 1]
            felt[:, first : first + per] += part
        for g in range(geo.offset_groups):
            y_at, x_at = tap_points(offset, g, t, kernel, geo)
            at = 2 * (g * kernel[0] * kernel[1] + t)
            mine = slice(g * share, (g + 1) * share)
            samples = 0.0
            for pixels, (image, row, col), w, slopes in look(
                wide_x[:, mine], y_at, x_at
            ):
                for c in range(share):
                    np.add.at(
                        dx[:, g * share + c],
                        (image, row, col),
                        felt[:, g * share + c] * w,
                    )
                both = (felt[:, mine] * pixels).sum(axis=1)
                doffset[:, at] += both * slopes[0]
                doffset[:, at + 1] += both * slopes[1]
                samples = samples + pixels * w[:, None]
            for o in range(outputs):
                for c in range(per):
                    channel = o // each * per + c
                    if channel // share == g:
                        value = samples[:, channel - g * share]
                        dweight[o, c, i, j] = (wide_dy[:, o] * value).sum()
    found = dx, doffset, dweight, wide_dy.sum(axis=(0, 2, 3))
    return tuple(a.astype(x.dtype) for a in found)


# %% tags=["task"] task="DeformConv2d"
class DeformConv2d:
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
        groups=1, bias=True, *, offset_groups=1, seed=0,
    ):  # fmt: skip
        kh, kw = pair(kernel_size)
        self.options = {"stride": stride, "padding": padding, "dilation": dilation}
        random, count = np.random.RandomState(seed), in_channels // groups * kh * kw
        r = 1 / np.sqrt(count)
        self.weight = r * (2 * random.rand(out_channels, count) - 1)
        self.weight = self.weight.reshape(out_channels, -1, kh, kw)
        self.bias = r * (2 * random.rand(out_channels) - 1) if bias else None
        self.offset_weight = np.zeros(
            (2 * offset_groups * kh * kw, in_channels, kh, kw)
        )
        self.offset_bias = np.zeros(2 * offset_groups * kh * kw)
        self.slopes = {}

    def parameters(self):
        names = ("weight", "bias", "offset_weight", "offset_bias")
        found = {name: getattr(self, name) for name in names}
        return {name: array for name, array in found.items() if array is not None}

    def _still(self, x):
        size = []
        for axis in (0, 1):
            s, p, d = (pair(value)[axis] for value in self.options.values())
            reach = x.shape[2 + axis] + 2 * p - d * (self.weight.shape[2 + axis] - 1)
            size.append((reach - 1) // s + 1)
        return np.zeros((len(x), 2 * self.weight[0, 0].size, *size))

    def _offsets(self, x):
        branch = self.offset_weight, self.offset_bias
        return deform_conv2d(x, self._still(x), *branch, **self.options)

    def forward(self, x):
        self.x = x
        inputs = x, self._offsets(x), self.weight, self.bias
        return deform_conv2d(*inputs, **self.options)

    def backward(self, dy):
        x, options = self.x, self.options
        inputs = dy, x, self._offsets(x), self.weight
        dx, doffset, dweight, dbias = deform_conv2d_backward(*inputs, **options)
        inputs = doffset, x, self._still(x), self.offset_weight
        more, _, dow, dob = deform_conv2d_backward(*inputs, **options)
        self.slopes = {"weight": dweight, "offset_weight": dow, "offset_bias": dob}
        if self.bias is not None:
            self.slopes["bias"] = dbias
        return dx + more

    def grads(self):
        return self.slopes


# %% tags=["task"] task="deform_roi_pool"
def deform_roi_pool(x, rois, offset, gamma=0.1):
    """Each bin is a product: mean of row tents, image, mean of column tents."""
    wide = x.astype(np.float64)
    out = np.zeros((len(rois), x.shape[0], *offset.shape[2:]))

    def means(first, size, bins, k, move, length):
        inside = np.arange(k * size // bins, -(-(k + 1) * size // bins))
        rows = np.clip(first + inside + move, -9, length + 9)[:, None]
        return np.maximum(0, 1 - abs(rows - np.arange(length))).mean(axis=0)

    for r, i, j in np.ndindex(len(rois), *offset.shape[2:]):
        top, left, h, w = map(int, rois[r])
        dy, dx = offset[r, :, i, j].astype(np.float64)
        rows = means(top, h, offset.shape[2], i, gamma * dy * h, x.shape[1])
        cols = means(left, w, offset.shape[3], j, gamma * dx * w, x.shape[2])
        out[r, :, i, j] = np.einsum("y,cyx,x->c", rows, wide, cols)
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_forward"
@triton.jit
def one_corner(plane, y, x, row, col, H, W, mask):
    """Return a corner times its weight, which vanishes beyond one pixel."""
    weight = tl.maximum(0.0, 1.0 - tl.abs(y - row)) * tl.maximum(
        0.0, 1.0 - tl.abs(x - col)
    )
    inside = (row >= 0) & (row <= H - 1) & (col >= 0) & (col <= W - 1) & (weight > 0)
    at = plane + (row * W + col).to(tl.int32)[:, None]
    return tl.load(at, mask=mask & inside[:, None], other=0.0) * weight[:, None]


@triton.jit
def deform_kernel(
    x_ptr, offset_ptr, w_ptr, y_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    b = tl.program_id(0)
    p = tl.program_id(1) * BLOCK_P + tl.arange(0, BLOCK_P)
    o = tl.arange(0, BLOCK_O)
    acc = tl.zeros((BLOCK_P, BLOCK_O), dtype=tl.float32)
    for step in range(G * KH * KW):
        g, tap = step // (KH * KW), step % (KH * KW)
        first = offset_ptr + (b * G * KH * KW + step) * 2 * OH * OW
        y = tl.load(first + p, mask=p < OH * OW, other=0.0)
        x = tl.load(first + OH * OW + p, mask=p < OH * OW, other=0.0)
        y = tl.clamp(y + p // OW * SH - PH + tap // KW * DH, -3.0, H + 2.0)
        x = tl.clamp(x + p % OW * SW - PW + tap % KW * DW, -3.0, W + 2.0)
        row, col = tl.floor(y), tl.floor(x)
        start = 0
        while start < C // G:
            c = start + tl.arange(0, BLOCK_C)
            mask = (p < OH * OW)[:, None] & (c < C // G)[None, :]
            c += g * (C // G)
            plane = x_ptr + (b * C + c)[None, :] * (H * W)
            sample = one_corner(plane, y, x, row, col, H, W, mask)
            sample += one_corner(plane, y, x, row, col + 1, H, W, mask)
            sample += one_corner(plane, y, x, row + 1, col, H, W, mask)
            sample += one_corner(plane, y, x, row + 1, col + 1, H, W, mask)
            fit = (c < (g + 1) * (C // G))[None, :] & (o < OC)[:, None]
            weights = w_ptr + (o[:, None] * C + c[None, :]) * (KH * KW) + tap
            w = tl.load(weights, mask=fit, other=0.0)
            acc += tl.dot(sample, tl.trans(w), input_precision="ieee")
            start += BLOCK_C
    place = (b * OC + o)[None, :] * (OH * OW) + p[:, None]
    tl.store(y_ptr + place, acc, mask=(p < OH * OW)[:, None] & (o < OC)[None, :])


def deform_forward(
    x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    x, offset, weight = device.put(x), device.put(offset), device.put(weight)
    geo = geometry(x, offset, weight.shape[2:], stride, padding, dilation)
    y = device.empty((x.shape[0], weight.shape[0], *geo.out), x.dtype)
    grid = (x.shape[0], triton.cdiv(geo.out[0] * geo.out[1], block_p))
    moves = (*geo.stride, *geo.padding, *geo.dilation)
    deform_kernel[grid](
        x, offset, weight, y, *x.shape[1:], weight.shape[0], *geo.out,
        geo.offset_groups, *weight.shape[2:], *moves, BLOCK_P=block_p,
        BLOCK_C=block_c, BLOCK_O=max(16, triton.next_power_of_2(weight.shape[0])),
    )  # fmt: skip
    return y


# %% tags=["task"] task="deform_backward"
@triton.jit
def tent_and_slope(at, base, NEXT: tl.constexpr):
    """Return weight and right slope of the lower or the upper neighbour."""
    if NEXT:
        return at - base, 1.0
    return 1.0 - (at - base), -1.0


@triton.jit
def deform_grad_kernel(
    dy_ptr, x_ptr, offset_ptr, w_ptr, dx_ptr, doffset_ptr, dw_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    b = tl.program_id(0)
    p = tl.program_id(1) * BLOCK_P + tl.arange(0, BLOCK_P)
    o = tl.arange(0, BLOCK_O)
    fine = p < OH * OW
    place = (b * OC + o)[None, :] * (OH * OW) + p[:, None]
    dtile = tl.load(dy_ptr + place, mask=fine[:, None] & (o < OC)[None, :], other=0.0)
    for step in range(G * KH * KW):
        g, tap = step // (KH * KW), step % (KH * KW)
        first = (b * G * KH * KW + step) * 2 * OH * OW + p
        y = tl.load(offset_ptr + first, mask=fine, other=0.0)
        x = tl.load(offset_ptr + first + OH * OW, mask=fine, other=0.0)
        y = tl.clamp(y + p // OW * SH - PH + tap // KW * DH, -3.0, H + 2.0)
        x = tl.clamp(x + p % OW * SW - PW + tap % KW * DW, -3.0, W + 2.0)
        row, col = tl.floor(y), tl.floor(x)
        by_y, by_x = tl.zeros((BLOCK_P,), tl.float32), tl.zeros((BLOCK_P,), tl.float32)
        for start in range(0, C // G, BLOCK_C):
            c = start + tl.arange(0, BLOCK_C)
            some = c < C // G
            c += g * (C // G)
            weights = (o[:, None] * C + c[None, :]) * (KH * KW) + tap
            fit = (o < OC)[:, None] & some[None, :]
            w = tl.load(w_ptr + weights, mask=fit, other=0.0)
            felt = tl.dot(dtile, w, input_precision="ieee")
            sample = tl.zeros((BLOCK_P, BLOCK_C), tl.float32)
            for a in tl.static_range(2):
                for q in tl.static_range(2):
                    wy, sy = tent_and_slope(y, row, a)
                    wx, sx = tent_and_slope(x, col, q)
                    r, k = row + a, col + q
                    inside = fine & (r >= 0) & (r < H) & (k >= 0) & (k < W)
                    mask = inside[:, None] & some[None, :]
                    at = (b * C + c)[None, :] * (H * W) + (r * W + k).to(tl.int32)[
                        :, None
                    ]
                    value = tl.load(x_ptr + at, mask=mask, other=0.0)
                    tl.atomic_add(dx_ptr + at, felt * (wy * wx)[:, None], mask=mask)
                    by_y += tl.sum(felt * value, axis=1) * wx * sy
                    by_x += tl.sum(felt * value, axis=1) * wy * sx
                    sample += value * (wy * wx)[:, None]
            part = tl.trans(tl.dot(tl.trans(sample), dtile, input_precision="ieee"))
            tl.atomic_add(dw_ptr + weights, part, mask=fit)
        tl.store(doffset_ptr + first, by_y, mask=fine)
        tl.store(doffset_ptr + first + OH * OW, by_x, mask=fine)


def deform_backward(
    dy, x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    dy, x, offset, weight = (device.put(a) for a in (dy, x, offset, weight))
    geo = geometry(x, offset, weight.shape[2:], stride, padding, dilation)
    dx, doffset = device.zeros(x.shape), device.zeros(offset.shape)
    dweight = device.full(weight.shape, 0.0)
    grid = (x.shape[0], triton.cdiv(geo.out[0] * geo.out[1], block_p))
    moves = (*geo.stride, *geo.padding, *geo.dilation)
    deform_grad_kernel[grid](
        dy, x, offset, weight, dx, doffset, dweight, *x.shape[1:], weight.shape[0],
        *geo.out, geo.offset_groups, *weight.shape[2:], *moves, BLOCK_P=block_p,
        BLOCK_C=block_c, BLOCK_O=max(16, triton.next_power_of_2(weight.shape[0])),
    )  # fmt: skip
    return dx, doffset, dweight
