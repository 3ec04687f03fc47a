"""Feeds one target, guided by the coverage of the code it reaches (atheris, libFuzzer).

``python -m tests.fuzz.drive TARGET --inputs N --folder FOLDER``: each fault is written to FOLDER
with the input that made it, once for each place it comes from, and the search goes on. At the end
FOLDER/result.json says what was done. libFuzzer prints coverage and memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from tests.fuzz.target import Target

SLOW_S = 5
MEMORY_MB = 1500
LONGEST_WORD = 64
NOTED_EVERY = 2000


class Watched:
    """Calls a target's reader and keeps account; what it raises does not end the search."""

    def __init__(
        self,
        take: Callable[[bytes], object],
        refuses: tuple[type[Exception], ...],
        inputs: int,
        folder: Path,
    ) -> None:
        self._take = take
        self._refuses = refuses
        self._inputs = inputs
        self._folder = folder
        self._done = self._understood = 0
        self._slowest_s = 0.0
        self._slowest = b""
        self._faults: dict[str, str] = {}

    def __call__(self, data: bytes) -> None:
        """Feed one input."""
        self._done += 1
        began_s = time.thread_time()
        try:
            self._take(data)
            self._understood += 1
        except self._refuses:
            pass
        except Exception as fault:  # noqa: BLE001 - that is what is looked for
            self._keep(fault, data)
        took_s = time.thread_time() - began_s
        if took_s > self._slowest_s:
            self._slowest_s, self._slowest = took_s, data
        if self._done == self._inputs or not self._done % NOTED_EVERY:
            self.write()

    def _keep(self, fault: Exception, data: bytes) -> None:
        frames = traceback.extract_tb(fault.__traceback__)
        place = next(
            f
            for f in reversed(frames)
            if "/.venv/" not in f.filename and "/lib/python" not in f.filename
        )
        key = f"{type(fault).__name__} at {Path(place.filename).name}:{place.lineno}"
        if key not in self._faults and len(self._faults) < 50:
            self._faults[key] = "".join(traceback.format_exception(fault))[-3000:]
            (self._folder / f"fault-{len(self._faults)}").write_bytes(data)
            (self._folder / f"fault-{len(self._faults)}.txt").write_text(self._faults[key])
            self.write()

    def write(self) -> None:
        """Write down how far it is."""
        made = {
            "inputs": self._done,
            "understood": self._understood,
            "slowest_s": self._slowest_s,
            "slowest": self._slowest.hex(),
            "faults": self._faults,
        }
        (self._folder / "result.json").write_text(json.dumps(made))


def _lengthened(target: Target) -> Iterator[bytes]:
    """Seeds with the words that are too long for libFuzzer's dictionary, after each sign."""
    for seed in target.seeds:
        for word in (word for word in target.words if len(word) > LONGEST_WORD):
            places = [at + 1 for at, sign in enumerate(seed) if sign in b":=,;- (\n"]
            yield from (seed[:at] + word + seed[at:] for at in places[:: len(places) // 8 + 1])


def main() -> None:
    """Run; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=7200)
    given = parser.parse_args()
    with atheris.instrument_imports(
        include=["provisioner", "monitors", "web", "sipmessage", "yaml"]
    ):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[given.target]
    corpus = given.folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*target.seeds, *_lengthened(target)]):
        (corpus / f"seed-{number}").write_bytes(seed[: target.most])
    words = given.folder / "words"
    written = (
        "".join(f"\\x{octet:02x}" for octet in word[:LONGEST_WORD]) for word in target.words if word
    )
    words.write_text("".join(f'"{word}"\n' for word in written))
    watched = Watched(target.take, target.refuses, given.inputs, given.folder)
    target.take(target.seeds[0])  # what is read once is not a slow input
    options = [
        f"-runs={given.inputs}", f"-max_len={target.most}", f"-dict={words}", f"-seed={given.seed}",
        f"-timeout={SLOW_S}", f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={given.folder}/",
        f"-max_total_time={given.seconds}", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], watched)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
