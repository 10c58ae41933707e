"""What happens in the world (preparation, processes, snapshots) and at the sensor (acquisition)."""
