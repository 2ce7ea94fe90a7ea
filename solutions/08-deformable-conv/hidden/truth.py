"""The judge's own truth of lesson 08: tents over the whole image, in float64.

A sample is the sum over all pixels q of tent(y - q_y) tent(x - q_x) x[q], as in the
paper; nothing is floored, and no border is treated. Slopes are those of the tent, the
right ones.
"""

import numpy as np

from autograder.grading.reference import remembered

TIGHT = 1e-11  # float64 throughout; NOTES.md derives all three
SINGLE = 1e-4
HALF = 2.0**-10


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def tent(at, size):
    """Return max(0, 1 - |at - q|) for q < size on a new last axis, and its slope."""
    with np.errstate(invalid="ignore"):
        away = np.clip(np.asarray(at, np.float64), -9, size + 9)[..., None]
        away = away - np.arange(size)
    slope = np.where((away >= -1) & (away < 0), 1.0, 0.0)
    slope = np.where((away >= 0) & (away < 1), -1.0, slope)
    return np.maximum(0.0, 1.0 - abs(away)), slope


def value_at(im, y, x):
    """Return the value at a point."""
    (by_y, _), (by_x, _) = tent(y, im.shape[0]), tent(x, im.shape[1])
    return float(by_y @ im.astype(np.float64) @ by_x)


def slopes_at(im, y, x):
    """Return the slopes at a point."""
    wide = im.astype(np.float64)
    (by_y, up), (by_x, across) = tent(y, im.shape[0]), tent(x, im.shape[1])
    return float(up @ wide @ by_x), float(by_y @ wide @ across)


def points(offset, kernel, groups, stride, padding, dilation):
    """Return y and x of all samples, (B, G, K, P)."""
    batch, _, ho, wo = offset.shape
    (sh, sw), (ph, pw), (dh, dw) = pair(stride), pair(padding), pair(dilation)
    y = np.zeros((batch, groups, kernel[0] * kernel[1], ho, wo))
    x = y.copy()
    offset = offset.astype(np.float64)
    for g in range(groups):
        for t, (i, j) in enumerate(np.ndindex(*kernel)):
            at = 2 * (g * kernel[0] * kernel[1] + t)
            y[:, g, t] = offset[:, at] + (np.arange(ho) * sh - ph + i * dh)[:, None]
            x[:, g, t] = offset[:, at + 1] + np.arange(wo) * sw - pw + j * dw
    shape = *y.shape[:3], ho * wo
    return y.reshape(shape), x.reshape(shape)


@remembered
def convolution(x, offset, weight, bias=None, dy=None, stride=1, padding=0, dilation=1):
    """Return (columns, y), and with dy also (dx, doffset, dweight, dbias)."""
    x, offset, weight = (a.astype(np.float64) for a in (x, offset, weight))
    (batch, channels, height, width), kernel = x.shape, weight.shape[2:]
    taps, outputs = kernel[0] * kernel[1], len(weight)
    count = offset.shape[1] // (2 * taps)
    y_at, x_at = points(offset, kernel, count, stride, padding, dilation)
    planes = x.reshape(batch, count, channels // count, height, width)
    (ty, sy), (tx, sx) = tent(y_at, height), tent(x_at, width)

    def sampled(down, across):
        rows = np.einsum("bgkph,bgchw->bgckpw", down, planes)
        return np.einsum("bgckpw,bgkpw->bgckp", rows, across)

    groups = channels // weight.shape[1]
    samples = sampled(ty, tx)
    pixels = samples.shape[-1]
    shape = batch, groups, weight.shape[1] * taps, pixels
    columns = samples.reshape(shape)
    matrix = weight.reshape(groups, outputs // groups, -1)
    y = np.einsum("gor,bgrp->bgop", matrix, columns)
    y = y.reshape(batch, outputs, *offset.shape[2:])
    if bias is not None:
        y = y + bias.astype(np.float64)[:, None, None]
    flat = samples.reshape(batch, channels * taps, pixels)
    if dy is None:
        return flat, y
    dtile = dy.astype(np.float64).reshape(batch, groups, outputs // groups, pixels)
    dweight = np.einsum("bgop,bgrp->gor", dtile, columns).reshape(weight.shape)
    felt = np.einsum("gor,bgop->bgrp", matrix, dtile).reshape(samples.shape)
    rows = np.einsum("bgckp,bgkpw->bgckpw", felt, tx)
    dx = np.einsum("bgckpw,bgkph->bgchw", rows, ty).reshape(x.shape)
    by_y = (felt * sampled(sy, tx)).sum(axis=2)
    by_x = (felt * sampled(ty, sx)).sum(axis=2)
    doffset = np.stack([by_y, by_x], axis=3).reshape(offset.shape)
    return flat, y, (dx, doffset, dweight, dtile.sum(axis=(0, 3)).ravel())


def count_corners(x, offset, kernel, stride=1, padding=0, dilation=1):
    """Count corners of samples that lie in the image, each for every channel."""
    count = offset.shape[1] // (2 * kernel[0] * kernel[1])
    y_at, x_at = points(offset, kernel, count, stride, padding, dilation)
    inside = []
    for at, size in ((y_at, x.shape[2]), (x_at, x.shape[3])):
        first = np.floor(np.clip(at, -9, size + 9))
        inside.append([(first + k >= 0) & (first + k < size) for k in (0, 1)])
    found = sum(int((row & col).sum()) for row in inside[0] for col in inside[1])
    return found * (x.shape[1] // count)


@remembered
def pooled(x, rois, offset, gamma):
    """Return the averages of all bins, one sample after another."""
    out = np.zeros((len(rois), len(x), *offset.shape[2:]))
    for r, (top, left, h, w) in enumerate(rois.tolist()):
        for i, j in np.ndindex(*offset.shape[2:]):
            kh, kw = offset.shape[2:]
            rows = [
                q for q in range(h) if i * h < (q + 1) * kh and q * kh < (i + 1) * h
            ]
            cols = [
                q for q in range(w) if j * w < (q + 1) * kw and q * kw < (j + 1) * w
            ]
            dy, dx = offset[r, :, i, j].astype(np.float64) * (gamma * h, gamma * w)
            sums = np.zeros(len(x))
            for p, q in ((p, q) for p in rows for q in cols):
                at = top + p + dy, left + q + dx
                sums += [value_at(plane, *at) for plane in x]
            out[r, :, i, j] = sums / (len(rows) * len(cols))
    return out
