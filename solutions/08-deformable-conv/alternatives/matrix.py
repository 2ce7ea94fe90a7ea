# %% [markdown]
# # Sampling as a matrix
# Backward multiplies by the transposed matrix of samples, and the layer has an ordinary
# convolution of its own, made of windows.

# %% tags=["setup"]
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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
    if np.isnan([y, x]).any():
        return np.nan
    along = np.arange(im.shape[1]), np.arange(im.shape[0])
    row = [np.interp(x, np.r_[-1, along[0], im.shape[1]], np.r_[0, line, 0])
           for line in im.astype(np.float64)]  # fmt: skip
    return float(np.interp(y, np.r_[-1, along[1], im.shape[0]], np.r_[0, row, 0]))


# %% tags=["task"] task="bilinear_slopes"
def bilinear_slopes(im, y, x):
    if not (np.isfinite(y) and np.isfinite(x)):
        return 0.0, 0.0
    if max(abs(y), abs(x)) > 2 * max(im.shape) + 4:
        return 0.0, 0.0
    top, left = np.floor(y), np.floor(x)  # a difference over the whole step
    down = bilinear(im, top + 1, x) - bilinear(im, top, x)
    right = bilinear(im, y, left + 1) - bilinear(im, y, left)
    return down, right


# %% tags=["task"] task="deform_conv2d_loops"
def deform_conv2d_loops(
    x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1
):
    (kh, kw), acc = weight.shape[2:], accumulator(x.dtype)
    geo = geometry(x, offset, (kh, kw), stride, padding, dilation)
    per, taps = weight.shape[1], kh * kw
    groups = x.shape[1] // per
    out = []
    for b in range(len(x)):
        samples = np.zeros((x.shape[1], kh, kw, *geo.out), acc)
        for c, i, j, ho, wo in np.ndindex(*samples.shape):
            g = c // (x.shape[1] // geo.offset_groups)
            dy = acc(offset[b, 2 * (g * taps + i * kw + j), ho, wo])
            dx = acc(offset[b, 2 * (g * taps + i * kw + j) + 1, ho, wo])
            y = acc(ho * geo.stride[0] - geo.padding[0] + i * geo.dilation[0]) + dy
            x_at = acc(wo * geo.stride[1] - geo.padding[1] + j * geo.dilation[1]) + dx
            samples[c, i, j, ho, wo] = bilinear(x[b, c], y, x_at)
        parts = [
            np.tensordot(w.astype(acc), s, 3)
            for w, s in zip(
                np.split(weight, groups), np.split(samples, groups), strict=True
            )
        ]
        out.append(np.concatenate(parts))
    out = np.array(out).reshape(len(x), len(weight), *geo.out).astype(acc)
    if bias is not None:
        out += bias.astype(acc).reshape(-1, 1, 1)
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
def hats(at, size):
    """Return tents and their right slopes, (..., size)."""
    away = np.clip(at, -9, size + 9)[..., None] - np.arange(size)
    slope = np.select(
        [(away >= 0) & (away < 1), (away >= -1) & (away < 0)], [-1.0, 1.0]
    )
    return np.maximum(1 - abs(away), 0), slope


def deform_conv2d_backward(dy, x, offset, weight, *, stride=1, padding=0, dilation=1):
    kernel, taps = weight.shape[2:], weight[0, 0].size
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    (batch, channels, height, width), (outputs, per) = x.shape, weight.shape[:2]
    share, pixels = channels // geo.offset_groups, geo.out[0] * geo.out[1]
    matrix = np.zeros((outputs, channels, taps))
    for o in range(outputs):
        first = o // (outputs // (channels // per)) * per
        matrix[o, first : first + per] = weight[o].reshape(per, taps)
    dx, doffset = np.zeros(x.shape), np.zeros(offset.shape)
    dmatrix = np.zeros(matrix.shape)
    for b in range(batch):
        dtile = dy[b].reshape(outputs, pixels).astype(float)
        for g in range(geo.offset_groups):
            mine = slice(g * share, (g + 1) * share)
            planes = x[b, mine].astype(float).reshape(share, height * width)
            for t in range(taps):
                at, (i, j) = 2 * (g * taps + t), divmod(t, kernel[1])
                rows, cols = np.indices(geo.out)
                y = rows * geo.stride[0] - geo.padding[0] + i * geo.dilation[0]
                across = cols * geo.stride[1] - geo.padding[1] + j * geo.dilation[1]
                (ty, sy), (tx, sx) = (
                    hats((base + offset[b, k].astype(float)).ravel(), n)
                    for base, k, n in ((y, at, height), (across, at + 1, width))
                )

                def samples(a, c):
                    return np.einsum("py,px->pyx", a, c).reshape(pixels, height * width)

                felt = matrix[:, mine, t].T @ dtile  # [share, pixels]
                dx[b, mine] += (felt @ samples(ty, tx)).reshape(share, height, width)
                dmatrix[:, mine, t] += dtile @ (planes @ samples(ty, tx).T).T
                for k, slope in ((0, samples(sy, tx)), (1, samples(ty, sx))):
                    found = (felt * (planes @ slope.T)).sum(axis=0)
                    doffset[b, at + k] = found.reshape(geo.out)
    dweight = np.zeros(weight.shape)
    for o in range(outputs):
        first = o // (outputs // (channels // per)) * per
        dweight[o] = dmatrix[o, first : first + per].reshape(per, *kernel)
    dbias = dy.astype(float).sum(axis=(0, 2, 3))
    return [a.astype(x.dtype) for a in (dx, doffset, dweight, dbias)]


