"""No text takes long, crashes the grader, is executed, or pulls sympy into the process."""

import subprocess
import sys
from threading import Thread
from time import monotonic

import pytest

from mull import grade
from mull.check.grade import Verdict, symbolic

WORST = 2.0
SLACK = 1.0  # a busy machine's

HOSTILE = {
    "deep fraction": r"\frac{1}{" * 400 + "2" + "}" * 400,
    "deep root": r"\sqrt{2+" * 300 + "2" + "}" * 300,
    "tower": "9^{" * 200 + "9" + "}" * 200,
    "flat tower": "^".join(["9"] * 500),
    "factorials": "9" + "!" * 50,
    "long sum": r"\sum_{k=1}^{1000000} \sin k",
    "sum of large numbers": r"\sum_{k=1}^{5000} k^{k}",
    "harmonic sum": r"\sum_{k=1}^{20000} \frac{1}{k}",
    "open formulas": r"\(" * 20000,
    "dollars": "$" * 20000,
    "statements": "the answer is " * 5000,
    "boxes": r"\boxed{" * 20000,
    "digits": "1" * 100_000,
    "spaces": " " * 100_000 + "1",
    "stars": "*" * 100_000,
    "braces": "{" * 100_000,
    "colons": ":" * 50_000,
    "many roots": ",".join(rf"\sqrt{{{number}}}" for number in range(99)),
    "many variables": f"({'+'.join(f'x_{{{place}}}' for place in range(60))})^{{900}}",
    "exponentials": "e^{e^{e^{e^{e}}}}",
    "large angle": r"\sin(10^{100})",
    "large remainder": r"9^{9^{9}} \mod 7",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_no_longer_than_two_seconds(name: str) -> None:
    text = HOSTILE[name]
    for pair in (("7", text), (text, "7")):
        started = monotonic()
        assert grade(*pair).equal is not True or name in ("digits", "spaces")
        assert monotonic() - started < WORST + SLACK


def test_the_time_limit_holds_in_any_thread() -> None:
    verdicts: list[Verdict] = []
    text = r"\sum_{k=1}^{5000} k^{k}"
    threads = [Thread(target=lambda: verdicts.append(grade("7", text))) for _ in range(2)]
    started = monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verdict.equal for verdict in verdicts] == [None, None]
    assert {verdict.stage for verdict in verdicts} == {"limit"}
    assert monotonic() - started < 2 * WORST + SLACK


@pytest.mark.parametrize(
    "call", ["open('{0}', 'w')", "__import__('os').system('touch {0}')", "exec('open(\"{0}\")')"]
)
def test_texts_are_never_executed(call: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = call.format(tmp_path / "marker")
    for pair in ((text, text), ("1", text), (text, rf"\boxed{{{text}}}"), ("1", rf"\int_0^1 {text} dx")):
        grade(*pair)
    assert not list(tmp_path.iterdir())


def test_the_process_of_the_user_stays_light() -> None:
    program = (
        "import sys, mull; assert 'mull.check' not in sys.modules;"
        "assert mull.grade('1/2', 'The answer is 0.5.').equal;"
        "mull.grade('1/2', r'\\int_0^1 x dx');"
        "heavy = {'sympy', 'numpy', 'torch'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_sympy_the_verdict_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "find_spec", lambda _name: None)
    verdict = grade("1/2", r"\int_0^1 x dx")
    assert verdict.equal is None
    assert 'pip install "mull[grade]"' in verdict.reason
    assert grade("1/2", "0.5").equal
    assert not symbolic.warm()
