"""Closed blocks and towers along straight streets, little green: the middle of a large city."""

from diachron.simulators.worlds.style import Building, Built, Garden, StreetKind, Style

STYLE = Style(
    name="dense-city",
    cell_m=400.0,
    jitter=0.08,
    bend_m=5.0,
    patterns={"grid": 0.75, "organic": 0.25},
    streets={
        "lane": StreetKind(5.0, 1.2),
        "residential": StreetKind(8.5, 2.6, tree_gap_m=12.0),
        "collector": StreetKind(12.0, 3.4, tree_gap_m=11.0),
        # Arterials of 12-20 m (facts on change generators, section 4).
        "arterial": StreetKind(19.0, 4.2, tree_gap_m=10.0),
    },
    block_m=(70.0, 100.0),
    skew_deg=3.0,
    built=(
        Built(
            "ring",
            0.55,
            Building(
                area_m2=(420.0, 0.4),
                storeys={4: 0.3, 5: 0.4, 6: 0.2, 8: 0.1},
                storey_m=3.2,
                roofs={"flat": 0.65, "gable": 0.2, "hip": 0.15},
                materials={"tile": 0.4, "slate": 0.3, "metal": 0.3},
                flat_materials={"bitumen": 0.45, "gravel": 0.3, "concrete": 0.25},
            ),
            Garden(
                front={"paving": 1.0},
                rear={"yard": 0.35, "concrete": 0.2, "lawn": 0.3, "paving": 0.15},
                trees=1.6,
            ),
            plot_m=(14.0, 30.0),
            depth_m=(12.0, 17.0),
            set_back_m=(0.0, 0.0),
            empty=0.04,
        ),
        Built(
            "slabs",
            0.3,
            Building(
                area_m2=(700.0, 0.4),
                across=0.4,
                shapes={"rectangle": 0.6, "l": 0.12, "t": 0.16, "u": 0.12},
                storeys={6: 0.3, 9: 0.3, 12: 0.25, 18: 0.15},
                storey_m=3.0,
                roofs={"flat": 1.0},
                flat_materials={"bitumen": 0.4, "gravel": 0.3, "concrete": 0.3},
            ),
            Garden(rear={"lawn": 0.55, "paving": 0.25, "yard": 0.2}, drive=0.5, trees=1.3),
            plot_m=(26.0, 60.0),
            depth_m=(12.0, 19.0),
            set_back_m=(4.0, 9.0),
            gap_m=(9.0, 24.0),
            empty=0.05,
        ),
        Built(
            "halls",
            0.15,
            Building(
                area_m2=(1500.0, 0.6),
                aspect=(1.0, 1.8),
                shapes={"rectangle": 0.5, "l": 0.3, "u": 0.2},
                storeys={3: 0.4, 5: 0.4, 8: 0.2},
                storey_m=3.6,
                roofs={"flat": 1.0},
            ),
            Garden(
                front={"paving": 1.0}, rear={"asphalt": 0.5, "yard": 0.3, "paving": 0.2}, drive=0.5, trees=0.6
            ),
            plot_m=(34.0, 60.0),
            depth_m=(34.0, 50.0),
            set_back_m=(1.0, 8.0),
            gap_m=(1.0, 6.0),
        ),
    ),
    civic={"park": 0.05, "square": 0.025, "sports": 0.02, "parking": 0.035, "waste": 0.02},
    tree_kinds={"broadleaf": 0.95, "conifer": 0.05},
    river_m=(45.0, 90.0),
    river_length_m=2600.0,
    relief_m=3.0,
    verge="paving",
)
