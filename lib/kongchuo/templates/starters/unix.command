#!/bin/sh
# 双击：校验本文件夹里的工作簿；后面给出工作簿或文件夹：只校验给出的。原文件不改动。
[ $# -gt 0 ] || set -- "$(dirname "$0")"
${python} -m kongchuo mark "$@" --out ${out}
[ -d ${out}/returns ] && ${open} ${out}/returns
printf '按回车键关闭。'
read -r _
