"""What every action of the table does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.actions import shortcut_groups
from app.dialogs.help import AboutDialog, ShortcutsDialog
from app.display import Page
from app.operations.track import cancel
from engine.config import HandoverFormat
from engine.model import Scale

if TYPE_CHECKING:
    from app.main_window import MainWindow


def make_handlers(window: MainWindow) -> dict[str, Callable[..., object]]:
    """Return what every action of the table does; checkable ones are given their state."""
    commands, player, display = window.commands, window.context.player, window.context.display
    names = (
        "open", "open_folder", "open_part", "open_demo", "save_session", "calibrate", "set_rate",
        "caliper", "three_points", "mask_file", "report", "export_video", "export_csv",
        "export_result",
    )  # fmt: skip
    handlers: dict[str, Callable[..., object]] = {name: getattr(commands, name) for name in names}
    for name in ("arrows", "vorticity", "strain", "contour", "wall", "trust", "depth"):
        handlers[name] = lambda on, key=name: display.set(**{window.context.option_of(key): on})
    for wanted in HandoverFormat:
        name = f"export_{wanted.value.replace('-', '_')}"
        handlers[name] = lambda chosen=wanted: commands.hand_over(chosen)
    for scale in Scale:
        handlers[f"show_{scale.value}"] = lambda chosen=scale: window.show_scale(chosen)
    return handlers | {
        "quit": window.close,
        "forget_recent": commands.forget_recent,
        "close_loop": window.unsaved.close_current,
        "continue_work": window.unsaved.take_up,
        "hide_patient": commands.hide_patient,
        "named_exports": commands.name_in_exports,
        "set_ed": commands.set_ed,
        "set_es": commands.set_es,
        "fit": window.stage.viewport.show_whole,
        "zoom_heart": window.stage.zoom_to_heart,
        "full_screen": window.set_full_screen,
        "show_image": lambda: display.set(page=Page.IMAGE),
        "show_compare": window.show_compare,
        "probe": window.probe,
        "flip": window.stage.flip,
        "loops": window.loops.setVisible,
        "steps": window.steps.setVisible,
        "curves": window.show_curves,
        "play": player.toggle,
        "back": lambda: player.step(-1),
        "forward": lambda: player.step(1),
        "first": window.player_bar.go_first,
        "last": window.player_bar.go_last,
        "faster": lambda: player.change_speed(1),
        "slower": lambda: player.change_speed(-1),
        "loop_start": lambda: player.set_range(window.context.session.frame, player.last),
        "loop_end": lambda: player.set_range(player.first, window.context.session.frame),
        "loop_whole": player.reset_range,
        "repeat": player.set_looping,
        "make_mask": commands.auto_mask,
        "edit_contour": window.editing.switch,
        "next_point": lambda: window.editing.choose_next(1),
        "previous_point": lambda: window.editing.choose_next(-1),
        "nudge_left": lambda: window.editing.nudge(-1, 0),
        "nudge_right": lambda: window.editing.nudge(1, 0),
        "nudge_up": lambda: window.editing.nudge(0, -1),
        "nudge_down": lambda: window.editing.nudge(0, 1),
        "track": window.track_panel.run,
        "cancel": lambda: cancel(window.context),
        "measure": window.measure_panel.run,
        "shortcuts": lambda: ShortcutsDialog(window, shortcut_groups()).open(),
        "about": lambda: AboutDialog(window).open(),
    }
