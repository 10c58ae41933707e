"""Narrow lanes around squares, houses wall to wall with tiled roofs, small courts behind them."""

from diachron.simulators.worlds.style import Building, Built, Garden, StreetKind, Style

STYLE = Style(
    name="old-town",
    cell_m=300.0,
    jitter=0.18,
    bend_m=9.0,
    bend_length_m=170.0,
    patterns={"radial": 0.5, "organic": 0.5},
    main="collector",
    inner="residential",
    inmost="lane",
    streets={
        "path": StreetKind(2.6, 0.0, "paving"),
        "lane": StreetKind(4.0, 0.5, "paving"),
        "residential": StreetKind(5.5, 1.3, "paving"),
        "collector": StreetKind(9.0, 2.4, tree_gap_m=12.0),
    },
    # Closes of a medieval town are 30-60 m deep.
    block_m=(36.0, 64.0),
    skew_deg=10.0,
    built=(
        Built(
            "terrace",
            0.7,
            Building(
                area_m2=(120.0, 0.4),
                storeys={2: 0.3, 3: 0.5, 4: 0.2},
                storey_m=3.1,
                roofs={"gable": 0.85, "hip": 0.1, "flat": 0.05},
                materials={"tile": 0.8, "slate": 0.2},
                pitch_deg=(32.0, 52.0),
                gable_to_street=0.35,
            ),
            Garden(
                front={"paving": 1.0},
                rear={"yard": 0.4, "lawn": 0.3, "paving": 0.2, "soil": 0.1},
                trees=0.5,
                crown_m=(1.0, 3.0),
            ),
            # Burgage plots: 5-12 m of front (medieval frontages of 1-3 perches, 5-15 m).
            plot_m=(6.0, 13.0),
            depth_m=(9.0, 15.0),
            set_back_m=(0.0, 0.4),
            empty=0.06,
        ),
        Built(
            "ring",
            0.3,
            Building(
                area_m2=(160.0, 0.4),
                storeys={3: 0.6, 4: 0.4},
                storey_m=3.1,
                roofs={"gable": 0.85, "hip": 0.15},
                materials={"tile": 0.85, "slate": 0.15},
                pitch_deg=(30.0, 48.0),
            ),
            Garden(
                front={"paving": 1.0},
                rear={"yard": 0.5, "lawn": 0.25, "paving": 0.25},
                trees=1.0,
                crown_m=(1.0, 3.2),
            ),
            plot_m=(9.0, 20.0),
            depth_m=(8.0, 12.0),
            set_back_m=(0.0, 0.0),
            empty=0.04,
        ),
    ),
    civic={"square": 0.03, "park": 0.04, "waste": 0.01},
    river_m=(24.0, 50.0),
    river_length_m=1500.0,
    relief_m=6.0,
    verge="paving",
)
