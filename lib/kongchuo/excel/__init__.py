"""Excel files: read, made new, or given findings without touching anything else."""
