"""The table of actions: menu, text, keys, handler, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from app.session import Loop

MENUS: Final = ("File", "Edit", "View", "Play", "Track", "Measure", "Export", "Help")


class Needs(Enum):
    """What must be there before an action can be used."""

    NOTHING = auto()
    LOOP = auto()
    MASK = auto()
    RESULT = auto()


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes:
        name: Handler's name.
        menu: Menu it stands in.
        text: Shown to the user.
        keys: Shortcuts; the first is shown.
        needs: When it can be used.
        checkable: Whether it shows a state.
        separated: Whether a line is drawn above it.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    needs: Needs = Needs.LOOP
    checkable: bool = False
    separated: bool = False


_NOTHING, _MASK, _RESULT = Needs.NOTHING, Needs.MASK, Needs.RESULT

NUDGES: Final = ("nudge_left", "nudge_right", "nudge_up", "nudge_down")
ACTIONS: Final = (
    ActionSpec("open", "File", "Open loop…", ("Ctrl+O",), _NOTHING),
    ActionSpec("open_folder", "File", "Open folder of images…", ("Ctrl+Shift+O",), _NOTHING),
    ActionSpec("open_part", "File", "Open part…", (), _NOTHING),
    ActionSpec("open_demo", "File", "Open demo phantom", (), _NOTHING),
    ActionSpec("forget_recent", "File", "Forget recent loops", (), _NOTHING),
    ActionSpec("save_session", "File", "Save session…", ("Ctrl+S",), separated=True),
    ActionSpec("continue_work", "File", "Continue unsaved work", (), _NOTHING),
    ActionSpec("close_loop", "File", "Close loop", ("Ctrl+W",), separated=True),
    ActionSpec("quit", "File", "Quit", ("Ctrl+Q",), _NOTHING, separated=True),
    ActionSpec("set_ed", "Edit", "Set end-diastole here", ("Ctrl+D",), separated=True),
    ActionSpec("set_es", "Edit", "Set end-systole here", ("Ctrl+E",)),
    ActionSpec("calibrate", "Edit", "Calibrate spacing…", separated=True),
    ActionSpec("set_rate", "Edit", "Set frame rate…"),
    ActionSpec("fit", "View", "Whole image", ("Ctrl+0",)),
    ActionSpec("zoom_heart", "View", "Zoom to the heart", ("Z",), _MASK),
    ActionSpec("full_screen", "View", "Full screen", ("F", "F11"), _NOTHING, checkable=True),
    ActionSpec("caliper", "View", "Caliper", ("D",), checkable=True),
    ActionSpec("probe", "View", "Probe velocity", ("P",), checkable=True),
    ActionSpec("show_image", "View", "Image", ("0",), separated=True),
    ActionSpec("show_1_8", "View", "Scale 1/8", ("1",)),
    ActionSpec("show_1_4", "View", "Scale 1/4", ("2",)),
    ActionSpec("show_1_2", "View", "Scale 1/2", ("3",)),
    ActionSpec("show_1", "View", "Scale 1", ("4",)),
    ActionSpec("show_compare", "View", "Compare", ("5",)),
    ActionSpec("flip", "View", "Flip between two layers", ("X",)),
    ActionSpec("arrows", "View", "Arrows", ("A",), checkable=True, separated=True),
    ActionSpec("vorticity", "View", "Vorticity", ("V",), checkable=True),
    ActionSpec("strain", "View", "Strain map", ("S",), _RESULT, checkable=True),
    ActionSpec("contour", "View", "Contour", ("K",), checkable=True),
    ActionSpec("wall", "View", "Tracked wall", ("W",), _RESULT, checkable=True),
    ActionSpec("trust", "View", "Fade what is untrusted", ("T",), checkable=True),
    ActionSpec("depth", "View", "Depth scale", checkable=True),
    ActionSpec("hide_patient", "View", "Hide patient data", ("Ctrl+H",), _NOTHING, checkable=True),
    ActionSpec("loops", "View", "Loops", ("F9",), _NOTHING, checkable=True, separated=True),
    ActionSpec("steps", "View", "Steps", ("F10",), _NOTHING, checkable=True),
    ActionSpec("curves", "View", "Curves", ("C",), checkable=True),
    ActionSpec("play", "Play", "Play or pause", ("Space",)),
    ActionSpec("back", "Play", "One frame back", ("Left",)),
    ActionSpec("forward", "Play", "One frame on", ("Right",)),
    ActionSpec("first", "Play", "First frame", ("Home",)),
    ActionSpec("last", "Play", "Last frame", ("End",)),
    ActionSpec("faster", "Play", "Faster", ("Up",), separated=True),
    ActionSpec("slower", "Play", "Slower", ("Down",)),
    ActionSpec("loop_start", "Play", "Loop starts here", ("[",), separated=True),
    ActionSpec("loop_end", "Play", "Loop ends here", ("]",)),
    ActionSpec("loop_whole", "Play", "Loop over all frames", ("\\",)),
    ActionSpec("repeat", "Play", "Repeat", ("L",), checkable=True),
    ActionSpec("make_mask", "Track", "Find mask automatically", ("Ctrl+K",)),
    ActionSpec("three_points", "Track", "Mask from three points…", ("Ctrl+Shift+K",)),
    ActionSpec("mask_file", "Track", "Mask from file…"),
    ActionSpec("edit_contour", "Track", "Edit contour", ("E",), _MASK, checkable=True),
    ActionSpec("next_point", "Track", "Next point", ("N",)),
    ActionSpec("previous_point", "Track", "Previous point", ("Shift+N",)),
    ActionSpec("nudge_left", "Track", "Nudge left", ("Ctrl+Left",)),
    ActionSpec("nudge_right", "Track", "Nudge right", ("Ctrl+Right",)),
    ActionSpec("nudge_up", "Track", "Nudge up", ("Ctrl+Up",)),
    ActionSpec("nudge_down", "Track", "Nudge down", ("Ctrl+Down",)),
    ActionSpec("track", "Track", "Track", ("Ctrl+T",), _MASK, separated=True),
    ActionSpec("cancel", "Track", "Cancel", ("Ctrl+.",), _NOTHING),
    ActionSpec("measure", "Measure", "Measure", ("Ctrl+M",), _RESULT),
    ActionSpec("report", "Export", "Report…", ("Ctrl+R",), _RESULT),
    ActionSpec("export_video", "Export", "Overlay video…", ("Ctrl+Shift+V",), _RESULT),
    ActionSpec("export_csv", "Export", "Measurements (CSV)…", ("Ctrl+Shift+C",), _RESULT),
    ActionSpec("export_result", "Export", "Result file (HDF5)…", ("Ctrl+Shift+S",), _RESULT),
    ActionSpec("export_nifti", "Export", "Fields (NIfTI)…", (), _RESULT, separated=True),
    ActionSpec("export_vtk", "Export", "Fields (VTK)…", (), _RESULT),
    ActionSpec("export_npz", "Export", "Fields (NumPy)…", (), _RESULT),
    ActionSpec("export_dicom_overlay", "Export", "Overlay (DICOM)…", (), _RESULT, separated=True),
    ActionSpec("export_dicom_seg", "Export", "Contours (DICOM SEG)…", (), _RESULT),
    ActionSpec("export_dicom_sr", "Export", "Strain (DICOM SR)…", (), _RESULT),
    ActionSpec(
        "named_exports",
        "Export",
        "Patient data in exports",
        (),
        _NOTHING,
        checkable=True,
        separated=True,
    ),
    ActionSpec("shortcuts", "Help", "Shortcuts", ("F1", "?"), _NOTHING),
    ActionSpec("about", "Help", "About Myoflux", (), _NOTHING),
)


class Actions:
    """The actions of a window, with its menus.

    Args:
        window: Gets menus and shortcuts.
        handlers: Name of an action to what it does; checkable ones are given their state.
    """

    def __init__(self, window: QMainWindow, handlers: Mapping[str, Callable[..., object]]) -> None:
        self.menus: dict[str, QMenu] = {name: window.menuBar().addMenu(name) for name in MENUS}
        self._actions: dict[str, QAction] = {}
        for spec in ACTIONS:
            action = QAction(spec.text, window)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setCheckable(spec.checkable)
            handler = handlers[spec.name]
            if spec.checkable:
                action.triggered.connect(lambda on, call=handler: call(on))
            else:
                action.triggered.connect(lambda _=False, call=handler: call())
            if spec.separated:
                self.menus[spec.menu].addSeparator()
            self.menus[spec.menu].addAction(action)
            window.addAction(action)
            self._actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def refresh(self, loop: Loop | None) -> None:
        """Enable what the loop allows."""
        has_mask = loop is not None and loop.mask is not None
        there = {
            Needs.NOTHING: True,
            Needs.LOOP: loop is not None,
            Needs.MASK: has_mask,
            Needs.RESULT: loop is not None and loop.result is not None,
        }
        for spec in ACTIONS:
            self._actions[spec.name].setEnabled(there[spec.needs])


UNDO_KEYS: Final = [("Ctrl+Z", "Undo"), ("Ctrl+Shift+Z", "Redo")]
"""Made apart from the table, because they name what they act on."""


def shortcut_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return all keys with their texts, by menu."""
    groups = []
    for menu in MENUS:
        keys = [
            (
                "  ".join(
                    QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
                    for key in spec.keys
                ),
                spec.text.rstrip("…"),
            )
            for spec in ACTIONS
            if spec.menu == menu and spec.keys
        ]
        if menu == "Edit":
            keys[:0] = UNDO_KEYS
        if keys:
            groups.append((menu, keys))
    return groups
