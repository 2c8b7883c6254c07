"""The words of the slim view: how a type and its usual options are said, and what an absent option means."""

import re
from typing import Any

_DATES = {"iso": "YYYY-MM-DD", "local": "l", "friendly": "LL", "us": "M/D/YYYY", "european": "D/M/YYYY"}
_TIMES = {"24hour": "HH:mm", "12hour": "h:mma"}
_ISO = {"dateFormat": {"name": "iso", "format": _DATES["iso"]}}
_MOMENT = {**_ISO, "timeFormat": {"name": "24hour", "format": _TIMES["24hour"]}, "timeZone": "utc"}

WORDS = {
    "aiText": "ai", "autoNumber": "auto", "barcode": "barcode", "button": "button", "checkbox": "check",
    "createdBy": "creator", "createdTime": "created", "date": "date", "dateTime": "time", "duration": "duration",
    "email": "email", "externalSyncSource": "source", "lastModifiedBy": "modifier", "lastModifiedTime": "modified",
    "multilineText": "long", "multipleAttachments": "files", "multipleCollaborators": "people", "number": "num",
    "percent": "%", "phoneNumber": "phone", "rating": "rating", "richText": "rich", "singleCollaborator": "person",
    "singleLineText": "text", "url": "url",
}  # fmt: skip
_TYPES = {word: type_ for type_, word in WORDS.items()}
_USUAL: dict[str, dict[str, Any]] = {
    "aiText": {"prompt": [], "referencedFieldIds": []},
    "createdTime": {"result": {"type": "dateTime", "options": _MOMENT}},
    "duration": {"durationFormat": "h:mm"},
    "externalSyncSource": {"choices": []},
    "lastModifiedTime": {"referencedFieldIds": [], "result": {"type": "dateTime", "options": _MOMENT}},
    "multipleAttachments": {"isReversed": False},
}
_COUNTED = {"number": ("precision", 0), "percent": ("precision", 0), "rating": ("max", 5)}
_COUNTED_WORD = re.compile(r"(num|%|rating)(\d+)")
_MONEY = re.compile(r"([^\w\s{}\"=~<>:#|.]{1,3})(\d)")


def word_of(type_: str, options: dict[str, Any]) -> str | None:
    """What says just this type with just these options; None when only JSON can."""
    said = _said(type_, options)
    return said if said and meaning_of(said) == (type_, options) else None


def _said(type_: str, options: dict[str, Any]) -> str | None:
    if type_ in _COUNTED:
        key, usual = _COUNTED[type_]
        return f"{WORDS[type_]}{'' if options.get(key) == usual else options.get(key)}"
    if type_ == "currency":
        return f"{options.get('symbol')}{options.get('precision')}"
    if type_ in ("date", "dateTime"):
        parts = [options.get("dateFormat", {}).get("name", "")]
        if type_ == "dateTime":
            parts += [options.get("timeFormat", {}).get("name", ""), options.get("timeZone", "")]
        return ".".join([WORDS[type_], *([] if parts == _usual_date(type_) else parts)])
    return WORDS.get(type_)


def meaning_of(word: str) -> tuple[str, dict[str, Any]] | None:
    """(type, options); None for what is no word of the slim view."""
    if found := _COUNTED_WORD.fullmatch(word):
        type_ = _TYPES[found[1]]
        return type_, {_COUNTED[type_][0]: int(found[2])}
    if found := _MONEY.fullmatch(word):
        return "currency", {"precision": int(found[2]), "symbol": found[1]}
    plain, *parts = word.split(".")
    type_ = _TYPES.get(plain, "")
    if type_ in _COUNTED and not parts:
        return type_, dict([_COUNTED[type_]])
    if type_ in ("date", "dateTime"):
        return _date_meaning(type_, parts)
    return (type_, dict(_USUAL.get(type_, {}))) if type_ and not parts else None


def _usual_date(type_: str) -> list[str]:
    return ["iso"] if type_ == "date" else ["iso", "24hour", "utc"]


def _date_meaning(type_: str, parts: list[str]) -> tuple[str, dict[str, Any]] | None:
    usual = _usual_date(type_)
    parts = parts or usual
    if len(parts) != len(usual) or parts[0] not in _DATES or (len(parts) > 1 and parts[1] not in _TIMES):
        return None
    options: dict[str, Any] = {"dateFormat": {"name": parts[0], "format": _DATES[parts[0]]}}
    if type_ == "dateTime":
        options |= {"timeFormat": {"name": parts[1], "format": _TIMES[parts[1]]}, "timeZone": parts[2]}
    return type_, options
