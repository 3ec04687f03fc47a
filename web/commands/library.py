"""The library: firmware with its rollouts, and wallpapers, logos and ring tones."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.filestore.files import Added, all_files
from provisioner.filestore.formats import FileKind
from provisioner.filestore.intake import Wanted
from provisioner.filestore.reports import file_report, rollout_report
from provisioner.filestore.rollout import Policy
from provisioner.filestore.rollouts import Assignment, assign, pause, resume, withdraw
from provisioner.filestore.stages import read_stages
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation

PICTURES = (FileKind.WALLPAPER, FileKind.LOGO, FileKind.RINGTONE)
DEFAULTS = Policy()

_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_SITE = click.option("--site", default="", help="For this site only; default: for all.")
_MODEL = click.option("--model", "models", multiple=True, help="Model it is for; may be repeated.")
_VENDOR = click.option("--vendor", default="", help="Vendor; default: that of the models.")
_NAME = click.option("--name", default="", help="Name phones ask for; default: the file's own.")
_SHA256 = click.option("--sha256", default="", help="What its SHA-256 must be.")


@click.group()
def firmware() -> None:
    """Firmware images, and which phones get them when."""


@click.group(name="files")
def files() -> None:
    """Wallpapers, logos and ring tones, named in settings as library:NAME."""


@firmware.command("add")
@_FILE
@_MODEL
@_VENDOR
@click.option("--handset", default="", help="The image is for this DECT handset model.")
@click.option("--version", required=True, help="The version, as phones report it.")
@_NAME
@_SITE
@_SHA256
@with_installation
def add_firmware(installation: Installation, /, **given: object) -> None:
    """Check FILE, an image as the vendor has it, and keep it."""
    _added(installation.filestore.add(_wanted(FileKind.FIRMWARE, given), who()))


@files.command("add")
@_FILE
@click.option("--kind", required=True, type=click.Choice([str(k) for k in PICTURES]))
@_MODEL
@_VENDOR
@_NAME
@_SITE
@_SHA256
@with_installation
def add_file(installation: Installation, /, kind: str, **given: object) -> None:
    """Check FILE and keep it. Files of one name for different models are told apart."""
    _added(installation.filestore.add(_wanted(FileKind(kind), given), who()))


def _wanted(kind: FileKind, given: dict[str, object]) -> Wanted:
    return Wanted(kind=kind, **given)  # type: ignore[arg-type]  # click checked them


def _added(added: Added) -> None:
    for warning in added.warnings:
        click.echo(f"warning: {added.row.name}: {warning}", err=True)
    known = "" if added.is_new else " (it was there already)"
    click.echo(f"{added.row.name}  {added.row.size_bytes} bytes  {added.row.digest}{known}")


@firmware.command("list")
@json_option
@with_installation
def list_firmware(installation: Installation, as_json: bool) -> None:
    """List the images, and how their rollouts stand."""
    _list(installation, (FileKind.FIRMWARE,), as_json=as_json)
    if not as_json:
        _show_rollouts(rollout_report(installation.database))


@files.command("list")
@json_option
@with_installation
def list_files(installation: Installation, as_json: bool) -> None:
    """List the wallpapers, logos and ring tones."""
    _list(installation, PICTURES, as_json=as_json)


def _list(installation: Installation, kinds: tuple[FileKind, ...], *, as_json: bool) -> None:
    with installation.database.read() as session:
        rows = [file_report(row, installation.vault) for row in all_files(session, kinds)]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        about = " ".join(str(row[part]) for part in ("version", "facts") if row[part])
        click.echo(
            f"{row['id']:>4}  {row['kind']:<9} {row['name']:<40} {row['size_bytes']:>10}  "
            f"{about:<20} {row['for']}  {row['problem']}".rstrip()
        )


@firmware.command("remove")
@click.argument("image")
@with_installation
def remove_firmware(installation: Installation, image: str) -> None:
    """Forget the firmware IMAGE (its name or number)."""
    row = installation.filestore.remove(image, [FileKind.FIRMWARE], who())
    click.echo(f"{row.name} is removed")


@files.command("remove")
@click.argument("name")
@with_installation
def remove_file(installation: Installation, name: str) -> None:
    """Forget the file NAME (or its number)."""
    row = installation.filestore.remove(name, PICTURES, who())
    click.echo(f"{row.name} is removed")


@firmware.command("assign")
@click.argument("image")
@click.option("--site", required=True, help="Site id.")
@click.option("--room", "rooms", multiple=True, help="Only this room; may be repeated.")
@click.option("--floor", "floors", multiple=True, help="Only this floor; may be repeated.")
@click.option("--stages", help='In this order: "rooms=214,215 floor=2 all".')
@click.option(
    "--return-minutes",
    default=DEFAULTS.return_minutes,
    show_default=True,
    type=click.IntRange(1, 1440),
    help="A phone is lost when it takes longer.",
)
@click.option(
    "--patience-hours",
    default=DEFAULTS.patience_hours,
    show_default=True,
    type=click.IntRange(1, 720),
    help="So long a phone may take to fetch the image.",
)
@click.option(
    "--never-fetched-percent",
    default=DEFAULTS.never_fetched_percent,
    show_default=True,
    type=click.IntRange(0, 100),
    help="Stop when more phones of a stage than this do not fetch it.",
)
@click.option("--downgrade", is_flag=True, help="Also to phones that run something newer.")
@with_installation  # fmt: skip
def assign_firmware(
    installation: Installation,
    /,
    image: str,
    site: str,
    rooms: tuple[str, ...],
    floors: tuple[str, ...],
    stages: str | None,
    downgrade: bool,
    **policy: int,
) -> None:
    """Begin to give the firmware IMAGE to the phones of a site, stage by stage.

    Without --stages: the first room that has such a phone, its floor, then the rest.
    """
    if stages and (rooms or floors):
        raise click.UsageError("--stages names the rooms and floors; leave out --room and --floor")
    wanted = Assignment(
        image,
        site,
        read_stages(stages) if stages else (),
        rooms,
        floors,
        Policy(**policy),
        downgrade,
    )
    made, counts = assign(installation.database, wanted, who())
    click.echo(f"rollout {made.id}: {made.image.name} {made.image.version} for {site}")
    for number, (stage, count) in enumerate(zip(made.stages, counts, strict=True), start=1):
        opened = "" if number > 1 else "  (open now)"
        click.echo(f"  stage {number}: {stage}: {count} phone{'s' * (count != 1)}{opened}")
    click.echo(f"phones see it at their next fetch; bellwire resync {site} makes them fetch now")


@firmware.command("rollouts")
@json_option
@with_installation
def rollouts_command(installation: Installation, as_json: bool) -> None:
    """List the rollouts: how far they are, why one stands still, and what each phone did."""
    rows = rollout_report(installation.database)
    if as_json:
        echo_json(rows)
        return
    _show_rollouts(rows, phones=True)


def _show_rollouts(rows: list[dict[str, object]], *, phones: bool = False) -> None:
    for row in rows:
        click.echo(
            f"rollout {row['id']}: {row['image']} {row['version']} for {row['site']}: "
            f"{row['state']}, stage {row['stage']} of {row['stages']} ({row['stage_name']}), "
            f"{row['counts']}"
        )
        if row["reason"]:
            click.echo(f"  {row['reason']}")
        listed = row["phones"] if phones and isinstance(row["phones"], list) else []
        for phone in listed:
            click.echo(f"  {phone['mac']}  room {phone['room']:<12} {phone['standing']:<12} "
                       f"{phone['version']:<20} {phone['detail']}".rstrip())  # fmt: skip


@firmware.command("pause")
@click.argument("number", type=int)
@with_installation
def pause_rollout(installation: Installation, number: int) -> None:
    """Hold the rollout NUMBER: nothing is offered until it is taken up again."""
    pause(installation.database, number, who())
    click.echo(f"rollout {number} is paused")


@firmware.command("resume")
@click.argument("number", type=int)
@click.option("--next", "skip", is_flag=True, help="Open the next stage without waiting.")
@with_installation
def resume_rollout(installation: Installation, number: int, skip: bool) -> None:
    """Take the rollout NUMBER up again; phones that failed get another chance."""
    resume(installation.database, number, who(), skip=skip)
    click.echo(f"rollout {number} goes on")


@firmware.command("withdraw")
@click.argument("number", type=int)
@with_installation
def withdraw_rollout(installation: Installation, number: int) -> None:
    """End the rollout NUMBER for good; phones keep what they run."""
    withdraw(installation.database, number, who())
    click.echo(f"rollout {number} is withdrawn")


COMMANDS = (firmware, files)
