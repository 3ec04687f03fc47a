"""bellwire's own wheel, and wheels made of it that stand for later versions."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

MIGRATIONS = "web/migrations/inventory/versions"
BROKEN = '''"""A migration that spoils data and then fails half-way."""

from alembic import op

revision = "broken"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("update account set secret = 'spoilt'")
    connection.exec_driver_sql("update room set name = 'spoilt'")
    connection.exec_driver_sql("COMMIT")
    raise RuntimeError("this migration fails half-way")
'''


def built(source: Path, folder: Path) -> Path:
    """Build the wheel of a checkout."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(source)],
        check=True,
    )
    (made,) = folder.glob("bellwire-*.whl")
    return made


def needed(source: Path, folder: Path) -> Path:
    """Fetch the wheels of all that bellwire needs, PostgreSQL's part too, into a cached folder."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    name = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    made = folder / f"wheels-{name}"
    if not made.is_dir():
        fresh = Path(f"{made}.new")
        shutil.rmtree(fresh, ignore_errors=True)  # of a run that was interrupted
        command = [sys.executable, "-m", "pip", "download", "-q", "-d", str(fresh), *wanted]
        subprocess.run(command, check=True)
        fresh.rename(made)
    return made


def later(wheel: Path, folder: Path, name: str = "newer") -> Path:
    """Return a wheel that differs, by a name, and is well."""
    return _with(wheel, folder, {"web/later.py": f'"""{name}."""\n'})


def broken(wheel: Path, folder: Path) -> Path:
    """Return a wheel whose migration fails after it has spoilt data."""
    with zipfile.ZipFile(wheel) as archive:
        names = [Path(n).name for n in archive.namelist() if n.startswith(MIGRATIONS)]
        newest = max(n for n in names if re.match(r"\d{4}_", n))
    text = BROKEN.format(before=newest[:4])
    return _with(wheel, folder, {f"{MIGRATIONS}/9999_broken.py": text})


def _with(wheel: Path, folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    made = folder / wheel.name
    shutil.copyfile(wheel, made)
    with zipfile.ZipFile(made, "a") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made
