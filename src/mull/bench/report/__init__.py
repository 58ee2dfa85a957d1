"""A report of runs as one static HTML file: no server, nothing loaded from anywhere.

    from mull.bench.report import report
    Path("report.html").write_bytes(report([Run.read("runs/mine")]))

What models wrote is hostile text. Python escapes all it puts into the page (html.py); the chains travel as
compressed JSON and are shown by page.js, which only ever sets `textContent`; and the page's policy lets no
script run but that one, by its hash.
"""

from mull.bench.report.page import report

__all__ = ["report"]
