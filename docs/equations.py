"""Equations as drawings in the page, so that reading them needs no network.

``$$ ... $$`` and ``$ ... $`` in the pages, and ``.. math::`` and ``:math:`` in docstrings, are set by
matplotlib. It is listed as a hook in mkdocs.yml.
"""

import html
import re

import matplotlib
from markdown import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from matplotlib.path import Path
from matplotlib.textpath import TextPath

EM = 100
"""Size in which equations are laid out; the page scales it to the size of its text."""

_DIRECTIVE = re.compile(r"^(?P<indent>[ ]*)\.\. math::(?P<first>.*)$")
_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C", Path.CLOSEPOLY: "Z"}


def svg(tex: str, *, display: bool) -> str:
    """An equation as SVG.

    Parameters
    ----------
    tex : str
        In TeX, as far as matplotlib's mathtext knows it.
    display : bool
        Whether it stands alone.

    Returns
    -------
    str
    """
    tex = " ".join(tex.split())
    drawn = tex.replace(r"\tfrac", r"\frac").replace(r"\frac", r"\dfrac" if display else r"\frac")
    drawn = re.sub(r"(?<=[^{(\s])\s*\\ln\b", r"\\,\\ln", drawn)  # mathtext sets ln close to what is around it
    drawn = re.sub(r"\\ln\s*(?=\\d?frac)", r"\\ln\\,", drawn)
    with matplotlib.rc_context({"mathtext.fontset": "cm"}):
        path = TextPath((0, 0), f"${drawn}$", size=EM)
    steps = []
    for vertices, code in path.iter_segments(curves=True):
        points = " ".join(f"{x:.1f} {-y:.1f}" for x, y in vertices.reshape(-1, 2))
        steps.append("Z" if code == Path.CLOSEPOLY else _COMMANDS[code] + points)
    box = path.get_extents()
    size = f'width="{box.width / EM:.3f}em" height="{box.height / EM:.3f}em"'
    view = f'viewBox="{box.x0:.1f} {-box.y1:.1f} {box.width:.1f} {box.height:.1f}"'
    style = "" if display else f' class="equation-inline" style="vertical-align: {box.y0 / EM:.3f}em"'
    return f'<svg role="img" aria-label="{html.escape(tex)}" {size} {view}{style}><path d="{"".join(steps)}"/></svg>'


class _Blocks(Preprocessor):
    """Equations that stand alone."""

    def run(self, lines: list[str]) -> list[str]:
        made, rest = [], list(lines)
        while rest:
            line = rest.pop(0)
            directive = _DIRECTIVE.match(line)
            if directive:
                indent = directive["indent"]
                tex = [directive["first"], *_continued(rest, len(indent))]
            elif line.strip().startswith("$$"):
                indent = line[: len(line) - len(line.lstrip())]
                tex = [line.strip()[2:]]
                while not tex[-1].rstrip().endswith("$$"):
                    tex.append(rest.pop(0))
                tex[-1] = tex[-1].rstrip()[:-2]
            else:
                made.append(line)
                continue
            drawing = f'<div class="equation">{svg(" ".join(tex), display=True)}</div>'
            made += ["", indent + self.md.htmlStash.store(drawing), ""]
        return made


def _continued(rest: list[str], indent: int) -> list[str]:
    """Lines of a directive: those that are indented more than it."""
    taken = []
    while rest and rest[0].strip() and len(rest[0]) - len(rest[0].lstrip()) > indent:
        taken.append(rest.pop(0))
    return taken


class _Inline(InlineProcessor):
    """Equations within a line."""

    def handleMatch(self, m, data):  # noqa: ARG002, N802
        return self.md.htmlStash.store(svg(m[1], display=False)), m.start(0), m.end(0)


class Equations(Extension):
    """The Markdown extension."""

    def extendMarkdown(self, md) -> None:  # noqa: N802
        """Put equations before code in backticks and after code in fences."""
        md.preprocessors.register(_Blocks(md), "equations", 20)
        md.inlinePatterns.register(_Inline(r":math:`([^`]+)`", md), "math-role", 195)
        md.inlinePatterns.register(_Inline(r"(?<![\w$\\])\$(?![\s$])([^$`]+?)(?<!\s)\$(?![\w$])", md), "math", 185)


def on_config(config):
    """Add the extension; mkdocstrings hands it on to the docstrings."""
    config.markdown_extensions.append(Equations())
    return config
