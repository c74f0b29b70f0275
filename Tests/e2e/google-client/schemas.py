"""Checks answers against the schemas of Google's discovery document."""

import json
import re

from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

FORMATS = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "int64": r"-?\d+",
    "uint64": r"\d+",
    "byte": r"[A-Za-z0-9_=-]*",
}
TYPES = {"string": str, "boolean": bool, "object": dict, "array": list}


class Schemas:
    """The schemas of an API, and whatever an answer had against them."""

    def __init__(self, document):
        self.schemas = document["schemas"]
        self.responses = dict(self._methods(document))
        self.answers = 0
        self.problems = set()

    def _methods(self, resource):
        for method in resource.get("methods", {}).values():
            yield method["id"], method.get("response")
        for child in resource.get("resources", {}).values():
            yield from self._methods(child)

    def check(self, method, content):
        """Looks at the content of a success."""
        self.answers += 1
        expected = self.responses[method]
        if expected is None:
            if content.strip():
                self.problems.add(f"{method}: there should be no content")
            return
        self._value(expected, json.loads(content), method)

    def check_error(self, method, status, content):
        """Looks at the content of a refusal, which has one form for all methods."""
        self.answers += 1
        error = json.loads(content).get("error")
        if not isinstance(error, dict):
            self.problems.add(f"{method}: a refusal without an error")
            return
        if error.get("code") != status:
            self.problems.add(f"{method}: error.code is not the status {status}")
        parts = [error] + error.get("errors", [])
        if len(parts) < 2:
            self.problems.add(f"{method}: error.errors is empty")
        for part in parts:
            if not isinstance(part.get("message"), str):
                self.problems.add(f"{method}: an error without a message")
        for part in parts[1:]:
            unknown = set(part) - {"domain", "reason", "message", "location", "locationType", "extendedHelp"}
            if unknown or not all(isinstance(text, str) for text in part.values()) or not {"domain", "reason"} <= set(part):
                self.problems.add(f"{method}: errors[] has {sorted(part)}")
        unknown = set(error) - {"code", "message", "errors", "status", "details"}
        if unknown:
            self.problems.add(f"{method}: error has {sorted(unknown)}")

    def _value(self, schema, value, path):
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"]]
        kind = schema.get("type", "object")
        if kind == "any":
            return
        numbers = {"integer": int, "number": (int, float)}
        right = isinstance(value, TYPES.get(kind) or numbers[kind]) and not (kind in numbers and isinstance(value, bool))
        if not right:
            self.problems.add(f"{path}: {value!r} is no {kind}")
        elif kind == "string":
            self._text(schema, value, path)
        elif kind == "array":
            for element in value:
                self._value(schema["items"], element, path + "[]")
        elif kind == "object":
            self._members(schema, value, path)

    def _text(self, schema, value, path):
        pattern = FORMATS.get(schema.get("format"))
        if pattern and not re.fullmatch(pattern, value):
            self.problems.add(f"{path}: {value!r} is no {schema['format']}")
        if "enum" in schema and value not in schema["enum"]:
            self.problems.add(f"{path}: {value!r} is none of {schema['enum']}")
        if re.match(r"calendar#\w+$", schema.get("default", "")) and value != schema["default"]:
            self.problems.add(f"{path}: {value!r} is not {schema['default']}")

    def _members(self, schema, value, path):
        known = schema.get("properties", {})
        for name, member in value.items():
            if name in known:
                self._value(known[name], member, f"{path}.{name}")
            elif "additionalProperties" in schema:
                self._value(schema["additionalProperties"], member, f"{path}.*")
            else:
                self.problems.add(f"{path}.{name}: nobody knows this member")

    def request_builder(self):
        """A kind of request whose answers are all checked, also in a batch."""
        schemas = self

        class CheckedRequest(HttpRequest):
            def __init__(self, http, postproc, uri, methodId=None, **arguments):
                def checked(reply, content):
                    schemas.check(methodId, content)
                    return postproc(reply, content)

                super().__init__(http, checked, uri, methodId=methodId, **arguments)

            def execute(self, *arguments, **options):
                try:
                    return super().execute(*arguments, **options)
                except HttpError as error:
                    schemas.check_error(self.methodId, error.resp.status, error.content)
                    raise

        return CheckedRequest
