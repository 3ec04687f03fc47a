"""One request, from its declaration: who, what, may they, is it right, do it, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from sqlalchemy import select

from provisioner.inventory.tables import SiteRow
from web.accounts.people import Person, Role
from web.api.bearer import Bearers
from web.api.etags import tags_of
from web.api.operation import JSON, YAML, Call, Document, Operation, Reply, Shape
from web.api.paths import NAMES
from web.api.problems import ProblemError, not_found, of_validation
from web.pages.desk import Desk
from web.phone_plane import peer_of

ROOT = "/api/v1"
MERGE = "application/merge-patch+json"
Arguments = Mapping[str, tuple[str, ...]]
NOBODY = Person(0, "", Role.VIEWER, scopes=frozenset())
"""Who asks for what needs no token."""


def answer(
    operation: Operation, desk: Desk, bearers: Bearers, request: Request, texts: Mapping[str, str]
) -> Response:
    """Answer a request.

    1. Who asks? 2. Is there such an address, and a site that they see? 3. May token and user do
    this? 4. Are query and body right? 5. Do it, if it was not changed meanwhile. 6. Write the
    answer as it is declared.

    Args:
        operation: its declaration.
        desk: the opened data folder and the clock.
        bearers: knows tokens.
        request: Flask's.
        texts: what the address names, as it was written.

    Raises:
        ProblemError: the request is refused; other errors of the house too.
    """
    proxies = desk.installation.settings.http.trusted_proxies
    address, scheme, _ = peer_of(request.environ, proxies)
    now = desk.now()
    who = NOBODY
    if operation.scope is not None:
        header = request.headers.get("Authorization", "")
        who = bearers.person(header, address, now, desk.door.clock_s())
    named = _named(texts)
    _check_site(operation, desk, who, named)
    _check_rights(operation, who)
    arguments = {name: tuple(given) for name, given in request.args.lists()}
    call = Call(
        installation=desk.installation,
        who=who,
        now=now,
        path=named,
        query=_query(operation, arguments),
        body=_body(operation, request),
        if_match=tags_of(request.headers.get("If-Match")),
        if_none_match=tags_of(request.headers.get("If-None-Match")),
        base=f"{scheme}://{request.host}",
        where=request.path,
        arguments=arguments,
    )
    return written(operation, operation.handler(call), call)


def _named(texts: Mapping[str, str]) -> dict[str, Any]:
    found = {name: NAMES[name].read(text) for name, text in texts.items()}
    for name, value in found.items():
        if value is None:
            raise not_found(f"{texts[name][:100]!r} is no {NAMES[name].description}")
    return found


def _check_site(operation: Operation, desk: Desk, who: Person, named: Mapping[str, Any]) -> None:
    """A site that was not assigned is not there."""
    site = named.get("site")
    if site is None:
        return
    missing = not_found(f"there is no site {site!r}")
    if not who.sees(site):
        raise missing
    if not operation.new_site:
        with desk.installation.database.read() as session:
            if session.scalar(select(SiteRow.id).where(SiteRow.id == site)) is None:
                raise missing


def _check_rights(operation: Operation, who: Person) -> None:
    scope = operation.scope
    if scope is None:
        return
    if not who.is_at_least(operation.role):
        raise ProblemError("role", f"this needs a user with the role {operation.role}")
    if not who.may(scope):
        told = {"WWW-Authenticate": f'Bearer realm="bellwire", error="insufficient_scope", '
                                    f'scope="{scope}"'}  # fmt: skip
        raise ProblemError("scope", f"this needs a token with the scope {scope}", (), told)


def _query(operation: Operation, arguments: Arguments) -> BaseModel | None:
    model = operation.query
    if model is None:
        if arguments and operation.scope is not None:
            name = next(iter(arguments))
            told = "this address takes no query parameters"
            raise ProblemError("invalid", told, ((f"#{name}", "not known"),))
        return None
    lists = {n for n, f in model.model_fields.items() if f.annotation and _is_list(f.annotation)}
    values = {n: list(v) if n in lists else v[-1] for n, v in arguments.items()}
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        raise of_validation(problem, "#") from None


def _is_list(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return getattr(annotation, "__origin__", None) in {list, tuple}


def _body(operation: Operation, request: Request) -> Any:  # noqa: ANN401 - as declared
    shape = operation.body
    if shape is None:
        return None
    request.max_content_length = operation.bytes_max
    raw = request.get_data(cache=False)
    if not raw and not operation.body_needed and not request.mimetype:
        raw = b"{}"
    else:
        _check_type(operation, request.mimetype)
    if isinstance(shape, Document):
        return _text(raw) if YAML in shape.types else _object(raw)
    try:
        return shape.model_validate_json(raw)
    except ValidationError as problem:
        raise of_validation(problem) from None


def _check_type(operation: Operation, sent: str) -> None:
    types = types_of(operation)
    if sent not in types:
        raise ProblemError("media-type", f"send the body as {' or '.join(types)}, not {sent!r}")


def types_of(operation: Operation) -> tuple[str, ...]:
    """Return the media types in which an operation takes its body."""
    types = operation.body.types if isinstance(operation.body, Document) else (JSON,)
    return (*types, MERGE) if operation.method == "PATCH" else types


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProblemError("malformed", "the body is not UTF-8") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError as problem:
        raise ProblemError("malformed", f"the body is not JSON: {problem}") from None
    if not isinstance(value, dict):
        raise ProblemError("invalid", "the body must be an object", (("", "not an object"),))
    return value


def written(operation: Operation, reply: Reply, call: Call) -> Response:
    """Return an answer as it is sent, checked against its declaration."""
    shape = operation.answers[reply.status]
    tag = {"ETag": f'"{reply.etag}"'} if reply.etag else {}
    known = call.if_none_match or ()
    if reply.etag and operation.method == "GET" and {"*", reply.etag} & set(known):
        return Response(status=304, headers=tag)
    location = {"Location": ROOT + reply.location} if reply.location else {}
    if shape is None:
        return Response(status=reply.status, headers={**tag, **location})
    body = _serial(shape, reply.value)
    return Response(body, reply.status, headers={**tag, **location}, mimetype=JSON)


def _serial(shape: Shape, value: Any) -> bytes:  # noqa: ANN401 - what the shape is made from
    if isinstance(shape, Document):
        return to_json(value)
    adapter = _adapter(shape)
    return adapter.dump_json(adapter.validate_python(value))


_ADAPTERS: dict[type[BaseModel], TypeAdapter[Any]] = {}


def _adapter(shape: type[BaseModel]) -> TypeAdapter[Any]:
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]
