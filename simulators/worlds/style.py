"""What makes a kind of place: numbers for the mechanisms of this folder, nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Range = tuple[float, float]
Shares = Mapping[str, float]

# Streets from the least to the most important: the later is drawn over the earlier where they meet.
STREET_KINDS = ("rail", "path", "track", "lane", "residential", "collector", "arterial")


@dataclass(frozen=True)
class StreetKind:
    """One rank of the road network.

    Args:
        width_m: of the carriageway.
        side_m: of the paved strip on each side, 0 for none.
        cover: of the carriageway, a key of `core.place.COVERS`.
        side_cover: of the strips.
        tree_gap_m: mean distance between street trees of a side; 0 for none.
    """

    width_m: float
    side_m: float = 0.0
    cover: str = "asphalt"
    side_cover: str = "paving"
    tree_gap_m: float = 0.0


@dataclass(frozen=True)
class Building:
    """How the main building of a plot is drawn.

    Args:
        area_m2: median and sigma of a lognormal.
        aspect: least and greatest ratio of length to depth.
        across: share whose length runs away from the street.
        shapes: shares of `rectangle`, `l`, `t`, `u`.
        storeys: number of storeys -> share.
        storey_m: height of one.
        roofs: form -> share.
        materials: of pitched roofs -> share.
        flat_materials: of flat roofs -> share.
        pitch_deg: of pitched roofs.
        gable_to_street: share of pitched roofs whose ridge runs away from the street.
    """

    area_m2: Range
    aspect: Range = (1.0, 2.2)
    across: float = 0.3
    shapes: Shares = field(default_factory=lambda: {"rectangle": 1.0})
    storeys: Mapping[int, float] = field(default_factory=lambda: {1: 0.5, 2: 0.5})
    storey_m: float = 2.9
    roofs: Shares = field(default_factory=lambda: {"gable": 1.0})
    materials: Shares = field(default_factory=lambda: {"tile": 1.0})
    flat_materials: Shares = field(default_factory=lambda: {"bitumen": 0.6, "gravel": 0.4})
    pitch_deg: Range = (20.0, 38.0)
    gable_to_street: float = 0.2


@dataclass(frozen=True)
class Garden:
    """What lies around the main building of a plot; shares are per plot.

    Args:
        front, rear: kinds of ground and their shares.
        drive: share with a drive to the street.
        garage, shed, pool: shares.
        hedge: share of plot borders with a hedge.
        trees: mean number.
        crown_m: radius of crowns.
        tree_kinds: kind -> share.
    """

    front: Shares = field(default_factory=lambda: {"lawn": 1.0})
    rear: Shares = field(default_factory=lambda: {"lawn": 1.0})
    drive: float = 0.0
    drive_covers: Shares = field(default_factory=lambda: {"concrete": 0.6, "asphalt": 0.25, "paving": 0.15})
    garage: float = 0.0
    shed: float = 0.0
    pool: float = 0.0
    hedge: float = 0.0
    trees: float = 0.0
    crown_m: Range = (1.2, 4.5)
    tree_kinds: Shares = field(default_factory=lambda: {"broadleaf": 0.8, "conifer": 0.1, "bush": 0.1})


@dataclass(frozen=True)
class Built:
    """One way in which blocks are built up.

    Args:
        layout: the mechanism, a key of `blocks.LAYOUTS`.
        share: of the built blocks.
        building, garden: of each plot.
        plot_m: width of plots along the street (spacing of sections, slabs or halls).
        depth_m: depth of plots; for terraces and rings of the buildings.
        set_back_m: from the street.
        gap_m: from the plot's sides.
        empty: share of plots without a building.
    """

    layout: str
    share: float
    building: Building
    garden: Garden = field(default_factory=Garden)
    plot_m: Range = (16.0, 24.0)
    depth_m: Range = (28.0, 36.0)
    set_back_m: Range = (3.0, 8.0)
    gap_m: Range = (1.0, 3.0)
    empty: float = 0.03


@dataclass(frozen=True, eq=False)  # by identity: it is a key of what is kept
class Style:
    """A kind of place.

    Args:
        name: as users write it.
        cell_m: mean distance of the main roads.
        jitter: of their crossings, share of `cell_m`, at most 0.2 so that cells stay convex.
        bend_m, bend_length_m: of everything, see `plane.Plane`.
        patterns: `grid`, `organic`, `radial` -> share of cells.
        streets: kinds of `STREET_KINDS` that the style has.
        main, inner, inmost: kinds of lattice roads, of first cuts, of later cuts.
        block_m: least sides, across and along, to which built land is divided.
        built_share: of the land.
        built_length_m: size of settlements.
        built: ways to build.
        civic: open uses among the built blocks, share of those blocks.
        open_m2: size of fields and other open pieces.
        open_uses: uses of open land -> share.
        tree_kinds: of woods and streets.
        forest_share: of the wild land that is wood.
        skew_deg: spread of the directions of organic cuts.
        river_m: least and greatest width of rivers; None for none.
        river_length_m: between rivers.
        sea_share: of the world.
        marsh_share: of the shore.
        beach_m: width of beaches.
        verge: ground of settlements that belongs to nobody, a key of `core.place.COVERS`.
        closes: share of short streets without a junction that end in a turning circle.
        relief_m: standard deviation of the ground.
        rail_every: a railway runs through every so-manieth row of cells; 0 for none.
    """

    name: str
    cell_m: float
    patterns: Shares
    streets: Mapping[str, StreetKind]
    block_m: Range
    built: tuple[Built, ...]
    jitter: float = 0.12
    bend_m: float = 8.0
    bend_length_m: float = 260.0
    main: str = "arterial"
    inner: str = "collector"
    inmost: str = "residential"
    built_share: float = 1.0
    built_length_m: float = 600.0
    civic: Shares = field(default_factory=dict)
    open_m2: Range = (6000.0, 40000.0)
    open_uses: Shares = field(default_factory=dict)
    tree_kinds: Shares = field(default_factory=lambda: {"broadleaf": 1.0})
    forest_share: float = 0.4
    skew_deg: float = 5.0
    river_m: Range | None = None
    river_length_m: float = 1800.0
    sea_share: float = 0.0
    marsh_share: float = 0.0
    beach_m: Range = (6.0, 22.0)
    verge: str = "lawn"
    closes: float = 0.0
    relief_m: float = 4.0
    rail_every: int = 0
