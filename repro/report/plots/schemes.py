"""One file for light and dark pages: the colours of an SVG become properties that follow `prefers-color-scheme`."""

from __future__ import annotations

import re

DARK = {
    "#ffffff": "#14171b",
    "#000000": "#e4e8ec",
    "#0072b2": "#6cb2f0",
    "#d55e00": "#f4915c",
    "#cc79a7": "#e6a3c8",
    "#009e73": "#4fd0a5",
    "#d5e7f2": "#24435f",
    "#56b4e9": "#3d7fb5",
    "#00456b": "#b9dcf7",
    "#bbbbbb": "#6b747d",
    "#dddddd": "#343b43",
}
"""Colour on a light page, as matplotlib writes it -> colour on a dark page."""

COLOR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})")
STYLE = re.compile(r'<style type="text/css">(.*?)</style>', re.DOTALL)


def with_schemes(svg: str) -> str:
    """The drawing with a dark scheme beside its own; `svg` is as matplotlib writes it, with one <style>.

    A colour that `DARK` does not have stays as it is. Each stands before its property too, so that a program which
    knows no properties, or drops styles, draws what matplotlib wrote.
    """

    def named(found: re.Match[str]) -> str:
        what, color = found.groups()
        return f"{found[0]}; {what}: var(--{color[1:]}, {color})" if color in DARK else found[0]

    dark = "; ".join(f"--{light[1:]}: {color}" for light, color in DARK.items())
    rules = f"text {{ fill: var(--000000, #000000) }} @media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    coloured = COLOR.sub(named, svg)
    return STYLE.sub(lambda found: f'<style type="text/css">{found[1]} {rules}</style>', coloured, count=1)
