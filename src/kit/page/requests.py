"""Writes which requests a source accepts, and how the vendor signs them."""

from __future__ import annotations

import re
from typing import Any

from .markdown import code, codes, section, series, text
from .rows import as_list
from .source_files import SourceFiles

_FORMATS = {
    "json": "JSON",
    "json-lines": "JSON lines",
    "form": "forms",
    "query": "the query of a call without a body",
}
_HASHES = {"sha1": "HMAC-SHA1", "sha256": "HMAC-SHA256", "sha512": "HMAC-SHA512"}
_ENCODINGS = {"hex": "hexadecimal", "base64": "base64"}
_STANDARD = (
    "Calls are signed as [Standard Webhooks](https://www.standardwebhooks.com) defines it, with headers that"
    " begin with `webhook-` or `svix-`."
)
_REFUSED = "Where `signing_secret` is set, a call that is not signed like this is answered 401."
_ANSWERS = {"ok": "`ok`", "error": "400"}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def requests_section(files: SourceFiles) -> str:
    """Write the formats, where records are in a body, and what a record must have."""
    formats = [_FORMATS[name] for name in ("json", *files.source.framing.formats)]
    accepted = list(dict.fromkeys(formats))
    sentences = [
        f"{series(accepted, 'and')} {'are' if len(accepted) > 1 else 'is'} accepted.",
        _items(files.about),
        _records(files.about),
        _required(files.schema),
    ]
    return section("Requests", " ".join(filter(None, sentences)), _rejected(files.about))


def signature_section(files: SourceFiles) -> str:
    """Write where the signature is and what is signed."""
    signature = files.about.get("signature")
    if signature is None:
        return ""
    words = _STANDARD if "scheme" in signature else _signature(signature, files.source.signatures[0].encoding)
    return section("Signature", f"{words} {_REFUSED}")


def _items(about: dict[str, Any]) -> str:
    if about.get("items") == "body":
        return "A body is one record, whatever lists it holds; what is not an object becomes `value` of one."
    batch = about.get("batch", [])
    return f"A list is a batch of items, and so is the list at {codes(batch, 'or')}." if batch else ""


def _records(about: dict[str, Any]) -> str:
    unwrap = about.get("unwrap", [])
    if not unwrap:
        return ""
    first = (
        f"the first of {codes(unwrap, 'and')} that is an object" if len(unwrap) > 1 else f"at {code(unwrap[0])}"
    )
    return f"The record is {first}, otherwise the item itself."


def _required(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    return f"A record without {codes(required, 'or')} is rejected." if required else ""


def _rejected(about: dict[str, Any]) -> str:
    rejected = about.get("on_rejection")
    if rejected is None:
        return ""
    answer = f"If every record of a call is rejected, the gateway answers {_ANSWERS[rejected['answer']]}."
    return f"{answer} {text(rejected['reason'])}"


def _signature(signature: dict[str, Any], encoding: str) -> str:
    form = codes(as_list(signature["format"]), "and")
    signed = code(signature.get("signed", "{body}"))
    words = (
        f"The header {code(signature['header'])} holds {form}: the {_HASHES[signature['hmac']]} of {signed},"
        f" in {_ENCODINGS[encoding]}."
    )
    if "{first_item}" in signature.get("signed", ""):
        words += " `{first_item}` is the first element of a body that is a list, otherwise the body."
    if "timestamp" in signature:
        words += f" `{{timestamp}}` is {_named(signature['timestamp'])}."
    if "tolerance" in signature:
        words += f" The timestamp may differ by {_duration(signature['tolerance'])} from the time of receipt."
    return words


def _named(template: str) -> str:
    """Say which header a template is; another template stays as it is."""
    header = re.fullmatch(r"\{header\.([^{}]+)\}", template)
    return f"the header {code(header[1])}" if header else code(template)


def _duration(seconds: float) -> str:
    """Write seconds in the largest unit of which they are a whole number: 8 days."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds and seconds % size == 0), (1, "second"))
    count = seconds / size
    return f"{count:g} {unit}{'' if count == 1 else 's'}"
