"""`make screenshots`: each page wide, on a phone and on A4, and what scrolls sideways is said."""

import shutil

import pytest

import screenshots


def test_each_page_in_three_sizes_on_one_sheet(tmp_path):
    if not any(map(shutil.which, screenshots.CHROMIUM)):
        pytest.fail("no Chromium here: make system")
    folder = tmp_path / "out" / "2023-10" / "monthly"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    for path in (
        tmp_path / "out" / "index.html",
        *(folder / f"{name}.html" for name in ("index", "全镇", "甲校", "乙校")),
    ):
        wide = "width:900px" if path.stem == "甲校" else ""
        path.write_text(f'<!doctype html><meta charset="utf-8"><p style="{wide}">{path.stem}</p>', "utf-8")

    sheet = screenshots.take(tmp_path / "out", tmp_path / "shots")

    told = sheet.read_text("utf-8").split("<h2>")[1:]
    shown = [part.partition("</h2>")[0] for part in told]
    assert shown == ["index.html", *(f"2023-10/monthly/{name}.html" for name in ("index", "全镇", "乙校"))]
    assert [part.count("<figure>") for part in told] == [3] * 4, "wide, phone, one sheet of paper"
    assert all((tmp_path / "shots" / name).is_file() for name in ("03-monthly-全镇-手机.png", "01-out-index-A4-1.png"))
    assert "横向滚动" not in sheet.read_text("utf-8")
    (folder / "乙校.html").unlink()
    assert screenshots.take(tmp_path / "out", tmp_path / "shots").read_text("utf-8").count("横向滚动") == 1
