"""Notebooks run, pages kept, checked and served; knows neither rules nor figures."""
