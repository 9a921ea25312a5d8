"""Become a command that the kernel ends when its owner dies. Run as a script by `children`, never imported.

usage: launch.py OWNER_PID DEATH_SIGNAL UID:GID|- COMMAND...

A script of its own and not a `preexec_fn`: that would run Python between fork and exec of a process with threads.
It starts as the owner's user (the interpreter may lie where the server's user cannot go) and then:
1. becomes the server's user, if one is asked for: a change of user clears the death signal, so it comes first
2. gives signals their default meaning: a shell's background job would hand on an ignored SIGINT
3. asks for the death signal, and ends at once if the owner died before that
4. becomes the command
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(owner: str, death_signal: str, account: str, command: list[str]) -> None:
    """Take the four moves of the module's docstring; does not return."""
    if account != "-":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(owner):
        sys.exit(f"{command[0]} was not started: its owner, process {owner}, has ended")
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command is the owner's own
    except OSError as exc:
        sys.exit(f"{command[0]} cannot be started: {exc.strerror}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
