"""Events: what changed, when, where and why; and the log that holds them in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from diachron.core.scene import Footprint, SceneObject


@dataclass(frozen=True)
class Cover:
    """What a footprint carries before or after an event.

    Args:
        object_id: the object that stands there; 0 for open ground.
        surface: hub id of the ground; None for "as it was", also where it is of several kinds.
    """

    object_id: int = 0
    surface: int | None = None


@dataclass(frozen=True)
class ChangeEvent:
    """One phase of one incident, at one time and place.

    A construction is two events: `cleared`, then `built` with the first as its cause.

    Args:
        id: positive, unique in the log.
        process: registered name of the process that made it.
        kind: `construction`, `demolition` ...: what a person would call it.
        phase: e.g. `cleared`, `built`, `demolished`.
        time_years: when, on the run's axis (the first date is 0).
        object_id: the object that appears or goes; 0 where none is concerned.
        before, after: what the footprint carries.
        footprint: its pixels.
        area_m2: of the footprint on the ground.
        new_object: the object that this event brings into the world (or takes out of it, read backwards).
        parameters: plain numbers and words that a renderer may need (donor, turn, scale).
        causes: ids of the events that this one follows from.
    """

    id: int
    process: str
    kind: str
    phase: str
    time_years: float
    object_id: int
    before: Cover
    after: Cover
    footprint: Footprint
    area_m2: float
    new_object: SceneObject | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    causes: tuple[int, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the record that goes to `sample.json`."""
        record: dict[str, object] = {
            "id": self.id,
            "process": self.process,
            "kind": self.kind,
            "phase": self.phase,
            "time_years": self.time_years,
            "object_id": self.object_id,
            "before": {"object_id": self.before.object_id, "surface": self.before.surface},
            "after": {"object_id": self.after.object_id, "surface": self.after.surface},
            "footprint": self.footprint.to_json(),
            "area_m2": self.area_m2,
            "parameters": dict(self.parameters),
            "causes": list(self.causes),
        }
        if self.new_object is not None:
            record["new_object"] = {
                "object_class": self.new_object.object_class,
                "height_m": self.new_object.height_m,
            }
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, object]) -> ChangeEvent:
        """Return the event of `to_json`'s record."""
        read: Mapping[str, object] = record
        footprint = Footprint.from_json(read["footprint"])  # type: ignore[arg-type]
        born: Mapping[str, object] | None = read.get("new_object")  # type: ignore[assignment]
        object_id = int(read["object_id"])  # type: ignore[call-overload]
        new_object = None
        if born is not None:
            new_object = SceneObject(
                object_id,
                int(born["object_class"]),  # type: ignore[call-overload]
                footprint,
                born["height_m"],  # type: ignore[arg-type]
            )
        return cls(
            id=int(read["id"]),  # type: ignore[call-overload]
            process=str(read["process"]),
            kind=str(read["kind"]),
            phase=str(read["phase"]),
            time_years=float(read["time_years"]),  # type: ignore[arg-type]
            object_id=object_id,
            before=Cover(**read["before"]),  # type: ignore[arg-type]
            after=Cover(**read["after"]),  # type: ignore[arg-type]
            footprint=footprint,
            area_m2=float(read["area_m2"]),  # type: ignore[arg-type]
            new_object=new_object,
            parameters=dict(read["parameters"]),  # type: ignore[call-overload]
            causes=tuple(read["causes"]),  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class EventLog(Sequence[ChangeEvent]):
    """Events in order of time.

    A cause stands before what it causes, also where both drew the same time: ids break the tie, and a
    cause has the smaller one.
    """

    events: tuple[ChangeEvent, ...] = ()

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.events, key=lambda event: (event.time_years, event.id)))
        object.__setattr__(self, "events", ordered)
        if len({event.id for event in ordered}) != len(ordered):
            raise ValueError("two events of one log have the same id")

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self.events[index]

    def __iter__(self) -> Iterator[ChangeEvent]:
        return iter(self.events)

    def between(self, after_years: float, until_years: float) -> tuple[ChangeEvent, ...]:
        """Return the events with `after < time <= until`."""
        return tuple(event for event in self.events if after_years < event.time_years <= until_years)

    def to_json(self) -> list[dict[str, object]]:
        """Return one record an event."""
        return [event.to_json() for event in self.events]

    @classmethod
    def from_json(cls, records: Iterable[Mapping[str, object]]) -> EventLog:
        """Return the log of `to_json`'s records."""
        return cls(tuple(ChangeEvent.from_json(record) for record in records))
