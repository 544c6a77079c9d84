"""Charts as SVG that stands in a page: no script, no font and no picture from elsewhere.

Colours are the page's own, by name, so that they change with its light and its dark look: the page
has `STYLE` among its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

STYLE: Final = Path(__file__).with_name("chart.css")
# A chart's widths: alone, beside another one, and on the screen of a phone.
_WIDE: Final = 900
_NARROW: Final = 480
_SMALL: Final = 320
# How many letters fit under its bars, and how many a label to the left of them has at most.
_ROOM: Final = {_WIDE: 128, _NARROW: 62, _SMALL: 36}
_LONGEST: Final = {_WIDE: 28, _NARROW: 16, _SMALL: 12}
_BETWEEN_LABELS: Final = 4
_MOST_MARKS: Final = 5
# What the library draws for its scripts, and its name for the colour of a series.
_OVERLAY: Final = "overlay"
_COLOUR: Final = re.compile(r"\bcolor-(\d+)\b")


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of bars: what it stands for, the page's name of the colour, and its numbers."""

    name: str
    colour: str
    values: Sequence[int]


def _pygal() -> Any:
    """The library, without its finder of modules for maps: each later import would ask that one,
    in an old way that Python warns of."""
    import pygal

    sys.meta_path[:] = [
        one for one in sys.meta_path if not isinstance(one, pygal.PluginImportFixer)
    ]
    return pygal


def bars(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    limit: int | None = None,
    narrow: bool = False,
) -> str:
    """Draw numbers as bars beside one another, one upon the other where there are several series.

    A `limit` is a broken line across the bars. A `narrow` chart stands beside another one.
    """
    return _for_screens(lambda width: _bars(title, labels, series, limit, width), narrow=narrow)


def lying(
    title: str, labels: Sequence[str], series: Sequence[Series], *, narrow: bool = False
) -> str:
    """Draw numbers as bars below one another, each with its parts in a row."""
    return _for_screens(lambda width: _lying(title, labels, series, width), narrow=narrow)


def _for_screens(draw: Callable[[int], str], *, narrow: bool) -> str:
    """The chart as it fits its place, and as it fits a phone; the page shows one of them."""
    usual = draw(_NARROW if narrow else _WIDE)
    return f'<div class="usual">{usual}</div><div class="small">{draw(_SMALL)}</div>'


def _bars(
    title: str, labels: Sequence[str], series: Sequence[Series], limit: int | None, width: int
) -> str:
    pygal = _pygal()

    wide = len(labels) * (max(map(len, labels), default=0) + _BETWEEN_LABELS)
    every = -(-wide // _ROOM[width]) or 1
    marks = _marks(max(_highest(series), limit or 0))
    chart = pygal.StackedBar(
        style=_style(),
        width=width,
        height=300 if width == _WIDE else 260,
        margin_right=40 if width == _SMALL else 20,
        margin_bottom=8,
        margin_top=16,
        spacing=12,
        rounded_bars=2,
        legend_at_bottom=True,
        legend_box_size=11,
        legend_at_bottom_columns=2 if width == _SMALL else None,
        show_legend=len(series) > 1,
        show_minor_x_labels=False,
        x_labels_major_every=every,
        truncate_label=-1,
        truncate_legend=-1,
        y_labels=sorted({*_apart(marks, limit), limit}) if limit else marks,
        y_labels_major=[limit] if limit else [-1],  # without any, the library chooses some
        range=(0, marks[-1]),
        no_data_text="nothing yet",
    )
    chart.x_labels = list(labels)
    for one in series:
        chart.add(one.name, list(one.values))
    return _inline(chart, title, series)


def _lying(title: str, labels: Sequence[str], series: Sequence[Series], width: int) -> str:
    pygal = _pygal()
    marks = _marks(_highest(series))

    chart = pygal.HorizontalStackedBar(
        style=_style(),
        width=width,
        height=90 + 44 * len(labels),
        margin_top=4,
        spacing=10,
        rounded_bars=2,
        legend_at_bottom=True,
        legend_box_size=11,
        legend_at_bottom_columns=2 if width == _SMALL else None,
        truncate_label=-1,
        truncate_legend=-1,
        show_x_labels=True,
        show_y_guides=False,
        y_labels=marks,
        range=(0, marks[-1]),
        no_data_text="nothing yet",
    )
    # The first one stands at the top.
    chart.x_labels = [_short(label, _LONGEST[width]) for label in reversed(labels)]
    for one in series:
        chart.add(one.name, list(reversed(one.values)))
    return _inline(chart, title, series)


def _highest(series: Sequence[Series]) -> int:
    """The length of the longest bar, with all its parts."""
    return max(map(sum, zip(*(one.values for one in series), strict=True)), default=0)


def _marks(highest: int) -> list[int]:
    """The marks of a scale: round numbers with even steps, up to the highest number or beyond."""
    least = max(1, -(-highest // _MOST_MARKS))
    power = 10 ** (len(str(least)) - 1)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    return list(range(0, max(1, highest) + step, step))


def _apart(marks: Sequence[int], limit: int) -> list[int]:
    """The marks whose number does not stand upon that of the limit."""
    return [mark for mark in marks if abs(mark - limit) > (marks[1] - marks[0]) / 2]


def _short(label: str, most: int) -> str:
    """A label with its middle left out: accounts are known by either end."""
    if len(label) <= most:
        return label
    end = most // 3
    return f"{label[: most - end - 1]}…{label[-end:]}"


def _style() -> Any:
    """The sizes that the library reckons with; what else it would say, `STYLE` says."""
    from pygal.style import Style

    return Style(
        label_font_size=13, major_label_font_size=13, legend_font_size=13, no_data_font_size=18
    )


def _inline(chart: Any, title: str, series: Sequence[Series]) -> str:
    """The chart as a part of a page: without its scripts and styles, told by its title, and with
    the number of each bar where the pointer rests."""
    root = chart.render_tree()
    for parent in root.iter():
        for child in list(parent):
            is_note = child.tag is ElementTree.Comment
            if is_note or child.tag in ("defs", "script") or _OVERLAY in child.get("class", ""):
                parent.remove(child)
    for element in root.iter():
        element.attrib.pop("id", None)
        classes = element.get("class", "")
        if found := _COLOUR.search(classes):
            named = f"colour-{series[int(found[1])].colour}"
            element.set("class", classes.replace(found[0], named))
    for group in root.iter("g"):
        _tell(group)
    root.set("role", "img")
    root.set("aria-label", title)
    if (named := root.find("title")) is not None:
        named.text = title
    return ElementTree.tostring(root, encoding="unicode")


def _tell(group: ElementTree.Element) -> None:
    """Give a bar its number as a title, in the place of what a script would show."""
    said = {one.get("class", ""): one.text or "" for one in group.findall("desc")}
    for one in group.findall("desc"):
        group.remove(one)
    if "value" in said:
        title = ElementTree.Element("title")
        label = said.get("x_label") or said.get("label", "")
        title.text = f"{label}: {said['value']}" if label else said["value"]
        group.insert(0, title)
