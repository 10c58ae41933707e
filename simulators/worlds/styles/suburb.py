"""Detached houses with gardens along curved and straight residential streets, some terraces and parks."""

from diachron.simulators.worlds.style import Building, Built, Garden, StreetKind, Style

STYLE = Style(
    name="suburb",
    cell_m=440.0,
    bend_m=19.0,
    bend_length_m=330.0,
    jitter=0.16,
    closes=0.45,
    skew_deg=8.0,
    patterns={"grid": 0.3, "organic": 0.7},
    streets={
        # Lanes of 3.0-3.6 m: residential 5-7 m, main roads 12-20 m (facts on change generators, section 4).
        "lane": StreetKind(4.5, 0.0),
        "residential": StreetKind(6.4, 1.6, tree_gap_m=16.0),
        "collector": StreetKind(9.0, 2.2, tree_gap_m=13.0),
        "arterial": StreetKind(14.0, 3.0, tree_gap_m=11.0),
    },
    # Blocks of 80-200 x 40-100 m (the same table).
    block_m=(62.0, 130.0),
    built=(
        Built(
            "plots",
            0.85,
            Building(
                area_m2=(165.0, 0.38),
                aspect=(1.1, 1.9),
                across=0.25,
                shapes={"rectangle": 0.45, "l": 0.38, "t": 0.12, "u": 0.05},
                storeys={1: 0.55, 2: 0.45},
                roofs={"gable": 0.5, "hip": 0.45, "flat": 0.05},
                materials={"tile": 0.35, "bitumen": 0.5, "slate": 0.15},
            ),
            Garden(
                drive=0.92,
                garage=0.3,
                shed=0.3,
                pool=0.14,
                hedge=0.4,
                trees=3.2,
                front={"lawn": 0.9, "dry_grass": 0.1},
                rear={"lawn": 0.86, "dry_grass": 0.1, "soil": 0.04},
            ),
            plot_m=(16.0, 25.0),
            depth_m=(28.0, 38.0),
        ),
        # Flats, and shops behind their car parks.
        Built(
            "slabs",
            0.07,
            Building(
                area_m2=(520.0, 0.4),
                across=0.4,
                shapes={"rectangle": 0.5, "l": 0.25, "t": 0.25},
                storeys={2: 0.5, 3: 0.5},
                roofs={"hip": 0.45, "flat": 0.35, "gable": 0.2},
                materials={"bitumen": 0.6, "tile": 0.4},
            ),
            Garden(rear={"lawn": 0.75, "paving": 0.25}, drive=0.8, trees=2.2),
            plot_m=(22.0, 44.0),
            depth_m=(12.0, 16.0),
            set_back_m=(5.0, 9.0),
            gap_m=(7.0, 20.0),
        ),
        Built(
            "halls",
            0.08,
            Building(
                area_m2=(1100.0, 0.6),
                aspect=(1.1, 2.2),
                shapes={"rectangle": 0.6, "l": 0.3, "u": 0.1},
                storeys={1: 0.8, 2: 0.2},
                storey_m=5.0,
                roofs={"flat": 1.0},
            ),
            Garden(
                front={"lawn": 0.8, "paving": 0.2},
                rear={"asphalt": 0.8, "concrete": 0.2},
                drive=0.9,
                trees=1.0,
            ),
            plot_m=(38.0, 70.0),
            depth_m=(34.0, 60.0),
            set_back_m=(8.0, 26.0),
            gap_m=(3.0, 10.0),
        ),
    ),
    civic={"park": 0.035, "sports": 0.02, "waste": 0.015, "parking": 0.01},
    river_m=(5.0, 14.0),
    river_length_m=2400.0,
)
