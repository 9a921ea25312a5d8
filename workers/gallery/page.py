"""The gallery as a page: one file beside its pictures, which filters by itself."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from workers.gallery.making import Shown

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pressroom gallery</title>
<style>
:root { color-scheme: light dark; --ground: light-dark(#f3f3f4, #17181b); --card: light-dark(#fff, #222429);
  --ink: light-dark(#1c1d21, #ececef); --soft: light-dark(#6b6d75, #9b9da6); --bad: light-dark(#c3251b, #ff7a6e); }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; background: var(--ground); color: var(--ink) }
header { position: sticky; top: 0; z-index: 1; padding: 14px 24px; background: var(--ground); border-bottom: 1px solid #8883;
  display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: center }
h1 { font-size: 18px; margin: 0 8px 0 0 }
label { color: var(--soft) } select { font: inherit; padding: 3px 6px; margin-left: 4px }
#count, .sheets { color: var(--soft) } .sheets { padding: 12px 24px 0 } a { color: inherit }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 20px; padding: 20px 24px; align-items: start }
figure { margin: 0; background: var(--card); border-radius: 8px; overflow: hidden; box-shadow: 0 1px 3px #0002 }
figure img { display: block; width: 100%; height: auto }
figure .none { padding: 40px 16px; text-align: center; color: var(--bad) }
figcaption { padding: 10px 14px 12px; font-size: 13px; color: var(--soft) }
figcaption b { color: var(--ink); font-weight: 600 } .bad { color: var(--bad); font-weight: 600 }
</style></head><body>
<header><h1>Pressroom gallery</h1><span id="filters"></span>
<label><input type="checkbox" id="wrong"> problems only</label><span id="count"></span></header>
<div class="sheets">__SUMMARY__<br>Contact sheets: __SHEETS__</div><main></main>
<script>
const slides = __SLIDES__, axes = ["layout", "theme", "format", "language", "picture"], chosen = {};
const make = (tag, props, ...inside) => { const e = Object.assign(document.createElement(tag), props); e.append(...inside); return e };
for (const axis of axes) {
  const values = [...new Set(slides.map(s => s[axis]))];
  const select = make("select", { onchange: e => { chosen[axis] = e.target.value; show() } },
    make("option", { value: "", textContent: "all" }), ...values.map(v => make("option", { value: v, textContent: v })));
  filters.append(make("label", {}, axis, select), " ");
}
wrong.onchange = () => show();
function show() {
  const found = slides.filter(s => axes.every(a => !chosen[a] || s[a] === chosen[a]) && (!wrong.checked || s.problem));
  count.textContent = `${found.length} of ${slides.length}`;
  document.querySelector("main").replaceChildren(...found.map(card));
}
function card(s) {
  const picture = s.file ? make("a", { href: s.file, target: "_blank" },
    make("img", { src: s.file, alt: s.alt, loading: "lazy", width: s.width, height: s.height })) : make("div", { className: "none", textContent: "not drawn" });
  const proof = s.file ? `contrast ${s.contrast} · least type ${s.least} px · scrim ${s.scrim} · ${s.missing} missing · ${s.ms} ms` : "";
  return make("figure", {}, picture, make("figcaption", {},
    make("b", { textContent: s.layout }), ` · ${s.theme} · ${s.format} · ${s.language}`, make("br"), proof,
    ...(s.problem ? [make("div", { className: "bad", textContent: s.problem })] : [])));
}
show();
</script></body></html>
"""


def write(shown: Sequence[Shown], sheets: Sequence[str], folder: Path) -> Path:
    """Write index.html; return its path. Pictures and sheets lie beside it already."""
    links = ", ".join(f'<a href="{html.escape(name)}">{html.escape(_short(name))}</a>' for name in sheets)
    slides = json.dumps([_facts(one) for one in shown], ensure_ascii=False).replace("</", "<\\/")
    page = _PAGE.replace("__SUMMARY__", html.escape(summary(shown))).replace("__SHEETS__", links)
    path = folder / "index.html"
    path.write_text(page.replace("__SLIDES__", slides), encoding="utf-8")
    return path


def summary(shown: Sequence[Shown]) -> str:
    """Return the gallery in one line."""
    made = [one for one in shown if one.composed is not None]
    wrong = sum(bool(one.problem) for one in shown)
    if not made:
        return f"{len(shown)} slides, none drawn"
    lowest = min(one.composed.contrast for one in made if one.composed)
    times = [one.cpu_ms for one in made]
    return (
        f"{len(shown)} slides, {wrong} with problems; lowest contrast {lowest}; "
        f"CPU per slide {median(times):.0f} ms, at most {max(times):.0f} ms"
    )


def _short(name: str) -> str:
    return (
        name.removeprefix("sheet-").removesuffix(".png").replace("x", ":")
        if name[6:7].isdigit()
        else name.removeprefix("sheet-").removesuffix(".png")
    )


def _facts(one: Shown) -> dict[str, Any]:
    case, composed = one.case, one.composed
    facts: dict[str, Any] = {
        "layout": case.design.name,
        "theme": case.theme,
        "format": case.format,
        "language": case.language,
        "picture": "picture" if case.has_picture else "no picture",
        "file": one.file,
        "problem": one.problem,
    }
    if composed is not None:
        facts |= {
            "contrast": composed.contrast,
            "least": composed.least_type_px,
            "scrim": round(composed.scrim, 2),
            "missing": composed.missing_glyphs,
            "ms": round(one.cpu_ms),
            "alt": composed.alt_text,
            "width": composed.width,
            "height": composed.height,
        }
    return facts
