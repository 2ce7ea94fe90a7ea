# %% [markdown]
# # Zeros around the image
# Images get a rim of zeros, so that no corner is ever outside. Scatter by bincount.
# Kernels have a flat grid, and planes of channels along the first axis.

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
def bilinear(im, y, x):
    if y != y or x != x:
        return float("nan")
    wide = np.pad(im.astype(np.float64), 2)
    y = min(max(float(y), -2.0), im.shape[0]) + 2
    x = min(max(float(x), -2.0), im.shape[1]) + 2
    i, j = int(y), int(x)  # never negative: int() is floor
    (nw, ne), (sw, se) = wide[i : i + 2, j : j + 2]
    top, low = nw + (x - j) * (ne - nw), sw + (x - j) * (se - sw)
    return float(top + (y - i) * (low - top))


# %% tags=["task"] task="bilinear_slopes"
def bilinear_slopes(im, y, x):
    wide = np.pad(im.astype(np.float64), 2)
    y = min(max(float(y), -2.0), im.shape[0]) + 2
    x = min(max(float(x), -2.0), im.shape[1]) + 2
    i, j = int(y), int(x)
    (nw, ne), (sw, se) = wide[i : i + 2, j : j + 2]
    down, right = y - i, x - j
    by_y = (1 - right) * (sw - nw) + right * (se - ne)
    by_x = (1 - down) * (ne - nw) + down * (se - sw)
    return float(by_y), float(by_x)


