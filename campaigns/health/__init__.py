"""Whether the installation is well: measures, their thresholds, and the three ways they are shown."""
