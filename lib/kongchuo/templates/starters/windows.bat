@echo off
chcp 65001 >nul
if not exist ${python} echo 找不到程序：请在这台电脑上安装，或请管理员在这里重新运行 kongchuo starters。 & pause & exit /b 3
${python} -X utf8 -P -m kongchuo.desk ${out} ${what} "%~dp0." -- %*
