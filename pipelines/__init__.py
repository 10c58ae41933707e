"""Orders the stages: sources, recipes, the plan, the making of a sample, executors, the run."""
