"""The kernels of live pages: who reaches them, what they are told, when they end; on a real server, with real kernels."""

import json
import os
import re
import socket
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
import websocket
import zmq

from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import years
from kongchuo.publishing import archive, execution, forks
from kongchuo.site import folder_state, forking
from serving import serving, tab  # noqa: F401 - the second is a fixture
from tiny import CELLS, SUMMARY, notebook, project

SLOW = [("code", f"import time; time.sleep(1); print('第{number}段')") for number in range(1, 6)]
BUSY = """import time, ipywidgets as w
from IPython.display import display
pick, out = w.Dropdown(options=["一", "二"], description="选"), w.HTML("等")
dot = w.Image(value=bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"), format="gif")
def count(*_):
    for number in range(200):
        out.value = f"<p>数到{number}</p>"
        time.sleep(0.02)
pick.observe(count, "value")
display(pick, dot, out)"""


def made(folder, **more):
    """A server in `folder` with the tiny notebooks and a slow and a busy one; three kernels at most."""
    _, shared, out = project(folder, ["甲校"])
    (folder / "notebooks" / "slow.ipynb").write_text(notebook([CELLS[1], *SLOW]), "utf-8")
    (folder / "notebooks" / "busy.ipynb").write_text(notebook([CELLS[1], ("code", BUSY)]), "utf-8")
    return serving(folder, shared, out, folder / "notebooks", **more)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with made(tmp_path_factory.mktemp("kernels"), change="kernels.KERNELS = 3") as site:
        yield site


@pytest.fixture(autouse=True)
def no_kernel_is_left(request):
    yield
    if "server" in request.fixturenames:
        site = request.getfixturevalue("server")
        running(site)
        for kernel in site.kernels:
            site.get(f"/api/kernels/{kernel}", "DELETE", X_XSRFToken="x", Cookie="_xsrf=x")
            assert eventually(lambda: site.get(f"/api/kernels/{kernel}")[0] == 404)  # noqa: B023
        site.kernels.clear()


def running(site):
    """The processes of its kernels, started or forked; their ids are kept in site.kernels."""
    scratches = Path(tempfile.gettempdir()).glob(f"kongchuo-{site.process.pid}-*/*/kernel-*.json")
    site.kernels |= {path.stem.removeprefix("kernel-") for path in scratches}  # one may be starting
    parents = parents_of(site)
    stock = [one for one in site.process.children() if one not in parents]
    forks = [fork for parent in parents for fork in parent.children()]
    return [one for one in (*stock, *forks) if one.status() != psutil.STATUS_ZOMBIE]


def parents_of(site):
    """The processes that kernels are forks of: of this state of the books, and of those before while they have a kernel."""
    alive = [one for one in site.process.children() if one.status() != psutil.STATUS_ZOMBIE]
    return [one for one in alive if forking.MODULE in one.cmdline()]


def eventually(check, seconds=20):
    end = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def said(site):
    """What stands in the office's console but for the address and the requests that were refused."""
    return [line for line in site.log.read_text("utf-8").splitlines()[1:] if " ERROR 503 GET " not in line]


def kernel_of(text):
    return re.search(r'"kernelId": "([^"]+)"', text)[1]


def live(site, name="live"):
    """The id of the kernel of a page that was opened and has been computed."""
    status, text, _ = site.get(f"/live/{name}")
    assert status == 200
    site.kernels.add(kernel := kernel_of(text))
    return kernel


@contextmanager
def connected(site, kernel, **more):
    address = f"ws://127.0.0.1:{site.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}"
    connection = websocket.create_connection(address, timeout=20, **more)
    yield connection
    connection.shutdown()


def message(kind, channel="shell", **content):
    header = {"msg_id": uuid.uuid4().hex, "username": "", "session": "", "msg_type": kind, "version": "5.3", "date": ""}
    return json.dumps(
        {"header": header, "parent_header": {}, "metadata": {}, "channel": channel, "buffers": [], "content": content}
    )


def kinds(connection, seconds):
    """The kinds of the messages that come within the time."""
    found, end = [], time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            found.append(json.loads(connection.recv())["header"]["msg_type"])
        except websocket.WebSocketTimeoutException:
            break
    return found


def closing_code(connection):
    while True:
        kind, data = connection.recv_data(control_frame=True)
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


@pytest.mark.parametrize("sent", [b"", b"{}", bytes(8)])
def test_bytes_end_the_connection_and_nothing_else(server, sent):
    kernel = live(server)
    asked = "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org"  # in bytes
    with connected(server, kernel, header=[asked]) as connection:
        assert "sec-websocket-protocol" not in connection.getheaders()
        connection.send_binary(sent)
        assert closing_code(connection) == 1003

    assert server.get("/")[0] == 200
    assert server.get(f"/api/kernels/{kernel}")[0] == 200


