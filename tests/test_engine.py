"""The engine of record beside Papermill's stock one, each typed as a command: the same outputs; and what a run of the prepared process
may do without harm to any other."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from kongchuo.publishing import batch, engine, execution, forks, prepared
from tiny import going_on, notebook

pytestmark = pytest.mark.skipif(not forks.possible(), reason="forks are safe on Linux only")

TORTURE = {
    "streams": "import os, sys\nprint('a'); print('b', file=sys.stderr); print('c')",
    "value": "1 + 1",
    "rich value": "import pandas as pd\npd.DataFrame({'甲': [1]})",
    "order": "from IPython.display import HTML, clear_output, display\nprint('a'); display(HTML('<b>x</b>')); print('b'); 3",
    "update": "shown = display('one', display_id=True); shown.update('two')",
    "update later": "shown.update('three')",
    "clear": "print('gone'); clear_output(); print('kept')",
    "clear, wait": "print('gone'); clear_output(wait=True); print('kept')",
    "line magic": "%env KONGCHUO_TORTURE=1",
    "cell magic": "%%bash\necho from-bash",
    "capture": "%%capture out\nprint('x')",
    "shell": "!echo from-shell",
    "child process": "import subprocess\nsubprocess.run(['echo', 'child']); None",
    "file itself": "os.write(1, b'raw\\n'); None",
    "await": "import asyncio\nawait asyncio.sleep(0.01); 'awaited'",
    "widget": "import ipywidgets\nslider = ipywidgets.IntSlider(value=3); slider",
    "widget output": "out = ipywidgets.Output()\nwith out: print('inside')\nout",
    "chart": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
    "warning": "import warnings\nwarnings.warn('w!')",
    "logging": "import logging\nlogging.getLogger('x').warning('logged')",
    "thread": "import threading\nt = threading.Thread(target=lambda: print('thread')); t.start(); t.join()",
    "silent": "5;",
    "history": "Out[2], In[2]",
    "shell's name": "type(get_ipython()).__name__, type(get_ipython()).__module__, __name__",
    "main": "import sys\nsys.modules['__main__'].__dict__ is globals(), sys.argv[1:] == []",
    "input": "try:\n    input('?')\nexcept BaseException as error:\n    print(type(error).__name__)",
    "allowed error": "1 / 0",
    "error": "def broken():\n    raise ValueError('坏')\nbroken()",
    "never": "print('never')",
}


def torture() -> str:
    made = json.loads(notebook([("code", source) for source in TORTURE.values()]))
    made["cells"][[*TORTURE].index("allowed error")]["metadata"]["tags"] = ["raises-exception"]
    return json.dumps(made)


# what differs between any two runs
CHANGES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+Z]+|[0-9a-f]{32}|ipykernel_\d+/\d+|0x[0-9a-f]+")


def told(text: object) -> str:
    return CHANGES.sub("~", json.dumps(text, ensure_ascii=False, sort_keys=True, indent=1))


PATIENCE, FIRST = 120, 40  # seconds for what takes five


def executed(folder, *options, patience=PATIENCE) -> dict:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    command = [sys.executable, "-m", "papermill", "torture.ipynb", "out.ipynb", "--no-progress-bar", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patience)
    assert done.returncode == 1, done.stderr  # of the cell that fails
    assert "ValueError: 坏" in done.stderr
    made = nbformat.read(folder / "out.ipynb", as_version=4)
    # how a stream falls into messages is the clock's doing: what was printed in one go may come in two
    return CoalesceStreamsPreprocessor().preprocess(made, {})[0]


def stock_executed(folder) -> dict:
    """By the stock engine, which now and then waits for ever for a kernel that has answered: it is the measure here, so it may begin anew."""
    try:
        return executed(folder, patience=FIRST)
    except subprocess.TimeoutExpired:
        return executed(folder)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torture")
    (folder / "torture.ipynb").write_text(torture(), "utf-8")
    return stock_executed(folder), executed(folder, "--engine", engine.NAME)


def test_every_output_is_that_of_the_stock_engine(both):
    stock, ours = (
        [
            (told(cell["outputs"]), cell["execution_count"], cell["metadata"]["papermill"]["status"])
            for cell in made["cells"]
            if cell["cell_type"] == "code" and "outputs" in cell
        ]
        for made in both
    )

    assert len(stock) == len(ours) == len(TORTURE)
    different = [one for one in zip(stock, ours, strict=True) if one[0] != one[1]]
    assert different == []


def test_what_the_notebook_says_of_itself_is_that_of_the_stock_engine(both):
    stock, ours = (made["metadata"] for made in both)

    assert ours["language_info"] == stock["language_info"]
    assert ours["papermill"].keys() == stock["papermill"].keys()
    (kind,) = stock["widgets"]
    assert sorted(one["model_name"] for one in ours["widgets"][kind]["state"].values()) == sorted(
        one["model_name"] for one in stock["widgets"][kind]["state"].values()
    )


# each write of the thread that reads the pipe takes a while (IPython puts a `write` of its own over that of the stream)
SLOW = """import subprocess, sys, threading, time
ours = type(sys.stdout)._is_master_process
def late(stream):
    time.sleep(0.3 * (threading.current_thread() is stream.watch_fd_thread))
    return ours(stream)
