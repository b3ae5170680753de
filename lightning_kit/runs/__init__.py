"""The run directory: its files, its state, finding and resuming one."""