@pytest.mark.parametrize("sent", ["", "{", "[]", "{}", '{"channel": []}', '{"channel": "shell", "header": 1}'])
def test_what_is_no_message_ends_the_connection_in_silence(server, sent):
    kernel = live(server)
    with connected(server, kernel) as connection:
        connection.send(sent)
        assert closing_code(connection) == 1007

    assert server.get(f"/api/kernels/{kernel}")[0] == 200
    assert said(server) == []


def test_a_page_can_ask_its_kernel_but_not_shut_it_down(server):
    with connected(server, live(server)) as connection:
        connection.send(message("shutdown_request", "control", restart=False))
        connection.send(message("kernel_info_request"))
        found = kinds(connection, 3)

    assert "kernel_info_reply" in found
    assert "shutdown_reply" not in found
    assert len(running(server)) == 1


def test_code_is_not_sent_to_a_page(server):
    with visiting(server, "slow") as visitor:
        kernel = begun(visitor, server)
        with connected(server, kernel) as connection:
            found = kinds(connection, 4)

    assert "stream" in found
    assert "execute_input" not in found


@contextmanager
def visiting(site, name):
    """A visitor's connection that has asked for a live page."""
    with socket.create_connection(("127.0.0.1", site.port), 60) as visitor:
        lines = (f"GET /live/{name} HTTP/1.1", f"Host: 127.0.0.1:{site.port}", "Connection: close", "", "")
        visitor.sendall("\r\n".join(lines).encode())
        yield visitor


def begun(visitor, site):
    """The id of the visitor's kernel, read when the page begins to be computed."""
    text = ""
    while '"kernelId": "' not in text:
        text += visitor.recv(1 << 16).decode("utf-8", "replace")
    site.kernels.add(kernel := kernel_of(text))
    return kernel


def test_no_more_kernels_than_allowed_however_many_ask_at_once(server):
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: server.get("/live/live")[0], range(8))]

    assert sorted(answers) == [200] * 3 + [503] * 5
    assert len(running(server)) == 3


def test_who_hangs_up_gives_the_kernel_back(server):
    for wait in (0, 0.05, 1.5):  # before the kernel starts, while it starts, while it computes
        with visiting(server, "slow"):
            time.sleep(wait)

    assert eventually(lambda: not running(server))
    assert server.get("/live/live")[0] == 200
    time.sleep(2)
    assert said(server) == []


def test_a_page_of_another_site_starts_no_kernel(server):
    for site in ("cross-site", "same-site", "whatever comes"):
        assert server.get("/live/live", Sec_Fetch_Site=site)[0] == 403
    assert running(server) == []
    for site in ("none", "same-origin"):
        assert server.get("/live/live", Sec_Fetch_Site=site)[0] == 200


def test_closing_a_page_while_it_computes_says_nothing(page, server):
    page.goto(f"{server.origin}/live/slow", wait_until="commit")
    page.wait_for_selector("text=正在计算")
    page.goto(server.origin)
    assert eventually(lambda: not running(server))

    page.goto(f"{server.origin}/live/busy")
    page.select_option("select", "二")
    page.wait_for_selector("text=数到")
    page.goto(server.origin)
    assert eventually(lambda: not running(server))
    time.sleep(1)
    assert said(server) == []


def test_bytes_of_a_widget_reach_its_page(page, server):
    """The server still sends what holds bytes, such as a picture, as a binary message."""
    page.goto(f"{server.origin}/live/busy")

    page.wait_for_selector("img.widget-image[src^='blob:']", state="attached")


def test_a_kernel_that_dies_is_said_and_gives_its_place_back(server):
    with visiting(server, "slow") as visitor:
        kernel = begun(visitor, server)
        running(server)[0].kill()
        text = b"".join(iter(lambda: visitor.recv(1 << 16), b""))

    assert execution.FAULTS["DeadKernelError"] in text.decode("utf-8", "replace")
    assert eventually(lambda: server.get(f"/api/kernels/{kernel}")[0] == 404)


@pytest.mark.skipif(not forks.possible(), reason="kernels are forked on Linux only")
def test_a_kernel_is_a_fork_and_none_outlives_the_server(tmp_path):
    with made(tmp_path) as site:
        live(site)
        (kernel,) = running(site)
        (parent,) = parents_of(site)
        assert kernel.ppid() == parent.pid
        site.process.kill()

        assert eventually(lambda: not kernel.is_running() and not parent.is_running())


@pytest.mark.skipif(not forks.possible(), reason="kernels are forked on Linux only")
def test_a_page_opens_though_the_process_its_kernel_would_be_a_fork_of_has_died(server):
    before = parents_of(server)[-1]
    before.kill()
    assert eventually(lambda: before not in parents_of(server))
    live(server)

    assert len(running(server)) == 1


