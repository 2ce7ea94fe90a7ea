# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

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
    """Return the value of an image between its pixels; beyond them it is 0."""
    height, width = im.shape
    y, x = float(y), float(x)
    if np.isnan(y) or np.isnan(x):
        return np.nan
    if not (-1 < y < height and -1 < x < width):
        return 0.0
    top, left = int(np.floor(y)), int(np.floor(x))
    value = 0.0
    for row in (top, top + 1):
        for col in (left, left + 1):
            if 0 <= row < height and 0 <= col < width:
                value += (1 - abs(y - row)) * (1 - abs(x - col)) * float(im[row, col])
    return value


# %% tags=["task"] task="bilinear_slopes"
def bilinear_slopes(im, y, x):
    """Return the derivatives of `bilinear(im, y, x)` by y and by x."""
    height, width = im.shape
    y, x = float(y), float(x)
    if not (-1 <= y < height and -1 <= x < width):
        return 0.0, 0.0
    top, left = int(np.floor(y)), int(np.floor(x))
    by_y = by_x = 0.0
    for row, sign_y in ((top, -1), (top + 1, 1)):
        for col, sign_x in ((left, -1), (left + 1, 1)):
            if 0 <= row < height and 0 <= col < width:
                value = float(im[row, col])
                by_y += sign_y * (1 - abs(x - col)) * value
                by_x += sign_x * (1 - abs(y - row)) * value
    return by_y, by_x


# %% tags=["task"] task="deform_conv2d_loops"
def deform_conv2d_loops(
    x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1
):
    """Deformable convolution, one output number after another."""
    kh, kw = weight.shape[2:]
    geo = geometry(x, offset, (kh, kw), stride, padding, dilation)
    acc = accumulator(x.dtype)
    channels, outputs = x.shape[1], weight.shape[0]
    per = weight.shape[1]  # channels of a group
    per_offset = channels // geo.offset_groups
    out = np.zeros((x.shape[0], outputs, *geo.out), acc)
    for b, o, ho, wo in np.ndindex(out.shape):
        total = acc(0 if bias is None else bias[o])
        first = o // (outputs // (channels // per)) * per
        for c in range(per):
            group = (first + c) // per_offset
            for i, j in np.ndindex(kh, kw):
                at = 2 * (group * kh * kw + i * kw + j)
                dy, dx = offset[b, at : at + 2, ho, wo].astype(acc)
                y_at = ho * geo.stride[0] - geo.padding[0] + i * geo.dilation[0] + dy
                x_at = wo * geo.stride[1] - geo.padding[1] + j * geo.dilation[1] + dx
                sample = acc(bilinear(x[b, first + c], y_at, x_at))
                total += acc(weight[o, c, i, j]) * sample
        out[b, o, ho, wo] = total
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_conv2d"
def sample_points(offset, kernel, geo):
    """Return the coordinates (y, x) of all samples, each (B, G, kh * kw, Ho * Wo)."""
    (kh, kw), (ho, wo) = kernel, geo.out
    acc = accumulator(offset.dtype)
    batch, groups = len(offset), geo.offset_groups
    moved = offset.astype(acc).reshape(batch, groups, kh * kw, 2, ho, wo)
    i, j = np.divmod(np.arange(kh * kw), kw)
    rows = np.arange(ho) * geo.stride[0] - geo.padding[0]
    cols = np.arange(wo) * geo.stride[1] - geo.padding[1]
    y = (rows + i[:, None] * geo.dilation[0])[:, :, None] + moved[:, :, :, 0]
    x = (cols + j[:, None] * geo.dilation[1])[:, None, :] + moved[:, :, :, 1]
    shape = batch, groups, kh * kw, ho * wo
    return y.reshape(shape), x.reshape(shape)


def corners(y, x, height, width):
    """Yield of each of the four corners its place, weight and two slopes.

    The place counts in the flat image; weight and slopes are 0 beyond the image.
    """
    y, x = np.clip(y, -2, height + 1), np.clip(x, -2, width + 1)  # 0 there, and finite
    top, left = np.floor(y), np.floor(x)
    down, right = y - top, x - left
    for row, weight_y, sign_y in ((top, 1 - down, -1), (top + 1, down, 1)):
        for col, weight_x, sign_x in ((left, 1 - right, -1), (left + 1, right, 1)):
            inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
            place = np.where(inside, row * width + col, 0).astype(np.intp)
            yield (
                place,
                inside * weight_y * weight_x,
                inside * sign_y * weight_x,
                inside * sign_x * weight_y,
            )


