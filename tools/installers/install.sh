#!/bin/sh
# 从本文件夹的 wheels 安装，不用网络，不用管理员：sh install.sh [装在哪里]。再运行一次，就是升级。
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=${1:-${XDG_DATA_HOME:-$HOME/.local/share}/kongchuo}
for python in python3.11 python3 python ''; do
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && break
done
[ -n "$python" ] || { echo '没有找到 Python 3.11，请先安装。' >&2; exit 3; }
echo "正在装到“$to”，约一分钟……"
[ -x "$to/bin/python" ] || "$python" -m venv --without-pip "$to"  # pip comes from its wheel: some systems keep venv's apart
"$to/bin/python" "$here/install.py"
mkdir -p "$HOME/.local/bin"
ln -sf "$to/bin/kongchuo" "$HOME/.local/bin/kongchuo"
echo "装好了。命令是 $HOME/.local/bin/kongchuo"
[ ! -t 0 ] || "$to/bin/python" -P -m kongchuo.desk first "$HOME"
