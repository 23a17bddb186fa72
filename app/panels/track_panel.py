"""Step 3: preset, scales, and the button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from app.context import Context
from app.flow_view import FlowView
from app.operations.track import KIND, cancel, track
from app.panels.base import StepPanel
from app.session import Loop
from app.widgets.parts import button, label, restyle, row, show_sentences
from app.widgets.step_section import StepState
from engine.config import Preset, TrackingConfig
from engine.errors import InputError
from engine.model import Scale

_PRESETS = {
    Preset.DEFAULT: ("Default", "All scales, the most accurate settings."),
    Preset.PREVIEW: ("Preview", "Scales 1/8 and 1/4, within seconds."),
    Preset.PAPER: ("Paper", "The published settings: slow, for comparison."),
}
_PREVIEW_SCALES = frozenset({Scale.EIGHTH, Scale.QUARTER})


class TrackPanel(StepPanel):
    """Starts and stops the tracking."""

    title = "Track"

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.preset = QComboBox()
        for preset, (text, tip) in _PRESETS.items():
            self.preset.addItem(text, preset.value)
            self.preset.setItemData(self.preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        remembered = context.settings.text("preset", Preset.DEFAULT.value)
        index = self.preset.findData(remembered)
        self.preset.setCurrentIndex(max(index, 0))
        self.preset.currentIndexChanged.connect(self._on_preset)
        self._about = label("", "muted")
        self._coarse = label("", "warning")
        self.scales = {scale: QCheckBox(scale.label) for scale in Scale}
        self.start = button("Track", self.run, "primary", "Track the loop (Ctrl+T)")
        self.stop = button("Cancel", self._cancel)
        self._fits = QWidget()
        self._table = QGridLayout(self._fits)
        self._table.setContentsMargins(0, 0, 0, 0)
        self._notices = label("", "muted")
        self.body.addLayout(row(label("Preset", "muted"), self.preset, stretch=1))
        self.body.addWidget(self._about)
        boxes = row(label("Scales", "muted"), *self.scales.values())
        boxes.setSpacing(12)
        self.body.addLayout(boxes)
        self.body.addWidget(self._coarse)
        for box in self.scales.values():
            box.toggled.connect(self._warn_of_coarse_scales)
        self.body.addLayout(row(self.start, self.stop, stretch=0))
        self.body.addWidget(self._fits)
        self.body.addWidget(self._notices)
        self._on_preset()

    def config(self) -> TrackingConfig:
        """Return the settings that the form shows.

        Raises:
            InputError: If no scale is chosen.
        """
        scales = tuple(scale.value for scale, box in self.scales.items() if box.isChecked())
        if not scales:
            raise InputError("Choose at least one scale to track.")
        loop = self.context.session.loop
        target = "tissue" if loop is None else loop.target.value
        return TrackingConfig(
            target=target, preset=Preset(self.preset.currentData()), scales=scales, reserve_cores=1
        )

    def run(self) -> None:
        """Start the tracking as the form says."""
        self.attempt(lambda: track(self.context, self.config()))

    def refresh(self) -> None:
        """Show what can be started, and the fit of what is done."""
        loop = self.context.session.loop
        running = self.context.jobs.running(KIND) is not None
        ready = loop is not None and loop.mask is not None and loop.frame_count > 1
        self.start.setEnabled(ready and not running)
        done = loop is not None and bool(loop.flows)
        self.start.setText("Tracking…" if running else "Track again" if done else "Track")
        restyle(self.start, "" if loop is not None and done and is_complete(loop) else "primary")
        self.stop.setVisible(running)
        self.preset.setEnabled(not running)
        for box in self.scales.values():
            box.setEnabled(not running)
        self._warn_of_coarse_scales()
        flows = [] if loop is None else [loop.flows[s] for s in Scale if s in loop.flows]
        self._show_fits(flows)
        show_sentences(self._notices, () if loop is None else run_notices(loop))

    def state(self) -> tuple[StepState, str]:
        """Tell which scales are done."""
        loop = self.context.session.loop
        if loop is None or loop.mask is None:
            return StepState.WAITING, "Needs a mask"
        finest = loop.finest
        jobs = self.context.jobs
        if jobs.running(KIND) != jobs.running(KIND, loop.loop_id):
            return StepState.READY, "Another loop is being tracked"
        if jobs.running(KIND) is not None:
            so_far = "first scale soon" if finest is None else f"scale {finest.scale.label} done"
            return StepState.READY, f"Running · {so_far}"
        if finest is None:
            return StepState.READY, "Ready to track"
        if not is_complete(loop):
            stopped = f"Stopped at scale {finest.scale.label}: not complete"
            changed = "The mask has changed: track again"
            return StepState.ATTENTION, changed if loop.stale else stopped
        return StepState.DONE, f"{len(loop.flows)} scales, finest {finest.scale.label}"

    def _on_preset(self) -> None:
        preset = Preset(self.preset.currentData())
        self._about.setText(_PRESETS[preset][1])
        self.context.settings.set_text("preset", preset.value)
        for scale, box in self.scales.items():
            box.setChecked(preset is not Preset.PREVIEW or scale in _PREVIEW_SCALES)

    def _warn_of_coarse_scales(self) -> None:
        """Say where the finest scale chosen sees too little of a small picture."""
        loop = self.context.session.loop
        chosen = [scale for scale, box in self.scales.items() if box.isChecked()]
        text = "" if loop is None or not chosen else chosen[-1].warning_for(loop.cine.shape[1:])
        self._coarse.setText(text)
        self._coarse.setVisible(bool(text))

    def _cancel(self) -> None:
        cancel(self.context)

    def _show_fits(self, flows: list[FlowView]) -> None:
        while (item := self._table.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._fits.setVisible(bool(flows))
        if not flows:
            return
        for place, text in enumerate(("Scale", "Time", "NLCC", "Folding")):
            self._table.addWidget(label(text, "faint"), 0, place)
        for line, flow in enumerate(flows, start=1):
            field = flow.field
            cells = (
                flow.scale.label,
                f"{field.seconds:.1f} s",
                f"{field.nlcc:.3f}",
                f"{field.folding:.2f} %",
            )
            for place, text in enumerate(cells):
                self._table.addWidget(label(text), line, place)


def is_complete(loop: Loop) -> bool:
    """Return whether a tracked loop has every scale asked for, within the mask as it is now."""
    return not loop.stale and (loop.result is None or not loop.result.stopped)


def run_notices(loop: Loop) -> tuple[str, ...]:
    """Return what the run told, without what the steps before it say already."""
    if loop.result is None:
        return ()
    known = {*loop.cine.provenance.warnings, *(loop.mask.notes if loop.mask else ())}
    return tuple(notice for notice in loop.result.notices if notice not in known)
