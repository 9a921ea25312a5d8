"""What must not be, refused by the database: illegal moves and changed outcomes."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

# The legal moves of app.domain.states, once more where no code can pass them by.
RUN_MOVES = """
CREATE FUNCTION legal_run_move(old text, new text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (old, new) IN (
        ('QUEUED', 'GENERATING_TEXT'), ('QUEUED', 'GENERATING_IMAGES'), ('QUEUED', 'FAILED'), ('QUEUED', 'CANCELED'),
        ('GENERATING_TEXT', 'GENERATING_IMAGES'), ('GENERATING_TEXT', 'READY'), ('GENERATING_TEXT', 'PARTIAL'),
        ('GENERATING_TEXT', 'FAILED'), ('GENERATING_TEXT', 'CANCELED'),
        ('GENERATING_IMAGES', 'READY'), ('GENERATING_IMAGES', 'PARTIAL'), ('GENERATING_IMAGES', 'FAILED'),
        ('GENERATING_IMAGES', 'CANCELED'),
        ('READY', 'GENERATING_TEXT'), ('READY', 'GENERATING_IMAGES'),
        ('PARTIAL', 'GENERATING_TEXT'), ('PARTIAL', 'GENERATING_IMAGES'),
        ('FAILED', 'GENERATING_TEXT'), ('FAILED', 'GENERATING_IMAGES')
    )
$$;
CREATE FUNCTION guard_run_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT legal_run_move(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'a run cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('READY', 'PARTIAL', 'FAILED') AND NEW.round <= OLD.round THEN
        RAISE EXCEPTION 'a finished run goes on only in a new round' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_run_move BEFORE UPDATE OF state ON runs
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard_run_move();
"""
PIECE_MOVES = """
CREATE FUNCTION legal_piece_move(old text, new text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (old, new) IN (
        ('PENDING', 'PROMPTED'), ('PENDING', 'RENDERED'), ('PENDING', 'READY'), ('PENDING', 'FAILED'),
        ('PROMPTED', 'RENDERED'), ('PROMPTED', 'READY'), ('PROMPTED', 'FAILED'),
        ('RENDERED', 'PROMPTED'), ('RENDERED', 'READY'), ('RENDERED', 'FAILED'),
        ('READY', 'PENDING'), ('READY', 'PROMPTED'), ('READY', 'RENDERED'),
        ('FAILED', 'PENDING'), ('FAILED', 'PROMPTED'), ('FAILED', 'RENDERED')
    )
$$;
CREATE FUNCTION guard_piece_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT legal_piece_move(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'a piece cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('READY', 'FAILED') AND NEW.round <= OLD.round AND NEW.version <= OLD.version THEN
        RAISE EXCEPTION 'a finished piece goes on only in a new round or version' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_piece_move BEFORE UPDATE OF state ON pieces
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard_piece_move();
"""
# The journal is append-only in what matters: an outcome is written once, and a settled call never changes its money.
CALL_OUTCOMES = """
CREATE FUNCTION guard_call_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('SUCCEEDED', 'FAILED')
        AND (NEW.state, NEW.cost_micro_usd, NEW.cost_basis) IS DISTINCT FROM
            (OLD.state, OLD.cost_micro_usd, OLD.cost_basis) THEN
        RAISE EXCEPTION 'call % is settled', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'UNKNOWN' AND NEW.state = 'INTENT' THEN
        RAISE EXCEPTION 'call % cannot become open again', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_call_outcome BEFORE UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION guard_call_outcome();
"""


def upgrade() -> None:
    """Apply."""
    for statement in (RUN_MOVES, PIECE_MOVES, CALL_OUTCOMES):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for function in ("guard_run_move", "guard_piece_move", "guard_call_outcome"):
        op.execute(f"DROP FUNCTION {function}() CASCADE")  # with its trigger
    for function in ("legal_run_move", "legal_piece_move"):
        op.execute(f"DROP FUNCTION {function}(text, text)")
