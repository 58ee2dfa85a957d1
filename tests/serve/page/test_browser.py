"""The page in a browser, before a server as real as any: what a person sees, and can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mull.audit import Policy
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.think.trace import Trace
from tests.serve.house import COUNT, House, house
from tests.serve.page.conftest import until

pytestmark = pytest.mark.page

THOUGHTS = "First 12*13=156.\nThen 2+3=6.\nSo 2+2=4.\n"
ATTACKS = (
    "<img src=x onerror=alert(1)>", "<script>alert(2)</script>", "</details><svg onload=alert(3)>",
    "[a](javascript:alert(4))", "\\boxed{<iframe srcdoc='<script>parent.alert(5)</script>'>}",
    "$\\frac{<b onmouseover=alert(6)>}{2}$", "`<style>*{display:none}</style>`", "\u202egnp.exe \x1b[2J",
)  # fmt: skip
ATTACK = "\n".join(ATTACKS)
BOMB = "".join(f"\\frac{{{number}^{{\\boxed{{$`**" for number in range(40_000)) + " done"  # a megabyte
SCRIPT = {
    asked("2+2?"): f"<think>{THOUGHTS}</think>The answer is \\boxed{{4}}.",
    asked("again?"): "<think>As before.\n</think>Still \\boxed{4}.",
    asked("attack"): f"<think>{ATTACK}\n</think>{ATTACK} done",
    asked("maths"): "<think>No.\n</think>So $x^2 \\le \\frac{1}{2}$, **thus** \\(\\alpha_{12} \\to "
    "\\infty\\), it costs $5 and $6, snake_case, 2^10: \\boxed{\\dfrac{3}{4}\\pi}",
    asked("vote"): {"<think>Three.\n</think>\\boxed{3}": 2, "<think>Four!\n</think>\\boxed{4}": 1},
    asked("loop"): "<think>It begins well. " + "Round and round it goes. " * 60,
    asked("count"): f"<think>{COUNT}</think>Done: \\boxed{{1999}}.",
    "think of seven": " I do.</think>It is \\boxed{7}.",
    "</think>\n\n": "So far: \\boxed{7}.",
}  # fmt: skip
RULES = Policy.of(
    {
        "id": "example.org",
        "version": "7",
        "rule": [
            {"name": "beans", "match": ["beans"], "action": "decline", "text": "No <b>beans</b>."},
            {"name": "sums", "match": ["2+2"], "action": "disclose", "text": "Sums may be wrong."},
        ],
    }
)
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def served() -> Iterator[House]:
    with house(scripted(SCRIPT, sampling=Sampling(temperature=1.0))) as made:
        yield made


@pytest.fixture(scope="module")
def slow() -> Iterator[House]:
    with house(scripted(SCRIPT), slow=0.002) as made:
        yield made


def ask(page: Any, question: str, *, strategy: str = "think", wait: bool = True, **more: str) -> None:
    page.select_option("#strategy", strategy)
    if more:
        page.click("#more summary")
        for name, value in more.items():
            page.fill(f"#{name}", value)
    page.fill("#words", question)
    page.press("#words", "Enter")
    if wait:
        page.wait_for_selector(".turn:last-of-type .actions")


def requests(page: Any) -> list[Any]:
    """The bodies of what the page asks the server, from now on."""
    bodies: list[Any] = []
    page.on("request", lambda sent: bodies.append(json.loads(sent.post_data)) if sent.post_data else None)
    return bodies


def test_thoughts_are_folded_and_their_claims_are_marked(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "2+2?")
    assert page.inner_text(".answer") == "The answer is 4."
    assert page.inner_text(".answer .boxed") == "4"
    assert "Thought for" in page.inner_text(".fold")
    assert "tokens" in page.inner_text(".fold")
    assert not page.is_visible(".thoughts")
    page.click(".fold")
    lines = page.locator(".thought:visible").all_inner_texts()
    assert [line for line in lines if line.strip()] == THOUGHTS.splitlines()
    marks = page.eval_on_selector_all(
        ".claim", "all => all.map(e => [e.textContent, e.dataset.verdict, e.dataset.value ?? ''])"
    )
    assert marks == [
        ["12*13=156", "confirmed", ""],
        ["2+3=6", "contradicted", "5"],
        ["2+2=4", "confirmed", ""],
    ]
    signs = page.eval_on_selector_all(".claim", "all => all.map(e => getComputedStyle(e, '::after').content)")
    assert ["✓" in signs[0], "✗" in signs[1], "✓" in signs[2]] == [True, True, True]


def test_text_stays_text(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "attack")
    page.click(".fold")
    for attack in ATTACKS[:4]:
        assert attack in page.inner_text(".answer")
        assert attack in page.inner_text(".thoughts")
    made = page.eval_on_selector_all(".turn *", "all => [...new Set(all.map(e => e.localName))]")
    assert not set(made) & {"img", "script", "svg", "iframe", "style", "details", "a", "object", "form"}


def test_a_bomb_of_mathematics_is_only_long(served: House, visit: Visit) -> None:
    chunk = {"id": "x", "choices": [{"index": 0, "delta": {"content": BOMB}}]}
    body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    page = visit(served)
    page.route(
        "**/v1/chat/completions", lambda route: route.fulfill(body=body, content_type="text/event-stream")
    )
    ask(page, "bomb")
    assert " done" in page.eval_on_selector(".answer", "e => e.textContent")


def test_a_hostile_question_stays_text(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, ATTACKS[0])
    assert page.inner_text(".question") == ATTACKS[0]


def test_mathematics_reads_well(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "maths")
    text = page.eval_on_selector(".answer", "e => e.textContent")
    assert text == "So x2 ≤ 1/2, thus α12 → ∞, it costs $5 and $6, snake_case, 210: 3/4π"
    assert page.eval_on_selector_all(".answer sup", "all => all.map(e => e.textContent)") == ["2", "10"]
    assert page.inner_text(".answer sub") == "12"
    assert page.inner_text(".answer b") == "thus"
    assert page.eval_on_selector_all(
        ".answer .frac > span:first-child", "all => all.map(e => e.textContent)"
    ) == ["1", "3"]


def test_a_vote_is_a_tree_with_its_piles(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "vote", strategy="vote", n="9", seed="5")
    page.click(".fold")
    rows = page.locator("[role=treeitem]")
    assert rows.count() > 3
    leader = page.inner_text(".votes [data-leads=true] .what")
    assert leader in ("3", "4")
    assert page.inner_text(".answer .boxed") == leader
    votes = sum(int(each.split()[0]) for each in page.locator(".votes .number").all_inner_texts())
    assert votes <= rows.count()
    states = page.eval_on_selector_all(
        ".chain", "all => all.map(e => [e.dataset.state, e.querySelector('.end').textContent])"
    )
    assert {state for state, said in states if said == leader} == {"leads"}
    other = page.locator(".chain[data-state=answered]").first
    other.click()
    assert other.get_attribute("aria-selected") == "true"
    assert page.locator(".thought").last.inner_text() == other.locator(".end").inner_text()
    assert ("Three." if leader == "4" else "Four!") in page.inner_text(".thoughts")
    page.keyboard.press("Home")
    assert rows.first.get_attribute("aria-selected") == "true"


def test_a_loop_is_marked_where_it_was_undone(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "loop")
    page.click(".fold")
    chip = page.locator(".chip").first
    assert "A loop" in chip.inner_text()
    assert "taken back" in chip.inner_text()
    assert not page.locator("del").first.is_visible()
    chip.click()
    assert "Round and round it goes. Round and round" in page.locator("del").first.inner_text()
    assert "A loop of 25 tokens" in page.inner_text(".remarks")


def test_what_is_claimed_falsely_and_undone_stands_struck(served: House, visit: Visit) -> None:
    def rescued(route: Any) -> None:
        body = json.loads(route.request.post_data)
        body["ext"]["guard"] = {"claims": "rescue"}
        route.continue_(post_data=json.dumps(body))

    page = visit(served)
    page.route("**/v1/chat/completions", rescued)
    ask(page, "2+2?")
    page.click(".fold")
    assert "2+3=6" in page.locator("del").first.inner_text()


def test_the_conversation_goes_on_without_thoughts(served: House, visit: Visit) -> None:
    page = visit(served)
    bodies = requests(page)
    ask(page, "2+2?")
    ask(page, "again?")
    assert bodies[1]["messages"] == [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "The answer is \\boxed{4}."},
        {"role": "user", "content": "again?"},
    ]
    page.click("#anew")
    assert page.locator(".turn").count() == 0
    ask(page, "2+2?")
    assert len(bodies[2]["messages"]) == 1


def test_from_a_point_of_a_thought_it_goes_on_differently(served: House, visit: Visit) -> None:
    page = visit(served)
    bodies = requests(page)
    ask(page, "2+2?")
    page.click(".fold")
    at = page.evaluate(
        """() => {
          const node = document.querySelectorAll('.thought')[1].querySelector('.claim').firstChild;
          const range = document.createRange();
          range.setStart(node, 4);
          range.setEnd(node, 5);
          const box = range.getBoundingClientRect();
          return [box.left + 1, box.top + box.height / 2];
        }"""
    )
    page.mouse.click(*at)
    page.click(".menu button")
    page.wait_for_selector("text=2 of 2")
    begun = "First 12*13=156.\nThen "
    assert bodies[1]["ext"]["continue_from"] == {"thoughts": begun}
    assert bodies[1]["seed"] != bodies[0]["seed"]
    page.click("text=‹")
    assert page.inner_text(".answer") == "The answer is 4."


def test_by_keyboard_alone(served: House, visit: Visit) -> None:
    page = visit(served)
    bodies = requests(page)
    page.focus("#setup")
    page.keyboard.press("/")
    page.keyboard.type("2+2?")
    page.keyboard.press("Enter")
    page.wait_for_selector(".actions")
    page.focus(".fold")
    page.keyboard.press("t")
    page.focus(".thoughts")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == "Go on from here, differently"
    page.keyboard.press("Escape")
    assert page.locator(".menu").count() == 0
    for key in ("Enter", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("text=2 of 2")
    assert bodies[1]["ext"]["continue_from"] == {"thoughts": "First 12*13=156.\n"}


def test_answer_now_hint_and_stop(slow: House, visit: Visit) -> None:
    page = visit(slow)
    ask(page, "count", wait=False)
    until(page, "document.querySelector('.thoughts').textContent.includes('12 13')")
    assert page.get_attribute(".thinking", "data-fold") == "peek"
    assert "Thinking" in page.inner_text(".fold")
    assert page.get_attribute("[role=progressbar]", "aria-valuenow") is not None
    page.fill("#words", "think of seven")
    page.press("#words", "Enter")
    page.wait_for_selector(".actions")
    assert page.inner_text(".answer .boxed") == "7"
    page.click(".fold")
    assert "think of seven" in page.inner_text(".thoughts .forced >> nth=0")
    ask(page, "count", wait=False)
    until(page, "document.querySelectorAll('.thoughts')[1].textContent.includes('12 13')")
    page.click("text=Answer now")
    page.wait_for_selector(".turn:last-of-type .actions")
    assert page.inner_text(".turn:last-of-type .answer") == "So far: 7."
    assert "answered before the thoughts were done" in page.inner_text(".turn:last-of-type .sure")
    ask(page, "count", wait=False)
    until(page, "document.querySelectorAll('.thoughts')[2]?.textContent.includes('12 13')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".turn:last-of-type .actions")
    assert "Stopped" in page.inner_text(".turn:last-of-type .facts")
    assert slow.idle()


def test_more_thinking_is_asked_for(slow: House, visit: Visit) -> None:
    page = visit(slow)
    bodies = requests(page)
    ask(page, "count", wait=False)
    until(page, "document.querySelector('.thoughts').textContent.includes('12 13')")
    page.click("#steer >> text=Think more")
    until(page, "document.querySelector('#told').textContent.includes('think more')")
    assert bodies[1] == {"action": "think_more"}
    page.click("text=Stop")
    page.wait_for_selector(".actions")
    page.click(".actions >> text=Think more")
    until(page, "document.querySelector('.thoughts').textContent.includes('12 13')")
    assert [body["reasoning_effort"] for body in bodies if "messages" in body] == ["medium", "high"]
    page.click("#steer >> text=Stop")
    page.wait_for_selector("text=2 of 2")


def test_the_export_is_a_trace(served: House, visit: Visit, tmp_path: Path) -> None:
    page = visit(served)
    ask(page, "vote", strategy="vote", n="5", tokens="2000", seed="1")
    with page.expect_download() as download:
        page.click("text=Export")
    download.value.save_as(tmp_path / "trace.jsonl")
    trace = Trace.read(tmp_path / "trace.jsonl")
    assert trace.records[-1]["op"] == "answer"
    assert not any(record["op"] == "claim" for record in trace)
    assert any(record["stream"] > 1 << 53 for record in trace if record["op"] == "fork")
    page.click("text=Ledger")
    spent = trace.records[-1]["ledger"]["tokens"]["sampled"]
    assert f"drawn\n{spent}" in page.inner_text(".ledger")


def test_policies_are_in_sight(visit: Visit) -> None:
    with house(scripted(SCRIPT), policy=RULES) as served:
        page = visit(served)
        page.wait_for_selector("header .badge")
        assert page.inner_text("header .badge") == "Policy example.org 7"
        ask(page, "beans")
        assert "No <b>beans</b>." in page.inner_text(".answer")
        assert "decline" in page.inner_text(".facts .badge")
        page.click("#anew")
        ask(page, "2+2?")
        assert "Sums may be wrong." in page.inner_text(".turn:last-of-type .facts .badge")


def test_the_key_is_asked_for_and_kept_for_the_tab(visit: Visit) -> None:
    with house(scripted(SCRIPT), keys=("key-of-anna",)) as served:
        page = visit(served)
        page.wait_for_selector("dialog[open]")
        page.fill("#key", "key-of-anna")
        page.click("#settings button")
        until(page, "document.querySelector('#model').textContent === 'script'")
        ask(page, "2+2?")
        assert page.inner_text(".answer .boxed") == "4"
        assert page.evaluate("JSON.stringify(localStorage).includes('key-of-anna')") is False


def test_what_fails_is_said(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "2+2?", tokens="1", n="1")
    page.route("**/v1/chat/completions", lambda route: route.abort())
    ask(page, "2+2?")
    assert "cannot be reached" in page.inner_text(".turn:last-of-type [role=alert]")
    body = 'data: {"error": {"message": "It <b>broke</b>.", "code": "x"}}\n\n'
    page.unroute("**/v1/chat/completions")
    page.route(
        "**/v1/chat/completions", lambda route: route.fulfill(body=body, content_type="text/event-stream")
    )
    ask(page, "2+2?")
    assert "It <b>broke</b>." in page.inner_text(".turn:last-of-type [role=alert]")


@pytest.mark.parametrize("width", [320, 390, 1600])
def test_it_fits(served: House, visit: Visit, width: int) -> None:
    page = visit(served, viewport={"width": width, "height": 640})
    ask(page, "2+2?", strategy="vote", n="3")
    page.click(".fold")
    page.click("text=Ledger")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_light_and_still(served: House, visit: Visit) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    page = visit(served, color_scheme="dark", reduced_motion="reduce")
    dark = page.evaluate(paper)
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.click("#setup")
    page.select_option("#theme", "light")
    page.click("#settings button")
    until(page, f"{paper} !== {dark!r}")
    assert visit(served, color_scheme="light").evaluate(paper) == page.evaluate(paper)


def test_everything_that_can_be_pressed_has_a_name(served: House, visit: Visit) -> None:
    page = visit(served)
    ask(page, "vote", strategy="vote", n="3")
    page.click(".fold")
    nameless = page.eval_on_selector_all(
        "button, select, input, textarea, a, [role=treeitem], [role=progressbar], [tabindex='0']",
        "all => all.filter(e => e.checkVisibility()"
        " && !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)",
    )
    assert nameless == []
