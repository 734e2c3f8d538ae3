"""Values that the schemas describe in words."""

import datetime

import schemathesis
from hypothesis import strategies

EARLIEST = datetime.datetime(1900, 1, 2)


def instant(at):
    return at.isoformat(timespec="milliseconds") + "Z"


# Hypothesis would take any year; ours begin with 1900.
schemathesis.openapi.format("date-time", strategies.datetimes(min_value=EARLIEST).map(instant))
schemathesis.openapi.format("date", strategies.dates(min_value=EARLIEST.date()).map(str))


@schemathesis.hook
def map_body(context, body):
    """JSON Schema calls 2.0 an integer; whoever reads whole numbers into whole numbers does not."""
    return whole(body)


def whole(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [whole(inner) for inner in value]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    """The coverage phase takes an entity tag for a number, and leaves its quotation marks away."""
    tag = (case.headers or {}).get("If-Match")
    if isinstance(tag, str) and tag.isdigit():
        case.headers["If-Match"] = f'"{tag}"'
