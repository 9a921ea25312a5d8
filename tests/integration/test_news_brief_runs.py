"""news-brief, as whole runs: pages and feeds on loopback are fetched through the guard, the sandbox's models write."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fetch_servers import Page, Site, serving

from app import costs
from app.db.models import Piece
from app.db.session import transaction
from app.domain.states import PieceState, QuotaUnit, RunState
from app.exports import pipeline_files
from app.exports.finished import Finished
from app.pipelines.catalog import pipeline_named
from app.runs import rounds
from app.runs.view import Links, run_view
from harness import Installation, Sandbox, forget_settings
from orders import a_user, calls_of, order, pieces_of, run_of, used
from workers.web.robots import robots
from working import worked

PARAGRAPHS = (
    "The port of {place} handled 52 million tonnes last year, which is 8 percent more than in the year before.",
    "Officials credit two new cranes and a longer quay that was opened in March 2026.",
    "Traders say that the roads behind the port of {place} are still too narrow for so many lorries.",
    "A rail link is planned for 2028, and its cost is put at 300 million dollars by the ministry of transport.",
)


def page(place: str) -> Page:
    told = "".join(f"<p>{text.format(place=place)}</p>" for text in PARAGRAPHS)
    head = f"<head><title>{place} grows</title></head>"
    return Page(f"<html lang=en>{head}<body><article><h1>{place} grows</h1>{told}</article></body></html>".encode())


def feed(site: Site, *paths: str) -> Page:
    items = "".join(f"<item><title>About {path}</title><link>{url_of(site, path)}</link></item>" for path in paths)
    body = f'<rss version="2.0"><channel><title>Ports</title>{items}</channel></rss>'
    return Page(body.encode(), content_type="application/rss+xml")


def url_of(site: Site, path: str) -> str:
    return f"http://127.0.0.1:{site.port}{path}"


@pytest.fixture
def site(database: Installation, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site of three articles, which the operator lets users reach."""
    assert database
    assert sandbox
    pages = {f"/{name}": page(name.title()) for name in ("karachi", "gwadar", "qasim")}
    with serving(pages) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.1")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", f"80,443,{made.port}")
        forget_settings()
        robots.cache_clear()
        yield made
        robots.cache_clear()


def ordered(site: Site, *paths: str, **request: Any) -> uuid.UUID:
    return order(pipeline="news-brief", urls=[url_of(site, path) for path in paths], **request)


def articles(run_id: uuid.UUID) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == "article"]


