Attribute VB_Name = "kongchuo"
Option Explicit
' 控辍保学：校验 Excel 里最前面的工作簿。放进个人宏工作簿（PERSONAL.XLSB），台账仍是普通的 xlsx。
' 这台电脑的 Python 和报告文件夹，由 kongchuo starters 写入；换了地方，重新生成、重新导入。
Private Const PYTHON As String = "${python}"
Private Const REPORTS As String = "${out}"

Public Sub 校验本工作簿()
    Start "mark"
End Sub

Public Sub 清除标记()
    Start "clear"
End Sub

Public Sub 打开报告()
    Start "report"
End Sub

Private Sub Start(ByVal action As String)
    Dim command As String, said As String, code As Long, stream As Object
    If ActiveWorkbook Is Nothing Then Exit Sub
    said = Environ("TEMP") & "\kongchuo.txt"
    command = Quoted(PYTHON) & " -X utf8 -P -m kongchuo live " & action & " " & Quoted(ActiveWorkbook.FullName) & _
        " --out " & Quoted(REPORTS) & " > " & Quoted(said) & " 2>&1"
    Application.StatusBar = "控辍保学：正在运行，请不要录入……"
    code = CreateObject("WScript.Shell").Run("cmd /d /s /c " & Quoted(command), 0, True)
    Application.StatusBar = False
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 2
    stream.Charset = "utf-8"
    stream.Open
    stream.LoadFromFile said
    MsgBox Left(stream.ReadText, 1000), IIf(code = 0, vbInformation, vbExclamation), "控辍保学"
    stream.Close
End Sub

Private Function Quoted(ByVal text As String) As String
    Quoted = Chr(34) & text & Chr(34)
End Function
