@echo off
chcp 65001 >nul
set "TO=%LOCALAPPDATA%\kongchuo\python"
set "PY=%TO%\python.exe"
echo 正在安装，一两分钟，请不要关窗口……
if not exist "%TO%" mkdir "%TO%"
if not exist "%PY%" tar -xf "%~dp0python-3.11.9-embed-amd64.zip" -C "%TO%"
if not exist "%PY%" echo 没有找到 python-3.11.9-embed-amd64.zip：请把它放在安装文件旁边，再双击安装。 & pause & exit /b 3
>"%TO%\python311._pth" echo python311.zip
>>"%TO%\python311._pth" echo .
>>"%TO%\python311._pth" echo Lib\site-packages
>>"%TO%\python311._pth" echo import site
"%PY%" -X utf8 "%~dp0install.py"
if errorlevel 1 echo 没有装好：请把上面的话拍下来给维护人员。 & pause & exit /b 4
echo 装好了。
"%PY%" -X utf8 -P -m kongchuo.desk first "%USERPROFILE%"
