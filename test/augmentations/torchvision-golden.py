"""Writes torchvision-golden.json: what torchvision's definitions make of one image, for geometric.test.ts.

    python3 torchvision-golden.py > torchvision-golden.json

Needs torch alone: torchvision's definitions on tensors (0.8 and later) are put together from grid_sample and a linear
solver here, in float64. The image's value at channel c, row y, column x is ((7 y + 3 x^2 + 5 x y + 4 c) mod 11) / 10.
"""

import json
import math

import torch
from torch.nn.functional import grid_sample


def image(channels, height, width):
    c = torch.arange(channels).view(-1, 1, 1)
    y = torch.arange(height).view(1, -1, 1)
    x = torch.arange(width).view(1, 1, -1)
    return (((7 * y + 3 * x * x + 5 * x * y + 4 * c) % 11) / 10).double()


def sample(picture, grid, mode):
    """Fill 0 by a mask, as torchvision does: bilinear border pixels are multiplied by the mask."""
    size = torch.tensor([picture.shape[2], picture.shape[1]])
    half_way = ((((grid + 1) * size - 1) / 2) % 1 - 0.5).abs().min()
    assert mode == "bilinear" or half_way > 1e-4, "a place half-way between two pixels has no nearest one"
    with_mask = torch.cat([picture, torch.ones_like(picture[:1])])[None]
    read = grid_sample(with_mask, grid[None], mode=mode, padding_mode="zeros", align_corners=False)[0]
    values, mask = read[:-1], read[-1:]
    return torch.where(mask < 0.5, torch.zeros(()).double(), values) if mode == "nearest" else values * mask


def affine(picture, angle, translate, mode):
    """functional.affine: clockwise by `angle` degrees, then moved by `translate`."""
    _, height, width = picture.shape
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    inverse = torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)
    x = torch.arange(width).double() - (width - 1) / 2
    y = torch.arange(height).double() - (height - 1) / 2
    points = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), -1) - torch.tensor(translate)
    return sample(picture, points @ inverse.T / torch.tensor([width / 2, height / 2]), mode)


def rotate(picture, angle, mode):
    """functional.rotate: counter-clockwise by `angle` degrees."""
    return affine(picture, -angle, (0.0, 0.0), mode)


def perspective(picture, inwards, mode):
    """functional.perspective: the corners moved inwards by whole pixels, from the upper left on clockwise."""
    _, height, width = picture.shape
    w, h = width - 1, height - 1
    starts = [(0, 0), (w, 0), (w, h), (0, h)]
    signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    ends = [(x + sx * ix, y + sy * iy) for (x, y), (sx, sy), (ix, iy) in zip(starts, signs, inwards)]
    rows = []
    for (ex, ey), (sx, sy) in zip(ends, starts):
        rows.append([ex, ey, 1, 0, 0, 0, -sx * ex, -sx * ey])
        rows.append([0, 0, 0, ex, ey, 1, -sy * ex, -sy * ey])
    right = torch.tensor(starts, dtype=torch.float64).view(8, 1)
    a, b, c, d, e, f, g, i = torch.linalg.lstsq(torch.tensor(rows, dtype=torch.float64), right).solution[:, 0]
    x = (torch.arange(width).double() + 0.5)[None, :]
    y = (torch.arange(height).double() + 0.5)[:, None]
    scale = g * x + i * y + 1
    grid = torch.stack([(a * x + b * y + c) / scale / (width / 2), (d * x + e * y + f) / scale / (height / 2)], -1) - 1
    return sample(picture, grid, mode)


cases = []


def add(kind, shape, interpolation, draw, result):
    pixels = [round(value, 7) for value in result.flatten().tolist()]
    cases.append({"kind": kind, "shape": shape, "interpolation": interpolation, "draw": draw, "pixels": pixels})


for shape, angle, mode in [
    ((1, 8, 8), 30.0, "nearest"),
    ((2, 5, 7), -17.5, "nearest"),
    ((1, 5, 7), 100.0, "nearest"),
    ((1, 5, 7), 20.0, "bilinear"),
]:
    add("rotation", shape, mode, [angle], rotate(image(*shape), angle, mode))

for shape, angle, right, down, mode in [
    ((1, 8, 8), 12.0, 1, -2, "nearest"),
    ((2, 5, 7), -25.0, 2, 1, "nearest"),
    ((1, 5, 7), 40.0, -1, 1, "bilinear"),
]:
    result = affine(image(*shape), angle, (float(right), float(down)), mode)
    add("affine", shape, mode, [angle, right, down], result)

for shape, right, down in [((1, 8, 8), 2, -1), ((2, 5, 7), -3, 2)]:
    result = affine(image(*shape), 0.0, (float(right), float(down)), "nearest")
    add("translation", shape, "nearest", [right, down], result)

for shape, inwards, mode in [
    ((1, 8, 8), [(1, 2), (0, 1), (2, 0), (1, 1)], "bilinear"),
    ((2, 5, 7), [(1, 0), (1, 1), (0, 1), (0, 0)], "bilinear"),
    ((1, 8, 8), [(2, 2), (1, 1), (0, 2), (0, 0)], "nearest"),
]:
    result = perspective(image(*shape), inwards, mode)
    add("perspective", shape, mode, [step for point in inwards for step in point], result)

print(json.dumps(cases))
