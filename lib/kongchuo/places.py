"""Where things lie: the package, its templates, and the checkout around it (notebooks/, parameters/, workbooks/)."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
TEMPLATES = PACKAGE / "templates"
PROJECT = PACKAGE.parents[1]
NOTEBOOKS = PROJECT / "notebooks"
PARAMETERS = PROJECT / "parameters"
POLICY = PARAMETERS / "policy.yaml"
