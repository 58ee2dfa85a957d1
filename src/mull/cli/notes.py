"""What guards and strategies note in the trace, as lines for a user; nothing for what only logs need."""

from __future__ import annotations

from mull.think.trace import Record


def told(note: Record) -> str | None:
    """One line, or None."""
    match note["kind"]:
        case "loop" if note["did"] == "nothing":
            return f"[loop: {note['copies']} copies of {note['period']} tokens]"
        case "loop":
            return f"[loop: {note['copies']} copies of {note['period']} tokens, {note['did']}]"
        case "suspicion" if note["did"] == "closed":
            stays = f"{note['probes']} probes say {note['answer']}"
            return f"[loop: the thoughts repeat much of themselves, and {stays}; closed]"
        case "language":
            did = f", {note['did']}" if note["did"] != "nothing" else ""
            return f"[language: the {note['part']} went from {note['left']} to {note['found']}{did}]"
        case "claim":
            right = f"; it is {note['value']}" if note["value"] is not None else ""
            did = f", {note['did']}" if note["did"] != "nothing" else ""
            return f"[claim: {' '.join(note['text'].split())} is false{right}{did}]"
        case "policy":
            did = f"; told to the model: {note['text']}" if note["action"] == "add_context" else ""
            did = f": {note['text']}" if note["action"] == "disclose" else did
            named = f"{note['policy']} {note['version']}, rule {note['rule']}"
            return f"[operator's policy {named}: {note['action']}{did}]"
        case "unsure":
            return f"[unsure: confidence {note['confidence']}, others {note['bar']}]"
        case "auto":
            return f"[auto: {note['chose']}, {note['why']}]"
        case "compare":
            return f"[compare: {note['about']}]"
    return None
