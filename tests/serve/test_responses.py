"""/v1/responses where the official client does not lead: items of a chain that is begun anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mull.serve.answering import Item
from mull.serve.responses import ResponsesForm, ResponsesRequest
from mull.serve.voice import Said, Unsaid


def test_an_item_keeps_its_index_when_the_chain_is_begun_anew() -> None:
    choice: Any = SimpleNamespace(text="4", thoughts="Two again.")
    run: Any = SimpleNamespace(id="resp_1", choices=[choice], created=0)
    form = ResponsesForm(run, ResponsesRequest.model_validate({"input": "2+2?"}), "script")
    begun = [Said("thought", "Two."), Said("answer", "5"), Unsaid("answer", 1), Unsaid("thought", 4)]
    anew = [Said("thought", "Two again."), Said("answer", "4")]
    told = [event for _, event in form.events([Item(choice, what) for what in (*begun, *anew)])]
    places = [(event["item_id"], event["output_index"]) for event in told if "item_id" in event]
    assert set(places) == {("rs_1", 0), ("msg_1", 1)}
    assert [e["output_index"] for e in told if e["type"] == "response.output_item.added"] == [0, 1]