def test_a_saved_workbook_is_seen_and_the_next_kernel_knows_it(server):
    """The kernel of before stays as it was until its page is closed."""
    old, before = live(server), server.get("/books")[1]
    workbook = server.log.parent / "shared/2023-2024/甲校/学籍.xlsx"
    os.utime(workbook)
    time.sleep(folder_state.FRESH + 0.1)
    assert server.get("/books")[1] == before  # touched, but the same

    workbook.write_bytes(b"anew")
    time.sleep(folder_state.FRESH + 0.1)
    assert server.get("/books")[1] != before
    live(server)
    assert len(running(server)) == 2
    assert server.get(f"/api/kernels/{old}")[0] == 200


OLD = "<!doctype html><main><h1>上次的</h1></main>"


def test_what_was_made_last_stands_dimmed_until_the_new_is_there_and_a_saved_workbook_is_said(page, tmp_path):
    quick = "from kongchuo.site import folder_state, live_pages; folder_state.FRESH, live_pages.WATCH_SECONDS = 0, 1"
    with made(tmp_path, change=quick) as site:
        shelf = archive.Shelf(tmp_path / "runs", years.period("2023-10"), "slow")
        shelf.path.mkdir(parents=True)
        (shelf.path / "甲校.html").write_text(OLD, "utf-8")
        asked = {"school": "甲校", "month": "2023-10"}
        shelf.save([archive.Result("甲校", asked, "2023-11-01T08:00:00+08:00", 1, archive.DONE, page="甲校.html")])
        page.goto(f"{site.origin}/live/slow?{urlencode(asked)}", wait_until="commit")
        page.wait_for_selector("#old h1:has-text('上次的')")
        assert "2023-11-01 08:00 生成的" in page.locator("#old").inner_text()
        assert float(page.evaluate("getComputedStyle(document.querySelector('#old main')).opacity")) < 0.6
        page.wait_for_selector("text=第5段")
        page.wait_for_selector("#old", state="detached")

        assert page.locator(".kc-renewed").count() == 0
        (tmp_path / "shared/2023-2024/甲校/学籍.xlsx").write_bytes(b"anew")
        page.click(".kc-renewed:has-text('台账已更新') >> text=刷新")
        page.wait_for_selector(".kc-renewed", state="detached")


def test_another_school_or_month_can_be_chosen_before_there_is_a_kernel(page, tmp_path):
    with made(tmp_path) as site:
        asked = {"school": "甲校", "month": "2023-10"}
        page.goto(f"{site.origin}/live/slow?{urlencode(asked)}", wait_until="commit")
        labels = page.locator("#ahead label").all_inner_texts()
        offered = [page.locator(f"#ahead select >> nth={at}").input_value() for at in (0, 1)]
        page.select_option("#ahead select >> nth=1", label="2023-11", no_wait_after=True)
        page.wait_for_url("**month=2023-11*", wait_until="commit")
        page.wait_for_selector("#ahead")
        then = [page.locator(f"#ahead select >> nth={at}").input_value() for at in (0, 1)]

        assert [one.split()[0] for one in labels] == ["学校", "月份"]
        assert offered == ["甲校", "2023-10"]
        assert then == ["甲校", "2023-11"]
        text = site.get("/live/slow?month=2023-10&grade=1")[1]
        assert 'id="ahead"' not in text, "the address asks for more than a choice of these would keep"
        for wrong in ("2023-13", "2019-10"):
            text = site.get(f"/live/slow?school=all&month={wrong}")[1]
            assert f'<option value="{wrong}" selected>请选择' in text, "a month that is none, or of no year there is"
            assert '<option value="2023-10">2023-10' in text


NEVER = {"answers nobody": "import time; time.sleep(600)", "ends at once": ""}  # what stands in the place of a kernel


@pytest.mark.parametrize("code", NEVER.values(), ids=NEVER)
def test_a_kernel_that_never_starts_is_said(page, tmp_path, code):
    command = f"lambda *_, **more: [sys.executable, '-c', {code!r}]"
    with made(tmp_path, change=f"kernels.START_SECONDS = 3; kernels.Kernel.format_kernel_cmd = {command}") as site:
        page.goto(f"{site.origin}/live/live")
        page.wait_for_selector("text=页面没有打开", timeout=60_000)

        assert page.locator("#loading_help").is_visible()
        assert eventually(lambda: not running(site))
        assert "Traceback" not in site.log.read_text("utf-8")


def test_a_server_that_falls_silent_is_said(page, tmp_path):
    with made(tmp_path, change="kernels.SILENT_SECONDS = 3") as site:
        page.goto(f"{site.origin}/live/slow", wait_until="commit")
        page.wait_for_selector("text=正在计算")
        assert not page.locator("#loading_help").is_visible()
        site.process.suspend()
        try:
            page.wait_for_selector("text=页面没有打开")
        finally:
            site.process.resume()
        page.wait_for_selector("text=第5段")


