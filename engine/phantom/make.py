"""Make a phantom: image its moving scatterers, frame by frame, and write down the truth."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from engine.model.cine import Cine, Provenance
from engine.model.mask import Contours
from engine.model.view import Target, View
from engine.phantom.config import PhantomConfig
from engine.phantom.flow_truth import flow_truth
from engine.phantom.imaging import Receiver
from engine.phantom.motion import Points
from engine.phantom.phantom import Phantom
from engine.phantom.scatterers import BloodScatterers, Scatterers, TissueScatterers
from engine.phantom.scene import Scene, make_scene
from engine.phantom.speckle import make_imager
from engine.phantom.strain_truth import strain_truth
from engine.phantom.timing import END_SYSTOLE
from engine.phantom.volume_truth import cavity_volume
from engine.progress import NullProgress, Progress, Step


def make_phantom(config: PhantomConfig, progress: Progress | None = None) -> Phantom:
    """Simulate a loop whose motion is known exactly.

    Args:
        config: What to simulate.
        progress: Told of every frame; may cancel.

    Raises:
        Cancelled: If a stop was asked for.
    """
    progress = progress or NullProgress()
    scene = make_scene(config)
    imager = make_imager(config, scene.layout)
    rng = np.random.default_rng(config.seed)
    receiver = Receiver(config, scene.layout, imager, rng)
    population = BloodScatterers if config.kind.is_flow else TissueScatterers
    scatterers: Scatterers = population(scene, imager.density, rng)
    grid, fan = scene.layout.grid(), scene.layout.fan()
    frames = np.empty((config.frames, *config.size), np.uint8)
    wall, cavity = np.empty(frames.shape, np.bool_), np.empty(frames.shape, np.bool_)
    displacement = np.empty((config.frames - 1, 2, *config.size), np.float32)
    for frame in range(config.frames):
        progress.check()
        frames[frame] = receiver.grey(imager.echo(*scatterers.at(frame)))
        before, material = _origins(scene, grid, frame)
        for regions, found in zip((wall, cavity), scene.anatomy.regions(material), strict=True):
            regions[frame] = found.reshape(config.size) & fan
        if frame:
            displacement[frame - 1] = (before - grid).T.reshape(2, *config.size)
        done = frame + 1
        progress.report(Step("phantom", done, config.frames, fraction=done / config.frames))
    return _with_truth(scene, _cine(config, frames), displacement, (wall, cavity))


def _origins(scene: Scene, grid: Points, frame: int) -> tuple[Points, Points]:
    """Return where what is at the grid was one frame before, and where its tissue was at first."""
    if scene.config.kind.is_flow:
        return (scene.motion.step_back(grid, frame - 1) if frame else grid), grid
    material = scene.motion.inverse(grid, frame)
    return (scene.motion.forward(material, frame - 1) if frame else grid), material


def _with_truth(
    scene: Scene,
    cine: Cine,
    displacement: NDArray[np.float32],
    regions: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Phantom:
    config, closed = scene.config, scene.anatomy.closed
    wall, cavity = regions
    inner, middle, outer = (_curve(scene, depth) for depth in (0.0, 0.5, 1.0))
    contours = strain = view = volume = None
    if inner is not None and middle is not None and outer is not None:
        contours = Contours(inner.astype(np.float32), outer.astype(np.float32), closed)
        view = View.PSAX_MID if closed else View.A4C
        if not config.kind.is_flow:
            strain = strain_truth(inner, middle, outer, config.spacing, closed)
            volume = None if closed else cavity_volume(inner, config.spacing)
    return Phantom(
        config=config,
        cine=cine,
        displacement=displacement,
        mask=cavity if config.kind.is_flow else wall,
        cavity=cavity,
        motion=scene.motion,
        target=Target.BLOOD if config.kind.is_flow else Target.TISSUE,
        ed_frame=0,
        es_frame=min(round(END_SYSTOLE * config.cycle), config.frames - 1),
        contours=contours,
        midwall=middle,
        strain=strain,
        flow=flow_truth(scene.motion, config.frames),
        volume_ml=volume,
        view=view,
    )


def _curve(scene: Scene, depth: float) -> Points | None:
    """Return a material curve through the loop, ``(T, N, 2)``, px; the wall around blood rests."""
    curve = scene.anatomy.contour(depth)
    if curve is None:
        return None
    frames = range(scene.config.frames)
    if scene.config.kind.is_flow:
        return np.stack([curve for _ in frames])
    return np.stack([scene.motion.forward(curve, frame) for frame in frames])


def _cine(config: PhantomConfig, frames: NDArray[np.uint8]) -> Cine:
    times = np.arange(config.frames) / config.fps
    provenance = Provenance(
        name=f"phantom {config.kind}, seed {config.seed}",
        sha256=hashlib.sha256(frames.tobytes()).hexdigest(),
        format="phantom",
        times_origin="simulated",
        spacing_origin="simulated",
    )
    return Cine(
        frames,
        provenance,
        frame_times_s=times,
        spacing_mm=config.spacing,
        r_times_s=tuple(times[:: config.cycle].tolist()),
        heart_rate_bpm=60 * config.fps / config.cycle,
        playback_fps=config.fps,
        region=(0, 0, config.size[1], config.size[0]),
    )
