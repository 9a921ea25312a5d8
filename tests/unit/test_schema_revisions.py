"""Whether a database is behind the release that looks at it."""

from __future__ import annotations

import pytest

from app.db import migrate


def test_a_database_at_this_releases_newest_revision_is_not_behind() -> None:
    assert not migrate.is_behind(migrate.head())


def test_a_database_of_a_newer_release_is_not_behind_so_that_the_old_one_works_on_during_an_upgrade() -> None:
    assert not migrate.is_behind("9999")


@pytest.mark.parametrize("revision", [None, "0001"], ids=["an empty one", "an older one"])
def test_a_database_that_lacks_migrations_is_behind(revision: str | None) -> None:
    assert migrate.is_behind(revision)
