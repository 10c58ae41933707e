"""The built-in label schemes, as data.

Ids, names and colours are those of the published sets (`hub` and `segmenter` are our own); the way into the
hub is ours. Where several hub ids share a class, the first listed class of that hub id is the one that is
drawn.
"""

from __future__ import annotations

from diachron.core import hub
from diachron.core.errors import UnknownNameError, nearest_names
from diachron.core.labels import LabelClass, LabelSchema, build_schema

_UNKNOWN = None  # ground of unknown kind


def _classes(
    *rows: tuple[int, str, str, int | None] | tuple[int, str, str, int | None, tuple[int, ...]],
) -> list[LabelClass]:
    return [LabelClass(row[0], row[1], f"#{row[2].lower()}", row[3], *row[4:]) for row in rows]


def _hub() -> LabelSchema:
    colours = {
        0: "000000",
        1: "a5885f",
        2: "7fbf5b",
        3: "a3b85a",
        4: "226126",
        5: "d9c95b",
        6: "949494",
        7: "0045ff",
        8: "2f9c95",
        9: "f2f6fa",
        11: "de1f07",
        12: "f4f4f4",
        13: "c86dd7",
        14: "3de6eb",
        15: "9999ff",
        16: "5b4636",
    }
    rows = [(hub_id, name, colours[hub_id], hub_id) for hub_id, name in hub.NAMES.items()]
    return build_schema("hub", _classes(*rows), ignore=0)


