"""Recipes: short YAML files, one mixture each; the file name is the registered name."""

from diachron.pipelines.recipes.model import Recipe
from diachron.pipelines.recipes.reading import builtin_recipes, load_recipe, resolved_yaml

__all__ = ["Recipe", "builtin_recipes", "load_recipe", "resolved_yaml"]
