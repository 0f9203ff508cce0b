"""The page in a real browser: Debian's Chromium, driven by Playwright, which brings none of its own here."""

import re
import shutil
from collections.abc import Generator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect, sync_playwright

from mien_service.tasks.toon_styles import Style

FLAGS = (
    # As root, as CI runs it, Chromium refuses to start inside its sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

SEVENTH_TASK: dict[str, Any] = {
    "path": "/hair-colour",
    "summary": "Change the colour of the hair.",
    "models": [],
    "notice": "Hair is not dyed in fact.",
    "parameters": {
        "$defs": {"Colour": {"enum": ["red", "blue"], "type": "string", "description": "Which colour."}},
        "required": ["colour"],
        "properties": {
            "colour": {"$ref": "#/$defs/Colour"},
            "depth": {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}], "default": 0.5},
            "streaks": {"type": "boolean", "default": True},
            "tuning": {"type": "string", "enum": ["a", "b"], "default": "a", "x-advanced": True},
            "weights": {"type": "array", "items": {"type": "number"}, "default": [1, 2]},
        },
    },
}  # fmt: skip


# Not for the whole session: while it is open, no other test in this thread could start an event loop.
@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "needs Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server_url: str) -> Generator[Page]:
    with browser.new_context(base_url=server_url) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page


def open_with_sample(page: Page, button: str = "Try a sample", name: str = "sample.jpg") -> None:
    page.goto("/")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(f"{name}, 768")).to_be_visible()


def open_with_masked_sample(page: Page) -> None:
    open_with_sample(page, "Try a sample with a mask", "sample-masked.jpg")


def form(page: Page) -> Locator:
    """Return the form of the task that is open: other tasks have fields of the same names."""
    return page.locator(".task[open]")


def open_unmask(page: Page) -> None:
    page.locator(".task > summary", has_text="Unmask").click()


def edit(page: Page) -> None:
    page.get_by_role("button", name="Edit the photo").click()


def await_answer(page: Page) -> None:
    expect(page.get_by_role("status")).to_contain_text("Done", timeout=60_000)


def edit_sample(page: Page) -> None:
    open_with_sample(page)
    page.get_by_label("Attribute", exact=True).select_option("smiling")
    edit(page)
    await_answer(page)


def downloaded(page: Page) -> tuple[str, Image.Image]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    return download.value.suggested_filename, Image.open(BytesIO(Path(download.value.path()).read_bytes()))


