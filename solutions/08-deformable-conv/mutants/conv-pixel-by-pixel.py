"""Samples are gathered one after another, in Python; whole arrays of them take no loop.

task: deform_conv2d
severity: edge
look: Chapter, step 4: no loop over pixels.
"""


def deform_im2col(x, offset, kernel, *, stride=1, padding=0, dilation=1):
    geo = geometry(x, offset, kernel, stride, padding, dilation)
    y_at, x_at = sample_points(offset, kernel, geo)
    (batch, groups, taps, pixels), channels = y_at.shape, x.shape[1]
    columns = np.zeros((batch, channels, taps, pixels), x.dtype)
    for b, c, t, p in np.ndindex(columns.shape):
        place = y_at[b, c * groups // channels, t, p], x_at[b, c * groups // channels, t, p]
        columns[b, c, t, p] = bilinear(x[b, c], *place)
    return columns.reshape(batch, channels * taps, pixels)
