"""Every error bellwire raises on purpose, in one tree.

::

    BellwireError
     +-- SettingsError                 the configuration file or environment is wrong
     +-- CatalogueError                a vendor data file is wrong (file, key)
     +-- InventoryError                the inventory refuses a change
     |    +-- SiteFileError            a site file is wrong (file, line, field)
     |    +-- DuplicateError           a MAC, extension, room or site named twice
     |    +-- UnknownThingError        a MAC, site, model, preset or setting nobody knows
     +-- SecretsError                  the key file is missing, unreadable or the wrong one
     +-- FetchError                    a phone's request cannot be answered
     |    +-- RenderError              a template failed (model, template)
     +-- DeviceError                   something on the network failed (host, permanent)
          +-- SipError
          +-- PbxError

Errors say what is wrong and what would be right; the edges (``web/errors.py``,
``web/cli.py``, ``tftp/server.py``) turn them into answers, one table each.
"""

from __future__ import annotations


class BellwireError(Exception):
    """The root: anything bellwire raises on purpose."""


class SettingsError(BellwireError):
    """The configuration file or the environment is wrong."""


class CatalogueError(BellwireError):
    """A vendor data file is wrong.

    Attributes:
        file: path of the file below ``templates/``.
        key: dotted key inside it, empty when the file as a whole is wrong.
    """

    def __init__(self, file: str, key: str, problem: str) -> None:
        self.file = file
        self.key = key
        where = f"{file}: {key}" if key else file
        super().__init__(f"{where}: {problem}")


class InventoryError(BellwireError):
    """The inventory refuses a change; nothing was stored."""


class SiteFileError(InventoryError):
    """A site file is wrong.

    Attributes:
        file: the file's name as given.
        line: 1-based line, 0 when unknown.
        field: dotted path of the field.
    """

    def __init__(self, file: str, line: int, field: str, problem: str) -> None:
        self.file = file
        self.line = line
        self.field = field
        where = f"{file}:{line}: {field}" if field else f"{file}:{line}"
        super().__init__(f"{where}: {problem}")


class DuplicateError(InventoryError):
    """A MAC, extension, room or site is named twice."""


class UnknownThingError(InventoryError):
    """A MAC, site, room, model, preset or setting that nobody knows."""


class SecretsError(BellwireError):
    """The key file is missing, unreadable or not the one the data was written with."""


class FetchError(BellwireError):
    """A phone's request cannot be answered."""


class RenderError(FetchError):
    """A template failed.

    Attributes:
        model: model id, for example ``yealink/t46u``.
        template: template name below ``templates/phones/``.
    """

    def __init__(self, model: str, template: str, problem: str) -> None:
        self.model = model
        self.template = template
        super().__init__(f"{model}: {template}: {problem}")


class DeviceError(BellwireError):
    """Something on the network failed.

    Attributes:
        host: address or name of the device.
        permanent: whether trying again without a change is pointless.
    """

    def __init__(self, host: str, problem: str, *, permanent: bool = False) -> None:
        self.host = host
        self.permanent = permanent
        super().__init__(f"{host}: {problem}")


class SipError(DeviceError):
    """A SIP exchange failed."""


class PbxError(DeviceError):
    """The PBX refused or did not answer."""
