"""Painters of pattern: ribbons, cut paper, woven threads, marbled ink, rings."""

from __future__ import annotations

import numpy as np

from sandbox.painter_tools import Canvas, Field, Paint, blur, glow, gradient, mix, shifted, smooth


def ribbons(canvas: Canvas) -> Paint:
    """Broad bands of silk that flow across each other."""
    palette = canvas.palette
    paint = gradient(canvas, palette.at(0.12), palette.at(0.3), palette.dark, canvas.uniform(0.3, 0.7))
    slope = canvas.sign() * canvas.uniform(0.15, 0.7)
    count = int(canvas.random.integers(5, 8))
    for number in range(count):
        middle = (
            canvas.uniform(-0.1, 1.1) * 0.4 + 0.6 * (number + 0.5) / count + slope * (canvas.x[0] - canvas.aspect / 2)
        )
        middle = middle + 0.16 * canvas.line(1.1, 2)
        width = 0.07 + 0.06 * (canvas.line(0.9, 1) + 1)
        across = (canvas.y - middle[None, :].astype(np.float32)) / width[None, :].astype(np.float32)
        paint = paint * (1 - 0.55 * np.exp(-((across - 0.55) ** 2) * 1.1))[..., None]
        fold = across * 2.2 + 2.4 * canvas.line(0.8, 1)[None, :].astype(np.float32)
        sheen = 0.5 + 0.5 * np.cos(fold * np.float32(1.9))
        body = palette.ramp((0.18 + 0.72 * sheen * (0.6 + 0.4 * number / count)).clip(0, 1))
        if number % 3 == 1:
            body = mix(body, palette.accent, 0.25 + 0.5 * sheen)
        paint = mix(paint, body, smooth(1.0, 0.985, np.abs(across)))
    return paint


def cut_paper(canvas: Canvas) -> Paint:
    """Sheets of paper cut along the contours of a hill and laid over each other with shadows."""
    palette = canvas.palette
    height = canvas.noise(canvas.uniform(1.6, 2.6), 2)
    height = (height - height.min()) / (height.max() - height.min())
    levels = int(canvas.random.integers(7, 10))
    reverse = canvas.sign() < 0
    paint = np.ascontiguousarray(
        np.broadcast_to(palette.light if reverse else palette.dark, (canvas.height, canvas.width, 3))
    )
    aside = canvas.sign() * 0.01
    fibre = 1 + 0.05 * (canvas.noise(60, 2) - np.float32(0.5))
    for level in range(levels):
        place = (level + 0.6) / levels
        cover = smooth(place - 0.004, place + 0.004, height)
        shadow = blur(shifted(cover, 0.012, aside), 7)
        paint = paint * (1 - 0.5 * np.clip(shadow - cover * 0.4, 0, 1))[..., None]
        tone = palette.at(1 - place * 0.9 if reverse else 0.08 + place * 0.9)
        if level == levels // 2:
            tone = palette.accent
        paint = mix(paint, tone * fibre[..., None], cover)
    return paint


def threads(canvas: Canvas) -> Paint:
    """Fine threads combed by a slow wind, light running along them."""
    palette = canvas.palette
    wind = canvas.noise(canvas.uniform(1.3, 2.2), 2)
    angle = canvas.uniform(0, 3.14)
    along = canvas.x * np.float32(np.cos(angle)) + canvas.y * np.float32(np.sin(angle)) + np.float32(0.9) * wind
    strands = np.sin(along * np.float32(canvas.uniform(150, 210)))
    broad = np.sin(along * np.float32(canvas.uniform(9, 15)) + canvas.uniform(0, 6))
    light = canvas.noise(2, 2)
    value = 0.28 + 0.26 * broad + 0.13 * strands * (0.6 + 0.4 * broad) + 0.5 * (light - 0.5)
    paint = palette.ramp(value.clip(0, 1))
    band = smooth(0.55, 0.95, np.sin(along * np.float32(canvas.uniform(4, 7)) + canvas.uniform(0, 6)))
    paint = mix(paint, palette.accent, band * (0.45 + 0.35 * strands))
    x, y = canvas.uniform(0.1, 0.9) * canvas.aspect, canvas.uniform(0.1, 0.9)
    return paint * (0.45 + 0.85 * glow(canvas, x, y, 0.6))[..., None]


def marble(canvas: Canvas) -> Paint:
    """Ink drawn through water: noise bent by noise, with veins of light."""
    palette = canvas.palette
    first, second = canvas.noise(2.2, 2), canvas.noise(2.2, 2)
    rows = (
        (np.arange(canvas.height)[:, None] + (first - 0.5) * canvas.height * 0.6)
        .clip(0, canvas.height - 1)
        .astype(np.int32)
    )
    columns = (
        (np.arange(canvas.width)[None, :] + (second - 0.5) * canvas.height * 0.6)
        .clip(0, canvas.width - 1)
        .astype(np.int32)
    )
    base = canvas.noise(3.6, 4)
    bent = base[rows, columns]
    bent = ((bent - bent.mean()) / (bent.std() * 4.2) + 0.5).clip(0, 1)
    paint = palette.ramp(bent)
    vein = np.exp(-(((bent - 0.52) * 26) ** 2))
    paint = mix(paint, palette.accent, vein * np.float32(0.75))
    relief = np.gradient(blur(bent, 2), axis=1) * 9 + np.gradient(blur(bent, 2), axis=0) * 9
    shaded: Paint = paint * (1 - relief.clip(-0.35, 0.35))[..., None]
    return shaded


def rings(canvas: Canvas) -> Paint:
    """Growth rings of a tree, or ripples of stones thrown into a pond."""
    palette = canvas.palette
    wave: Field = np.zeros((canvas.height, canvas.width), np.float32)
    warp = canvas.noise(2, 3) * np.float32(0.22)
    near = np.full_like(wave, 9)
    for _ in range(int(canvas.random.integers(2, 4))):
        x, y = canvas.uniform(0.05, 0.95) * canvas.aspect, canvas.uniform(0.05, 0.95)
        distance = np.sqrt((canvas.x - np.float32(x)) ** 2 + (canvas.y - np.float32(y)) ** 2) + warp
        near = np.minimum(near, distance)
        wave += np.sin(distance * np.float32(canvas.uniform(42, 70))) * np.exp(-distance * np.float32(1.1))
    slope = np.gradient(wave, axis=1) * 5 + np.gradient(wave, axis=0) * 5
    tint = (0.78 - 0.95 * near + 0.16 * wave).clip(0.02, 1)
    paint = palette.ramp(tint)
    paint = mix(paint, palette.light, (slope * 0.9).clip(0, 0.75))
    paint = paint * (1 - (-slope * 0.7).clip(0, 0.55))[..., None]
    return mix(paint, palette.accent, np.exp(-near * 9) * np.float32(0.6))


PAINTERS = (ribbons, cut_paper, threads, marble, rings)
