"""What the user can do: asks what must be asked, then calls an operation."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.context import Context
from app.dialogs import questions
from app.dialogs.questions import FramesDialog, NumberDialog
from app.operations import (
    calibrate,
    confirm,
    export,
    make_mask,
    open_loop,
    privacy,
    restore,
    save_session,
)
from app.operations.make_mask import Places
from app.views.stage import Stage
from app.views.tools import CaliperTool, PickTool, Tool
from engine.config import HandoverFormat, MaskConfig, MaskMethod, ReadConfig, ReportConfig
from engine.errors import MyofluxError

_LOG: Final = logging.getLogger(__name__)
_CINES: Final = (
    "*.dcm *.dicom *.mp4 *.avi *.mov *.mkv *.gif *.png *.jpg *.jpeg *.tif *.tiff *.nii *.nii.gz "
    "*.npz"
)
_LOOPS: Final = f"Loops and results ({_CINES} *.h5 *.hdf5 *.myoflux);;All files (*)"
_PARTS: Final = f"Loops ({_CINES});;All files (*)"
_DICOM: Final = "DICOM (*.dcm *.dicom);;All files (*)"
_MASKS: Final = "Masks and contours (*.png *.nii *.nii.gz *.npz *.dcm *.json);;All files (*)"


class Handlers(QObject):
    """Handlers that need a question or a tool.

    Args:
        context: The window's parts.
        window: Parent of the dialogs.
        stage: Where places are picked.

    Signals:
        told: A sentence for the status bar.
        written: Files that were written.
        tool_changed: Another tool has the mouse.
        saved: The session was saved.
    """

    told = Signal(str)
    written = Signal(str)
    tool_changed = Signal()
    saved = Signal()

    def __init__(self, context: Context, window: QWidget, stage: Stage) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._stage = stage

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something; what cannot be done is told in one sentence."""
        try:
            action()
        except MyofluxError as error:
            self._context.errors.show(error)

    def open(self) -> None:
        """Ask for a loop and open it."""
        path = questions.ask_open(self._window, self._context.settings, "Open loop", _LOOPS)
        if path is not None:
            self.open_path(path)

    def open_part(self) -> None:
        """Ask for a loop and for the frames of it that are read."""
        path = questions.ask_open(self._window, self._context.settings, "Open part", _PARTS)
        if path is None:
            return

        def read(first: int, stop: int | None) -> None:
            open_loop.open_path(self._context, path, ReadConfig(frames=(first, stop)))

        FramesDialog(self._window, path.name, read).open()

    def open_folder(self) -> None:
        """Ask for a folder of images and open it."""
        path = questions.ask_open_folder(self._window, self._context.settings, "Open folder")
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> None:
        """Open a loop, a result or a session."""
        if path.suffix.lower() == save_session.SUFFIX:
            restore.open_session(self._context, path)
        else:
            open_loop.open_path(self._context, path)

    def save_session(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a file and save the work on all loops.

        Args:
            then: Called once it is written; not if the user changes their mind or it fails.
        """
        path = self._ask_save("Save session", save_session.SUFFIX, "Session (*.myoflux)")
        if path is None:
            return

        def done(written: Path) -> None:
            self._saved(written)
            if then is not None:
                then()

        self.attempt(lambda: save_session.save_session(self._context, path, done))

    def _saved(self, path: Path) -> None:
        self.saved.emit()
        self._tell((path,))

    def forget_recent(self) -> None:
        """Offer the loops opened before no more: their names may name patients."""
        self._context.settings.clear_recent()
        self._stage.empty.refresh()

    def open_demo(self) -> None:
        """Open the demo phantom."""
        open_loop.open_demo(self._context)

    def close_loop(self, loop_id: int) -> None:
        """Close a loop with all that was made of it."""
        loop = self._context.session.loop
        if loop is not None and loop.loop_id == loop_id:
            self.use_tool(None)
        self._context.jobs.cancel_owner(loop_id)
        self._context.session.close(loop_id)

    def use_tool(self, tool: Tool | None) -> None:
        """Give the left button to a tool, or back to panning."""
        self._stage.set_tool(tool)
        self.tool_changed.emit()

    def caliper(self, on: bool) -> None:
        """Switch the caliper."""
        self.use_tool(CaliperTool() if on else None)

    def calibrate(self) -> None:
        """Pick two places, ask for their distance, and set the spacing."""
        prompts = ("one end of a known distance", "its other end")
        self.use_tool(PickTool(prompts, self._ask_distance))

    def set_rate(self) -> None:
        """Ask for the acquisition rate."""
        loop = self._context.session.loop
        if loop is None:
            return
        dialog = NumberDialog(
            self._window,
            "Frame rate",
            "At how many frames per second was the loop acquired? A video's own rate is that of "
            "its playback and is often lower.",
            lambda fps: self.attempt(lambda: calibrate.set_frame_rate(self._context, fps)),
            value=loop.cine.frame_rate_hz,
            low=1.0,
            high=2000.0,
            unit="frames/s",
        )
        dialog.open()

    def three_points(self) -> None:
        """Pick the annulus and the apex, and make the mask from them.

        Where the ES frame of a mask with contours is shown the places are of end-systole, and the
        contour of end-diastole stays bound as it is; anywhere else they are of the ED frame. All
        are of one frame: who looks at others meanwhile is led back by the next click.
        """
        session = self._context.session
        loop = session.loop
        if loop is None:
            return
        self._context.player.pause()
        early = make_mask.points_kept_at_ed(loop, session.frame)
        if not early and loop.ed_frame is not None:
            session.set_frame(loop.ed_frame)
        short_axis = len(early) == 2 if early else loop.view is not None and loop.view.is_short_axis
        prompts = point_prompts("ES" if early else "ED", short_axis=short_axis)
        frame = loop.es_frame if early else loop.ed_frame

        def counts(shown: int) -> bool:
            nonlocal frame
            frame = shown if frame is None else frame
            self._context.player.pause()
            session.set_frame(frame)
            return frame == shown

        def done(places: Places) -> None:
            marks = (loop.ed_frame, frame) if early else (frame, None)
            self._mask_from_points(places, early, marks)

        self.use_tool(PickTool(prompts, done, counts))

    def mask_file(self) -> None:
        """Ask for a mask file."""
        loop = self._context.session.loop
        path = questions.ask_open(self._window, self._context.settings, "Open mask", _MASKS)
        if loop is not None and path is not None:
            config = MaskConfig(target=loop.target.value, method=MaskMethod.FILE, file=path)
            make_mask.make_mask(self._context, loop, config)

    def auto_mask(self) -> None:
        """Make the mask without a click."""
        loop = self._context.session.loop
        if loop is not None:
            make_mask.make_mask(self._context, loop, make_mask.default_config(loop))

    def export_video(self) -> None:
        """Ask for a file and write the overlay video."""
        path = self._ask_save("Overlay video", "-overlay.mp4", "Video (*.mp4)")
        if path is not None:
            scale = self._context.display.options.scale
            self.attempt(lambda: export.export_video(self._context, path, scale, self._tell))

    def export_csv(self) -> None:
        """Ask for a file and write the measurements."""
        path = self._ask_save("Measurements", "-measurements.csv", "Table (*.csv)")
        if path is not None:
            self.attempt(lambda: export.export_csv(self._context, path, self._tell))

    def export_result(self) -> None:
        """Ask for a file and write the result."""
        path = self._ask_save("Result", "-result.h5", "HDF5 (*.h5)")
        if path is not None:
            self.attempt(lambda: export.export_result(self._context, path, self._tell))

    def report(self) -> None:
        """Ask for a folder and write the report."""
        folder = questions.ask_open_folder(self._window, self._context.settings, "Report folder")
        if folder is not None:
            config = ReportConfig()
            self.attempt(lambda: export.export_report(self._context, folder, config, self._tell))

    def hand_over(self, wanted: HandoverFormat) -> None:
        """Ask for a folder, and the DICOM file where it is needed, and write for other programs."""
        loop = self._context.session.loop
        source = None if loop is None else loop.path
        if wanted.needs_source and (
            source is None or source.suffix.lower() in open_loop.RESULT_SUFFIXES
        ):
            title = "The DICOM file that was tracked"
            source = questions.ask_open(self._window, self._context.settings, title, _DICOM)
            if source is None:
                return
        folder = questions.ask_open_folder(self._window, self._context.settings, "Export folder")
        if folder is not None:
            self.attempt(
                lambda: export.hand_over(self._context, folder, wanted, source, self._tell)
            )

    def name_in_exports(self, named: bool) -> None:
        """Let exports hold patient data, or not."""
        self._context.settings.set_flag(export.NAMED, named)
        self.tool_changed.emit()

    def hide_patient(self, private: bool) -> None:
        """Hide or show patient data in the window."""
        privacy.set_private(self._context, private)

    def set_ed(self) -> None:
        """Set end-diastole to the frame shown."""
        session = self._context.session
        if session.loop is not None:
            confirm.take_marks(self._context, session.frame, None)

    def set_es(self) -> None:
        """Set end-systole to the frame shown."""
        session = self._context.session
        if session.loop is not None:
            confirm.take_marks(self._context, None, session.frame)

    def _ask_distance(self, ends: tuple[tuple[float, float], ...]) -> None:
        dialog = NumberDialog(
            self._window,
            "Calibrate",
            "How far apart are the two places? Pixels are taken as square.",
            lambda distance: self.attempt(
                lambda: calibrate.calibrate(self._context, ends, distance)
            ),
            value=None,
            low=0.5,
            high=400.0,
            unit="mm",
        )
        dialog.finished.connect(lambda: self.use_tool(None))
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.open()

    def _mask_from_points(
        self, places: Places, early: Places, marks: tuple[int | None, int | None]
    ) -> None:
        """Make the mask from places at ED, or from those kept there and places at ES.

        Args:
            places: At ED, or at ES where there are early ones.
            early: Those kept at ED.
            marks: ED and ES frames that the points are of; ES is None without points of it.
        """
        self.use_tool(None)
        # Who gives points at ED, or at ES, takes the frame below them for it.
        confirm.take_marks(self._context, *marks)
        loop = self._context.session.loop
        if loop is None:
            return
        base = make_mask.default_config(loop, MaskMethod.POINTS)
        points, late = (early, places) if early else (places, ())
        config = dataclasses.replace(base, points=points, points_es=late)
        make_mask.make_mask(self._context, loop, config)

    def _ask_save(self, title: str, ending: str, kinds: str) -> Path | None:
        loop = self._context.session.loop
        named = loop is not None and export.named(self._context)
        stem = Path(loop.name).stem if loop is not None and named else "loop"
        return questions.ask_save(self._window, self._context.settings, title, stem + ending, kinds)

    def _tell(self, files: tuple[Path, ...]) -> None:
        what = files[0].name if len(files) == 1 else f"{len(files)} files"
        _LOG.info("Wrote %s", ", ".join(map(str, files)))
        self.written.emit(f"Written: {what} in {files[0].parent}" if files else "Nothing to write")


def point_prompts(phase: str, *, short_axis: bool) -> tuple[str, ...]:
    """Return what to click on the frame of a phase, ED or ES, to start from a few points."""
    if short_axis:
        return (f"the centre of the cavity at {phase}", "a point of its rim")
    return (f"one end of the mitral annulus at {phase}", "its other end", f"the apex at {phase}")
