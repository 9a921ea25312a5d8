"""Painters of things: spheres, vessels on a table, isometric blocks, walls in sunlight, lights out of focus."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sandbox.painter_tools import Canvas, Colour, Field, Paint, blur, glow, gradient, mix, shifted, smooth


def spheres(canvas: Canvas) -> Paint:
    """Balls of different sizes on a floor, lit from one side."""
    palette = canvas.palette
    floor = canvas.uniform(0.58, 0.7)
    side = canvas.sign()
    paint = gradient(canvas, palette.at(0.55), palette.at(0.78), palette.at(0.62), floor)
    paint = mix(paint, palette.at(0.88), glow(canvas, canvas.aspect * (0.5 + 0.45 * side), 0.25, 0.5) * np.float32(0.7))
    ground = np.clip((canvas.y - np.float32(floor)) * 14, 0, 1)
    paint = mix(paint, palette.at(0.7), ground * np.float32(0.8) + 0 * canvas.x)
    balls = sorted(
        (canvas.uniform(floor + 0.02, 0.95), canvas.uniform(0.06, 0.21))
        for _ in range(int(canvas.random.integers(5, 9)))
    )
    colours = [palette.accent, palette.at(0.2), palette.at(0.45), palette.light, palette.at(0.65)]
    for number, (foot, radius) in enumerate(balls):
        x = canvas.aspect * canvas.uniform(0.08, 0.92)
        _ball(
            canvas, paint, x=x, y=foot - radius * 0.8, radius=radius, colour=colours[number % len(colours)], side=side
        )
    return paint


def _ball(canvas: Canvas, paint: Paint, *, x: float, y: float, radius: float, colour: Colour, side: float) -> None:
    """Lay one shaded ball with its shadow; light from the upper left (side -1) or right."""
    rows, columns = canvas.window(x - radius * 3.6, x + radius * 3.6, y - radius * 1.1, y + radius * 1.9)
    dx = (canvas.x[:, columns] - np.float32(x)) / np.float32(radius)
    dy = (canvas.y[rows] - np.float32(y)) / np.float32(radius)
    part = paint[rows, columns]
    cast = ((dx + side * 0.75) / 1.5) ** 2 + ((dy - 0.93) / 0.3) ** 2
    part = mix(part, canvas.palette.dark, np.exp(-cast * 1.6) * np.float32(0.62))
    distance = dx * dx + dy * dy
    z = np.sqrt(np.clip(1 - distance, 0, 1))
    diffuse = np.clip(side * 0.5 * dx - 0.62 * dy + 0.6 * z, 0, 1)
    rim = (1 - z) ** 3
    light = 0.2 + 0.85 * diffuse
    body = colour * light[..., None] + canvas.palette.at(0.75) * (rim * 0.35 + np.clip(dy, 0, 1) * 0.12)[..., None]
    shine = np.exp(-(((dx - side * 0.38) ** 2 + (dy + 0.45) ** 2) * 26)) * 0.85
    body = mix(body.astype(np.float32), canvas.palette.light, shine)
    edge = np.float32(1.5 / (radius * canvas.height))
    paint[rows, columns] = mix(part, body, np.clip((1 - np.sqrt(distance)) / edge, 0, 1))


def vessels(canvas: Canvas) -> Paint:
    """A still life: turned vases and bowls on a table before a wall."""
    palette = canvas.palette
    table = canvas.uniform(0.66, 0.8)
    side = canvas.sign()
    wall = mix(
        gradient(canvas, palette.at(0.6), palette.at(0.7), palette.at(0.55), table),
        palette.at(0.9),
        glow(canvas, canvas.aspect * (0.5 + 0.5 * side), 0.1, 0.55) * np.float32(0.8),
    )
    beam = canvas.x * np.float32(side) * 0.9 + canvas.y
    wall = mix(
        wall,
        palette.light,
        smooth(0.02, 0.0, np.abs(beam - np.float32(side * 0.45 * canvas.aspect + 0.42)) - np.float32(0.13))
        * np.float32(0.35),
    )
    leaves = smooth(0.4, 0.68, canvas.noise(4.5, 2))  # dappled: a tree stands before the window
    wall = wall * (1 - np.float32(0.2) * leaves)[..., None]
    top = mix(
        np.broadcast_to(palette.at(0.34), wall.shape), palette.at(0.55), (1 - canvas.y) * 1.6 * np.ones_like(canvas.x)
    )
    paint = mix(wall, top, smooth(-0.001, 0.001, canvas.y - np.float32(table)) + 0 * canvas.x)
    places = np.linspace(0.16, 0.84, int(canvas.random.integers(3, 6))) + canvas.random.uniform(-0.05, 0.05)
    colours = [palette.accent, palette.at(0.15), palette.at(0.82), palette.at(0.48), palette.at(0.68)]
    order = canvas.random.permutation(len(places))
    for number in order:
        foot = table + canvas.uniform(0.03, 0.14)
        _vase(
            canvas,
            paint,
            x=float(places[number]) * canvas.aspect,
            foot=foot,
            colour=colours[number % len(colours)],
            side=side,
        )
    return paint


def _vase(canvas: Canvas, paint: Paint, *, x: float, foot: float, colour: Colour, side: float) -> None:
    """Lay one vessel, turned about its axis, with a soft shadow on the table."""
    tall, width = canvas.uniform(0.16, 0.46), canvas.uniform(0.06, 0.12) * min(1.0, canvas.aspect * 1.2)
    rows, columns = canvas.window(x - 0.5, x + 0.5, foot - tall * 1.15, foot + 0.15)
    canvas_x, canvas_y, part = canvas.x[:, columns], canvas.y[rows], paint[rows, columns]
    up = (np.float32(foot) - canvas_y) / np.float32(tall)
    a, b, phase = canvas.uniform(0.1, 0.4), canvas.uniform(0.02, 0.16), canvas.uniform(0, 6.28)
    profile = np.float32(width) * (
        0.62 + a * np.sin(np.clip(up, 0, 1) * 3.14159 * canvas.uniform(0.9, 1.5)) + b * np.sin(up * 7 + phase)
    )
    shadow = ((canvas_x - np.float32(x - side * 0.13)) / np.float32(width * 2.4)) ** 2 + (
        (canvas_y - np.float32(foot)) / np.float32(0.035)
    ) ** 2
    part = mix(part, canvas.palette.dark, np.exp(-shadow) * np.float32(0.65))
    across = (canvas_x - np.float32(x)) / profile
    round_z = np.sqrt(np.clip(1 - across * across, 0, 1))
    light = 0.22 + 0.8 * np.clip(0.62 * side * across + 0.68 * round_z, 0, 1)
    body = colour * light[..., None] + canvas.palette.at(0.7) * (np.clip(-side * across, 0, 1) ** 3 * 0.2)[..., None]
    shine = np.exp(-(((across - side * 0.42) * 6) ** 2)) * np.float32(0.22)
    body = mix(body.astype(np.float32), canvas.palette.light, shine)
    bend = np.float32(0.16) * (1 - across * across).clip(0, 1) * np.float32(width / tall)
    inside = smooth(1.02, 0.98, np.abs(across)) * smooth(-0.005, 0.005, up + bend) * smooth(1.005, 0.995, up)
    part = mix(part, body, inside)
    mouth = across**2 + ((up - 1) / np.float32(0.2 * width / tall)) ** 2
    paint[rows, columns] = mix(
        part, mix(colour[None, None] * np.float32(0.3), canvas.palette.dark, 0.5), smooth(1.06, 0.94, mouth)
    )


def blocks(canvas: Canvas) -> Paint:
    """An isometric field of blocks of different heights."""
    palette = canvas.palette
    image = Image.new("RGB", (canvas.width * 2, canvas.height * 2), _rgb(palette.at(0.3)))
    draw = ImageDraw.Draw(image)
    size = canvas.height * 2 / canvas.uniform(9, 13)
    side = canvas.sign()
    relief = canvas.noise(canvas.uniform(2, 3.4), 2)
    rows, columns = int(canvas.height * 4.6 / size) + 6, int(canvas.width * 2 / (size * 1.732)) + 3
    for row in range(-2, rows):
        for column in range(-1, columns):
            x = (column + 0.5 * (row % 2)) * size * 1.732
            y = row * size * 0.5
            sample = relief[min(canvas.height - 1, max(0, int(y / 2))), min(canvas.width - 1, max(0, int(x / 2)))]
            lift = (float(sample) - 0.3) * size * 4.5 + canvas.uniform(-0.2, 0.35) * size
            accent = canvas.random.random() < 0.06  # noqa: PLR2004 - one block in sixteen
            tone = palette.accent if accent else palette.at(min(0.95, max(0.25, float(sample) * 1.25)))
            _block(draw, x=x, y=y - lift, size=size, tone=tone, dark=palette.dark, side=side)
    small = image.resize((canvas.width, canvas.height), Image.Resampling.BOX)
    paint = np.asarray(small, dtype=np.float32) / 255
    fog = canvas.noise(1.5, 1) * (1 - canvas.y)
    return mix(paint, palette.at(0.8), np.clip(fog - 0.25, 0, 1) * np.float32(0.7))


def _block(
    draw: ImageDraw.ImageDraw, *, x: float, y: float, size: float, tone: Colour, dark: Colour, side: float
) -> None:
    half, quarter, deep = size * 0.866, size * 0.5, size * 7
    left, right = (0.62, 0.3) if side < 0 else (0.3, 0.62)
    walls = {left: [(x - half, y), (x, y + quarter), (x, y + deep), (x - half, y + deep)]}
    walls[right] = [(x + half, y), (x, y + quarter), (x, y + deep), (x + half, y + deep)]
    for light, corners in walls.items():
        draw.polygon(corners, fill=_rgb(tone * light + dark * (0.9 - light)))
    draw.polygon([(x, y - quarter), (x + half, y), (x, y + quarter), (x - half, y)], fill=_rgb(tone))


def _rgb(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(255 * min(1.0, max(0.0, float(value)))) for value in colour)
    return red, green, blue


def walls(canvas: Canvas) -> Paint:
    """Planes and an arch of a sunlit building, with the shadow of what stands behind us."""
    palette = canvas.palette
    side = canvas.sign()
    paint = gradient(canvas, palette.at(0.5), palette.at(0.62), palette.at(0.74), 0.6)
    places = np.sort(canvas.random.uniform(-0.1, 0.85, int(canvas.random.integers(4, 7)))) * canvas.aspect
    places = places if side > 0 else places[::-1]
    tones = [palette.at(0.85), palette.accent, palette.at(0.35), palette.at(0.66), palette.at(0.22), palette.at(0.5)]
    order = canvas.random.permutation(len(tones))
    for number, place in enumerate(places):
        wide, top = canvas.uniform(0.18, 0.42) * canvas.aspect, canvas.uniform(0.08, 0.6)
        inside = _plane(canvas, float(place), wide, top, slope=canvas.uniform(-0.35, 0.35))
        cast = shifted(inside, 0.06, -side * 0.08)
        paint = paint * (1 - 0.48 * np.clip(blur(cast, 6) - inside, 0, 1))[..., None]
        tone = tones[order[number]]
        shade = (
            1
            - 0.22 * np.clip((canvas.x - np.float32(place)) / np.float32(wide) * -side + (0.5 + 0.5 * side), 0, 1)
            - 0.12 * canvas.y
        )
        paint = mix(paint, tone * shade[..., None], inside)
    x, base, radius = canvas.aspect * canvas.uniform(0.2, 0.8), canvas.uniform(0.52, 0.66), canvas.uniform(0.1, 0.17)
    arch = _arch(canvas, x, base, radius)
    depth = shifted(arch, 0, -side * radius * 0.35)
    paint = mix(paint, palette.at(0.14), arch)
    paint = mix(paint, palette.at(0.92), np.clip(arch * depth, 0, 1) * (0.25 + 0.6 * canvas.y))
    blades = np.sin((canvas.x * np.float32(side) + canvas.y * 0.55) * canvas.uniform(14, 26) + 2 * canvas.noise(2, 1))
    shadows = smooth(0.1, 0.5, blades) * smooth(0.35, 0.75, canvas.noise(1.6, 2))
    paint = paint * (1 - 0.3 * shadows)[..., None]
    floor = canvas.uniform(0.86, 0.93)
    return mix(paint, palette.at(0.3), smooth(-0.001, 0.001, canvas.y - np.float32(floor)) + 0 * canvas.x)


def _plane(canvas: Canvas, left: float, wide: float, top: float, slope: float) -> Field:
    """Return the cover of a wall with an upper edge that may slope."""
    roof = top + slope * (canvas.x - np.float32(left))
    sides = smooth(-0.001, 0.001, canvas.x - np.float32(left)) * smooth(
        0.001, -0.001, canvas.x - np.float32(left + wide)
    )
    return (sides * smooth(-0.001, 0.001, canvas.y - roof)).astype(np.float32)


def _arch(canvas: Canvas, x: float, base: float, radius: float) -> Field:
    dx = (canvas.x - np.float32(x)) / np.float32(radius)
    dy = np.minimum(canvas.y - np.float32(base), 0) / np.float32(radius)
    return smooth(1.01, 0.99, np.sqrt(dx * dx + dy * dy)).astype(np.float32)


def bokeh(canvas: Canvas) -> Paint:
    """Lights far out of focus, overlapping."""
    palette = canvas.palette
    paint = gradient(canvas, palette.dark * 0.8, palette.at(0.22), palette.at(0.1), canvas.uniform(0.3, 0.7))
    paint = mix(paint, palette.at(0.45), canvas.noise(1.8, 2) ** 2 * np.float32(0.8))
    slant = canvas.uniform(-0.8, 0.8)
    colours = [palette.accent, palette.at(0.7), palette.light, palette.at(0.5)]
    for _ in range(34):
        x, radius = canvas.aspect * canvas.uniform(0, 1), canvas.uniform(0.02, 0.13)
        y = 0.5 + slant * (x - canvas.aspect / 2) + canvas.random.normal(0, 0.2)
        rows, columns = canvas.window(x - radius * 1.1, x + radius * 1.1, y - radius * 1.1, y + radius * 1.1)
        part = paint[rows, columns]
        reach = (canvas.x[:, columns] - np.float32(x)) ** 2 + (canvas.y[rows] - np.float32(y)) ** 2
        distance = np.sqrt(reach) / np.float32(radius)
        disc = smooth(1.03, 0.95, distance) * (0.55 + 0.45 * np.clip(distance, 0, 1) ** 5)
        colour = colours[int(canvas.random.integers(len(colours)))]
        paint[rows, columns] = part + colour * (disc * np.float32(canvas.uniform(0.2, 0.7)))[..., None] * (
            1 - part * 0.6
        )
    return paint


PAINTERS = (spheres, vessels, blocks, walls, bokeh)
