@echo off
rem 双击：校验本文件夹里的工作簿；把工作簿或文件夹拖到这个图标上：只校验拖来的。原文件不改动。
if "%~1"=="" goto here
"${python}" -m kongchuo mark %* --out "${out}"
goto show
:here
"${python}" -m kongchuo mark "%~dp0." --out "${out}"
:show
if exist "${out}\returns" start "" "${out}\returns"
pause
