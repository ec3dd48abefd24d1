"""The report as a reader sees it: in a headless Chromium, as wide as a phone, a tablet and a desktop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.report.page import page
from tests.unit.report.real_runs import RUNS

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

WIDTHS = (390, 820, 1440)

FIGURES = {
    "all_green": 16,
    "three_regressions": 16,
    "upgrade": 6,
    "unfinished": 5,
    "empty": 0,
}
"""What is to be drawn of each run."""

_EMPTY_FIGURES = """
return [...document.querySelectorAll("figure")].filter((figure) => {
  const drawing = figure.querySelector("svg");
  const { width, height } = drawing.getBoundingClientRect();
  const marks = drawing.querySelectorAll("path, use").length;
  return width < 200 || height < 50 || marks < 5 || !figure.querySelector("figcaption").innerText
    || !figure.querySelector("[role=img][aria-label]");
}).map((figure) => figure.id);
"""

_FAINT_TEXT = """
const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) =>
  0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = numbers(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const faint = new Set();
for (const element of document.querySelectorAll("body *")) {
  const drawn = element.matches("svg text, svg text *");
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
  if (element.matches("script, style")) continue;
  const style = getComputedStyle(element);
  const [one, other] = [numbers(drawn ? style.fill : style.color), ground(element)].map(luminance);
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (contrast < 4.5) faint.add(`${element.tagName} ${element.className} ${contrast.toFixed(2)}`);
}
return [...faint];
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of all runs."""
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("pages")
    written = {name: folder / f"{name}.html" for name in RUNS}
    for name, path in written.items():
        path.write_text(page(RUNS[name]()), encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """A headless Chromium; without one the tests skip."""
    driver = pytest.importorskip(
        "selenium.webdriver", reason="pip install 'rnn-suite[test]' brings it"
    )
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    service = shutil.which("chromedriver")
    if chromium is None or service is None:
        pytest.skip(
            "needs Chromium and its driver; on Debian: apt install chromium chromium-driver"
        )
    options = driver.ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    chrome = driver.Chrome(options=options, service=driver.ChromeService(service))
    yield chrome
    chrome.quit()


def opened(browser: Chrome, path: Path, width: int, theme: str = "light") -> None:
    """Open a page as a screen of this width, in CSS pixels, shows it."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 800}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(path.as_uri())


def script(browser: Chrome, words: str) -> Any:
    """Return what JavaScript in the page returns."""
    return browser.execute_script(words)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", RUNS)
def test_a_page_is_whole_at_every_width(
    browser: Chrome, pages: dict[str, Path], name: str, width: int
) -> None:
    opened(browser, pages[name], width)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert script(browser, "return document.querySelectorAll('figure svg').length") == FIGURES[name]
    assert script(browser, _EMPTY_FIGURES) == []
    needed, there = script(browser, "return [document.documentElement.scrollWidth, innerWidth]")
    assert needed <= there == width


@pytest.mark.parametrize("name", RUNS)
def test_the_answer_stands_on_the_first_screen_of_a_phone(
    browser: Chrome, pages: dict[str, Path], name: str
) -> None:
    opened(browser, pages[name], WIDTHS[0])
    bottom = script(
        browser, "return document.querySelector('header').getBoundingClientRect().bottom"
    )
    assert 0 < bottom < 844


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    browser: Chrome, pages: dict[str, Path], theme: str
) -> None:
    grounds = []
    for name in ("three_regressions", "upgrade", "unfinished"):
        opened(browser, pages[name], WIDTHS[2], theme)
        assert script(browser, _FAINT_TEXT) == []
        grounds.append(script(browser, "return getComputedStyle(document.body).backgroundColor"))
    light = int(grounds[0].split("(")[1].split(",")[0]) > 128
    assert light is (theme == "light")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_heading_sorts_by_its_column_and_back(
    browser: Chrome, pages: dict[str, Path], width: int
) -> None:
    def column(name: str) -> list[str]:
        found: list[str] = script(
            browser,
            f"return [...document.querySelectorAll('#verdicts td[data-name={name}]')]"
            ".map((cell) => cell.dataset.key ?? cell.innerText)",
        )
        return found

    def choose(heading: str) -> str:
        """Click, and return how the heading says the table is sorted."""
        for button in browser.find_elements("css selector", "#verdicts th button"):
            if button.text.startswith(heading):
                button.click()
                said: str = script(browser, "return document.querySelector('[aria-sort]').ariaSort")
                return said
        raise AssertionError(f"no heading {heading}")

    opened(browser, pages["three_regressions"], width)
    assert column("verdict")[:4] == ["0", "0", "0", "4"]
    assert choose("question") == "ascending"
    assert column("question") == sorted(column("question"))
    assert choose("seconds") == "ascending"
    seconds = list(map(float, column("seconds")))
    assert seconds == sorted(seconds)
    assert choose("seconds") == "descending"
    assert list(map(float, column("seconds"))) == seconds[::-1]
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_page_is_readable_without_scripts(browser: Chrome, pages: dict[str, Path]) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, pages["upgrade"], WIDTHS[0])
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    words = browser.find_element("css selector", "#verdicts").text
    assert "Choose a heading" not in words
    assert "peak_memory" in words
