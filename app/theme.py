"""Colours, fonts and style of the window: dark and quiet, so that the image is the hero."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from engine.export.palette import DARK

CANVAS: Final = "#000000"
WINDOW: Final = DARK.background
PANEL: Final = DARK.surface
RAISED: Final = "#20262e"
HOVER: Final = "#2a323d"
LINE: Final = DARK.line
TEXT: Final = DARK.text
MUTED: Final = DARK.muted
FAINT: Final = "#7a8592"
ACCENT: Final = DARK.accent
BRIGHT_ACCENT: Final = "#62cdd8"
ON_ACCENT: Final = "#04191c"
GOOD: Final = "#6fd6a8"
WARNING: Final = DARK.warning
ERROR: Final = "#ff7b72"

_FONTS: Final = (
    "Inter",
    "Segoe UI Variable",
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "Noto Sans",
    "Cantarell",
    "Ubuntu",
    "Roboto",
    "Open Sans",
    "DejaVu Sans",
)
_ICONS: Final = Path(__file__).resolve().parent.parent / "resources" / "icons"
_STYLE: Final = Path(__file__).resolve().parent.parent / "resources" / "style" / "dark.qss"


def ui_font(points: float = 10.0, *, bold: bool = False) -> QFont:
    """Return the window's font; figures keep their column as numbers change."""
    font = QFont()
    font.setFamilies(list(_FONTS))
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPointSizeF(points)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def color(value: str, alpha: float = 1.0) -> QColor:
    """Return a colour of this module with an opacity in [0, 1]."""
    result = QColor(value)
    result.setAlphaF(alpha)
    return result


def icon(name: str, tint: str = TEXT) -> QIcon:
    """Return an icon of ``resources/icons`` in the window's colours, faint where disabled."""
    result = QIcon()
    for mode, shade in ((QIcon.Mode.Normal, tint), (QIcon.Mode.Disabled, FAINT)):
        for size in (20, 40, 128):
            result.addPixmap(_render(name, shade, size), mode)
    return result


def _render(name: str, tint: str, size: int) -> QPixmap:
    source = (_ICONS / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", tint)
    renderer = QSvgRenderer(QByteArray(source.encode()))
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        renderer.render(painter, QRectF(0, 0, size, size))
    return pixmap


def apply_theme(application: QApplication) -> None:
    """Give the application its style, palette and font."""
    application.setStyle("Fusion")
    application.setFont(ui_font())
    application.setPalette(_palette())
    colours = {
        key.lower(): value
        for key, value in globals().items()
        if key.isupper() and isinstance(value, str)
    }
    icons = _ICONS.as_posix()
    style = Template(_STYLE.read_text(encoding="utf-8")).substitute(colours, icons=icons)
    application.setStyleSheet(style)


def _palette() -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    shades = {
        roles.Window: WINDOW,
        roles.WindowText: TEXT,
        roles.Base: PANEL,
        roles.AlternateBase: RAISED,
        roles.Text: TEXT,
        roles.Button: RAISED,
        roles.ButtonText: TEXT,
        roles.BrightText: ERROR,
        roles.ToolTipBase: RAISED,
        roles.ToolTipText: TEXT,
        roles.PlaceholderText: FAINT,
        roles.Highlight: ACCENT,
        roles.HighlightedText: ON_ACCENT,
        roles.Link: ACCENT,
        roles.Light: HOVER,
        roles.Midlight: RAISED,
        roles.Mid: LINE,
        roles.Dark: CANVAS,
        roles.Shadow: CANVAS,
    }
    for role, shade in shades.items():
        palette.setColor(role, QColor(shade))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    return palette
