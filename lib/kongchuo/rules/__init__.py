"""What is wrong in the tables, what may be asked about them, and what of it stays silent."""
