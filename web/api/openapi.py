"""The OpenAPI 3.1 document, made from the table of operations. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.api.answering import ROOT, types_of
from web.api.operation import JSON, Document, Operation, Shape
from web.api.paths import NAMES
from web.api.problems import KINDS, MEDIA_TYPE, Problem

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Key = tuple[type[BaseModel], Mode]
_REF = "#/components/schemas/{model}"
_WORDS = {200: "done", 201: "made", 202: "it will be done", 204: "done; there is nothing to say"}
_ABOUT = """Everything that the pages can do, for programs.

Send a token of a user in the header `Authorization: Bearer bw_...`; `bellwire tokens add` makes
one. Errors are `application/problem+json` (RFC 9457): look at `type`. Lists come in pages: follow
`next` until it is null. Documents have an `ETag`; send it as `If-Match` to replace or remove them.
Times are UTC."""


def document(operations: Sequence[Operation], version: str, tags: Mapping[str, str]) -> Json:
    """Return the document.

    Args:
        operations: the table.
        version: of bellwire.
        tags: areas of the API in their order, with a sentence each.
    """
    refs, schemas = _schemas(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        described = _operation(operation, refs, schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    asked = {_name(refs, (o.query, "validation")) for o in operations if o.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "bellwire",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": ROOT}],
        "tags": [{"name": name, "description": told} for name, told in tags.items()],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {n: s for n, s in sorted(schemas.items()) if n not in asked},
            "responses": _problems(operations, refs),
            "headers": {
                "ETag": {"schema": {"type": "string"}, "description": "names this state of it"},
                "Location": {"schema": {"type": "string"}, "description": "where it is"},
            },
        },
    }


def _schemas(operations: Iterable[Operation]) -> tuple[dict[Key, Json], dict[str, Json]]:
    wanted: dict[Key, None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.query is not None:
            wanted[operation.query, "validation"] = None
        if operation.body is not None:
            wanted[_key(operation.body, "validation")] = None
        for shape in operation.answers.values():
            if shape is not None:
                wanted[_key(shape, "serialization")] = None
    refs, made = models_json_schema(list(wanted), ref_template=_REF)
    schemas = {name: _secrets_optional(s) for name, s in made.get("$defs", {}).items()}
    return refs, schemas  # type: ignore[return-value]  # keys as they were given


def _secrets_optional(schema: Json) -> Json:
    """No answer holds what is only written, and what is left out of a document is kept."""
    hidden = {n for n, s in schema.get("properties", {}).items() if s.get("writeOnly")}
    needed = [name for name in schema.get("required", []) if name not in hidden]
    rest = {name: value for name, value in schema.items() if name != "required"}
    return {**rest, "required": needed} if needed else rest


def _key(shape: Shape, mode: Mode) -> Key:
    return (shape.shape, "validation") if isinstance(shape, Document) else (shape, mode)


def _name(refs: Mapping[Key, Json], key: Key) -> str:
    return str(refs[key]["$ref"]).rpartition("/")[2]


def _operation(
    operation: Operation, refs: Mapping[Key, Json], schemas: Mapping[str, Json]
) -> Json:  # fmt: skip
    made: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_named(operation), *_asked(operation, refs, schemas), *_headers(operation)],
        "responses": _responses(operation, refs),
        "security": [{"token": [str(operation.scope)]}] if operation.scope else [],
    }
    if operation.note or operation.scope is not None:
        made["description"] = about(operation)
    if operation.body is not None:
        schema = refs[_key(operation.body, "validation")]
        content = {kind: {"schema": schema} for kind in types_of(operation)}
        made["requestBody"] = {"required": operation.body_needed, "content": content}
    return {name: value for name, value in made.items() if value or name == "security"}


def about(operation: Operation) -> str:
    """Return what an operation needs, and what else is to be known of it."""
    needs = ""
    if operation.scope is not None:
        needs = f"Needs the scope `{operation.scope}`"
        needs += f" and the role `{operation.role}`." if operation.role != "viewer" else "."
    return " ".join(filter(None, (operation.note, needs)))


def _named(operation: Operation) -> list[Json]:
    return [
        {
            "name": name, "in": "path", "required": True,
            "description": NAMES[name].description, "schema": NAMES[name].schema,
        }
        for name in operation.names
    ]  # fmt: skip


def _asked(
    operation: Operation, refs: Mapping[Key, Json], schemas: Mapping[str, Json]
) -> list[Json]:  # fmt: skip
    if operation.query is None:
        return []
    model = schemas[_name(refs, (operation.query, "validation"))]
    needed = model.get("required", [])
    found = []
    for name, described in model.get("properties", {}).items():
        schema = {n: v for n, v in _without_null(described).items() if n != "title"}
        told = schema.pop("description", "")
        each = {"name": name, "in": "query", "required": name in needed, "schema": schema}
        found.append({**each, **({"description": told} if told else {})})
    return found


def _without_null(schema: Json) -> Json:
    """A parameter that is not sent is null; nobody can send null."""
    alternatives = [s for s in schema.get("anyOf", []) if s.get("type") != "null"]
    if len(alternatives) != 1:
        return schema
    rest = {n: v for n, v in schema.items() if n not in {"anyOf", "default"}}
    return {**alternatives[0], **rest}


def _headers(operation: Operation) -> list[Json]:
    schema = {"type": "string"}
    if operation.must_match:
        told = "ETag of what is replaced or removed, or *; needed when it exists"
        return [{"name": "If-Match", "in": "header", "description": told, "schema": schema}]
    if operation.may_match:
        told = "ETag of the site's file that this was made from: refused when it was changed since"
        return [{"name": "If-Match", "in": "header", "description": told, "schema": schema}]
    if operation.has_etag and operation.method == "GET":
        told = "ETag of what is known already: 304 when it still stands"
        return [{"name": "If-None-Match", "in": "header", "description": told, "schema": schema}]
    return []


def _responses(operation: Operation, refs: Mapping[Key, Json]) -> Json:
    made: Json = {}
    for status, shape in operation.answers.items():
        headers = ["ETag"] if operation.has_etag and shape is not None else []
        headers += ["Location"] if status in {201, 202} else []
        made[str(status)] = {"description": _WORDS[status]}
        if shape is not None:
            content = {JSON: {"schema": refs[_key(shape, "serialization")]}}
            made[str(status)]["content"] = content
        if headers:
            linked = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
            made[str(status)]["headers"] = linked
    if operation.has_etag and operation.method == "GET":
        made["304"] = {"description": "it is what the caller knows already"}
    for status in operation.problems:
        made[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return dict(sorted(made.items()))


def _problems(operations: Iterable[Operation], refs: Mapping[Key, Json]) -> Json:
    used = sorted({status for operation in operations for status in operation.problems})
    titles: dict[int, list[str]] = {}
    for status, title in KINDS.values():
        titles.setdefault(status, []).append(title)
    schema = refs[Problem, "serialization"]
    return {
        f"Problem{status}": {
            "description": "; or: ".join(titles[status]),
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in used
    }
