"""stub"""
import io
import numpy as np
from PIL import Image
from sandbox.calls import Picture
SIZES = {"4:5": (928, 1152), "1:1": (1024, 1024), "16:9": (1376, 768), "9:16": (768, 1376)}
def paint(prompt: str, aspect_ratio: str, key: str) -> Picture:
    w, h = SIZES.get(aspect_ratio, (1024, 1024))
    rng = np.random.default_rng(int(key[:8].encode().hex(), 16))
    a = rng.integers(0, 255, (9, 8, 3)).astype("uint8")
    im = Image.fromarray(a).resize((w, h), Image.Resampling.BICUBIC)
    n = rng.integers(0, 4, (h, w, 1)).astype("uint8")
    im = Image.fromarray(np.asarray(im) // 2 + 60 + n)
    b = io.BytesIO(); im.save(b, "PNG", compress_level=1)
    return Picture(b.getvalue(), "image/png")
