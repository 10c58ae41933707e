"""Names are found without importing what is behind them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest

from diachron.core import registry
from diachron.core.errors import UnknownNameError

LIST_ALL = """
import json, sys
from diachron.core import registry
found = {kind: sorted(registry.entries(kind)) for kind in registry.KINDS}
print(json.dumps([found, sorted(sys.modules)]))
"""


def test_listing_imports_no_entry_and_nothing_heavy():
    told = subprocess.run([sys.executable, "-c", LIST_ALL], capture_output=True, text=True, check=True)
    found, modules = json.loads(told.stdout)
    entries = {f"{registry.KINDS[kind]}.{name}" for kind, names in found.items() for name in names}
    assert {"construction", "demolition"} <= set(found["processes"])
    assert not entries & set(modules)
    assert not {"numpy", "scipy", "skimage", "rasterio", "torch", "pyarrow"} & set(modules)


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_every_entry_has_a_first_line_and_loads(kind):
    found = registry.entries(kind)
    assert list(found) == sorted(found)
    for name, entry in found.items():
        assert entry.description.endswith(".")
        module = registry.load(kind, name)
        assert module.REGISTERED is True
        assert (module.__doc__ or "").startswith(entry.description)


def test_parts_that_entries_share_are_not_entries():
    # Files beside the entries without `REGISTERED = True`.
    assert not {"apply", "context"} & set(registry.entries("acquisition"))


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"no entry of processes is called 'demolishion'; .*'demolition'"
    ):
        registry.load("processes", "demolishion")


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no registry is called 'process'; did you mean 'processes'"):
        registry.entries("process")


def test_a_file_becomes_an_entry_only_where_it_says_so(tmp_path, monkeypatch):
    package = tmp_path / "odd_places"
    (package / "folder").mkdir(parents=True)
    files = {
        "__init__.py": "'''Places.'''",
        "flood.py": "'''Water rises.\n\nMore.'''\nREGISTERED = True\nraise RuntimeError('was imported')",
        "folder/__init__.py": "'''A folder.'''\nREGISTERED = True",
        "part.py": "'''Shared.'''",
        "denied.py": "'''Not yet.'''\nREGISTERED = False",
        "_hidden.py": "'''Hidden.'''\nREGISTERED = True",
        "notes.txt": "REGISTERED = True",
    }
    for name, text in files.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.KINDS, "processes", "odd_places")
    found = registry.entries("processes")
    assert {name: entry.description for name, entry in found.items()} == {
        "flood": "Water rises.",
        "folder": "A folder.",
    }


def test_another_project_adds_a_name_but_takes_none_over(monkeypatch):
    points = [
        metadata.EntryPoint("landslide", "their.landslide", "diachron.processes"),
        metadata.EntryPoint("construction", "their.construction", "diachron.processes"),
    ]
    monkeypatch.setattr(
        metadata, "entry_points", lambda group: points if group == "diachron.processes" else []
    )
    found = registry.entries("processes")
    assert found["landslide"].module == "their.landslide"
    assert found["construction"].module == "diachron.simulators.processes.construction"


def test_a_missing_folder_is_named(monkeypatch):
    monkeypatch.setitem(registry.KINDS, "processes", "diachron.nowhere")
    with pytest.raises(UnknownNameError, match=r"the package diachron\.nowhere is missing"):
        registry.entries("processes")
