"""Reading the page's files."""

from __future__ import annotations

from pathlib import Path

from ekiben.gateway.page_files import read_page


def test_files_are_found_by_name_and_others_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>hello")
    (tmp_path / "page.js").write_text("1")
    (tmp_path / "notes.txt").write_text("no business here")
    (tmp_path / "folder.js").with_suffix("").mkdir()
    assert set(read_page(tmp_path)) == {"index.html", "page.js"}


def test_a_tag_is_the_contents(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("same")
    (tmp_path / "two.js").write_text("same")
    (tmp_path / "three.js").write_text("other")
    files = read_page(tmp_path)
    assert files["one.js"].etag == files["two.js"].etag != files["three.js"].etag
    assert files["one.js"].etag.startswith('"')


def test_the_page_is_in_the_package() -> None:
    assert {"index.html", "page.js", "base.css", "icon.svg"} <= set(read_page())
