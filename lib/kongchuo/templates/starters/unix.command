#!/bin/sh
[ -x ${python} ] || { printf '找不到程序：请在这台电脑上安装，或请管理员在这里重新运行 kongchuo starters。按回车键关闭。'; read -r _; exit 3; }
exec ${python} -P -m kongchuo.desk ${out} ${what} "$(dirname "$0")" -- "$@"
