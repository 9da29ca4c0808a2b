"""What a machine without network installs from: every wheel for Windows and for this system, and the installers. `make wheelhouse`.

python tools/wheelhouse.py FOLDER: needs the network. Python for Windows is not brought by a registry: whoever makes the stick puts
Python's own embeddable package (python-3.11.9-embed-amd64.zip) beside the installer.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALLERS = {
    "install.bat": "安装.bat",
    "install.sh": "install.sh",
    "install.py": "install.py",
}  # as they are kept -> as they lie on the stick
EXTRAS = ("live", "excel")  # what an office uses; JupyterLab is for those who write notebooks
# each system: its name for the resolver, which knows what only it needs; for pip the wheels it takes
SYSTEMS = {
    "windows": ("windows", ("win_amd64",)),
    "linux": (
        "linux",
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ),
}
PYTHON = "3.11"


def gather(folder: Path, systems: tuple[str, ...] = tuple(SYSTEMS)) -> list[Path]:
    """Make the folder anew; returns its wheels."""
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lay(folder)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as scratch:
        _run(*pip, "wheel", ROOT, "--no-deps", "--no-build-isolation", "-w", wheels)
        for name in systems:
            resolver, tags = SYSTEMS[name]
            listed = Path(scratch, f"{name}.txt")
            extras = [word for extra in EXTRAS for word in ("--extra", extra)]
            where = ["--python-platform", resolver, "--python-version", PYTHON]
            only = ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
            pinned = ["-c", ROOT / "requirements.lock", "--generate-hashes"]
            _run(
                sys.executable,
                "-m",
                "uv",
                "pip",
                "compile",
                "-q",
                *where,
                *extras,
                *only,
                *pinned,
                ROOT / "pyproject.toml",
                "-o",
                listed,
            )
            taken = [word for tag in (*tags, "any") for word in ("--platform", tag)]
            fetch = [
                *pip,
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--python-version",
                PYTHON,
                *taken,
                "-d",
                wheels,
            ]
            _run(*fetch, "-r", listed)
        _run(*pip, "download", "--no-deps", "-d", wheels, "pip")
    return sorted(wheels.iterdir())


def lay(folder: Path) -> None:
    """Put the installers into a folder, with the line ends of the system that runs them."""
    for name, given in INSTALLERS.items():
        text = (ROOT / "tools" / "installers" / name).read_text("utf-8")
        target = folder / given
        target.write_bytes((text.replace("\n", "\r\n") if target.suffix == ".bat" else text).encode())
        target.chmod(0o755)


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True)


if __name__ == "__main__":
    made = gather(Path(sys.argv[1]))
    size = sum(path.stat().st_size for path in made) / 1e6
    print(f"{len(made)} wheels, {size:.0f} MB. For Windows put python-3.11.9-embed-amd64.zip beside 安装.bat.")