# %% tags=["task"] task="deform_conv2d_loops"
def deform_conv2d_loops(
    x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1
):
    (batch, channels, _, _), (outputs, per, kh, kw) = x.shape, weight.shape
    geo = geometry(x, offset, (kh, kw), stride, padding, dilation)
    wide = np.result_type(x.dtype, np.float32)
    out = np.zeros((batch, outputs, *geo.out), wide)
    if bias is not None:
        out += bias.astype(wide)[:, None, None]
    share = channels // geo.offset_groups
    each = outputs * per // channels
    for b, ho, wo in np.ndindex(batch, *geo.out):
        for c in range(channels):
            for t in range(kh * kw):
                i, j = divmod(t, kw)
                first = 2 * (c // share * kh * kw + t)
                dy, dx = offset[b, first : first + 2, ho, wo].astype(wide)
                y = ho * geo.stride[0] - geo.padding[0] + i * geo.dilation[0] + dy
                x_at = wo * geo.stride[1] - geo.padding[1] + j * geo.dilation[1] + dx
                sample = bilinear(x[b, c], y, x_at)
                group, inner = divmod(c, per)
                rows = slice(group * each, (group + 1) * each)
                out[b, rows, ho, wo] += weight[rows, inner, i, j].astype(wide) * sample
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_conv2d"
def padded(x, wide):
    """Return the planes with two rows and columns of zeros around them, flat."""
    rim = np.pad(x.astype(wide), ((0, 0), (0, 0), (2, 2), (2, 2)))
    return rim.reshape(*x.shape[:2], (x.shape[2] + 4) * (x.shape[3] + 4))


def places(x, offset, kernel, geo):
    """Return flat place of the upper left corner, and both fractions, (B, G, K, P)."""
    wide, (kh, kw) = np.result_type(x.dtype, np.float32), kernel
    shape = len(x), geo.offset_groups, kh, kw, 2, *geo.out
    moved = offset.astype(wide).reshape(shape)
    parts = []
    for axis, n in enumerate(x.shape[2:]):
        steps = np.arange(geo.out[axis]) * geo.stride[axis] - geo.padding[axis]
        taps = np.arange(kernel[axis]) * geo.dilation[axis]
        grid = taps[:, None] + steps
        grid = grid[:, None, :, None] if axis == 0 else grid[None, :, None, :]
        at = np.minimum(np.maximum(moved[..., axis, :, :] + grid, -2), n) + 2
        pixels = geo.out[0] * geo.out[1]
        parts.append(at.reshape(len(x), geo.offset_groups, kh * kw, pixels))
    whole = [at.astype(np.int64) for at in parts]
    return (
        whole[0] * (x.shape[3] + 4) + whole[1],
        parts[0] - whole[0],
        parts[1] - whole[1],
    )


def four(x, offset, kernel, geo):
    """Return the four corners of all samples, each (B, C, K, P), and the places."""
    first, down, right = places(x, offset, kernel, geo)
    flat = padded(x, down.dtype)
    share, stride = x.shape[1] // geo.offset_groups, x.shape[3] + 4
    spread = [np.repeat(a, share, axis=1) for a in (first, down, right)]
    batch, channel = np.ogrid[: len(x), : x.shape[1]]
    batch, channel = batch[:, :, None, None], channel[:, :, None, None]
    found = [flat[batch, channel, spread[0] + k] for k in (0, 1, stride, stride + 1)]
    return found, spread


def deform_im2col(x, offset, kernel, *, stride=1, padding=0, dilation=1):
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    (nw, ne, sw, se), (_, down, right) = four(x, offset, kernel, geo)
    top, low = nw + right * (ne - nw), sw + right * (se - sw)
    samples = top + down * (low - top)
    shape = len(x), x.shape[1] * kernel[0] * kernel[1], geo.out[0] * geo.out[1]
    return samples.reshape(shape).astype(x.dtype)


def deform_conv2d(x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1):
    wide = np.result_type(x.dtype, np.float32)
    geo = geometry(x, offset, weight.shape[2:], stride, padding, dilation)
    columns = deform_im2col(
        x.astype(wide), offset.astype(wide), weight.shape[2:],
        stride=stride, padding=padding, dilation=dilation,
    )  # fmt: skip
    outputs, per = weight.shape[:2]
    groups, rows = x.shape[1] // per, per * weight[0, 0].size
    out = np.zeros((len(x), outputs, columns.shape[2]), wide)
    for g in range(groups):
        mine = slice(g * outputs // groups, (g + 1) * outputs // groups)
        part = columns[:, g * rows : (g + 1) * rows]
        matrix = weight[mine].astype(wide).reshape(-1, rows)
        out[:, mine] = np.einsum("or,brp->bop", matrix, part, optimize=True)
    if bias is not None:
        out += bias.astype(wide)[:, None]
    return out.reshape(len(x), outputs, *geo.out).astype(x.dtype)


# %% tags=["task"] task="deform_conv2d_backward"
def deform_conv2d_backward(dy, x, offset, weight, *, stride=1, padding=0, dilation=1):
    wide, kernel = np.result_type(x.dtype, np.float32), weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    (batch, channels, height, width), (outputs, per) = x.shape, weight.shape[:2]
    corners, (first, down, right) = four(x, offset, kernel, geo)
    nw, ne, sw, se = corners
    samples = (1 - down) * (nw + right * (ne - nw)) + down * (sw + right * (se - sw))
    taps, pixels = samples.shape[2:]
    dtile = dy.astype(wide).reshape(batch, outputs, pixels)
    dsample = np.zeros(samples.shape, wide)
    dweight = np.zeros((outputs, per, taps), wide)
    for o in range(outputs):
        start = o * channels // per // outputs * per
        mine = slice(start, start + per)
        part = weight[o].astype(wide).reshape(1, per, taps, 1)
        dsample[:, mine] += part * dtile[:, o, None, None]
        dweight[o] = np.einsum("bp,bctp->ct", dtile[:, o], samples[:, mine])
    stride_ = width + 4
    plane = (height + 4) * stride_
    base = np.arange(batch * channels).reshape(batch, channels, 1, 1) * plane + first
    total = np.zeros(batch * channels * plane)
    for k, share in (
        (0, (1 - down) * (1 - right)),
        (1, (1 - down) * right),
        (stride_, down * (1 - right)),
        (stride_ + 1, down * right),
    ):
        total += np.bincount(
            (base + k).ravel(), (dsample * share).ravel().astype(float), total.size
        )
    rim = total.reshape(batch, channels, height + 4, stride_)
    by_y = dsample * ((1 - right) * (sw - nw) + right * (se - ne))
    by_x = dsample * ((1 - down) * (ne - nw) + down * (se - sw))
    groups = geo.offset_groups
    felt = np.stack([by_y, by_x], axis=3)
    felt = felt.reshape(batch, groups, channels // groups, taps, 2, pixels).sum(axis=2)
    return (
        rim[:, :, 2:-2, 2:-2].astype(x.dtype),
        felt.reshape(offset.shape).astype(x.dtype),
        dweight.reshape(weight.shape).astype(x.dtype),
        dtile.sum(axis=(0, 2)).astype(x.dtype),
    )


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
    wide, (kh, kw) = np.result_type(x.dtype, np.float32), offset.shape[2:]
    out = np.zeros((len(rois), len(x), kh, kw), wide)
    for r in range(len(rois)):
        top, left, h, w = (int(v) for v in rois[r])
        for i in range(kh):
            for j in range(kw):
                dy, dx = (float(v) for v in offset[r, :, i, j])
                total, count = np.zeros(len(x)), 0
                for p in range(h * i // kh, (h * (i + 1) + kh - 1) // kh):
                    for q in range(w * j // kw, (w * (j + 1) + kw - 1) // kw):
                        at = top + p + gamma * dy * h, left + q + gamma * dx * w
                        total += [bilinear(plane, *at) for plane in x]
                        count += 1
                out[r, :, i, j] = total / count
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_forward"
@triton.jit
def look(plane, row, col, H, W, lanes):
    there = (row >= 0) & (row < H) & (col >= 0) & (col < W)
    return tl.load(
        plane + (row * W + col)[None, :], mask=lanes & there[None, :], other=0.0
    )


@triton.jit
def deform_kernel(
    x_ptr, offset_ptr, w_ptr, y_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW, TILES,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    b, P = tl.program_id(0) // TILES, OH * OW
    p = (tl.program_id(0) % TILES) * BLOCK_P + tl.arange(0, BLOCK_P)
    o = tl.arange(0, BLOCK_O)
    real = p < P
    acc = tl.zeros([BLOCK_O, BLOCK_P], tl.float32)
    pairs = offset_ptr + b * G * KH * KW * 2 * P + p
    share = C // G
    for g in range(0, G):
        for i in range(0, KH):
            for j in range(0, KW):
                dy = tl.load(pairs, mask=real, other=0.0)
                dx = tl.load(pairs + P, mask=real, other=0.0)
                pairs += 2 * P
                y = dy + (p // OW * SH - PH + i * DH)
                x = dx + (p % OW * SW - PW + j * DW)
                near = (y > -1.0) & (y < H) & (x > -1.0) & (x < W)
                y, x = tl.where(near, y, -5.0), tl.where(near, x, -5.0)
                row, col = tl.floor(y).to(tl.int32), tl.floor(x).to(tl.int32)
                down, right = (y - row)[None, :], (x - col)[None, :]
                for first in range(0, share, BLOCK_C):
                    c = first + tl.arange(0, BLOCK_C)
                    lanes = (c < share)[:, None] & real[None, :]
                    plane = x_ptr + ((b * C + g * share + c) * (H * W))[:, None]
                    value = (
                        look(plane, row, col, H, W, lanes) * (1 - down) * (1 - right)
                    )
                    value += look(plane, row, col + 1, H, W, lanes) * (1 - down) * right
                    value += look(plane, row + 1, col, H, W, lanes) * down * (1 - right)
                    value += look(plane, row + 1, col + 1, H, W, lanes) * down * right
                    weights = (o[:, None] * C + g * share + c[None, :]) * KH + i
                    fit = (o < OC)[:, None] & (c < share)[None, :]
                    w = tl.load(w_ptr + weights * KW + j, mask=fit, other=0.0)
                    acc = tl.dot(w, value, acc, input_precision="ieee")
    keep = (o < OC)[:, None] & real[None, :]
    tl.store(y_ptr + (b * OC + o[:, None]) * P + p[None, :], acc, mask=keep)


def sizes(x, offset, weight, stride, padding, dilation):
    """Return all numbers that both kernels take, and the tiles of an image."""
    kernel = weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    return (
        *x.shape[1:], weight.shape[0], *geo.out, geo.offset_groups, *kernel,
        *geo.stride, *geo.padding, *geo.dilation,
    )  # fmt: skip


def deform_forward(
    x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    x, offset, weight = device.put(x), device.put(offset), device.put(weight)
    numbers = sizes(x, offset, weight, stride, padding, dilation)
    outputs, ho, wo = numbers[3:6]
    y = device.empty((x.shape[0], outputs, ho, wo))
    tiles = triton.cdiv(ho * wo, block_p)
    deform_kernel[(tiles * x.shape[0],)](
        x, offset, weight, y, *numbers, tiles, BLOCK_P=block_p, BLOCK_C=block_c,
        BLOCK_O=max(16, triton.next_power_of_2(outputs)),
    )  # fmt: skip
    return y


# %% tags=["task"] task="deform_backward"
@triton.jit
def deform_grad_kernel(
    dy_ptr, x_ptr, offset_ptr, w_ptr, dx_ptr, doffset_ptr, dw_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW, TILES,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    b, P = tl.program_id(0) // TILES, OH * OW
    p = (tl.program_id(0) % TILES) * BLOCK_P + tl.arange(0, BLOCK_P)
    o = tl.arange(0, BLOCK_O)
    real = p < P
    keep = (o < OC)[:, None] & real[None, :]
    dtile = tl.load(
        dy_ptr + (b * OC + o[:, None]) * P + p[None, :], mask=keep, other=0.0
    )
    share = C // G
    for g in range(0, G):
        for t in range(0, KH * KW):
            at = ((b * G + g) * KH * KW + t) * 2 * P + p
            y = tl.load(offset_ptr + at, mask=real, other=0.0)
            x = tl.load(offset_ptr + at + P, mask=real, other=0.0)
            y += (p // OW * SH - PH + t // KW * DH).to(tl.float32)
            x += (p % OW * SW - PW + t % KW * DW).to(tl.float32)
            near = (y >= -1.0) & (y < H) & (x >= -1.0) & (x < W)
            y, x = tl.where(near, y, -5.0), tl.where(near, x, -5.0)
            row, col = tl.floor(y).to(tl.int32), tl.floor(x).to(tl.int32)
            down, right = y - row, x - col
            by_y = 0.0 * y
            by_x = 0.0 * x
            for first in range(0, share, BLOCK_C):
                c = first + tl.arange(0, BLOCK_C)
                some = c < share
                spot = ((b * C + g * share + c) * (H * W))[:, None]
                weights = (o[None, :] * C + g * share + c[:, None]) * KH * KW + t
                fit = some[:, None] & (o < OC)[None, :]
                w = tl.load(w_ptr + weights, mask=fit, other=0.0)
                dsample = tl.dot(w, dtile, input_precision="ieee")
                sample = 0.0 * dsample
                for k in tl.static_range(4):
                    r, q = row + k // 2, col + k % 2
                    there = real & (r >= 0) & (r < H) & (q >= 0) & (q < W)
                    lanes = some[:, None] & there[None, :]
                    place = spot + (r * W + q)[None, :]
                    value = tl.load(x_ptr + place, mask=lanes, other=0.0)
                    if k // 2 == 0:
                        wy, sy = 1 - down, -1.0
                    else:
                        wy, sy = down, 1.0
                    if k % 2 == 0:
                        wx, sx = 1 - right, -1.0
                    else:
                        wx, sx = right, 1.0
                    tl.atomic_add(
                        dx_ptr + place, dsample * (wy * wx)[None, :], mask=lanes
                    )
                    sample += value * (wy * wx)[None, :]
                    felt = tl.sum(dsample * value, 0)
                    by_y += felt * wx * sy
                    by_x += felt * wy * sx
                dw = tl.dot(sample, tl.trans(dtile), input_precision="ieee")
                tl.atomic_add(dw_ptr + weights, dw, mask=fit)
            tl.store(doffset_ptr + at, by_y, mask=real)
            tl.store(doffset_ptr + at + P, by_x, mask=real)


def deform_backward(
    dy, x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    dy, x, offset, weight = (device.put(a) for a in (dy, x, offset, weight))
    numbers = sizes(x, offset, weight, stride, padding, dilation)
    outputs, ho, wo = numbers[3:6]
    grads = (
        device.zeros(x.shape),
        device.empty(offset.shape),
        device.zeros(weight.shape),
    )
    tiles = triton.cdiv(ho * wo, block_p)
    deform_grad_kernel[(tiles * x.shape[0],)](
        dy, x, offset, weight, *grads, *numbers, tiles,
        BLOCK_P=block_p, BLOCK_C=block_c,
        BLOCK_O=max(16, triton.next_power_of_2(outputs)),
    )  # fmt: skip
    return grads
