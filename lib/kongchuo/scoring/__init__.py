"""Points and grades as policy says: the inspection sheet, class points, unit grades; each point with the rows behind it."""
