"""Map the folders at the root of the repository to `diachron.<folder>`; all else is in pyproject.toml.

`[tool.setuptools.packages.find]` cannot add a prefix: it would build, without an error, a wheel with the
bare names `training`, `outputs` ... in it.
"""

from setuptools import find_packages, setup

FOLDERS = ("simulators", "generators", "outputs", "training", "pipelines", "evaluation")

packages = ["diachron", "diachron.core", "diachron.cli"]
package_dir = {"diachron": "diachron"}
for folder in FOLDERS:
    package_dir[f"diachron.{folder}"] = folder
    packages += [f"diachron.{folder}", *(f"diachron.{folder}.{name}" for name in find_packages(folder))]

setup(packages=packages, package_dir=package_dir)
