"""What can be told of a url by its wording alone. Whether it may be asked is for workers.web.guard to say."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_URL_CHARS = 2048
SCHEMES = ("http", "https")


def problem_of_url(url: str) -> str | None:
    """Return what is wrong with the wording of a url that a user gave; None = nothing. No name is resolved."""
    if len(url) > MAX_URL_CHARS:
        return f"it is longer than {MAX_URL_CHARS} characters"
    if any(char.isspace() or char == "\\" or not char.isprintable() for char in url):
        return "it holds spaces, backslashes or control characters"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it cannot be read"
    wrong = {
        "it has to begin with http:// or https://": parts.scheme not in SCHEMES,
        "it names no host": not host,
        "it holds a user name or password; take them out": "@" in parts.netloc,
    }
    return next((told for told, is_so in wrong.items() if is_so), None)
