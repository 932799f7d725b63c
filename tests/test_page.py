"""The HTML page in a browser: nothing sticks out on a phone or a desk, and nothing is complained about."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from stored_results import EBB, build, crossed, every_verdict, fixed, made_cells, store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium on PATH to lay the page out"),
]

WIDTHS = (390, 1440)
SCHEMES = {"dark": 0, "light": 1}
"""Values of Chromium's setting `preferredColorScheme`."""

PROBE = """<!doctype html><meta charset="utf-8"><title>probe</title>
{frames}
<script>
addEventListener("load", () => {{
  const found = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, view = frame.contentWindow;
    page.querySelectorAll("details").forEach((each) => {{ each.open = true; }});
    const outside = [...page.body.querySelectorAll("*")]
      .filter((each) => !each.closest(".scroll") && each.getBoundingClientRect().right > view.innerWidth + 0.5)
      .map((each) => each.tagName + "." + each.getAttribute("class"));
    return {{
      inner: view.innerWidth,
      scroll: page.documentElement.scrollWidth,
      outside,
      background: view.getComputedStyle(page.body).backgroundColor,
    }};
  }});
  console.error("control");
  document.body.innerHTML = "<pre>" + JSON.stringify(found) + "</pre>";
}});
</script>
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page with every verdict, cross-validation, a table by step and long names."""
    root = tmp_path_factory.mktemp("page")
    out = root / "results"
    made = every_verdict(out)
    long = "a-name-of-sixty-four-letters-" + "x" * 35
    folds = np.linspace(-0.1, 0.1, 10)
    reported = {"accuracy": {"value": 80.12, "unit": "percent", "spread": 4.5, "spread_over": "folds"}}
    title = "A title of many words that goes on for as long as a title may go on, and then a little longer than that"
    store(out, crossed(long, folds=10, title=title, reported=reported), made_cells(0.8 + EBB[:, None] + folds))
    steps = {"accuracy": {"value": 0.8, "unit": "fraction", "steps": {9: 0.41, 19: 0.8}}}
    store(out, fixed("stepped", article="other", reported=steps), made_cells(0.8 + EBB, epochs=2))
    build(out, made)
    return out / "report.html"


def chromium(folder, page, *options):
    """The page's DOM after loading, and the lines of its console."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr",
        *options,
    ]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout, re.findall(r':CONSOLE[^"]*"(.*)", source', done.stderr)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_sticks_out(report, tmp_path, scheme):
    content = html.escape(report.read_text())
    frames = "".join(f'<iframe width="{width}" height="900" srcdoc="{content}"></iframe>' for width in WIDTHS)
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE.format(frames=frames))
    dom, console = chromium(tmp_path, probe, f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}")
    assert console == ["control"]
    found = json.loads(html.unescape(re.search(r"<pre>(.*)</pre>", dom).group(1)))
    background = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    expected = [{"inner": width, "scroll": width, "outside": [], "background": background} for width in WIDTHS]
    assert found == expected


def test_the_page_itself_loads_without_complaint(report, tmp_path):
    dom, console = chromium(tmp_path, report)
    assert console == []
    assert "<title>Published experiments, run again</title>" in dom