def gather(flat, place):
    """Take one place of the planes (B, G, C / G, H * W) for each sample."""
    (batch, groups), rest = place.shape[:2], place.shape[2:]
    at = place.reshape(batch, groups, 1, rest[0] * rest[1])
    found = np.take_along_axis(flat, at, axis=3)
    return found.reshape(*flat.shape[:3], *rest)


def deform_im2col(x, offset, kernel, *, stride=1, padding=0, dilation=1):
    """Gather all samples: a row for each channel and tap, a column for each pixel."""
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    batch, channels, height, width = x.shape
    per = channels // geo.offset_groups
    flat = x.astype(accumulator(x.dtype)).reshape(
        batch, geo.offset_groups, per, height * width
    )
    y_at, x_at = sample_points(offset, kernel, geo)
    columns = np.zeros((*flat.shape[:3], *y_at.shape[2:]), flat.dtype)
    for place, weight, _, _ in corners(y_at, x_at, height, width):
        columns += weight[:, :, None] * gather(flat, place)
    rows, pixels = channels * kernel[0] * kernel[1], geo.out[0] * geo.out[1]
    return columns.reshape(batch, rows, pixels).astype(x.dtype)


def deform_conv2d(x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1):
    """Return what `deform_conv2d_loops` returns, as products of matrices."""
    kernel, acc = weight.shape[2:], accumulator(x.dtype)
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    groups = x.shape[1] // weight.shape[1]
    columns = deform_im2col(
        x.astype(acc), offset.astype(acc), kernel,
        stride=stride, padding=padding, dilation=dilation,
    )  # fmt: skip
    rows, pixels = columns.shape[1:]
    columns = columns.reshape(len(x), groups, rows // groups, pixels)
    out = weight.astype(acc).reshape(groups, -1, rows // groups) @ columns
    out = out.reshape(len(x), len(weight), *geo.out)
    if bias is not None:
        out = out + bias.astype(acc)[:, None, None]
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_conv2d_backward"
def deform_conv2d_backward(dy, x, offset, weight, *, stride=1, padding=0, dilation=1):
    """Return the gradients of `sum(deform_conv2d(x, offset, weight, bias) * dy)`."""
    kernel, acc = weight.shape[2:], accumulator(x.dtype)
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    batch, channels, height, width = x.shape
    groups, taps = channels // weight.shape[1], kernel[0] * kernel[1]
    rows, pixels = weight.shape[1] * taps, geo.out[0] * geo.out[1]
    y_at, x_at = sample_points(offset.astype(acc), kernel, geo)
    per = channels // geo.offset_groups
    flat = x.astype(acc).reshape(batch, geo.offset_groups, per, height * width)
    columns = deform_im2col(
        x.astype(acc), offset.astype(acc), kernel,
        stride=stride, padding=padding, dilation=dilation,
    ).reshape(batch, groups, rows, pixels)  # fmt: skip
    dtile = dy.astype(acc).reshape(batch, groups, len(weight) // groups, pixels)
    matrix = weight.astype(acc).reshape(groups, -1, rows)
    dweight = (dtile @ columns.swapaxes(2, 3)).sum(axis=0)
    dsample = (matrix.swapaxes(1, 2) @ dtile).reshape(*flat.shape[:3], taps, pixels)
    dx = np.zeros(flat.shape, acc)
    doffset = np.zeros((*y_at.shape[:3], 2, pixels), acc)
    planes = np.arange(flat[..., 0].size).reshape(*flat.shape[:3], 1, 1)
    for place, weight_of, slope_y, slope_x in corners(y_at, x_at, height, width):
        where = planes * height * width + place[:, :, None]
        np.add.at(dx.reshape(-1), where, dsample * weight_of[:, :, None])
        felt = (dsample * gather(flat, place)).sum(axis=2)
        doffset[:, :, :, 0] += felt * slope_y
        doffset[:, :, :, 1] += felt * slope_x
    return (
        dx.reshape(x.shape).astype(x.dtype),
        doffset.reshape(offset.shape).astype(x.dtype),
        dweight.reshape(weight.shape).astype(x.dtype),
        dy.astype(acc).sum(axis=(0, 2, 3)).astype(x.dtype),
    )


# %% tags=["task"] task="DeformConv2d"
class DeformConv2d:
    """A deformable convolution whose offsets an ordinary convolution makes from x."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        *,
        offset_groups=1,
        seed=0,
    ):
        """Make the parameters; those of the offsets are 0."""
        kh, kw = pair(kernel_size)
        self.where = {"stride": stride, "padding": padding, "dilation": dilation}
        taps, per = kh * kw, in_channels // groups
        bound, rng = (per * taps) ** -0.5, np.random.default_rng(seed)
        shape = (out_channels, per, kh, kw)
        self.own = {"weight": rng.uniform(-bound, bound, shape)}
        if bias:
            self.own["bias"] = rng.uniform(-bound, bound, out_channels)
        outputs = 2 * offset_groups * taps
        self.own["offset_weight"] = np.zeros((outputs, in_channels, kh, kw))
        self.own["offset_bias"] = np.zeros(outputs)

    def parameters(self):
        """Return a new dict, name -> array."""
        return dict(self.own)

    def forward(self, x):
        """Return the layer's output for x (B, in_channels, H, W)."""
        own, (kh, kw) = self.own, self.own["weight"].shape[2:]
        (sh, sw), (ph, pw), (dh, dw) = map(pair, self.where.values())
        ho = (x.shape[2] + 2 * ph - dh * (kh - 1) - 1) // sh + 1
        wo = (x.shape[3] + 2 * pw - dw * (kw - 1) - 1) // sw + 1
        self.x, self.still = x, np.zeros((len(x), 2 * kh * kw, ho, wo))
        self.offset = deform_conv2d(
            x, self.still, own["offset_weight"], own["offset_bias"], **self.where
        )
        return deform_conv2d(
            x, self.offset, own["weight"], own.get("bias"), **self.where
        )

    def backward(self, dy):
        """Return the gradient by x of `sum(forward(x) * dy)` for the last x."""
        own = self.own
        dx, doffset, dweight, dbias = deform_conv2d_backward(
            dy, self.x, self.offset, own["weight"], **self.where
        )
        more, _, doffset_weight, doffset_bias = deform_conv2d_backward(
            doffset, self.x, self.still, own["offset_weight"], **self.where
        )
        found = {
            "weight": dweight,
            "bias": dbias,
            "offset_weight": doffset_weight,
            "offset_bias": doffset_bias,
        }
        self.found = {name: found[name] for name in own}
        return dx + more

    def grads(self):
        """Return a dict of gradients by the parameters, under the same names."""
        return dict(self.found)


# %% tags=["task"] task="deform_roi_pool"
def deform_roi_pool(x, rois, offset, gamma=0.1):
    """Average each bin of each region, after moving the bin."""
    (channels, height, width), (kh, kw) = x.shape, offset.shape[2:]
    acc = accumulator(x.dtype)
    flat = x.astype(acc).reshape(1, 1, channels, height * width)
    out = np.zeros((len(rois), channels, kh, kw), acc)
    for r, (top, left, h, w) in enumerate(rois.tolist()):
        for i, j in np.ndindex(kh, kw):
            rows = top + np.arange(i * h // kh, -(-(i + 1) * h // kh))
            cols = left + np.arange(j * w // kw, -(-(j + 1) * w // kw))
            dy, dx = offset[r, :, i, j].astype(acc)
            y, x_at = np.meshgrid(
                rows + acc(gamma) * dy * h, cols + acc(gamma) * dx * w, indexing="ij"
            )
            points = y.reshape(1, 1, 1, -1), x_at.reshape(1, 1, 1, -1)
            for place, weight, _, _ in corners(*points, height, width):
                samples = weight[:, :, None] * gather(flat, place)
                out[r, :, i, j] += samples.mean(axis=(0, 1, 3, 4))
    return out.astype(x.dtype)


# %% tags=["task"] task="deform_forward"
@triton.jit
def clipped(at, size):
    """Move a coordinate far outside to -2 or size + 1: finite, and just as empty."""
    return tl.minimum(tl.maximum(at, -2.0), size + 1.0)


@triton.jit
def load_corner(plane, row, col, H, W, mask_p, mask_c):
    """Load one corner of BLOCK_P samples in BLOCK_C channels; 0 beyond the image."""
    inside = mask_p & (row >= 0) & (row < H) & (col >= 0) & (col < W)
    return tl.load(
        plane + (row * W + col)[:, None],
        mask=inside[:, None] & mask_c[None, :],
        other=0.0,
    )


@triton.jit
def deform_kernel(
    x_ptr, offset_ptr, w_ptr, y_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    """One program: BLOCK_P pixels of one image, all output channels."""
    b = tl.program_id(1)
    offs_p = tl.program_id(0) * BLOCK_P + tl.arange(0, BLOCK_P)
    offs_o = tl.arange(0, BLOCK_O)
    mask_p, mask_o = offs_p < OH * OW, offs_o < OC
    base_y = (offs_p // OW) * SH - PH
    base_x = (offs_p % OW) * SW - PW
    per = C // G
    acc = tl.zeros([BLOCK_P, BLOCK_O], tl.float32)
    for g in range(G):
        for tap in range(KH * KW):
            at = offset_ptr + ((b * G + g) * KH * KW + tap) * 2 * OH * OW + offs_p
            dy = tl.load(at, mask=mask_p, other=0.0)
            dx = tl.load(at + OH * OW, mask=mask_p, other=0.0)
            y = clipped(base_y + (tap // KW) * DH + dy, H)
            x = clipped(base_x + (tap % KW) * DW + dx, W)
            top, left = tl.floor(y), tl.floor(x)
            down, right = (y - top)[:, None], (x - left)[:, None]
            row, col = top.to(tl.int32), left.to(tl.int32)
            for start in range(0, per, BLOCK_C):
                offs_c = start + tl.arange(0, BLOCK_C)
                mask_c = offs_c < per
                plane = x_ptr + ((b * C + g * per + offs_c) * H * W)[None, :]
                nw = load_corner(plane, row, col, H, W, mask_p, mask_c)
                ne = load_corner(plane, row, col + 1, H, W, mask_p, mask_c)
                sw = load_corner(plane, row + 1, col, H, W, mask_p, mask_c)
                se = load_corner(plane, row + 1, col + 1, H, W, mask_p, mask_c)
                north, south = nw + right * (ne - nw), sw + right * (se - sw)
                sample = north + down * (south - north)  # [BLOCK_P, BLOCK_C]
                w = tl.load(
                    w_ptr
                    + (offs_o[None, :] * C + g * per + offs_c[:, None]) * KH * KW
                    + tap,
                    mask=mask_c[:, None] & mask_o[None, :],
                    other=0.0,
                )
                acc += tl.dot(sample, w, input_precision="ieee")
    tl.store(
        y_ptr + (b * OC + offs_o[None, :]) * OH * OW + offs_p[:, None],
        acc,
        mask=mask_p[:, None] & mask_o[None, :],
    )


def deform_forward(
    x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    """Return `deform_conv2d(x, offset, weight)`, computed by deform_kernel."""
    x, offset, weight = device.put(x), device.put(offset), device.put(weight)
    (b, c, h, w), (o, _, kh, kw) = x.shape, weight.shape
    geo = geometry(x, offset, (kh, kw), stride, padding, dilation)
    y = device.empty((b, o, *geo.out), "float32")
    grid = (triton.cdiv(geo.out[0] * geo.out[1], block_p), b)
    deform_kernel[grid](
        x, offset, weight, y,
        c, h, w, o, *geo.out, geo.offset_groups, kh, kw,
        *geo.stride, *geo.padding, *geo.dilation,
        BLOCK_P=block_p, BLOCK_C=block_c,
        BLOCK_O=max(16, triton.next_power_of_2(o)),
    )  # fmt: skip
    return y


# %% tags=["task"] task="deform_backward"
@triton.jit
def corner_grads(
    plane, dplane, row, col, H, W, mask_p, mask_c, dsample, weight, slope_y, slope_x
):
    """Add to dx at one corner; return the corner and its share of doffset, twice."""
    inside = mask_p & (row >= 0) & (row < H) & (col >= 0) & (col < W)
    mask = inside[:, None] & mask_c[None, :]
    place = (row * W + col)[:, None]
    value = tl.load(plane + place, mask=mask, other=0.0)
    tl.atomic_add(dplane + place, dsample * weight[:, None], mask=mask)
    felt = tl.sum(dsample * value, 1)
    return value * weight[:, None], felt * slope_y, felt * slope_x


@triton.jit
def deform_grad_kernel(
    dy_ptr, x_ptr, offset_ptr, w_ptr, dx_ptr, doffset_ptr, dw_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    """One program: what BLOCK_P pixels of one image add to the three gradients."""
    b = tl.program_id(1)
    offs_p = tl.program_id(0) * BLOCK_P + tl.arange(0, BLOCK_P)
    offs_o = tl.arange(0, BLOCK_O)
    mask_p, mask_o = offs_p < OH * OW, offs_o < OC
    dtile = tl.load(  # [BLOCK_P, BLOCK_O]
        dy_ptr + (b * OC + offs_o[None, :]) * OH * OW + offs_p[:, None],
        mask=mask_p[:, None] & mask_o[None, :],
        other=0.0,
    )
    base_y = (offs_p // OW) * SH - PH
    base_x = (offs_p % OW) * SW - PW
    per = C // G
    for g in range(G):
        for tap in range(KH * KW):
            pairs = ((b * G + g) * KH * KW + tap) * 2 * OH * OW + offs_p
            dy = tl.load(offset_ptr + pairs, mask=mask_p, other=0.0)
            dx = tl.load(offset_ptr + pairs + OH * OW, mask=mask_p, other=0.0)
            y = clipped(base_y + (tap // KW) * DH + dy, H)
            x = clipped(base_x + (tap % KW) * DW + dx, W)
            top, left = tl.floor(y), tl.floor(x)
            down, right = y - top, x - left
            up, back = 1 - down, 1 - right
            row, col = top.to(tl.int32), left.to(tl.int32)
            by_y = tl.zeros([BLOCK_P], tl.float32)
            by_x = tl.zeros([BLOCK_P], tl.float32)
            for start in range(0, per, BLOCK_C):
                offs_c = start + tl.arange(0, BLOCK_C)
                mask_c = offs_c < per
                planes = ((b * C + g * per + offs_c) * H * W)[None, :]
                in_x, in_dx = x_ptr + planes, dx_ptr + planes
                mask_w = mask_o[:, None] & mask_c[None, :]
                at = (offs_o[:, None] * C + g * per + offs_c[None, :]) * KH * KW + tap
                w = tl.load(w_ptr + at, mask=mask_w, other=0.0)  # [BLOCK_O, BLOCK_C]
                dsample = tl.dot(dtile, w, input_precision="ieee")
                nw, nw_y, nw_x = corner_grads(
                    in_x, in_dx, row, col, H, W, mask_p, mask_c,
                    dsample, up * back, -back, -up,
                )  # fmt: skip
                ne, ne_y, ne_x = corner_grads(
                    in_x, in_dx, row, col + 1, H, W, mask_p, mask_c,
                    dsample, up * right, -right, up,
                )  # fmt: skip
                sw, sw_y, sw_x = corner_grads(
                    in_x, in_dx, row + 1, col, H, W, mask_p, mask_c,
                    dsample, down * back, back, -down,
                )  # fmt: skip
                se, se_y, se_x = corner_grads(
                    in_x, in_dx, row + 1, col + 1, H, W, mask_p, mask_c,
                    dsample, down * right, right, down,
                )  # fmt: skip
                by_y += nw_y + ne_y + sw_y + se_y
                by_x += nw_x + ne_x + sw_x + se_x
                sample = nw + ne + sw + se  # [BLOCK_P, BLOCK_C]
                dw = tl.dot(tl.trans(dtile), sample, input_precision="ieee")
                tl.atomic_add(dw_ptr + at, dw, mask=mask_w)
            tl.store(doffset_ptr + pairs, by_y, mask=mask_p)
            tl.store(doffset_ptr + pairs + OH * OW, by_x, mask=mask_p)


def deform_backward(
    dy, x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    """Return (dx, doffset, dweight), computed by deform_grad_kernel."""
    dy, x, offset, weight = (device.put(a) for a in (dy, x, offset, weight))
    (b, c, h, w), (o, _, kh, kw) = x.shape, weight.shape
    geo = geometry(x, offset, (kh, kw), stride, padding, dilation)
    dx, dweight = device.zeros(x.shape), device.zeros(weight.shape)
    doffset = device.empty(offset.shape)
    grid = (triton.cdiv(geo.out[0] * geo.out[1], block_p), b)
    deform_grad_kernel[grid](
        dy, x, offset, weight, dx, doffset, dweight,
        c, h, w, o, *geo.out, geo.offset_groups, kh, kw,
        *geo.stride, *geo.padding, *geo.dilation,
        BLOCK_P=block_p, BLOCK_C=block_c,
        BLOCK_O=max(16, triton.next_power_of_2(o)),
    )  # fmt: skip
    return dx, doffset, dweight
