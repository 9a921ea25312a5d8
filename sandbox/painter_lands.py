"""Painters of places: ridges, dunes, aurora, sea, and a city of light and shadow."""

from __future__ import annotations

import numpy as np

from sandbox.painter_tools import Canvas, Field, Paint, blur, glow, gradient, mix, smooth


def ridges(canvas: Canvas) -> Paint:
    """Mountain ridges behind each other in haze, with a sun or moon."""
    palette = canvas.palette
    horizon = canvas.uniform(0.3, 0.5)
    paint = gradient(canvas, palette.at(0.66), palette.at(0.88), palette.light, horizon + 0.05)
    x, y = canvas.uniform(0.15, 0.85) * canvas.aspect, horizon - canvas.uniform(0.04, 0.18)
    paint = mix(paint, palette.light, glow(canvas, x, y, 0.28) * np.float32(0.7))
    disc = np.sqrt((canvas.x - np.float32(x)) ** 2 + (canvas.y - np.float32(y)) ** 2)
    radius = canvas.uniform(0.05, 0.1)
    paint = mix(paint, mix(palette.light[None, None], palette.accent, 0.12), smooth(radius + 0.003, radius, disc))
    layers = int(canvas.random.integers(5, 8))
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = horizon + (1.02 - horizon) * depth**1.25
        slope = canvas.uniform(-0.12, 0.12) * (canvas.x[0] - canvas.aspect / 2)
        crest = base - 0.05 + (0.05 + 0.09 * depth) * canvas.line(1.6 + layer * 0.5, 5) + slope
        top = max(0, int(crest.min() * canvas.height) - 2)
        below = canvas.y[top:] - crest[None, :].astype(np.float32)
        haze = np.clip(below * 2.4, 0, 1) * np.float32(0.6 * (1 - depth))
        body = mix(palette.at(0.62 - 0.6 * depth)[None, None], palette.at(0.88), haze)
        paint[top:] = mix(paint[top:], body, smooth(-0.0015, 0.0015, below))
    return mix(paint, palette.accent, glow(canvas, x, y, 0.5, 2.5) * np.float32(0.22))


def dunes(canvas: Canvas) -> Paint:
    """Dunes with a lit and a shaded side, rippled by the wind."""
    palette = canvas.palette
    horizon = canvas.uniform(0.28, 0.42)
    paint = gradient(canvas, palette.at(0.5), palette.at(0.9), palette.light, horizon)
    side = canvas.sign()
    sun = canvas.aspect * (0.5 + 0.4 * side)
    paint = mix(paint, palette.light, glow(canvas, sun, horizon, 0.35))
    layers = int(canvas.random.integers(4, 6))
    columns = np.arange(canvas.width)[None, :]
    for layer in range(layers):
        depth = (layer + 0.6) / layers
        crest = horizon + 0.55 * depth**1.6 - 0.03 + (0.03 + 0.13 * depth) * canvas.line(2.6 - 1.4 * depth, 1)
        top = max(0, int(crest.min() * canvas.height) - 2)
        below = canvas.y[top:] - crest[None, :].astype(np.float32)
        # The brink runs down from each peak, aslant: light or shade is what the crest's slope says up there.
        source = (
            (columns - side * 1.1 * below * canvas.height + 5 * np.sin(below * 19))
            .clip(0, canvas.width - 1)
            .astype(np.int32)
        )
        shade = smooth(-0.03, 0.03, (np.gradient(crest) * canvas.height * side)[source])
        ripples = np.sin(
            canvas.y[top:] * np.float32(240 - 130 * depth) + 9 * canvas.noise(2.5, 2, 2)[top:]
        ) * np.float32(0.018)
        tone = 0.16 + 0.34 * (1 - depth) + (0.42 - 0.12 * (1 - depth)) * shade + ripples - 0.12 * below
        sand = mix(palette.ramp(tone.clip(0, 0.97)), palette.light, 0.18 * shade)
        paint[top:] = mix(paint[top:], sand, smooth(-0.0015, 0.0015, below))
    return paint