type(sys.stdout)._is_master_process = late"""


def test_what_a_child_process_says_stands_in_its_cell_however_late_it_is_read(tmp_path):
    """On a busy machine it was found in the next cell: the pipe was empty, and what had been in it still on its way."""
    cells = [("code", SLOW), ("code", "subprocess.run(['echo', 'child']); None"), ("code", "print('next')")]
    (tmp_path / "slow.ipynb").write_text(notebook(cells), "utf-8")
    command = [
        sys.executable,
        "-m",
        "papermill",
        "slow.ipynb",
        "out.ipynb",
        "--no-progress-bar",
        "--engine",
        engine.NAME,
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE)

    assert not done.returncode, done.stderr
    said = [cell["outputs"] for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4)["cells"]]
    assert [[one["text"] for one in outputs] for outputs in said] == [[], ["child\n"], ["next\n"]]


# --- what a run of the prepared process may do ----------------------------------------------------
SENTINEL = "from IPython.display import display\ndisplay({'application/vnd.kongchuo+json': {'said': %s}}, raw=True)"
RUNS = {  # cells, and what the verdict says
    "good": (("x = 1",), ""),
    "dies": (("import os; os._exit(0)",), "意外中断"),
    "killed": (("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",), "意外中断"),
    "faults": (("import ctypes; ctypes.string_at(0)",), "SIGSEGV"),
    "memory": (("x = bytearray(8 << 30)",), "内存不够"),
    "loops": (("while True: pass",), "计算超过2秒"),
    "awaits": (("import asyncio; await asyncio.sleep(60)",), "计算超过2秒"),
    "swallows": (
        ("import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass",),
        "计算超过2秒",
    ),
    "slow in all": (("import time; time.sleep(1.5)",) * 30, "整份报告超过20秒"),
    "spoils": (
        (
            "import os, json, pandas as pd\npd.options.display.max_rows = 3; json.LEAK = 1\nos.environ['LEAK'] = '1'; os.chdir('/')",
        ),
        "",
    ),
    "leaves a process": (("import subprocess; subprocess.Popen(['sleep', '4711'])",), ""),
}
SAID = "[pd.options.display.max_rows, hasattr(json, 'LEAK'), os.environ.get('LEAK'), os.getcwd() == '/', random.random(), numpy.random.rand()]"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The verdicts of RUNS, then of two that look whether anything of these has reached them."""
    folder = tmp_path_factory.mktemp("prepared")
    found = {}
    with prepared.Prepared(execution.Limits(cell=2, run=20, memory=2 << 30)) as held:
        held.open(folder / "x.ipynb", folder, {}, 1)
        looks = ("import json, os, random\nimport numpy, pandas as pd", SENTINEL % SAID)
        for name, (cells, _) in {**RUNS, "after": (looks, ""), "again": (looks, "")}.items():
            path, home = folder / f"{name}.ipynb", folder / name
            ending = () if cells == looks else (SENTINEL.replace("%s", "[]"),)
            path.write_text(notebook([("parameters", "x = 0"), *(("code", one) for one in (*cells, *ending))]), "utf-8")
            home.mkdir()
            found[name] = held.execute(path, home / "out.ipynb", {})
    return found


@pytest.mark.parametrize("name", RUNS)
def test_a_run_ends_by_itself_and_says_why(verdicts, name):
    reason = RUNS[name][1]

    assert reason in verdicts[name].reason
    assert bool(verdicts[name].reason) == bool(reason)


def test_nothing_of_one_run_reaches_the_next(verdicts):
    after, again = (verdicts[name].summary["said"] for name in ("after", "again"))

    assert after[:4] == [60, False, None, False]
    assert after[4:] != again[4:]
    assert after[4] != again[4]
    assert after[5] != again[5]


def test_no_process_is_left(verdicts):
    assert verdicts
    assert not going_on("sleep 4711")


def test_a_run_is_executed_even_where_the_prepared_process_is_gone(tmp_path):
    path = tmp_path / "one.ipynb"
    path.write_text(notebook([("parameters", "x = 0"), ("code", SENTINEL % "x")]), "utf-8")
    (tmp_path / "home").mkdir()
    with prepared.Prepared(execution.Limits()) as held:
        held.open(path, tmp_path, {}, 1)
        held._parent.kill()
        verdict = held.execute(path, tmp_path / "home" / "out.ipynb", {"x": "5"})

    assert (verdict.reason, verdict.summary) == ("", {"said": "5"})


def test_the_best_engine_of_this_system_is_used():
    assert batch.BEST == engine.NAME