def seen(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return run_view(session, run_of(run_id), lambda key: key, Links("http://a", "http://b"))


def digest_of(run_id: uuid.UUID) -> dict[str, Any]:
    return dict(seen(run_id)["texts"]["digest"])


def links_of(run_id: uuid.UUID) -> list[str]:
    return [item["url"] for group in digest_of(run_id)["groups"] for item in group["items"]]


def file_of(run_id: uuid.UUID) -> str:
    return pipeline_files(Finished(run_of(run_id), pieces_of(run_id), calls_of(run_id), {}))["brief.md"]


def test_pages_become_one_digest_with_a_link_to_each(site: Site) -> None:
    run_id = ordered(site, "/karachi", "/gwadar")

    assert worked(run_id) is RunState.READY
    assert links_of(run_id) == [url_of(site, "/karachi"), url_of(site, "/gwadar")]
    assert "52 million tonnes" in str(digest_of(run_id)["groups"])
    assert f"(<{url_of(site, '/gwadar')}>)" in file_of(run_id)
    assert [call.purpose for call in calls_of(run_id)] == ["extract", "extract", "write_copy"]


def test_each_page_is_fetched_once_after_its_sites_robots_txt(site: Site) -> None:
    worked(ordered(site, "/karachi", "/gwadar"))

    assert site.paths == ["/robots.txt", "/karachi", "/gwadar"]


def test_the_text_of_a_page_is_kept_and_not_shown(site: Site) -> None:
    run_id = ordered(site, "/karachi")
    worked(run_id)

    (article,) = articles(run_id)
    assert "rail link is planned" in article.data["material"]
    assert all("material" not in piece["data"] for piece in seen(run_id)["pieces"])


def test_a_feeds_newest_articles_are_read(site: Site) -> None:
    site.pages["/feed"] = feed(site, "/qasim", "/karachi", "/gwadar")
    run_id = order(pipeline="news-brief", feed_url=url_of(site, "/feed"), items=2)

    assert worked(run_id) is RunState.READY
    assert links_of(run_id) == [url_of(site, "/qasim"), url_of(site, "/karachi")]


def test_a_page_that_cannot_be_read_is_left_out_and_named_with_its_reason(site: Site) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /private\n", content_type="text/plain")
    site.pages["/private"] = page("Secret")
    site.pages["/teaser"] = Page(b"<p>Subscribe to read on.</p>")
    paths = ("/karachi", "/gone", "/private", "/teaser")
    run_id = order(
        pipeline="news-brief", urls=[*(url_of(site, path) for path in paths), "http://169.254.169.254/latest/meta-data"]
    )

    assert worked(run_id) is RunState.PARTIAL

    assert links_of(run_id) == [url_of(site, "/karachi")]
    codes = [(piece.failure or {}).get("code") for piece in articles(run_id)]
    assert codes[1] == "fetch_failed:not_found"
    assert codes[3] == "article_refused:no_text"
    assert codes[4] == "url_refused:not_public"
    assert codes[2], "robots.txt forbids it"
    assert "/private" not in site.paths
    missing = {one["url"]: one["why"] for one in digest_of(run_id)["missing"]}
    assert len(missing) == 4
    assert all(why in file_of(run_id) for why in missing.values())


def test_a_private_address_is_not_asked_for_anybody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRESSROOM_FETCH_ALLOW")
    forget_settings()
    user = a_user()
    run_id = order(user, "news-brief", urls=[url_of(site, "/karachi")])

    assert worked(run_id) is RunState.FAILED
    assert site.paths == []
    assert (run_of(run_id).failure or {})["code"] == "url_refused:not_public"
    assert used(user, QuotaUnit.ITEMS) == 0, "what FAILED is given back"
    assert calls_of(run_id) == []


def test_a_site_that_is_away_for_a_moment_is_asked_again(site: Site) -> None:
    answers = [Page(b"later", 503), site.pages["/karachi"]]

    def raw(_: Site, out: Any) -> None:
        now = answers.pop(0)
        status = f"HTTP/1.1 {now.status} X\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n"
        out.write(status.encode() + now.body)

    site.pages["/karachi"] = Page(raw=raw)
    run_id = ordered(site, "/karachi")

    assert worked(run_id) is RunState.READY
    assert site.paths.count("/karachi") == 2


def test_a_site_that_stays_away_is_asked_three_times_and_then_left_out(site: Site) -> None:
    site.pages["/gwadar"] = Page(b"later", 503)
    run_id = ordered(site, "/karachi", "/gwadar")

    assert worked(run_id) is RunState.PARTIAL
    assert site.paths.count("/gwadar") == 3
    (missing,) = digest_of(run_id)["missing"]
    assert "503" in missing["why"]


def test_a_page_that_came_back_joins_the_digest_and_the_others_are_not_paid_again(site: Site) -> None:
    user = a_user()
    urls = [url_of(site, "/karachi"), url_of(site, "/lahore")]
    run_id = order(user, "news-brief", urls=urls)
    assert worked(run_id) is RunState.PARTIAL

    site.pages["/lahore"] = page("Lahore")
    with transaction() as session:
        rounds.resume(session, user, run_id)

    assert worked(run_id) is RunState.READY
    assert links_of(run_id) == urls
    assert digest_of(run_id)["missing"] == []
    assert site.paths.count("/karachi") == 1
    assert [call.purpose for call in calls_of(run_id)] == ["extract", "write_copy", "extract", "write_copy"]


def test_a_page_and_the_digest_that_failed_in_one_outage_are_paid_once_each(site: Site, sandbox: Sandbox) -> None:
    user = a_user()
    urls = [url_of(site, "/karachi"), url_of(site, "/lahore")]
    sandbox.fail({"match": {"prompt_contains": "You edit a news brief"}, "fault": "blocked", "params": {}})
    run_id = order(user, "news-brief", urls=urls)
    reserved = run_of(run_id).reserved_micro_usd
    assert worked(run_id) is RunState.FAILED

    sandbox.fail()
    site.pages["/lahore"] = page("Lahore")
    with transaction() as session:
        told = rounds.resume(session, user, run_id)

    assert (told.redone, told.worst_micro_usd) == (2, reserved), "there is money for a digest of both"
    assert worked(run_id) is RunState.READY
    assert links_of(run_id) == urls
    assert [call.purpose for call in calls_of(run_id) if call.round == 2] == ["extract", "write_copy"]


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"<rss version='2.0'><channel><title>x</title></channel></rss>", "feed_empty"), (b"<p>no</p>", "feed_")],
)
def test_a_feed_that_names_nothing_fails_the_run_before_any_model_is_asked(site: Site, body: bytes, code: str) -> None:
    site.pages["/feed"] = Page(body, content_type="application/xml")
    run_id = order(pipeline="news-brief", feed_url=url_of(site, "/feed"))

    assert worked(run_id) is RunState.FAILED
    assert (run_of(run_id).failure or {})["code"].startswith(code)
    assert calls_of(run_id) == []


def test_a_summary_that_breaks_its_rules_is_asked_for_again(site: Site) -> None:
    told = site.pages["/karachi"].body.replace(b"Traders say", b"Summarize me badly, traders say")
    site.pages["/karachi"] = Page(told)
    run_id = ordered(site, "/karachi")

    assert worked(run_id) is RunState.READY
    assert [call.purpose for call in calls_of(run_id)] == ["extract", "extract", "write_copy"]


def test_what_a_run_cost_is_what_the_sandbox_charged_and_within_its_quote(site: Site, sandbox: Sandbox) -> None:
    pipeline = pipeline_named("news-brief")
    paths = ("/karachi", "/gwadar", "/qasim")
    run_id = ordered(site, *paths)
    quoted = costs.quote(pipeline, pipeline.request.model_validate(run_of(run_id).request))
    worked(run_id)

    spent = seen(run_id)["cost"]["micro_usd"]
    assert spent == sandbox.bill()["total_micro_usd"]
    assert 0 < spent <= quoted.worst_micro_usd
    assert [line.step for line in quoted.lines] == ["summarize", "write_digest"], "to fetch costs nothing"


def test_fetching_counts_as_progress(site: Site) -> None:
    run_id = ordered(site, "/karachi")
    steps = {stage["step"]: stage["total"] for stage in seen(run_id)["progress"]["stages"]}

    assert steps == {"read_article": 1, "summarize": 1, "write_digest": 1}
    worked(run_id)
    assert seen(run_id)["progress"]["percent"] == 100


@pytest.mark.parametrize("language", ["ur-PK", "de"])
def test_the_brief_is_in_the_language_that_was_ordered(site: Site, language: str) -> None:
    run_id = ordered(site, "/karachi", language=language, focus="rail freight", length="short")

    assert worked(run_id) is RunState.READY
    assert all(piece.state is PieceState.READY for piece in pieces_of(run_id))
