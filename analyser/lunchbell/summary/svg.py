"""Small pieces of SVG. Colours and fonts are the style sheet's, by class: no style attribute, so a strict CSP holds."""

from collections.abc import Iterable
from html import escape

from lunchbell.policy.words import Outcome

MARK = {Outcome.PERMITTED: "permitted", Outcome.APPROVED: "approved", Outcome.NOT_PERMITTED: "outside"}
"""The class of each outcome; each has one shape too: a dot, a square, a diamond."""


def picture(id: str, width: float, height: float, title: str, text: str, body: Iterable[str], css: str = "") -> str:
    """A whole picture that a screen reader announces by its title and description."""
    return (
        f'<svg class="picture {css}" viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{id}-t {id}-d" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{id}-t">{escape(title)}</title>'
        f'<desc id="{id}-d">{escape(text)}</desc>{"".join(body)}</svg>'
    )


def rect(x: float, y: float, width: float, height: float, css: str, more: str = "") -> str:
    """A filled area."""
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"{more}/>'
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, words: str, css: str = "") -> str:
    """Words that begin at x; a class may anchor them elsewhere."""
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def mark(x: float, y: float, outcome: Outcome, size: float = 9, *, named: bool = True) -> str:
    """One use, centred on x, y: teal dot, blue square, rust diamond; hollow where no name is known."""
    css = f"mark {MARK[outcome]}" + ("" if named else " hollow")
    size -= 0 if named else 1.2  # the outline is drawn half outside
    half = size / 2
    if outcome is Outcome.PERMITTED:
        return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{half:.1f}"/>'
    if outcome is Outcome.APPROVED:
        side = size * 0.86
        return rect(x - side / 2, y - side / 2, side, side, css)
    half *= 1.2
    corners = ((x, y - half), (x + half, y), (x, y + half), (x - half, y))
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    return f'<polygon class="{css}" points="{points}"/>'
