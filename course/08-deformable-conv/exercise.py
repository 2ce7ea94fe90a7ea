# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Deformable convolution: a grid that learns its shape
# Read the [chapter](index.md) beside this file; each task names its step there. This
# holds in tasks 3 to 7, besides what each docstring says:
#
# - `x`, `offset`, `weight`, `bias`, `dy` are float16, float32 or float64, all of one
#   dtype, which each result has. Coordinates, samples and sums are in
#   `accumulator(x.dtype)`: only a result is rounded, the columns of task 4 too.
# - Arrays may be strided views; none is changed.
# - `x` and `weight` are finite. Offsets may be whole numbers, very large, or `±inf`,
#   and are never NaN. A batch may be empty.
# - `stride`, `padding`, `dilation`: an int, or a pair (vertical, horizontal).

# %% tags=["setup"]
from typing import NamedTuple

import numpy as np

from autograder.lab.tiles import device, last_meter, tl, triton
from autograder.student import attempt, check


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


# %% [markdown]
# ## 1. `bilinear`
# Chapter, step 1.


# %% tags=["task"] task="bilinear"
def bilinear(im, y, x):
    """Return the value of an image between its pixels; beyond them it is 0.

    The image stands in a plane of zeros. Each of the four pixels around (y, x) counts
    with the weight (1 - vertical distance)(1 - horizontal distance).

    Args:
        im: the image, (H, W), of any float or integer dtype, finite; H, W >= 1. It
            may be a strided view, and is not changed.
        y: vertical coordinate, a number; 0 is the centre of the first row.
        x: horizontal coordinate, a number.

    Returns:
        A Python float, computed in float64. NaN where y or x is NaN; else 0 for
        coordinates that are far away or infinite.
    """
    raise NotImplementedError("bilinear: chapter, step 1")


# %% tags=["explore"]
with attempt():
    im = np.arange(1.0, 10.0).reshape(3, 3)
    for place in ((0.5, 0), (-0.5, 0), (2.5, 2.5), (3, 0)):
        print(place, bilinear(im, *place))

# %% tags=["check"]
check("bilinear")

# %% [markdown]
# ## 2. `bilinear_slopes`
# Chapter, step 2.