def differs(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is not None


def test_sample_becomes_an_edited_photo_to_download(page: Page, server_url: str) -> None:
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))

    edit_sample(page)

    sizes = page.locator(".compare img").evaluate_all("all => all.map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[768, 768], [768, 768]]
    name, picture = downloaded(page)
    assert (name, picture.size) == ("sample-edit-attribute.jpg", (768, 768))
    assert differs(picture, Image.open(BytesIO(page.request.get("/page/sample.jpg").body())))
    expect(page.locator(".command pre")).to_contain_text("--form-string attribute=smiling")
    expect(page.locator("#terms")).to_contain_text("The weights are not")
    assert not complaints
    assert hosts <= {urlsplit(server_url).netloc, ""}


def test_masked_sample_is_unmasked_under_a_notice(page: Page) -> None:
    open_with_masked_sample(page)
    open_unmask(page)
    edit(page)
    await_answer(page)

    notice = page.locator("#picture").get_by_role("note")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Not for identification")
    name, picture = downloaded(page)
    assert (name, picture.size) == ("sample-masked-unmask.jpg", (768, 768))
    assert differs(picture, Image.open(BytesIO(page.request.get("/page/sample-masked.jpg").body())))


def test_turned_sample_looks_to_the_front(page: Page) -> None:
    open_with_sample(page, "Try a turned sample", "sample-turned.jpg")
    page.locator(".task > summary", has_text="Frontalize").click()
    expect(form(page).get_by_label("Output")).to_have_value("face")
    edit(page)
    await_answer(page)
    expect(page.locator("#picture").get_by_role("note")).to_contain_text("Not for identification")
    name, picture = downloaded(page)
    assert name == "sample-turned-frontalize.jpg"
    assert picture.width == picture.height > 256


def test_sticker_lies_on_squares_and_is_downloaded_with_its_transparency(page: Page) -> None:
    open_with_sample(page)
    page.locator(".task > summary", has_text="Toonify").click()
    entry = form(page)
    styles = entry.get_by_role("radiogroup", name="Style")
    expect(styles.get_by_role("radio")).to_have_count(len(Style))
    expect(styles.get_by_role("radio", name="Cartoon")).to_be_checked()
    styles.get_by_text("Sketch").click()
    entry.get_by_label("Strength, slider").fill("0.8")
    entry.get_by_label("Sticker", exact=True).check()
    entry.get_by_label("Outline, slider").fill("0.05")
    edit(page)
    await_answer(page)

    command = page.locator(".command pre")
    for field in ("style=sketch", "strength=0.8", "sticker=true", "outline=0.05"):
        expect(command).to_contain_text(f"--form-string {field}")
    expect(page.locator("#picture").get_by_role("note")).to_contain_text("not what a person feels")
    after = page.get_by_alt_text("The photo after")
    assert "conic-gradient" in after.evaluate("i => getComputedStyle(i).backgroundImage")
    name, picture = downloaded(page)
    assert (name, picture.format, picture.mode) == ("sample-toonify.png", "PNG", "RGBA")
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_addiction_preview_is_shown_under_its_notice_and_help_line(page: Page) -> None:
    open_with_sample(page)
    expect(form(page)).to_have_count(1)
    expect(form(page).locator(".task-title")).to_have_text("Edit attribute")
    page.locator(".task > summary", has_text="Addiction preview").click()
    entry = form(page)
    expect(entry.get_by_text("not a medical prediction")).to_be_visible()
    expect(entry.locator(".help")).to_contain_text("help line")
    expect(entry.get_by_label("Wrinkles", exact=True)).not_to_be_visible()
    entry.get_by_label("Substance", exact=True).select_option("smoking")
    entry.get_by_label("Severity, slider").fill("0.8")
    edit(page)
    await_answer(page)

    expect(page.locator("#picture").get_by_role("note")).to_contain_text("not a medical prediction")
    expect(page.locator("#picture .help")).to_contain_text("help line")
    expect(page.locator(".command pre")).to_contain_text("--form-string severity=0.8")
    expect(page.get_by_label("Edge between before")).to_have_value("50")
    name, picture = downloaded(page)
    assert (name, picture.size) == ("sample-addiction-preview.jpg", (768, 768))
    assert differs(picture, Image.open(BytesIO(page.request.get("/page/sample.jpg").body())))


def test_expression_is_shown_as_bars_under_its_notice(page: Page) -> None:
    open_with_sample(page)
    page.locator(".task > summary", has_text="Emotion").click()
    form(page).get_by_role("button", name="Read the photo").click()
    await_answer(page)

    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    expect(page.locator("#picture").get_by_role("note")).to_contain_text("not what a person feels")
    shown = page.get_by_role("region", name="What face 0 shows")
    label = shown.get_by_role("heading").text_content()
    values = shown.get_by_role("meter").evaluate_all("all => all.map(one => one.value)")
    assert len(values) == 7
    assert values == sorted(values, reverse=True)
    assert abs(sum(values) - 1) < 0.01
    assert label == f"Face 0: {(shown.locator('dt').first.text_content() or '').lower()}"
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("Done: 1 face.")


@pytest.mark.slow
def test_captions_are_a_picture_beside_the_bars(page: Page) -> None:
    open_with_sample(page)
    page.locator(".task > summary", has_text="Emotion").click()
    form(page).get_by_label("Captions").check()
    form(page).get_by_role("button", name="Read the photo").click()
    await_answer(page)

    name, picture = downloaded(page)
    assert name == "sample-emotion.jpg"
    assert differs(picture, Image.open(BytesIO(page.request.get("/page/sample.jpg").body())))
    expect(page.get_by_role("region", name="What face 0 shows").get_by_role("meter")).to_have_count(7)


def test_a_substance_has_to_be_chosen(page: Page) -> None:
    open_with_sample(page)
    page.locator(".task > summary", has_text="Addiction preview").click()
    edit(page)
    expect(form(page).get_by_label("Substance", exact=True)).to_be_focused()


MASK_BOX = (190, 290, 320, 400)
"""Left, top, right and bottom of the mask that tests choose, on a portrait of 512 pixels a side."""


def mask_file(size: tuple[int, int] = (512, 512), name: str = "mask.png") -> FilePayload:
    mask, body = Image.new("L", size), BytesIO()
    mask.paste(255, MASK_BOX)
    mask.save(body, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": body.getvalue()}


@pytest.mark.slow
def test_chosen_mask_is_sent_and_only_it_is_filled(page: Page, portrait_png: bytes) -> None:
    sent: list[str] = []

    def seen(route: Route) -> None:
        sent.append((route.request.post_data_buffer or b"").decode("latin-1"))
        route.continue_()

    page.route("**/unmask", seen)
    page.goto("/")
    portrait: FilePayload = {"name": "portrait.png", "mimeType": "image/png", "buffer": portrait_png}
    page.get_by_label("Choose a photo").set_input_files(portrait)
    open_unmask(page)
    page.get_by_label("Mask", exact=True).set_input_files(mask_file(name="my mask.png"))
    edit(page)
    await_answer(page)

    files = re.findall(r'name="(\w+)"; filename="([^"]*)"', sent[0])
    assert files == [("image", "portrait.png"), ("mask", "my mask.png")]
    expect(page.locator(".command pre")).to_contain_text("-F 'mask=@my mask.png'")
    name, picture = downloaded(page)
    assert name == "portrait-unmask.png"
    photo = Image.open(BytesIO(portrait_png)).convert("RGB")
    assert differs(picture.crop(MASK_BOX), photo.crop(MASK_BOX))
    picture = picture.convert("RGB")
    picture.paste(photo.crop(MASK_BOX), MASK_BOX)
    assert not differs(picture, photo)


@pytest.mark.slow
def test_mask_of_another_size_is_marked_and_reset_clears_it(page: Page) -> None:
    open_with_masked_sample(page)
    open_unmask(page)
    field = page.get_by_label("Mask", exact=True)
    field.set_input_files(mask_file((100, 80)))
    edit(page)
    expect(field).to_have_attribute("aria-invalid", "true", timeout=60_000)
    expect(field).to_be_focused()
    expect(page.locator("#unmask-mask-error")).to_contain_text("768x768")
    form(page).get_by_role("button", name="Reset").click()
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("")


@pytest.mark.slow
def test_face_without_a_mask_is_told_in_words(page: Page) -> None:
    open_with_sample(page)
    open_unmask(page)
    edit(page)
    expect(page.get_by_role("alert")).to_contain_text("No mask was found", timeout=60_000)


@pytest.mark.slow
def test_file_dropped_on_the_mask_is_the_mask(page: Page, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_file((768, 768))["buffer"])
    open_with_masked_sample(page)
    open_unmask(page)
    field = page.get_by_label("Mask", exact=True)
    drop(page, mask, field)
    expect(field).to_have_value(re.compile("mask.png$"))
    expect(page.get_by_text("sample-masked.jpg, 768")).to_be_visible()
    drop(page, mask, page.get_by_role("heading", name="Picture"))
    expect(page.locator("#photo-name")).to_contain_text("mask.png, 768")


def drop(page: Page, file: Path, target: Locator) -> None:
    """Drop a file from outside on `target`, as a person does."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        event = {"type": step, "x": box["x"] + 10, "y": box["y"] + 10, "data": data}
        session.send("Input.dispatchDragEvent", event)


@pytest.mark.slow
def test_sample_that_comes_late_does_not_replace_another(page: Page) -> None:
    held: list[Route] = []
    page.route("**/sample.jpg", lambda route: held.append(route))
    page.goto("/")
    with page.expect_request("**/sample.jpg"):
        page.get_by_role("button", name="Try a sample", exact=True).click()
    page.get_by_role("button", name="Try a sample with a mask").click()
    expect(page.get_by_text("sample-masked.jpg, 768")).to_be_visible()
    with page.expect_event("requestfinished"):
        held[0].continue_()
    # As much as showing the late one would take.
    page.evaluate("async () => Object.assign(new Image(), { src: 'page/sample-masked.jpg?again' }).decode()")
    expect(page.get_by_text("sample-masked.jpg, 768")).to_be_visible()


@pytest.mark.slow
def test_page_allows_nothing_inline_or_from_elsewhere(page: Page) -> None:
    response = page.goto("/")
    assert response is not None
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    again = page.request.get("/", headers={"If-None-Match": response.headers["etag"]})
    assert again.status == 304


@pytest.mark.slow
def test_text_file_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear service")
    page.goto("/")
    page.get_by_label("Choose a photo").set_input_files(letter)
    page.get_by_label("Attribute", exact=True).select_option("smiling")
    edit(page)
    expect(page.get_by_role("alert")).to_contain_text("format is not accepted")


@pytest.mark.slow
def test_edit_without_photo_says_so(page: Page) -> None:
    page.goto("/")
    edit(page)
    expect(page.get_by_text("Choose a photo first.")).to_be_visible()
    expect(page.get_by_label("Choose a photo")).to_be_focused()


@pytest.mark.slow
def test_wrong_field_is_marked_and_shown(page: Page) -> None:
    open_with_sample(page)
    page.get_by_label("Attribute", exact=True).select_option("smiling")
    form(page).get_by_text("More settings").click()
    page.get_by_label("Strengths", exact=True).fill("1,much")
    form(page).get_by_text("More settings").click()
    edit(page)
    field = page.get_by_label("Strengths", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#edit-attribute-strengths-error")).not_to_be_empty()


@pytest.mark.slow
def test_strengths_give_a_row_of_pictures(page: Page) -> None:
    open_with_sample(page)
    page.get_by_label("Attribute", exact=True).select_option("young")
    form(page).get_by_text("More settings").click()
    page.get_by_label("Strengths", exact=True).fill("-1,0,1")
    edit(page)
    row = page.get_by_role("group", name="Pictures")
    expect(row.get_by_role("figure")).to_have_count(3, timeout=60_000)
    row.get_by_role("button", name="Strength 1", exact=True).click()
    name, picture = downloaded(page)
    assert (name, picture.size) == ("sample-edit-attribute-strength-1.jpg", (768, 768))


@pytest.mark.slow
def test_edge_moves_by_keyboard(page: Page) -> None:
    edit_sample(page)
    edge = page.get_by_label("Edge between before")
    edge.focus()
    page.keyboard.press("ArrowRight")
    expect(edge).to_have_value("51")
    expect(edge).to_have_attribute("aria-valuetext", "51 % before, 49 % after")
    page.keyboard.press("Home")
    assert page.locator(".compare .after").evaluate("i => getComputedStyle(i).clipPath") == "inset(0px 0px 0px 0%)"


@pytest.mark.slow
def test_face_square_is_shown_beside_the_photo(page: Page) -> None:
    open_with_sample(page)
    page.get_by_label("Attribute", exact=True).select_option("smiling")
    form(page).get_by_text("More settings").click()
    form(page).get_by_label("Output").select_option("face")
    edit(page)
    expect(page.get_by_alt_text("The photo after")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Edge between before")).to_have_count(0)


@pytest.mark.slow
def test_narrow_window_does_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    edit_sample(page)
    form(page).get_by_text("More settings").click()
    page.get_by_text("Licence of each model").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.slow
def test_new_request_replaces_the_one_in_flight(page: Page) -> None:
    open_with_sample(page)
    page.get_by_label("Attribute", exact=True).select_option("smiling")
    # The first request is never answered.
    page.route("**/edit-attribute", lambda _: None, times=1)
    with page.expect_event("requestfailed") as failed:
        edit(page)
        expect(page.get_by_role("status")).to_have_text("Working…")
        edit(page)
    assert failed.value.failure == "net::ERR_ABORTED"
    await_answer(page)


@pytest.mark.slow
def test_pictures_no_longer_shown_are_freed(page: Page) -> None:
    page.add_init_script(
        """window.held = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => { const u = createObjectURL(blob); held.add(u); return u; };
        URL.revokeObjectURL = (url) => { held.delete(url); revokeObjectURL(url); };"""
    )
    edit_sample(page)
    edit(page)
    await_answer(page)
    assert page.evaluate("held.size") == 2
    page.get_by_role("button", name="Try a sample", exact=True).click()
    expect(page.get_by_alt_text("The photo you chose")).to_be_visible()
    assert page.evaluate("held.size") == 1


@pytest.mark.slow
def test_seventh_task_needs_no_change_of_the_page(page: Page) -> None:
    def with_seventh(route: Route) -> None:
        models = route.fetch().json()
        route.fulfill(json={**models, "tasks": [*models["tasks"], SEVENTH_TASK]})

    sent: list[str] = []

    def never_answered(route: Route) -> None:
        sent.append((route.request.post_data_buffer or b"").decode("latin-1"))
        route.fulfill(status=503, json={"title": "The service is stopping", "detail": "Later."})

    page.route("**/models", with_seventh)
    page.route("**/hair-colour", never_answered)
    open_with_sample(page)
    page.get_by_text("Hair colour").click()
    expect(page.get_by_text("Hair is not dyed in fact.")).to_be_visible()
    expect(page.get_by_label("Tuning")).not_to_be_visible()
    page.get_by_label("Colour", exact=True).select_option("red")
    page.get_by_label("Depth, slider").fill("0.8")
    page.get_by_label("Streaks").uncheck()
    edit(page)
    expect(page.get_by_role("alert")).to_contain_text("The service is stopping")
    parameters = dict(re.findall(r'name="(\w+)"\r\n\r\n([^\r]*)', sent[0]))
    assert parameters == {"colour": "red", "depth": "0.8", "streaks": "false"}
