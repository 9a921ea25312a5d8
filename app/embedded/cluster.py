"""Where the PostgreSQL cluster of a data dir lies: inside it, but for root in a closed folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from app.embedded import paths
from app.embedded.accounts import Account
from app.embedded.errors import ClusterMismatch, DataDirNotWritable

SHARED_ROOT = Path("/var/lib")


def place(data_dir: Path, account: Account | None) -> Path:
    """Return the cluster's real path; it may not exist yet. Raises ClusterMismatch, DataDirNotWritable.

    account: the user that PostgreSQL runs as, None for our own. Below root's home (mode 0700) another
    user reaches nothing. Rather than open the home, we put the cluster under /var/lib and leave a link.
    """
    inside = data_dir / "postgres"
    if inside.is_symlink():
        target = inside.resolve()
        _require_ours(data_dir, target)
        return target
    if account is None or account.can_reach(data_dir):
        return inside
    if inside.exists():
        raise ClusterMismatch(
            f"PostgreSQL cannot run as root, and user {account.uid}, who owns {inside}, cannot enter {data_dir}; "
            "open the folders above it to that user, or set PRESSROOM_DATA_DIR to another folder"
        )
    try:
        home = Path(tempfile.mkdtemp(prefix="pressroom-", dir=SHARED_ROOT))
        home.chmod(0o711)
        (home / "origin").write_text(str(data_dir))
        inside.symlink_to(home / "postgres")
    except OSError as exc:
        raise DataDirNotWritable(data_dir, f"PostgreSQL cannot run as root there, nor under {SHARED_ROOT}") from exc
    return home / "postgres"


def discard(data_dir: Path) -> None:
    """Remove a data dir that nobody uses, with the part of it that lies elsewhere."""
    inside = data_dir / "postgres"
    if inside.is_symlink() and (inside.resolve().parent / "origin").exists():
        shutil.rmtree(inside.resolve().parent)
    paths.remove_socket_dirs(data_dir.resolve())
    shutil.rmtree(data_dir)


def _require_ours(data_dir: Path, cluster: Path) -> None:
    """Refuse a cluster that a copied data dir shares with its original; follow one that was moved."""
    origin_file = cluster.parent / "origin"
    origin = Path(origin_file.read_text()) if origin_file.exists() else data_dir
    if origin == data_dir:
        return
    other = origin / "postgres"
    if other.is_symlink() and other.resolve() == cluster:
        raise ClusterMismatch(
            f"{data_dir} is a copy of {origin} and points to the same database {cluster}; "
            f"remove {data_dir / 'postgres'} to start with an empty one"
        )
    origin_file.write_text(str(data_dir))
