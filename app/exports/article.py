"""The article of a post, with its cover and its quote: Markdown to go on writing, HTML to be read as it is."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, Template

from app.domain.languages import is_rtl_language
from app.domain.plain_text import plain
from app.exports.finished import Finished, Picture
from app.exports.wording import cut
from app.ordered import brand_of
from app.pipelines.markdown import in_line, paragraphs, whole_line

MAX_DESCRIPTION = 160  # characters that search engines show

# Nastaliq hangs far below and stands far above its line, so that Urdu needs twice its size.
PAGE = """\
<!DOCTYPE html>
<html lang="{{ language }}" dir="{{ direction }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ article.title }}</title>
<meta name="description" content="{{ description }}">
<style>
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #5c636b; --ground: #fdfcfa; --accent: {{ accent }} }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e7e2; --soft: #a5a9af; --ground: #15171a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); text-rendering: optimizeLegibility;
  font: 1.1875rem/1.65 Charter, "Source Serif 4", "Iowan Old Style", Georgia, "Noto Serif", serif }
:lang(ar), :lang(fa), :lang(ps), :lang(sd) { font-family: "Noto Naskh Arabic", Amiri, "Geeza Pro", serif; line-height: 1.9 }
:lang(ur), :lang(ks) { font-family: "Noto Nastaliq Urdu", "Jameel Noori Nastaleeq", "Noto Naskh Arabic", serif; line-height: 2.3 }
:lang(hi), :lang(mr), :lang(ne) { font-family: "Noto Serif Devanagari", "Noto Sans Devanagari", serif; line-height: 1.8 }
:lang(ja), :lang(ko), :lang(zh) { line-height: 1.85; text-align: start; line-break: strict }
article { max-width: 42rem; margin: 0 auto; padding: clamp(1.5rem, 5vw, 4rem) 1.25rem 6rem; overflow-wrap: break-word }
h1 { font-size: clamp(2rem, 6vw, 3rem); line-height: 1.15; letter-spacing: -.015em; margin: 0 0 1.25rem; text-wrap: balance }
h2 { font-size: 1.5rem; line-height: 1.3; margin: 2.75rem 0 .75rem; text-wrap: balance }
:is(:lang(ar), :lang(fa), :lang(ur), :lang(hi), :lang(mr)) :is(h1, h2) { line-height: inherit; letter-spacing: 0 }
p { margin: 0 0 1.15em; text-wrap: pretty; hyphens: auto }
.lead { font-size: 1.25em; color: var(--soft) }
figure { margin: 2.5rem 0 }
.cover img { display: block; width: 100%; height: auto; border-radius: .5rem }
blockquote { margin: 0; padding-inline-start: 1.25rem; border-inline-start: .25rem solid var(--accent);
  font-size: 1.35em; line-height: 1.45 }
:is(:lang(ar), :lang(fa), :lang(ur), :lang(hi), :lang(mr)) blockquote { line-height: inherit }
blockquote p { margin: 0 }
figcaption { margin-top: .75rem; padding-inline-start: 1.5rem; color: var(--soft); font-size: .9375em }
@media print { body { font-size: 11pt; background: none } h2 { break-after: avoid } figure, blockquote { break-inside: avoid } }
</style>
</head>
<body>
<article>
<header>
<h1>{{ article.title }}</h1>
{% if cover %}
<figure class="cover"><img src="{{ cover.name }}" alt="{{ cover.alt_text }}" width="{{ cover.stored.width }}" height="{{ cover.stored.height }}"></figure>
{% endif %}
</header>
{% for part in article.intro | paragraphs %}
<p class="lead">{{ part }}</p>
{% endfor %}
{% for section in article.sections %}
<section>
<h2>{{ section.heading }}</h2>
{% for part in section.body | paragraphs %}
<p>{{ part }}</p>
{% endfor %}
</section>
{% endfor %}
{% if quote %}
<figure class="quote">
<blockquote><p>{{ quote.text }}</p></blockquote>
<figcaption>{{ quote.author }}</figcaption>
</figure>
{% endif %}
{% for part in article.conclusion | paragraphs %}
<p>{{ part }}</p>
{% endfor %}
</article>
</body>
</html>
"""


def markdown(finished: Finished) -> str | None:
    """Return a run's article with its cover and its quote as Markdown; None when it has none.

    Every word comes from a model or a user: what Markdown or HTML would read as a mark is escaped.
    """
    article, quote = finished.texts.get("article"), finished.texts.get("quote")
    if not article:
        return None
    parts = [f"# {in_line(article['title'])}"]
    if cover := _cover(finished):
        parts.append(f"![{in_line(cover.alt_text)}]({cover.name})")
    parts.append(paragraphs(article["intro"]))
    for section in article["sections"]:
        parts += [f"## {in_line(section['heading'])}", paragraphs(section["body"])]
    parts.append(paragraphs(article["conclusion"]))
    if quote:
        text, author = (whole_line(quote[name]) for name in ("text", "author"))
        parts.append(f"> {text}\n>\n> {author}")
    return "\n\n".join(parts) + "\n"


def html(finished: Finished) -> str | None:
    """Return a run's article as a page of its own, beside its cover's file; None when it has none.

    Every word comes from a model or a user and is escaped; no script is in it, and nothing is loaded from elsewhere.
    """
    article = finished.texts.get("article")
    if not article:
        return None
    page = _template().render(
        language=finished.language,
        direction="rtl" if is_rtl_language(finished.language) else "ltr",
        article=article,
        quote=finished.texts.get("quote"),
        cover=_cover(finished),
        description=cut(article["intro"], MAX_DESCRIPTION),
        accent=brand_of(finished.run).look().accent,
    )
    return plain(page)


def _cover(finished: Finished) -> Picture | None:
    return next((picture for picture in finished.pictures if picture.piece.kind == "article"), None)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["paragraphs"] = _paragraphs
    return environment.from_string(PAGE)


def _paragraphs(text: Any) -> list[str]:
    return [line.strip() for line in str(text).splitlines() if line.strip()]
