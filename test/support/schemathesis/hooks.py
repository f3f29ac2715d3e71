"""Teaches schemathesis newline-delimited JSON: OpenAPI 3.1 has no schema for its lines."""

import json

import schemathesis

NDJSON = "application/x-ndjson"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    content = raw_schema["paths"]["/commands"]["post"]["requestBody"]["content"][NDJSON]
    content["schema"] = {"type": "array", "items": content["x-itemSchema"], "maxItems": 5}
    content["example"] = [json.loads(line) for line in content["example"].splitlines()]


@schemathesis.serializer(NDJSON)
def to_lines(context, value):
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line) for line in lines).encode()


@schemathesis.deserializer(NDJSON)
def from_lines(context, response):
    return response.text
