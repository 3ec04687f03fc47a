"""Files that people upload or exports of other systems: site files, lists, rates, pictures, sounds."""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from PIL import Image

from monitors.calls.rate_csv import RateError, read_rates, write_rates
from provisioner.bulk.columns import list_of
from provisioner.bulk.documents import room_documents
from provisioner.bulk.judging import judge
from provisioner.bulk.known import Known
from provisioner.bulk.tables import CELL_MAX, ROWS_MAX, table_of, text_of
from provisioner.bulk.writing import csv_of
from provisioner.errors import SiteFileError
from provisioner.filestore.findings import FileRefusedError
from provisioner.filestore.firmware_images import is_text
from provisioner.filestore.pictures import _measured
from provisioner.filestore.ring_tones import read_wav
from provisioner.importing.documents import complete
from provisioner.importing.found import Found
from provisioner.importing.freepbx import read_freepbx
from provisioner.importing.lists import read_lists
from provisioner.importing.placing import Choices, rows_of
from provisioner.importing.sources import Source
from provisioner.importing.tancredi import read_tancredi
from provisioner.importing.wazo import read_wazo
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_yaml import read_yaml
from provisioner.numbering.lists import read_csv, read_pasted, split_pasted, write_csv
from provisioner.numbering.number import NumberError
from provisioner.numbering.plan import Plan
from tests.fuzz.target import EVIL, Target, catalogue

_EXPORTS = Path(__file__).parents[1] / "unit" / "exports"
_PLAN = Plan(country="ES", extensions=frozenset({"100", "2101"}))


def site_yaml(data: bytes) -> None:
    """YAML from outside: no environment, no files of this machine."""
    read_yaml("x.yaml", data.decode(errors="replace"), from_outside=True)


def site_file(data: bytes) -> None:
    """A whole site file."""
    parse_site_file("x.yaml", data.decode(errors="replace"))


@cache
def _known() -> Known:
    return Known(catalogue(), catalogue().rooms, catalogue().presets)


def pasted_list(data: bytes) -> None:
    """A list of rooms and phones, pasted or uploaded, up to what would be stored."""
    table = table_of(text_of(data))
    assert len(table) <= ROWS_MAX + 1
    assert all(len(cell) <= CELL_MAX for row in table for cell in row)
    listed = list_of(table, _known())
    judgement = judge(listed.rows, _known())
    room_documents(judgement, {})
    csv_of([row.cells for row in listed.rows])


def _import(read: Callable[[Iterable[Source]], Found], data: bytes) -> None:
    """What ``bellwire import`` does with an export: files are parted by a line of dashes."""
    parts = data.split(b"\n-----\n")[:3]
    sources = [
        Source(f"part{n}.{'json' if part.startswith((b'{', b'[{')) else 'csv'}", text_of(part))
        for n, part in enumerate(parts)
    ]
    found = read(sources)
    rows, phones = rows_of(found, _known(), Choices())
    judgement = judge(rows, _known())
    if not found.problems and all(not row.problems for row in judgement.rows):
        complete(room_documents(judgement, {}), judgement, phones, _known(), Choices())


def import_wazo(data: bytes) -> None:
    """An export of wazo-provd."""
    _import(read_wazo, data)


def import_tancredi(data: bytes) -> None:
    """An export of Tancredi, JSON or INI."""
    _import(read_tancredi, data)


def import_freepbx(data: bytes) -> None:
    """An export of FreePBX."""
    _import(read_freepbx, data)


def import_csv(data: bytes) -> None:
    """Plain lists."""
    _import(lambda sources: read_lists(sources, _known()), data)


def rates(data: bytes) -> None:
    """A tariff; what was read means the same when written and read again."""
    table = read_rates(data.decode("utf-8", "replace"), "EUR")
    again = read_rates(write_rates(table, "EUR"), "EUR")
    assert set(again) == set(table)


def number_lists(data: bytes) -> None:
    """Black and white lists, pasted."""
    read_pasted(data.decode("utf-8", "replace"), _PLAN)


def number_csv(data: bytes) -> None:
    """Black and white lists as CSV."""
    entries = read_csv(data.decode("utf-8", "replace"), _PLAN)
    write_csv(entries)


def number_words(data: bytes) -> None:
    """Numbers as people write them."""
    split_pasted(data.decode("utf-8", "replace"), _PLAN)


def sound(data: bytes) -> None:
    """A ring tone."""
    read_wav(data, "x.wav")


def picture(data: bytes) -> None:
    """A wallpaper or logo, read whole."""
    is_text(data[:512])
    with tempfile.NamedTemporaryFile(dir=_memory()) as file:
        file.write(data)
        file.flush()
        _measured(Path(file.name), "x.png")


@cache
def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _of(name: str) -> bytes:
    files = sorted(p for p in (_EXPORTS / name).rglob("*") if p.is_file())[:3]
    return b"\n-----\n".join(p.read_bytes() for p in files)


def _image(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, kind)
    return made.getvalue()


