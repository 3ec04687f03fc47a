"""The command line: one group, exit codes 0 done, 1 the thing asked about is wrong, 2 usage."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy.exc import OperationalError

from provisioner.errors import BellwireError, SecretsError, SettingsError
from web.commands import (
    backup,
    call_lists,
    calls,
    catalogue,
    changes,
    databases,
    diagnose,
    discover,
    firewall,
    importing,
    incidents,
    inventory,
    labels,
    library,
    maintenance,
    mend,
    network,
    number,
    pbx_whole,
    phone_books,
    phones,
    presets,
    rotate,
    running,
    secret,
    soft_phones,
    status,
    switch,
    tokens,
    users,
    watch,
)


class _Group(click.Group):
    """Turns bellwire's own errors into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where a closed pipe is no error
        except (SettingsError, SecretsError) as problem:
            click.echo(f"bellwire: {problem}", err=True)
            sys.exit(2)
        except BellwireError as problem:
            click.echo(f"bellwire: {problem}", err=True)
            sys.exit(1)
        except BrokenPipeError:
            _say_no_more()
            sys.exit(0)
        except (OSError, OperationalError) as problem:  # a full disk, a database that is locked
            click.echo(f"bellwire: {getattr(problem, 'orig', None) or problem}", err=True)
            sys.exit(1)
        return result


def _say_no_more() -> None:
    """Point standard output at nothing: Python would fail to flush it at the end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bellwire", prog_name="bellwire")
def main() -> None:
    """Provision, watch and mend the telephones of hotels and other sites."""


MODULES = (
    running, inventory, phones, labels, catalogue, presets, network, secret, library, phone_books,
    soft_phones, switch, status, diagnose, watch, incidents, maintenance, number, discover,
    mend, changes, users, tokens, calls, call_lists, backup, databases, pbx_whole, firewall,
    rotate, importing,
)  # fmt: skip
for module in MODULES:
    for command in module.COMMANDS:
        main.add_command(command)


if __name__ == "__main__":
    main()
