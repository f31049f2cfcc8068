"""The life of a report as text for a terminal."""

from typing import Any

from medmm.cli.output import columns

Document = dict[str, Any]


def recorded(history: Document, version: int) -> str:
    """Who made a version, when and why, and which versions there are."""
    made = history["versions"][version - 1]
    why = f": {made['reason']}" if made["reason"] else ""
    who = f"version {version} by {made['author']} at {made['created']}{why}"
    lines = [f"Report {history['report_id']}, {who}", f"Status: {history['status']}"]
    told = [f"{one['version']} by {one['author']}" for one in history["versions"]]
    if len(told) > 1:
        lines.append(f"Versions: {', '.join(told)}")
    return "\n".join([*lines, *_signed(history)])


def edited(document: Document) -> str:
    """What an edit made, and what the checks find in it."""
    count: dict[str, int] = {}
    for one in document["edits"]:
        count[one["kind"]] = count.get(one["kind"], 0) + 1
    told = ", ".join(f"{number} {kind}" for kind, number in count.items())
    lines = [f"Recorded version {document['version']} of report {document['report_id']}: {told}."]
    lines += [
        f"{one['result']}: {one['check']} of {one['statement']}: {one['reason']}"
        for one in document["checks"]
        if one["result"] != "pass"
    ]
    return "\n".join(lines)


def status(document: Document) -> str:
    """A report's status after a change."""
    return f"Report {document['report_id']} is {document['status']}."


def history(document: Document) -> str:
    """The versions of a report, then the changes of its status."""
    table = [("version", "author", "created", "edits", "reason")]
    table += [
        (
            str(one["version"]),
            one["author"],
            one["created"],
            ", ".join(f"{count} {kind}" for kind, count in one["edits"].items()),
            one["reason"],
        )
        for one in document["versions"]
    ]
    lines = [f"Report {document['report_id']} of study {document['study_id']}", columns(table)]
    if document["statuses"]:
        changes = [("status", "author", "time", "reason")]
        changes += [
            (one["status"], one["author"], one["time"], one["reason"])
            for one in document["statuses"]
        ]
        lines.append(columns(changes))
    else:
        lines.append(f"Status: {document['status']}")
    lines += _signed(document)
    return "\n\n".join(lines)


def to_sign(document: Document) -> str:
    """What would be signed, before the password is asked for."""
    what = f"Report {document['report_id']}, version {document['version']} by {document['author']}"
    lines = [
        f"{what}, {document['statements']} statements, status {document['status']}",
        f"SHA-256 of what is signed: {document['sha256']}",
    ]
    lines += [f"! contradicted [{one['id']}] {one['text']}" for one in document["contradicted"]]
    return "\n".join(lines)


def signed(document: Document) -> str:
    """A signature that was just made."""
    return "\n".join(
        [
            f"Report {document['report_id']} is {document['status']}.",
            _signature(document),
            f"SHA-256 of what was signed: {document['document_sha256']}",
            f"Signature: {document['bound_sha256']}",
        ]
    )


def addended(document: Document) -> str:
    """An addendum that was just made."""
    return "\n".join(
        [
            f"Report {document['report_id']} is {document['status']}.",
            _addendum(document),
            f"Signature: {document['bound_sha256']}",
        ]
    )


def _signed(history: Document) -> list[str]:
    return [
        *(_signature(one) for one in history["signatures"]),
        *(_addendum(one) for one in history["addenda"]),
    ]


def _signature(one: Document) -> str:
    line = (
        f"Signed: version {one['version']} by {one['signer_name']} ({one['role']}) at "
        f"{one['time']}: {one['meaning']}"
    )
    kept = [f"  confirmed [{name}]: {why}" for name, why in one["confirmed"].items()]
    return "\n".join([line, *kept])


def _addendum(one: Document) -> str:
    line = (
        f"Addendum {one['number']} by {one['author_name']} ({one['role']}) at {one['time']}: "
        f"{one['meaning']}"
    )
    return "\n".join([line, *(f"  {row}" for row in one["text"].split("\n"))])