SCHEMES: dict[str, LabelSchema] = {
    schema.name: schema
    for schema in (
        _hub(),
        build_schema(
            "building",
            _classes((0, "ground", "3a3a3a", _UNKNOWN), (1, "building", "DE1F07", hub.BUILDING, (255,))),
            {"greenhouse": "building"},
            rest="ground",
        ),
        build_schema(
            "road",
            _classes((0, "ground", "3a3a3a", _UNKNOWN), (1, "road", "F4F4F4", hub.ROAD, (255,))),
            rest="ground",
        ),
        build_schema(
            "mbrsc",
            _classes(
                (0, "building", "3C1098", hub.BUILDING),
                (1, "land", "8429F6", hub.BARE),
                (2, "road", "6EC1E4", hub.ROAD),
                (3, "vegetation", "FEDD3A", hub.GRASS),
                (4, "water", "E2A929", hub.WATER),
                (5, "unlabelled", "9B9B9B", hub.IGNORE),
            ),
            {
                "shrub": "vegetation",
                "tree": "vegetation",
                "crop": "vegetation",
                "wetland": "vegetation",
                "pool": "water",
                "greenhouse": "building",
            },
            rest="land",
            ignore=5,
        ),
        build_schema(
            "isprs",
            _classes(
                (0, "border", "000000", hub.IGNORE),
                (1, "impervious", "FFFFFF", hub.DEVELOPED),
                (2, "building", "0000FF", hub.BUILDING),
                (3, "low_vegetation", "00FFFF", hub.GRASS),
                (4, "tree", "00FF00", hub.TREE),
                (5, "car", "FFFF00", hub.DEVELOPED),
                (6, "clutter", "FF0000", hub.BARE),
            ),
            {
                "shrub": "low_vegetation",
                "crop": "low_vegetation",
                "wetland": "low_vegetation",
                "water": "clutter",
                "snow": "clutter",
                "greenhouse": "building",
                "pool": "clutter",
            },
            rest="impervious",
            ignore=0,
        ),
        build_schema(
            "zurich-summer",
            _classes(
                (0, "unlabelled", "FFFFFF", hub.IGNORE),
                (1, "road", "000000", hub.ROAD),
                (2, "building", "646464", hub.BUILDING),
                (3, "tree", "007D00", hub.TREE),
                (4, "grass", "00FF00", hub.GRASS),
                (5, "bare_soil", "966432", hub.BARE),
                (6, "water", "000096", hub.WATER),
                (7, "railway", "FFFF00", hub.RAIL),
                (8, "pool", "9696FF", hub.POOL),
            ),
            {
                "shrub": "grass",
                "crop": "grass",
                "wetland": "grass",
                "greenhouse": "building",
                "sports": "grass",
                "developed": "road",
            },
            rest="bare_soil",
            ignore=0,
        ),
        build_schema(
            "openearthmap",
            _classes(
                (0, "void", "000000", hub.IGNORE),
                (1, "bareland", "800000", hub.BARE),
                (2, "rangeland", "00FF24", hub.GRASS),
                (3, "developed", "949494", hub.DEVELOPED),
                (4, "road", "FFFFFF", hub.ROAD),
                (5, "tree", "226126", hub.TREE),
                (6, "water", "0045FF", hub.WATER),
                (7, "agriculture", "4BB549", hub.CROP),
                (8, "building", "DE1F07", hub.BUILDING),
            ),
            {
                "shrub": "rangeland",
                "wetland": "rangeland",
                "snow": "void",
                "sports": "developed",
                "pool": "developed",
                "greenhouse": "building",
                "rail": "developed",
            },
            ignore=0,
        ),
        build_schema(
            "loveda",
            _classes(
                (0, "nodata", "000000", hub.IGNORE),
                (1, "background", "FFFFFF", _UNKNOWN),
                (2, "building", "FF0000", hub.BUILDING),
                (3, "road", "FFFF00", hub.ROAD),
                (4, "water", "0000FF", hub.WATER),
                (5, "barren", "9F81B7", hub.BARE),
                (6, "forest", "00FF00", hub.TREE),
                (7, "agriculture", "FFC380", hub.CROP),
            ),
            {"snow": "nodata", "greenhouse": "building"},
            rest="background",
            ignore=0,
        ),
        build_schema(
            "landcover-ai",
            _classes(
                (0, "background", "000000", _UNKNOWN),
                (1, "building", "614A4A", hub.BUILDING),
                (2, "woodland", "267300", hub.TREE),
                (3, "water", "00C5FF", hub.WATER),
                (4, "road", "CFCFCF", hub.ROAD),
            ),
            {"greenhouse": "building"},
            rest="background",
        ),
        build_schema(
            "flair",
            _classes(
                (1, "building", "db0e9a", hub.BUILDING),
                (2, "pervious", "938e7b", hub.DEVELOPED),
                (3, "impervious", "f80c00", hub.DEVELOPED),
                (4, "bare_soil", "a97101", hub.BARE),
                (5, "water", "1553ae", hub.WATER),
                (6, "coniferous", "194a26", hub.TREE),
                (7, "deciduous", "46e483", hub.TREE),
                (8, "brushwood", "f3a60d", hub.SHRUB),
                (9, "vineyard", "660082", hub.CROP),
                (10, "herbaceous", "55ff00", hub.GRASS),
                (11, "agricultural", "fff30d", hub.CROP),
                (12, "plowed", "e4df7c", hub.CROP),
                (13, "pool", "3de6eb", hub.POOL),
                (14, "snow", "ffffff", hub.SNOW),
                (15, "clear_cut", "8ab3a0", hub.BARE),
                (16, "mixed", "6b714f", hub.TREE),
                (17, "ligneous", "c5dc42", hub.SHRUB),
                (18, "greenhouse", "9999ff", hub.GREENHOUSE),
                (19, "other", "000000", hub.IGNORE),
            ),
            {
                "developed": "pervious",
                "tree": "deciduous",
                "crop": "agricultural",
                "wetland": "herbaceous",
                "road": "impervious",
                "sports": "herbaceous",
                "rail": "pervious",
            },
            ignore=19,
        ),
        build_schema(
            # Only the classes inside change are labelled in the published set; 0 is its "unchanged".
            "second",
            _classes(
                (0, "unchanged", "FFFFFF", hub.IGNORE),
                (1, "water", "0000FF", hub.WATER),
                (2, "ground", "808080", hub.DEVELOPED),
                (3, "low_vegetation", "008000", hub.GRASS),
                (4, "tree", "00FF00", hub.TREE),
                (5, "building", "800000", hub.BUILDING),
                (6, "sports_field", "FF0000", hub.SPORTS),
            ),
            {
                "shrub": "low_vegetation",
                "crop": "low_vegetation",
                "wetland": "low_vegetation",
                "snow": "unchanged",
                "greenhouse": "building",
            },
            rest="ground",
            ignore=0,
        ),
        build_schema(
            "hrscd",
            _classes(
                (0, "no_information", "000000", hub.IGNORE),
                (1, "artificial", "E6004D", hub.DEVELOPED),
                (2, "agricultural", "FFFFA8", hub.CROP),
                (3, "forest", "80FF00", hub.TREE),
                (4, "wetland", "A6A6FF", hub.WETLAND),
                (5, "water", "80F2E6", hub.WATER),
            ),
            {
                "bare": "forest",
                "grass": "forest",
                "shrub": "forest",
                "snow": "forest",
                "greenhouse": "agricultural",
            },
            rest="artificial",
            ignore=0,
        ),
        build_schema(
            "worldcover",
            _classes(
                (0, "nodata", "000000", hub.IGNORE),
                (10, "tree", "006400", hub.TREE),
                (20, "shrub", "FFBB22", hub.SHRUB),
                (30, "grass", "FFFF4C", hub.GRASS),
                (40, "crop", "F096FF", hub.CROP),
                (50, "built", "FA0000", hub.DEVELOPED),
                (60, "bare", "B4B4B4", hub.BARE),
                (70, "snow", "F0F0F0", hub.SNOW),
                (80, "water", "0064C8", hub.WATER),
                (90, "wetland", "0096A0", hub.WETLAND),
                (95, "mangrove", "00CF75", hub.WETLAND),
                (100, "moss", "FAE6A0", hub.GRASS),
            ),
            rest="built",
            ignore=0,
        ),
        build_schema(
            "dynamicearthnet",
            _classes(
                (0, "impervious", "606060", hub.DEVELOPED),
                (1, "agriculture", "CCCC00", hub.CROP),
                (2, "vegetation", "00CC00", hub.TREE),
                (3, "wetland", "000099", hub.WETLAND),
                (4, "soil", "994C00", hub.BARE),
                (5, "water", "0080FF", hub.WATER),
                (6, "snow", "8AB2C6", hub.SNOW),
            ),
            {"grass": "vegetation", "shrub": "vegetation"},
            rest="impervious",
        ),
        build_schema(
            "fusu",
            _classes(
                (0, "background", "ffffff", hub.IGNORE),
                (1, "traffic", "cb0909", hub.ROAD),
                (2, "inland_water", "089ae6", hub.WATER),
                (3, "residential", "d22a3e", hub.BUILDING),
                (4, "cropland", "7ed321", hub.CROP),
                (5, "agricultural_construction", "877e14", hub.GREENHOUSE),
                (6, "blank", "5e2f04", hub.BARE),
                (7, "industrial", "703909", hub.BUILDING),
                (8, "orchard", "b8e986", hub.CROP),
                (9, "park", "c908f1", hub.GRASS),
                (10, "public_service", "7f7b7f", hub.DEVELOPED),
                (11, "commercial", "fce805", hub.BUILDING),
                (12, "public_construction", "60bdfd", hub.DEVELOPED),
                (13, "special", "f3e5b0", hub.DEVELOPED),
                (14, "forest", "a8990d", hub.TREE),
                (15, "storage", "466a1c", hub.DEVELOPED),
                (16, "wetland", "a15bb0", hub.WETLAND),
                (17, "grass", "12e3b4", hub.GRASS),
            ),
            {
                "developed": "public_construction",
                "grass": "grass",
                "shrub": "grass",
                "snow": "background",
                "sports": "park",
                "pool": "residential",
                "rail": "traffic",
            },
            ignore=0,
        ),
        build_schema(
            "xbd",
            _classes(
                (0, "background", "000000", _UNKNOWN),
                (1, "no_damage", "00FF00", hub.BUILDING),
                (2, "minor_damage", "FFFF00", hub.BUILDING),
                (3, "major_damage", "FFA500", hub.BUILDING),
                (4, "destroyed", "FF0000", hub.BUILDING),
                (255, "unclassified", "9B9B9B", hub.IGNORE),
            ),
            {"greenhouse": "no_damage"},
            rest="background",
            ignore=255,
        ),
        build_schema(
            "levir-mci",
            _classes(
                (0, "background", "000000", _UNKNOWN),
                (1, "road", "FFFF00", hub.ROAD, (128,)),
                (2, "building", "FF0000", hub.BUILDING, (255,)),
            ),
            {"greenhouse": "building"},
            rest="background",
        ),
        build_schema(
            "segmenter",
            _classes(
                (0, "building", "DE1F07", hub.BUILDING),
                (1, "road", "F4F4F4", hub.ROAD),
                (2, "tree", "226126", hub.TREE),
                (3, "low_vegetation", "7FBF5B", hub.GRASS),
                (4, "water", "0045FF", hub.WATER),
                (5, "bare", "A5885F", hub.BARE),
                (255, "unsure", "000000", hub.IGNORE),
            ),
            {
                "shrub": "low_vegetation",
                "crop": "low_vegetation",
                "wetland": "low_vegetation",
                "sports": "low_vegetation",
                "pool": "water",
                "greenhouse": "building",
            },
            rest="bare",
            ignore=255,
        ),
        build_schema(
            # Read off the picture (`simulators.segments`). A thing is drawn as a building since the processes
            # of buildings take away, put up and replace what stands whole on open ground; it may be a court.
            "segments",
            _classes(
                (0, "ignore", "000000", hub.IGNORE),
                (1, "ground", "3a3a3a", _UNKNOWN),
                (2, "thing", "DE1F07", hub.BUILDING),
            ),
            {"greenhouse": "thing"},
            rest="ground",
            ignore=0,
        ),
    )
}


def schema_named(name: str) -> LabelSchema:
    """Return a built-in scheme.

    Raises:
        UnknownNameError: no built-in scheme has that name; the text gives the nearest.
    """
    try:
        return SCHEMES[name]
    except KeyError:
        hint = nearest_names(name, SCHEMES)
        raise UnknownNameError(f"no label scheme is called '{name}'; {hint}, or give a YAML file") from None
