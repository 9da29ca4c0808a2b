"""Figures with numerator and denominator, counted by row and summed from there; rates are never averaged.

Formulas are those of reference/domain.md, section 4.1; each function names its own, `definitions` lists them all. Knows no
files and no notebooks.
"""