# %% tags=["task"] task="bilinear_slopes"
def bilinear_slopes(im, y, x):
    """Return the derivatives of `bilinear(im, y, x)` by y and by x.

    Where y is a whole number the derivative by y jumps, and the one to the right is
    returned: that of y + h for a small h > 0. The same holds for x. It is so on the
    border as well: at y = -1 the value is 0, and the derivative need not be.

    Args:
        im: the image, (H, W), as in `bilinear`.
        y: vertical coordinate, a number, perhaps infinite, not NaN.
        x: horizontal coordinate, likewise.

    Returns:
        A tuple of two Python floats, (by y, by x), computed in float64.
    """
    raise NotImplementedError("bilinear_slopes: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for place in ((0.5, 0.5), (0, 0), (2, 0), (-1, 0)):
        print(place, bilinear_slopes(im, *place))

# %% tags=["check"]
check("bilinear_slopes")

# %% [markdown]
# ## 3. `deform_conv2d_loops`
# Chapter, step 3.


# %% tags=["task"] task="deform_conv2d_loops"
def deform_conv2d_loops(
    x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1
):
    """Deformable convolution, one output number after another.

    Tap t = i * kw + j of output pixel (ho, wo) samples, in the plane of each channel,

        y = ho * stride_h - padding_h + i * dilation_h + down
        x = wo * stride_w - padding_w + j * dilation_w + right

    by the rule of `bilinear`. (down, right) are channels 2t and 2t + 1 of the offsets
    of the channel's offset group. Channel c of x belongs to offset group c // (C / G).

    Args:
        x: images, (B, C, H, W).
        offset: (B, 2 * G * kh * kw, Ho, Wo); group g begins at channel 2 * g * kh * kw.
        weight: (O, C / groups, kh, kw). As in every convolution with groups, outputs
            and channels of a group stand in a row: output o sees the channels from
            o // (O / groups) * (C / groups) on, C / groups of them.
        bias: (O,), or None.
        stride: how far neighbouring outputs are apart.
        padding: how far the first output is moved out.
        dilation: how far neighbouring taps are apart.

    Returns:
        (B, O, Ho, Wo).

    Raises:
        ValueError: the offsets do not fit, as `geometry` says; call it.
    """
    raise NotImplementedError("deform_conv2d_loops: chapter, step 3")


# %% tags=["explore"]
with attempt():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    offset = np.zeros((1, 18, 2, 2))
    print(deform_conv2d_loops(x, offset, np.ones((1, 1, 3, 3))))
    offset[:, 0::2] = 0.5  # all taps half a row down
    print(deform_conv2d_loops(x, offset, np.ones((1, 1, 3, 3))))

# %% tags=["check"]
check("deform_conv2d_loops")

# %% [markdown]
# ## 4. `deform_conv2d`
# Chapter, step 4. Two functions; no loop over pixels in either.


# %% tags=["task"] task="deform_conv2d"
def deform_im2col(x, offset, kernel, *, stride=1, padding=0, dilation=1):
    """Gather all samples: one row for each channel and tap, one column for each pixel.

    Samples are those of `deform_conv2d_loops`.

    Args:
        x: images, (B, C, H, W).
        offset: (B, 2 * G * kh * kw, Ho, Wo).
        kernel: (kh, kw).
        stride: how far neighbouring outputs are apart.
        padding: how far the first output is moved out.
        dilation: how far neighbouring taps are apart.

    Returns:
        (B, C * kh * kw, Ho * Wo): row c * kh * kw + t holds tap t of channel c.

    Raises:
        ValueError: the offsets do not fit.
    """
    raise NotImplementedError("deform_conv2d: chapter, step 4")


def deform_conv2d(x, offset, weight, bias=None, *, stride=1, padding=0, dilation=1):
    """Return what `deform_conv2d_loops` returns, as products of matrices.

    Arguments and errors are the same. Two million samples take less than a second.
    """
    raise NotImplementedError("deform_conv2d: chapter, step 4")


# %% tags=["explore"]
rng = np.random.default_rng(0)
x, weight = rng.standard_normal((2, 4, 9, 8)), rng.standard_normal((6, 2, 3, 3))
offset = rng.standard_normal((2, 36, 7, 6))
with attempt():
    y = deform_conv2d(x, offset, weight)
    difference = abs(y - deform_conv2d_loops(x, offset, weight)).max()
    print("difference from the loops:", difference)

# %% tags=["check"]
check("deform_conv2d")

# %% [markdown]
# ## 5. `deform_conv2d_backward`
# Chapter, step 5.


# %% tags=["task"] task="deform_conv2d_backward"
def deform_conv2d_backward(dy, x, offset, weight, *, stride=1, padding=0, dilation=1):
    """Return the gradients of `sum(deform_conv2d(x, offset, weight, bias) * dy)`.

    Where a coordinate is a whole number, the derivative by it is the one to the right,
    as in `bilinear_slopes`.

    Args:
        dy: (B, O, Ho, Wo).
        x: images, (B, C, H, W).
        offset: (B, 2 * G * kh * kw, Ho, Wo).
        weight: (O, C / groups, kh, kw).
        stride: as in the forward pass, like padding and dilation.
        padding: as in the forward pass.
        dilation: as in the forward pass.

    Returns:
        (dx, doffset, dweight, dbias): the shapes of x, offset and weight, and (O,).
    """
    raise NotImplementedError("deform_conv2d_backward: chapter, step 5")


# %% tags=["explore"]
dy, h = rng.standard_normal((2, 6, 7, 6)), 1e-6
with attempt():
    grads = deform_conv2d_backward(dy, x, offset, weight)
    moved = offset.copy()
    moved[0, 3, 2, 2] += h
    ends = [deform_conv2d(x, one, weight) for one in (offset, moved)]
    change = ((ends[1] - ends[0]) * dy).sum()
    print("one offset:", grads[1][0, 3, 2, 2], "by a difference:", change / h)

# %% tags=["check"]
check("deform_conv2d_backward")

# %% [markdown]
# ## 6. `DeformConv2d`
# Chapter, step 6. A layer that makes its own offsets.


# %% tags=["task"] task="DeformConv2d"
class DeformConv2d:
    """A deformable convolution whose offsets an ordinary convolution makes from x.

    The ordinary one has the kernel size, stride, padding and dilation of the layer, no
    groups, and 2 * offset_groups * kh * kw outputs. Everything is float64.
    """

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
        """Make the parameters.

        `weight` (out_channels, in_channels / groups, kh, kw) and `bias` (out_channels,)
        are uniform between -r and r, independent, r = 1 / sqrt(fan), where fan =
        in_channels / groups * kh * kw; the same seed makes the same. `offset_weight`
        (2 * offset_groups * kh * kw, in_channels, kh, kw) and `offset_bias` are 0, so
        that a new layer is an ordinary convolution. `kernel_size` is an int or a pair.
        With bias=False there is no `bias`.
        """
        raise NotImplementedError("DeformConv2d: chapter, step 6")

    def parameters(self):
        """Return a new dict, name -> array. Its arrays are the layer's own: whoever
        writes into one changes the layer.
        """
        raise NotImplementedError("DeformConv2d: chapter, step 6")

    def forward(self, x):
        """Return the layer's output for x (B, in_channels, H, W)."""
        raise NotImplementedError("DeformConv2d: chapter, step 6")

    def backward(self, dy):
        """Return the gradient by x of `sum(forward(x) * dy)` for the last x.

        It holds both ways from x to the output: through the samples and through the
        offsets. Nobody changes x or the parameters between that pass and this one.
        """
        raise NotImplementedError("DeformConv2d: chapter, step 6")

    def grads(self):
        """Return a dict of gradients by the parameters, under the same names.

        They are those of the last backward pass, not sums over several. A forward pass
        may be followed by more than one.
        """
        raise NotImplementedError("DeformConv2d: chapter, step 6")


# %% tags=["explore"]
with attempt():
    # The answer wanted is the same image moved: which offsets does the layer learn?
    grid = np.arange(24) * 0.7
    image = (np.sin(grid)[:, None] + np.cos(0.8 * grid))[None, None]
    layer = DeformConv2d(1, 1, 1)
    layer.parameters()["weight"][...] = 1.0
    layer.parameters()["bias"][...] = 0.0
    shift = np.zeros((1, 2, 24, 24))
    shift[:, 0], shift[:, 1] = 0.6, -1.3
    wanted = deform_conv2d(image, shift, np.ones((1, 1, 1, 1)))
    for _ in range(200):
        y = layer.forward(image)
        layer.backward((y - wanted) / y.size)
        layer.parameters()["offset_bias"][...] -= layer.grads()["offset_bias"]
    print("learned (down, right):", layer.parameters()["offset_bias"])

# %% tags=["check"]
check("DeformConv2d")

# %% [markdown]
# ## 7. `deform_roi_pool`
# Chapter, step 7.


# %% tags=["task"] task="deform_roi_pool"
def deform_roi_pool(x, rois, offset, gamma=0.1):
    """Average each bin of each region, after moving the bin.

    A region (top, left, h, w) has kh x kw bins. Bin (i, j) holds the pixels whose row
    in the region is from floor(i h / kh) to ceil((i + 1) h / kh) - 1, and whose column
    is from floor(j w / kw) to ceil((j + 1) w / kw) - 1. All of them move by
    (gamma * down * h, gamma * right * w), and their samples, by the rule of `bilinear`,
    are averaged: the sum is divided by the number of pixels in the bin, also where some
    lie outside the image.

    Args:
        x: one image, (C, H, W).
        rois: R regions, ints, (R, 4): top, left, h, w; h, w >= 1. A region may reach
            beyond the image. R may be 0.
        offset: (R, 2, kh, kw): (down, right) of each bin, as fractions of the region.
        gamma: how far offsets move a bin.

    Returns:
        (R, C, kh, kw).
    """
    raise NotImplementedError("deform_roi_pool: chapter, step 7")


# %% tags=["explore"]
with attempt():
    image = np.arange(36.0).reshape(1, 6, 6)
    regions = np.array([[0, 0, 4, 4], [1, 1, 5, 3]])
    print(deform_roi_pool(image, regions, np.zeros((2, 2, 2, 2))))

# %% tags=["check"]
check("deform_roi_pool")

# %% [markdown]
# ## 8. `deform_forward`
# Chapter, step 8. The kernel, and `deform_forward`, which launches it. For tasks 8, 9:
#
# - float32, arrays in C order, `groups` = 1, no bias, offsets as in tasks 3 to 5. B, C,
#   O and all sides are at least 1.
# - One program computes for `block_p` pixels of one image, in the order of Ho * Wo:
#   B * cdiv(Ho * Wo, block_p) programs. `block_p` and `block_c` are powers of two from
#   16 on. With O' = max(16, the next power of two from O on) no block has more elements
#   than the largest of block_p * block_c, block_c * O' and block_p * O'.
# - No program touches an element outside an array, or reads one that nobody wrote. No
#   two programs, and no two lanes, race for one element.
# - The host function may use shapes, not what the arrays hold. You may change the
#   parameters of a kernel, not those of a host function.
#
# Bytes of task 8, at most: offsets are loaded once, a weight once by each program, and
# of x, for each sample and channel, the corners that lie in the image, also those whose
# weight is 0. Each result is stored once.


# %% tags=["task"] task="deform_forward"
@triton.jit
def deform_kernel(
    x_ptr, offset_ptr, w_ptr, y_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    """One program: BLOCK_P pixels of one image, all output channels."""
    raise NotImplementedError("deform_forward: chapter, step 8")


def deform_forward(
    x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    """Return `deform_conv2d(x, offset, weight)`, computed by deform_kernel."""
    x, offset, weight = device.put(x), device.put(offset), device.put(weight)
    raise NotImplementedError("deform_forward: chapter, step 8")


# %% tags=["explore"]
single = [a.astype("float32") for a in (x, offset, rng.standard_normal((6, 4, 3, 3)))]
with attempt():
    y = deform_forward(*single)
    print("difference from NumPy:", abs(np.asarray(y) - deform_conv2d(*single)).max())
    print(last_meter())

# %% tags=["check"]
check("deform_forward")

# %% [markdown]
# ## 9. `deform_backward`
# Chapter, step 9. All that is said before task 8 holds here.
#
# Bytes, at most: dy and the offsets are loaded once, a weight once by each program, and
# of x the corners, as in task 8. doffset is stored once. An atomic counts as a load and
# a store: for dx one for each of those corners, for dweight one for each weight and
# program.


# %% tags=["task"] task="deform_backward"
@triton.jit
def deform_grad_kernel(
    dy_ptr, x_ptr, offset_ptr, w_ptr, dx_ptr, doffset_ptr, dw_ptr,
    C, H, W, OC, OH, OW, G, KH, KW, SH, SW, PH, PW, DH, DW,
    BLOCK_P: tl.constexpr, BLOCK_C: tl.constexpr, BLOCK_O: tl.constexpr,
):  # fmt: skip
    """One program: what BLOCK_P pixels of one image add to the three gradients."""
    raise NotImplementedError("deform_backward: chapter, step 9")


def deform_backward(
    dy, x, offset, weight, *, stride=1, padding=0, dilation=1, block_p=16, block_c=16
):
    """Return (dx, doffset, dweight), the gradients of `sum(deform_forward(...) * dy)`.

    At whole coordinates the derivative by an offset is the one to the right.
    """
    dy, x, offset, weight = (device.put(a) for a in (dy, x, offset, weight))
    raise NotImplementedError("deform_backward: chapter, step 9")


# %% tags=["explore"]
dy = rng.standard_normal((2, 6, 7, 6)).astype("float32")
with attempt():
    grads = deform_backward(dy, *single)
    for mine, numpys in zip(grads, deform_conv2d_backward(dy, *single), strict=False):
        print("difference from NumPy:", abs(np.asarray(mine) - numpys).max())
    print(last_meter())

# %% tags=["check"]
check("deform_backward")
