"""The wheel brings what lies at the top of the repository as well: kongchuo/shipped/{notebooks, parameters, handbook}."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = (
    "notebooks",
    "parameters",
    "handbook",
)  # as core.places finds them; a template of a workbook is made by the schema


class WithTop(build_py):
    """The package with these folders inside; an editable install finds them where they lie."""

    def run(self) -> None:
        """Build the package, then copy them into it."""
        super().run()
        if not self.editable_mode:
            for name in SHIPPED:
                to = Path(self.build_lib, "kongchuo", "shipped", name)
                shutil.copytree(name, to, ignore=shutil.ignore_patterns(".*", "__pycache__"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithTop})
