"""Files, numbers and errors: every question of the window in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QMessageBox,
    QSpacerItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.settings import Settings
from app.widgets.parts import label

_LEAST_WIDTH: Final = 400
_MOST_FRAMES: Final = 999_999


def ask_open(parent: QWidget, settings: Settings, title: str, kinds: str) -> Path | None:
    """Ask for a file to read; None if the user changed their mind."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(settings.folder()), kinds)
    return _remember(settings, name)


def ask_open_folder(parent: QWidget, settings: Settings, title: str) -> Path | None:
    """Ask for a folder; None if the user changed their mind."""
    name = QFileDialog.getExistingDirectory(parent, title, str(settings.folder()))
    return _remember(settings, name)


def ask_save(
    parent: QWidget, settings: Settings, title: str, proposal: str, kinds: str
) -> Path | None:
    """Ask for a file to write, with the proposal's ending; None if the user changed their mind."""
    start = settings.folder() / proposal
    name, _ = QFileDialog.getSaveFileName(parent, title, str(start), kinds)
    path = _remember(settings, name)
    if path is not None and not path.suffix:
        path = path.with_suffix(Path(proposal).suffix)
    return path


def _remember(settings: Settings, name: str) -> Path | None:
    if not name:
        return None
    settings.set_folder(Path(name).parent)
    return Path(name)


def show_error(parent: QWidget, sentence: str, details: str) -> QMessageBox:
    """Show an error in one sentence; a traceback hides behind a button."""
    box = _warning(parent, sentence)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if details:
        box.setDetailedText(details)
    _widen(box)
    box.open()
    return box


def ask_keep(
    parent: QWidget, sentence: str, *, save: Callable[[], None], discard: Callable[[], None]
) -> QMessageBox:
    """Ask whether work is saved before it goes; Escape and Cancel leave all as it is.

    Args:
        parent: Window of the question.
        sentence: What would be lost.
        save: Called if it shall be saved first.
        discard: Called if it may go.
    """
    box = _warning(parent, sentence)
    box.setInformativeText("Save the session before the loop is closed?")
    kinds = QMessageBox.StandardButton
    box.setStandardButtons(kinds.Save | kinds.Discard | kinds.Cancel)
    box.setDefaultButton(kinds.Save)
    box.setEscapeButton(kinds.Cancel)
    # After the box itself has gone, so that a file dialog does not open behind it.
    actions = {kinds.Save: save, kinds.Discard: discard}
    box.finished.connect(lambda code: actions.get(kinds(code), lambda: None)())
    _widen(box)
    box.open()
    return box


def _warning(parent: QWidget, sentence: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIconPixmap(theme.icon("warning", theme.WARNING).pixmap(32, 32))
    box.setWindowTitle("Myoflux")
    box.setText(sentence)
    return box


def _widen(box: QMessageBox) -> None:
    """Give a short sentence room.

    A least width of the label itself would keep Qt from breaking a long sentence into lines.
    """
    layout = box.layout()
    if isinstance(layout, QGridLayout):
        room = QSpacerItem(_LEAST_WIDTH, 0)
        layout.addItem(room, layout.rowCount(), 0, 1, layout.columnCount())


class NumberDialog(QDialog):
    """Asks for one number with its unit.

    Args:
        title: Of the dialog.
        question: What is asked, and why.
        on_done: Called with the number.
        value: What is known so far; None where nothing is: a number must then be typed.
        low: Smallest value, above 0.
        high: Largest value.
        unit: Shown behind the number.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        question: str,
        on_done: Callable[[float], None],
        *,
        value: float | None,
        low: float,
        high: float,
        unit: str,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(380)
        self.box = QDoubleSpinBox()
        self.box.setRange(0.0, high)
        self.box.setSpecialValueText("unknown")
        self.box.setDecimals(2)
        self.box.setValue(value or 0.0)
        self.box.setSuffix(f" {unit}")
        self.box.lineEdit().setTextMargins(7, 0, 0, 0)
        self.box.selectAll()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._take = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.box.valueChanged.connect(lambda number: self._take.setEnabled(number >= low))
        self._take.setEnabled(self.box.value() >= low)
        self.accepted.connect(lambda: on_done(self.box.value()))
        _stack(self, label(question), self.box, buttons)


class FramesDialog(QDialog):
    """Asks which frames of a file are read.

    Args:
        name: Of the file.
        on_done: Called with the first frame and the one after the last; None is the file's end.
    """

    def __init__(
        self, parent: QWidget, name: str, on_done: Callable[[int, int | None], None]
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Open part")
        self.setMinimumWidth(380)
        self.first, self.last = QSpinBox(), QSpinBox()
        self.first.setRange(0, _MOST_FRAMES)
        self.last.setRange(-1, _MOST_FRAMES)
        self.last.setValue(-1)
        self.last.setSpecialValueText("end of the file")
        for box in (self.first, self.last):
            box.lineEdit().setTextMargins(7, 0, 0, 0)
        self.first.setAccessibleName("First frame")
        self.last.setAccessibleName("Last frame")
        self.first.valueChanged.connect(self._keep_order)
        self.last.valueChanged.connect(self._keep_order)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: on_done(self.first.value(), self._stop()))
        ends = QWidget()
        line = QHBoxLayout(ends)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(label("Frames"))
        line.addWidget(self.first, 1)
        line.addWidget(label("to"))
        line.addWidget(self.last, 1)
        question = f"Which frames of {name} are read? They are counted from 0, both ends included."
        _stack(self, label(question), ends, self._buttons)

    def _stop(self) -> int | None:
        return None if self.last.value() < 0 else self.last.value() + 1

    def _keep_order(self) -> None:
        open_ = self._buttons.button(QDialogButtonBox.StandardButton.Open)
        open_.setEnabled(self.last.value() < 0 or self.last.value() > self.first.value())


def _stack(dialog: QDialog, *widgets: QWidget) -> None:
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(22, 20, 22, 16)
    layout.setSpacing(14)
    for widget in widgets:
        layout.addWidget(widget)
