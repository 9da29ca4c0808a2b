"""What everything stands on: strict declarations, schema, policy, findings, and a raw cell on its way to a typed table."""
