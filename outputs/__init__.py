"""The package on disk: layout, writers, readers, checks, report and exports."""