_WAV = (
    b"RIFF"
    + struct.pack("<I", 44)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 6, 1, 8000, 8000, 1, 8)
    + b"data"
    + struct.pack("<I", 8)
    + bytes(8)
)
_SITE = b"""\
sites:
  - id: casa
    name: Casa
    country: ES
    timezone: Europe/Madrid
    languages: [es, en]
    networks: [10.20.0.0/16]
    url: https://prov.casa.example
    sip: {registrar: pbx.casa.example, port: 5060, transport: udp, expires_s: 600}
    numbers: {reception: "100", emergency: "112"}
    settings: {locale: {ntp_servers: [10.20.0.1]}, network: {vlan_id: 20}}
    accounts: [{extension: "100", name: Reception}]
    rooms:
      - {id: "214", floor: 2, template: guest-room, extension: "2214",
         phones: {bedside: {model: fanvil/h5, mac: "0c:38:3e:00:02:14"}}}
    switches:
      - {host: 10.20.0.2, name: sw, platform: cisco_ios, snmp: {version: 2c, community: public}}
"""
_YAML = (
    b"&a [*a]", b"<<: *a", b"!env HOME", b"!file /etc/passwd", b"!!python/object/apply:os.system [id]", b"? ", b"- ", b": ", b"|\n", b">\n",
    b"0x1F", b"1_000", b"2026-11-22", b"12:30:45", b".inf", b"~", b"yes", b"%YAML 1.1\n", b"---\n", b"...\n", b"&a [&b [*a,*a],*b,*b]",
    b"\xc2\x85", b"\xe2\x80\xa8", b"!!binary aGk=", b"!!set {a}", b"id: ", b"rooms:", b"settings:", b"raw:", b"timezone: ../../etc/passwd",
)  # fmt: skip
_CELLS = (b"room", b"mac", b"model", b"extension", b"position", b"template", b"0c383e000501", b"0C-38-3E-00-05-01", b"Fanvil H5", b"\t", b";", b"|", b'"', b'""', b"sep=;\n", b"\n", b"\r", b"guest-room", b"=1+1", b"\xef\xbb\xbf", b"\xff\xfe")  # fmt: skip
_JSON = (b'{"', b'":', b"[]", b"{}", b"null", b"true", b"1e999", b"NaN", b"Infinity", b"-0", b'"\\ud800"', b'"raw_config":', b'"sip_lines":', b'"funckeys":', b'"variables":', b'"mac":', b'"devices":', b'"configs":', b'"parent_ids":', b"\n-----\n")  # fmt: skip
_RATES = b"prefix,name,per_minute,currency,connection_fee,valid_from\n34,Spain,0.01,EUR,0,2026-01-01\n+44,,0.02,,,\n"

TARGETS = (
    Target("site-yaml", site_yaml, (_SITE,), (*_YAML, *EVIL), (SiteFileError,), 2048),
    Target("site-file", site_file, (_SITE,), (*_YAML, *EVIL), (SiteFileError,), 2048),
    Target("pasted-list", pasted_list, ((_EXPORTS / "rooms.csv").read_bytes(), b"101\tbedside\tH5\t0c383e000501\n"), (*_CELLS, *EVIL), (), 2048),
    Target("import-wazo", import_wazo, (_of("wazo"),), (*_JSON, *EVIL), (SiteFileError,)),
    Target("import-tancredi", import_tancredi, (_of("tancredi"), b"[data]\nmac = \"0c383e000302\"\naccount_username_1 = \"201\"\n"), (*_JSON, b"[data]\n", b'key = "v"\n', *EVIL), (SiteFileError,)),
    Target("import-freepbx", import_freepbx, (_of("freepbx"),), (*_CELLS, b"\n-----\n", *EVIL), (SiteFileError,)),
    Target("import-csv", import_csv, ((_EXPORTS / "rooms.csv").read_bytes(),), (*_CELLS, *EVIL), (SiteFileError,), 2048),
    Target("rates-csv", rates, (_RATES, _RATES.replace(b",", b";")), (b"prefix", b"per_minute", b"EUR", b"1e9", b"NaN", b"0.0000001", b"\n", b",", b"2026-02-30", *EVIL), (RateError,), 2048),
    Target("number-list-pasted", number_lists, (b"+34911234567 100, 2101\n0044 20 7946 0000; 112",), (b"+34", b"0034", b"-", b"(0)", b"*", b"..", b"\n", *EVIL), (NumberError,), 512),
    Target("number-list-csv", number_csv, (b"number,group,comment,reason,expires\n+34911234567,a,x,fraud,2026-12-31\n100,,,,\n",), (b"number", b"comment", b"expires", b"+34", b"\n", b",", *EVIL), (NumberError,), 1024),
    Target("ring-tone", sound, (_WAV,), (b"RIFF", b"WAVE", b"fmt ", b"data", b"\xff\xff\xff\xff", b"\0\0\0\0"), (FileRefusedError,), 1024),
    Target("picture", picture, (_image("PNG"), _image("BMP"), _image("JPEG")), (b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"acTL", b"\xff\xd8", b"\xff\xc0", b"BM", b"GIF89a", b"\xff\xff\xff\xff"), (FileRefusedError,), 2048),
)  # fmt: skip
