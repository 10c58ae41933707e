"""Small houses under metal sheets, packed along crooked paths, with bare ground between."""

from diachron.simulators.worlds.style import Building, Built, Garden, StreetKind, Style

STYLE = Style(
    name="informal",
    cell_m=280.0,
    jitter=0.2,
    bend_m=10.0,
    bend_length_m=120.0,
    patterns={"organic": 1.0},
    main="residential",
    inner="lane",
    inmost="path",
    streets={
        "path": StreetKind(1.8, 0.0, "dirt"),
        "track": StreetKind(3.0, 0.0, "dirt"),
        "lane": StreetKind(3.6, 0.3, "dirt", "dirt"),
        "residential": StreetKind(5.5, 1.0, "dirt", "rubbish"),
    },
    block_m=(30.0, 46.0),
    skew_deg=14.0,
    built=(
        Built(
            "packed",
            0.85,
            Building(
                # Dwellings of 10-60 m2, about half of the ground covered (footprints of Kampala's informal
                # quarter in the data at hand: median near 40 m2).
                area_m2=(46.0, 0.55),
                storeys={1: 0.92, 2: 0.08},
                storey_m=2.6,
                roofs={"shed": 0.5, "gable": 0.35, "flat": 0.15},
                materials={"metal": 1.0},
                flat_materials={"metal": 0.6, "concrete": 0.4},
                pitch_deg=(8.0, 18.0),
            ),
            Garden(
                front={"dirt": 0.8, "soil": 0.2},
                rear={"soil": 0.4, "rubbish": 0.3, "dry_grass": 0.3},
                trees=0.35,
                crown_m=(0.9, 3.2),
                tree_kinds={"broadleaf": 0.6, "palm": 0.15, "bush": 0.25},
            ),
            gap_m=(0.05, 1.7),
            empty=0.1,
        ),
        Built(
            "plots",
            0.15,
            Building(
                area_m2=(95.0, 0.4),
                storeys={1: 0.7, 2: 0.3},
                roofs={"gable": 0.5, "hip": 0.3, "flat": 0.2},
                materials={"metal": 0.9, "tile": 0.1},
                flat_materials={"concrete": 1.0},
                pitch_deg=(10.0, 22.0),
            ),
            Garden(
                front={"dirt": 1.0},
                rear={"dirt": 0.6, "dry_grass": 0.4},
                shed=0.5,
                hedge=0.1,
                trees=1.0,
                crown_m=(1.0, 3.0),
            ),
            plot_m=(11.0, 17.0),
            depth_m=(15.0, 22.0),
            set_back_m=(0.5, 3.0),
            gap_m=(0.4, 1.5),
        ),
    ),
    civic={"waste": 0.05, "sports": 0.01},
    tree_kinds={"broadleaf": 0.8, "palm": 0.2},
    river_m=(4.0, 9.0),
    river_length_m=700.0,
    relief_m=8.0,
    verge="dirt",
)
