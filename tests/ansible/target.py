"""A throw-away Debian server: a root made by debootstrap, booted with systemd in own namespaces."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache as once
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
PROGRAMS = ("debootstrap", "unshare", "nsenter", "chroot", "mountpoint", "apt-get", "ip")
START_LIMIT_S = 120.0
TRIAL = """set -e
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir lower upper work all
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work all
ip tuntap add dev eth1 mode tap"""
LOOKED_AT = ("etc", "usr", "opt", "var", "root", "home", "srv")
PASSES = (
    "var/log", "var/cache", "var/lib/systemd", "var/tmp", "root/.ansible", "var/lib/apt",
    "var/lib/prometheus", "var/lib/postgresql",
)  # fmt: skip
"""What a machine changes by itself."""


def cache() -> Path:
    """Where things are kept between runs."""
    return Path(os.environ.get("BELLWIRE_CACHE", TOP / ".cache")) / "ansible"


def why_not() -> str:
    """Return why no server can be made here; empty: it can."""
    if os.geteuid() != 0:
        return "a throw-away server needs root"
    missing = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"a throw-away server needs {', '.join(missing)} (make debian)"
    if _cgroups() is None:
        return "a throw-away server needs a cgroup2 that can be written"
    return _why_no_namespaces()


@once
def _why_no_namespaces() -> str:
    unshare = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork"]
    done = subprocess.run(
        [*unshare, "/bin/sh", "-c", TRIAL], check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": _path()}, timeout=60,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    return f"a throw-away server needs namespaces, overlayfs and tap: {done.stderr.strip()}"


@contextmanager
def one_at_a_time() -> Iterator[int]:
    """What is made once is made by one process; others wait. Who inherits the lock keeps it."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def _cgroups() -> Path | None:
    """The mount point of cgroup2, or None."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(place)
    return None


def made_root() -> Path:
    """Return the root of an empty Debian server, making it when it is not in the cache.

    Raises:
        AssertionError: it cannot be made; with what was said last.
    """
    script = HERE / "root.sh"
    root = cache() / f"root-{hashlib.sha256(script.read_bytes()).hexdigest()[:12]}"
    with one_at_a_time() as lock:
        if not root.is_dir():
            shutil.rmtree(f"{root}.new", ignore_errors=True)
            # what debootstrap starts and mounts ends with it, also when this is interrupted: what is
            # left is a plain folder, which the next run removes
            alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
            done = subprocess.run(
                [*alone, "/bin/sh", str(script), str(root)], check=False, text=True,
                env={**os.environ, "PATH": _path()}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[lock],
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-4000:]
    return root


class Target:
    """One server while a ``with`` block lasts.

    Args:
        folder: an empty folder for it.
        name: its host name.

    Attributes:
        pid: of its process 1, as this machine sees it.
    """

    def __init__(self, folder: Path, name: str = "hotel") -> None:
        self._folder, self.name, self.pid = folder, name, 0
        cgroups = _cgroups()
        assert cgroups is not None
        self._cgroup = cgroups / f"bellwire-test-{os.getpid()}-{name}"
        self._outer: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Boot it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        root = made_root()
        self._cgroup.mkdir()
        unshare = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork",
                   "--kill-child", "/bin/sh", str(HERE / "boot.sh"), str(root),
                   str(self._folder), self.name]  # fmt: skip
        script = 'echo $$ > "$0/cgroup.procs"; exec "$@"'
        with (self._folder / "boot.log").open("wb") as log:
            self._outer = subprocess.Popen(
                ["/bin/sh", "-c", script, str(self._cgroup), *unshare],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "PATH": _path()},
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Switch it off: with its process 1 all others end."""
        if self._outer is not None:
            if self.pid and self._outer.poll() is None:
                os.kill(self.pid, signal.SIGKILL)
            self._outer.kill()  # --kill-child: what it started ends with it
            self._outer.wait(60)
        self._remove_cgroups()

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command on it as root; returns what it wrote to standard output.

        Raises:
            AssertionError: it failed; with all it wrote.
        """
        done = subprocess.run(
            [*self.entering(), *command], capture_output=True, text=True, check=False, timeout=600
        )
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def entering(self) -> list[str]:
        """The beginning of a command line that runs on it."""
        clean = ["env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", f"PATH={'/usr/local/sbin:' + _own()}"]
        return ["nsenter", "--target", str(self.pid), "--all", "--", *clean]

    def beside(self) -> list[str]:
        """The beginning of a command line that runs in its network, with this machine's files."""
        return ["nsenter", "--target", str(self.pid), "--net", "--"]

    @property
    def root(self) -> Path:
        """Its files, as this machine sees them."""
        return Path(f"/proc/{self.pid}/root")

    def snapshot(self) -> dict[str, tuple[int, int, int, int, str]]:
        """Every file that is configuration, program or data: mode, owner, group, size, link."""
        found = {}
        for top in LOOKED_AT:
            for folder, folders, files in os.walk(self.root / top):
                inside = folder.removeprefix(f"{self.root}/")
                if inside.startswith(PASSES):
                    folders.clear()
                    continue
                for name in [*folders, *files]:
                    if f"{inside}/{name}".startswith(PASSES):
                        continue
                    path = Path(folder, name)
                    seen = path.lstat()
                    is_link = path.is_symlink()
                    size = 0 if is_link or path.is_dir() else seen.st_size
                    link = str(path.readlink()) if is_link else ""
                    if not name.endswith((".db", "-wal", "-shm", ".pyc")) and name != "__pycache__":
                        mode = (seen.st_mode, seen.st_uid, seen.st_gid, size, link)
                        found[f"{inside}/{name}"] = mode
        return found

    def _wait(self) -> None:
        assert self._outer is not None
        until = time.monotonic() + START_LIMIT_S
        while True:
            assert self._outer.poll() is None, (self._folder / "boot.log").read_text()
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
            if children.split():
                self.pid = int(children.split()[0])
                if self._is_systemd() and self._is_up():
                    return
            assert time.monotonic() < until, (self._folder / "boot.log").read_text()
            time.sleep(0.1)

    def _is_systemd(self) -> bool:
        return Path(f"/proc/{self.pid}/comm").read_text().strip() == "systemd"

    def _is_up(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).strip()
        return state in {"running", "degraded"}

    def _remove_cgroups(self) -> None:
        folders = sorted(self._cgroup.rglob("*/"), key=lambda f: len(f.parts), reverse=True)
        for folder in [*folders, self._cgroup]:
            for _ in range(50):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.1)


def _own() -> str:
    return "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
