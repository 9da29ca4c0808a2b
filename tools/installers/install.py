"""Installs kongchuo from the wheels beside it into the Python that runs this: no network, and of pip only its wheel.

Called by 安装.bat and install.sh; again for a newer version.
"""

import runpy
import sys
from pathlib import Path

WHAT = "kongchuo[live,excel]"

if __name__ == "__main__":
    wheels = Path(__file__).resolve().parent / "wheels"
    pip = next(wheels.glob("pip-*.whl"), None)
    if pip is None:
        sys.exit("这个文件夹里没有 wheels：请把整个安装文件夹拷来，再安装。")
    sys.path.insert(0, str(pip))
    options = ["--quiet", "--no-index", "--find-links", str(wheels), "--no-warn-script-location"]
    sys.argv = ["pip", "install", *options, "--disable-pip-version-check", "--upgrade", WHAT]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