# %% tags=["task"] task="DeformConv2d"
class DeformConv2d:
    """The branch is a convolution of windows, with gradients of its own."""

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1,
        groups=1, bias=True, *, offset_groups=1, seed=0,
    ):  # fmt: skip
        self.moves = [pair(stride), pair(padding), pair(dilation)]
        kh, kw = pair(kernel_size)
        rng = np.random.default_rng([seed, 77])
        r = np.sqrt(groups / (in_channels * kh * kw))
        shape = out_channels, in_channels // groups, kh, kw
        self._parameters = {"weight": (rng.random(shape) * 2 - 1) * r}
        if bias:
            self._parameters["bias"] = (rng.random(out_channels) * 2 - 1) * r
        branch = 2 * offset_groups * kh * kw
        self._parameters["offset_weight"] = np.zeros((branch, in_channels, kh, kw))
        self._parameters["offset_bias"] = np.zeros(branch)

    def parameters(self):
        return {**self._parameters}

    def windows(self, x):
        """Return views (B, C, Ho, Wo, kh, kw) of the padded image."""
        (sh, sw), (ph, pw), (dh, dw) = self.moves
        kh, kw = self._parameters["weight"].shape[2:]
        rim = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        reach = dh * (kh - 1) + 1, dw * (kw - 1) + 1
        found = sliding_window_view(rim, reach, axis=(2, 3))
        return found[:, :, ::sh, ::sw, ::dh, ::dw]

    def forward(self, x):
        own = self._parameters
        self.x, self.seen = x, self.windows(x)
        offset = np.einsum("bcyxij,ocij->boyx", self.seen, own["offset_weight"])
        self.offset = offset + own["offset_bias"][:, None, None]
        stride, padding, dilation = self.moves
        return deform_conv2d(
            x, self.offset, own["weight"], own.get("bias"),
            stride=stride, padding=padding, dilation=dilation,
        )  # fmt: skip

    def backward(self, dy):
        own, (stride, padding, dilation) = self._parameters, self.moves
        dx, back, dweight, dbias = deform_conv2d_backward(
            dy, self.x, self.offset, own["weight"],
            stride=stride, padding=padding, dilation=dilation,
        )  # fmt: skip
        self._grads = {
            "weight": dweight,
            "offset_weight": np.einsum("bcyxij,boyx->ocij", self.seen, back),
            "offset_bias": back.sum(axis=(0, 2, 3)),
        }
        if "bias" in own:
            self._grads["bias"] = dbias
        (ph, pw), (height, width) = padding, self.x.shape[2:]
        rim = np.zeros((*dx.shape[:2], height + 2 * ph, width + 2 * pw))
        for i, j in np.ndindex(*own["weight"].shape[2:]):
            part = np.einsum("boyx,oc->bcyx", back, own["offset_weight"][:, :, i, j])
            rows = i * dilation[0] + stride[0] * np.arange(part.shape[2])
            cols = j * dilation[1] + stride[1] * np.arange(part.shape[3])
            rim[:, :, rows[:, None], cols] += part  # places differ within one tap
        return dx + rim[:, :, ph : ph + height, pw : pw + width]

    def grads(self):
        return dict(self._grads)


# %% tags=["task"] task="deform_roi_pool"
def deform_roi_pool(x, rois, offset, gamma=0.1):
    acc, bins = accumulator(x.dtype), offset.shape[2:]
    found = []
    for (top, left, h, w), moved in zip(rois, offset, strict=True):
        for i, j in np.ndindex(*bins):
            rows = [
                p
                for p in range(h)
                if i * h < (p + 1) * bins[0] and p * bins[0] < (i + 1) * h
            ]
            cols = [
                q
                for q in range(w)
                if j * w < (q + 1) * bins[1] and q * bins[1] < (j + 1) * w
            ]
            dy, dx = gamma * moved[:, i, j].astype(acc) * np.array([h, w])
            samples = [
                [
                    bilinear(plane, top + p + dy, left + q + dx)
                    for p in rows
                    for q in cols
                ]
                for plane in x
            ]
            found.append(np.mean(samples, axis=1))
    out = np.reshape(found, (len(rois), *bins, len(x)))
    return np.moveaxis(out, 3, 1).astype(x.dtype)


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
def sizes(x, offset, weight, stride, padding, dilation):
    """Return all numbers that both kernels take, and the tiles of an image."""
    kernel = weight.shape[2:]
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    return (
        *x.shape[1:], weight.shape[0], *geo.out, geo.offset_groups, *kernel,
        *geo.stride, *geo.padding, *geo.dilation,
    )  # fmt: skip


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
