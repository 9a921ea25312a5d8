"""What can go wrong while the embedded services and the supervised processes start or run.

SetupError
└── EmbeddedError              never raised directly
    ├── DataDirNotWritable     the data dir is not ours to write
    ├── DiskFull               the data dir's disk has no room for servers
    ├── DataDirBusy            another process holds the data dir, and its services cannot be used
    ├── SocketDirUnsafe        the socket directory is not ours alone
    ├── ProgramMissing         a server or a command is not installed
    ├── ClusterMismatch        the cluster cannot be opened by what is installed here
    ├── ServerFailed           a server did not start, or ended again and again, with its last log lines
    ├── PortInUse              a port that a setting names is taken
    ├── ProcessNotReady        a supervised process did not become ready in time
    └── ProcessKeepsDying      a supervised process died again and again
"""

from __future__ import annotations

from pathlib import Path

from app.domain.errors import SetupError


class EmbeddedError(SetupError):
    """Never raised directly. The base of what the embedded services raise."""

    code = "embedded"


class DataDirNotWritable(EmbeddedError):
    """Raised when the data dir cannot be made or written by this user."""

    code = "data_dir_not_writable"

    def __init__(self, data_dir: Path, reason: str) -> None:
        super().__init__(
            f"cannot write the data dir {data_dir} ({reason}); "
            "give this user the right to write it, or set PRESSROOM_DATA_DIR to another folder"
        )
        self.data_dir = data_dir


class DiskFull(EmbeddedError):
    """Raised when the disk of the data dir has no room for servers: PostgreSQL would end while it starts."""

    code = "disk_full"


class DataDirBusy(EmbeddedError):
    """Raised when another process holds the data dir and this one cannot attach to what it runs."""

    code = "data_dir_busy"


class SocketDirUnsafe(EmbeddedError):
    """Raised when the socket directory is a link, somebody else's, or open to others."""

    code = "socket_dir_unsafe"


class ProgramMissing(EmbeddedError):
    """Raised when a program that must be started is not installed."""

    code = "program_missing"


class ClusterMismatch(EmbeddedError):
    """Raised when the PostgreSQL cluster in the data dir cannot be opened by what is installed here."""

    code = "cluster_mismatch"


class ServerFailed(EmbeddedError):
    """Raised when a server ended or did not answer while it started, also again; `log_path` holds the whole story."""

    code = "server_failed"

    def __init__(self, name: str, what: str, log_path: Path, last_lines: str) -> None:
        super().__init__(f"{name} {what}; the last lines of {log_path}:\n{last_lines}")
        self.name = name
        self.log_path = log_path


class PortInUse(EmbeddedError):
    """Raised when the port that a setting names is taken by another program."""

    code = "port_in_use"

    def __init__(self, port: int, setting: str) -> None:
        super().__init__(f"port {port} is taken by another program; stop that, or set {setting} to a free port")
        self.port = port
        self.setting = setting


class ProcessNotReady(EmbeddedError):
    """Raised when a supervised process did not become ready before the deadline."""

    code = "process_not_ready"


class ProcessKeepsDying(EmbeddedError):
    """Raised when a supervised process died so often, so soon after its start, that starting it again cannot help."""

    code = "process_keeps_dying"
