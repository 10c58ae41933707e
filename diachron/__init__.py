"""Labelled change data for remote sensing.

The names below are loaded on use, so that `import diachron` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diachron.core.errors import DiachronError
    from diachron.core.events import ChangeEvent, Cover, EventLog
    from diachron.core.grid import GeoGrid
    from diachron.core.labels import LabelClass, LabelSchema
    from diachron.core.sample import ChangeSample, Painted, RenderRequest, Snapshot
    from diachron.core.scene import Footprint, Scene, SceneObject
    from diachron.core.schemes import schema_named
    from diachron.outputs.readers import Dataset
    from diachron.training.pairs import open_dataset

_HOMES = {
    "ChangeEvent": "diachron.core.events",
    "ChangeSample": "diachron.core.sample",
    "Cover": "diachron.core.events",
    "Dataset": "diachron.outputs.readers",
    "DiachronError": "diachron.core.errors",
    "EventLog": "diachron.core.events",
    "Footprint": "diachron.core.scene",
    "GeoGrid": "diachron.core.grid",
    "LabelClass": "diachron.core.labels",
    "LabelSchema": "diachron.core.labels",
    "Painted": "diachron.core.sample",
    "RenderRequest": "diachron.core.sample",
    "Scene": "diachron.core.scene",
    "SceneObject": "diachron.core.scene",
    "Snapshot": "diachron.core.sample",
    "open_dataset": "diachron.training.pairs",
    "schema_named": "diachron.core.schemes",
}

__all__ = [
    "ChangeEvent",
    "ChangeSample",
    "Cover",
    "Dataset",
    "DiachronError",
    "EventLog",
    "Footprint",
    "GeoGrid",
    "LabelClass",
    "LabelSchema",
    "Painted",
    "RenderRequest",
    "Scene",
    "SceneObject",
    "Snapshot",
    "open_dataset",
    "schema_named",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'diachron' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
