"""Checks requests and answers against OpenAPI documents, in process: what a schema says, and that the path exists."""

import json
import re
from pathlib import Path
from typing import Any, cast

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPECS = Path(__file__).parents[4] / "shared" / "specs"


class OpenApi:
    """One document.

    Args:
        path: JSON or YAML; 3.0 and 3.1.
        prefix: What the served paths begin with.
    """

    def __init__(self, path: Path, prefix: str = "") -> None:
        text = path.read_text()
        self._document: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        _allow_null(self._document)
        resource = Resource.from_contents(self._document, default_specification=DRAFT202012)
        empty: Registry[Any] = Registry()  # pyright: ignore[reportUnknownArgumentType] - its own default is untyped
        self._registry = empty.with_resource("urn:document", resource)
        templates = sorted(self._document["paths"], key=lambda template: template.count("{"))
        self._paths = [(re.compile(f"^{prefix}{re.sub('{[^}]+}', '[^/]+', one)}$"), one) for one in templates]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that answers, if the document has one."""
        for pattern, template in self._paths:
            operation = self._document["paths"][template].get(method.lower())
            if operation and pattern.match(path):
                return operation
        return None

    def errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Where a value breaks a schema of this document."""
        based = json.loads(json.dumps(schema).replace('"#/components', '"urn:document#/components'))
        validator = Draft202012Validator(based, registry=self._registry)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def schema(self, name: str) -> dict[str, Any]:
        """A named schema."""
        return {"$ref": f"#/components/schemas/{name}"}

    def exchange_errors(self, response: httpx.Response) -> list[str]:
        """What is wrong with a request that succeeded, and with its answer."""
        request = response.request
        operation = self.operation(request.method, request.url.path)
        if operation is None:
            return [f"{request.method} {request.url.path} is not in the document"]
        found: list[str] = []
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body and request.content:
            found += [f"request {error}" for error in self.errors(body["schema"], json.loads(request.content))]
        answer = operation["responses"].get(str(response.status_code))
        if answer is None:
            return [*found, f"{response.status_code} is not among {sorted(operation['responses'])}"]
        shape = answer.get("content", {}).get("application/json", {}).get("schema")
        if shape:
            found += [f"answer {error}" for error in self.errors(shape, response.json())]
        return found


class Contract:
    """Collects what is wrong with every exchange of a client; the first document that knows the path decides."""

    def __init__(self, *documents: OpenApi) -> None:
        self._documents = documents
        self.checked: set[tuple[str, str]] = set()
        self.errors: list[str] = []

    async def see(self, response: httpx.Response) -> None:
        """An httpx response hook."""
        await response.aread()
        request = response.request
        for document in self._documents:
            if operation := document.operation(request.method, request.url.path):
                self.checked.add((request.method, operation.get("operationId", "")))
                where = f"{request.method} {request.url.path}"
                self.errors += [f"{where}: {error}" for error in document.exchange_errors(response)]
                return
        self.errors.append(f"{request.method} {request.url.path} is in no document")


def _allow_null(node: Any) -> None:
    """OpenAPI 3.0 says `nullable` where JSON Schema names one type more."""
    if isinstance(node, list):
        for inner in cast("list[Any]", node):
            _allow_null(inner)
    if isinstance(node, dict):
        fields = cast("dict[str, Any]", node)
        if fields.get("nullable") is True and isinstance(fields.get("type"), str):
            fields["type"] = [fields["type"], "null"]
        for inner in fields.values():
            _allow_null(inner)
