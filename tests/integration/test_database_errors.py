"""An error of the database says what went wrong, and nothing of what was to be written: it is logged."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import transaction

pytestmark = pytest.mark.usefixtures("database")
SECRET = "a prompt that nobody else may read"


def test_no_value_of_a_statement_is_in_the_error() -> None:
    with pytest.raises(SQLAlchemyError) as failed, transaction() as session:
        session.execute(text("SELECT jsonb_nothing(:words)"), {"words": SECRET})

    assert "jsonb_nothing" in str(failed.value)
    assert SECRET not in str(failed.value)
    assert SECRET not in repr(failed.value)