def aurora(canvas: Canvas) -> Paint:
    """Curtains of light over a dark lake that mirrors them."""
    palette = canvas.palette
    shore = canvas.uniform(0.62, 0.76)
    rows = int(shore * canvas.height)
    sky = gradient(canvas, palette.dark * 0.55, palette.at(0.12), palette.at(0.34), shore)
    stars = (canvas.random.random((canvas.height, canvas.width)) > 0.9985).astype(np.float32)  # noqa: PLR2004 - share of stars
    sky = mix(sky, palette.light, stars * np.float32(0.8) * (1 - canvas.y / np.float32(shore)).clip(0, 1))
    for number in range(3):
        path = (
            shore * (0.35 + 0.16 * number)
            + 0.13 * canvas.line(1.3, 3)
            + canvas.uniform(-0.25, 0.25) * (canvas.x[0] - 0.4)
        )
        above = path[None, :].astype(np.float32) - canvas.y
        streaks = 0.55 + 0.45 * canvas.line(16, 3)
        curtain = np.where(above > 0, np.exp(-above * 5.5), np.exp(above * 42)) * streaks[None, :].clip(0.05, 1.2)
        curtain = blur(curtain.astype(np.float32), 3) * np.float32(canvas.uniform(0.55, 0.95))
        colour = (palette.accent, palette.at(0.7), palette.at(0.9))[number]
        sky = mix(sky, colour, np.clip(curtain, 0, 0.92))
    hills = shore - 0.05 - 0.05 * canvas.line(2.2, 5)
    sky = mix(sky, palette.dark * 0.35, smooth(-0.002, 0.002, canvas.y - hills[None, :].astype(np.float32)))
    depth = canvas.height - rows
    mirror = sky[rows - 1 :: -1][:depth]
    mirror = (
        np.concatenate([mirror, np.repeat(mirror[-1:], depth - len(mirror), axis=0)]) if len(mirror) < depth else mirror
    )
    shift = (np.sin(np.arange(depth) ** 0.8 * 0.9) * np.linspace(0.5, 5, depth)).astype(int)
    columns = (np.arange(canvas.width)[None, :] + shift[:, None]).clip(0, canvas.width - 1)
    sky[rows:] = mirror[np.arange(depth)[:, None], columns] * 0.72 + palette.dark * 0.12
    return sky


def sea(canvas: Canvas) -> Paint:
    """A low sun over water, its path of light broken by waves."""
    palette = canvas.palette
    horizon = canvas.uniform(0.4, 0.62)
    x = canvas.uniform(0.2, 0.8) * canvas.aspect
    clouds = canvas.noise(2.6, 4, stretch=1.8)
    paint = gradient(canvas, palette.at(0.28), palette.at(0.62), palette.at(0.92), horizon * 0.8)
    radius = canvas.uniform(0.06, 0.13)
    height = horizon - canvas.uniform(-0.02, 0.2)
    paint = mix(paint, palette.light, glow(canvas, x, height, 0.3) * np.float32(0.85))
    disc = np.sqrt((canvas.x - np.float32(x)) ** 2 + (canvas.y - np.float32(height)) ** 2)
    paint = mix(
        paint,
        mix(
            palette.light[None, None],
            palette.accent,
            np.clip((canvas.y - np.float32(height)) / np.float32(radius) * 0.4 + 0.35, 0, 0.8) + 0 * canvas.x,
        ),
        smooth(radius + 0.003, radius, disc),
    )
    paint = mix(paint, palette.at(0.4), smooth(0.5, 0.72, clouds) * np.float32(0.8))
    paint = mix(paint, palette.light, smooth(0.46, 0.3, clouds) * np.float32(0.55))
    depth = ((canvas.y - np.float32(horizon)) / np.float32(1 - horizon)).clip(1e-4, 1)
    waves = canvas.random.uniform(0, 6.28, 5)
    swell: Field = np.zeros((canvas.height, canvas.width), np.float32)
    for number, phase in enumerate(waves):
        rate = 14 * 1.7**number
        swell += np.sin(
            rate * (1 / (depth + 0.12)) * 0.55 + (3 + number * 5) * canvas.x + phase + 3 * clouds
        ) / np.float32(1 + number * 0.6)
    path = np.exp(-(((canvas.x - np.float32(x)) / (0.03 + radius + 0.22 * depth)) ** 2))
    water = palette.ramp((0.5 - 0.42 * depth**0.6 + 0.035 * swell).clip(0, 1))
    water = mix(water, palette.light, (path * (0.25 + smooth(-0.5, 0.9, swell)) * 0.85).clip(0, 1))
    gusts = canvas.noise(5, 2, stretch=2)  # shadows of clouds and dark wind on the water
    water = mix(water, palette.at(0.2), smooth(0.35, 0.75, gusts) * np.float32(0.75))
    paint = mix(paint, water, smooth(-0.001, 0.001, canvas.y - np.float32(horizon)))
    return _headland(canvas, paint, horizon)


def _headland(canvas: Canvas, paint: Paint, horizon: float) -> Paint:
    """Lay two dark capes that reach into the water from either side, each with its reflection."""
    for number in range(2):
        side = canvas.sign()
        tip, reach = canvas.uniform(0.25, 0.95) * canvas.aspect, canvas.uniform(0.5, 1.1)
        inland = ((canvas.x[0] - np.float32(tip)) * side / np.float32(reach)).clip(0, 1)
        foot = horizon + 0.005 + 0.09 * number
        tall = (inland**0.7 * (0.16 + 0.08 * number) * (1 + 0.45 * canvas.line(3.5, 5)))[None, :]
        rise, sink = np.float32(foot) - canvas.y, canvas.y - np.float32(foot)
        land = smooth(-0.002, 0.002, tall - rise) * smooth(-0.001, 0.001, rise) * (tall > 0)
        mirror = smooth(0.0, 0.04, tall * 0.8 - sink) * smooth(-0.001, 0.001, sink) * (tall > 0)
        paint = mix(paint, canvas.palette.at(0.2 - 0.13 * number), land)
        paint = mix(paint, canvas.palette.at(0.12), mirror * np.float32(0.55))
    return paint


PAINTERS = (ridges, dunes, aurora, sea)