def test_a_kernel_without_its_page_ends_soon(tmp_path):
    with made(tmp_path, change="kernels.UNWATCHED_SECONDS = 2; kernels.CULL_SECONDS = 1") as site:
        text = site.get("/live/slow")[1]
        assert "第5段" in text  # it took longer than that to compute, and somebody waited
        assert eventually(lambda: site.get(f"/api/kernels/{kernel_of(text)}")[0] == 404, 8)

        kernel = live(site)
        with connected(site, kernel):
            time.sleep(5)
            assert site.get(f"/api/kernels/{kernel}")[0] == 200
        assert eventually(lambda: site.get(f"/api/kernels/{kernel}")[0] == 404, 8)


def test_scripts_are_scripts_on_any_windows_and_odd_notebooks_spoil_nothing(tmp_path):
    with made(tmp_path, before="import mimetypes; mimetypes.add_type('text/plain', '.js')") as site:
        odd = {
            "empty": "",
            "列表": "[]",
            "半个": '{"cells": [',
            "旧版": '{"worksheets": []}',
            "无参数": notebook([("code", "1")]),
            "写错": notebook([("parameters", "month = ")]),
        }
        for name, text in odd.items():
            (tmp_path / "notebooks" / f"{name}.ipynb").write_text(text, "utf-8")
        (tmp_path / "notebooks" / "文件夹.ipynb").mkdir()
        status, text, _ = site.get("/")

        reports = set(re.findall(r"live/(\w+)", text))
        assert (status, reports) == (200, {"busy", "live", "slow", "tiny"})
        for name in (*odd, "文件夹"):
            assert f"“{name}.ipynb”" in text
        assert site.get("/live/empty")[0] == 404
        assert site.get("/voila/static/voila.js")[2]["Content-Type"].startswith("text/javascript")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such sockets")
def test_kernels_are_reached_through_a_folder_that_is_ours_alone(server):
    kernel = live(server)
    (file,) = Path(tempfile.gettempdir()).glob(f"kongchuo-*/*/kernel-{kernel}.json")
    info, room = json.loads(file.read_text()), file.parent

    for channel in ("shell", "iopub", "stdin", "control", "hb"):
        assert Path(f"{info['ip']}-{info[channel + '_port']}").parent == room
        assert Path(f"{info['ip']}-{info[channel + '_port']}").is_socket()
    assert room.stat().st_mode & 0o777 == room.parent.stat().st_mode & 0o777 == 0o700


def test_where_there_are_no_such_sockets_the_ports_are_encrypted(tmp_path, monkeypatch):
    """As on Windows: who has no key hears nothing, and the page works."""
    long = tmp_path / ("x" * 90)
    long.mkdir()
    with made(tmp_path, TMPDIR=str(long)) as site:
        kernel = live(site)
        file = next(long.glob(f"kongchuo-*/*/kernel-{kernel}.json"))
        assert file.stat().st_mode & 0o777 == 0o600
        with zmq.Context() as context, context.socket(zmq.SUB) as listener, connected(site, kernel) as connection:
            listener.connect(f"tcp://127.0.0.1:{json.loads(file.read_text())['iopub_port']}")
            listener.subscribe(b"")
            time.sleep(0.5)
            connection.send(message("kernel_info_request"))
            assert "kernel_info_reply" in kinds(connection, 3)
            assert listener.poll(1000) == 0
            listener.linger = 0

    path = Path("kernel-0")
    assert execution.transport(path) == {"transport": "ipc"}
    monkeypatch.setattr(os, "name", "nt")
    assert execution.transport(path) == {"transport_encryption": "required"}


REACHED = f"""from IPython.display import display
from ipykernel.connect import get_connection_info
display({{"text/plain": "", "{SUMMARY}": {{"by": get_connection_info(unpack=True)["transport"]}}}}, raw=True)"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such sockets")
def test_kernels_of_a_batch_are_reached_in_their_folder_however_long_its_name(tmp_path):
    path = tmp_path / "reached.ipynb"
    path.write_text(notebook([CELLS[1], ("code", REACHED)]), "utf-8")
    homes = [tmp_path / ("很长的学校名称" * 4) / str(number) for number in range(2)]
    for home in homes:
        home.mkdir(parents=True)

    with ThreadPoolExecutor(2) as pool:
        done = [*pool.map(lambda home: execution.execute(path, home / "out.ipynb", {}, execution.Limits()), homes)]

    assert [(verdict.reason, verdict.log, verdict.summary) for verdict in done] == [("", "", {"by": "ipc"})] * 2
