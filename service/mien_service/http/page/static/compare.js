/** Before and after: one over the other with a slider, or side by side. */

import { element } from "./dom.js";

/**
 * Return the views of two pictures, given as {address, width, height}, and the switch between them (null where
 * there is only one view). A slider needs two of one size and one frame; `before` is null where the browser
 * cannot show it.
 */
export function comparison(before, after, sameFrame) {
  if (!before) return { views: [figure(after, "After")], viewSwitch: null };
  const pair = element("div", { class: "pair" }, figure(before, "Before"), figure(after, "After"));
  const sameSize = before.width === after.width && before.height === after.height;
  if (!sameFrame || !sameSize) return { views: [pair], viewSwitch: null };
  const slider = underSlider(before, after);
  pair.hidden = true;
  const choose = (together) => {
    slider.hidden = !together;
    pair.hidden = together;
  };
  return { views: [slider, pair], viewSwitch: viewSwitch(choose) };
}

function viewSwitch(choose) {
  const option = (text, together) => {
    const radio = element("input", { type: "radio", name: "view", checked: together });
    radio.addEventListener("change", () => choose(together));
    return element("label", {}, radio, element("span", {}, text));
  };
  const legend = element("legend", { class: "visually-hidden" }, "View");
  return element("fieldset", { class: "segments" }, legend, option("Slider", true), option("Side by side", false));
}

function underSlider(before, after) {
  const range = element("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": "Edge between before, on its left, and after, on its right",
  });
  const view = element(
    "div",
    { class: "compare" },
    picture(before, "The photo before", "before"),
    picture(after, "The photo after", "after"),
    element("span", { class: "tag left", "aria-hidden": "true" }, "Before"),
    element("span", { class: "tag right", "aria-hidden": "true" }, "After"),
    range,
    element("span", { class: "edge", "aria-hidden": "true" }),
  );
  const move = () => {
    view.style.setProperty("--edge", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % before, ${100 - range.value} % after`);
  };
  range.addEventListener("input", move);
  move();
  return view;
}

function figure(shown, text) {
  const img = picture(shown, `The photo ${text.toLowerCase()}`, text.toLowerCase());
  return element("figure", {}, img, element("figcaption", {}, text));
}

function picture({ address, width, height }, alt, name) {
  return element("img", { src: address, alt, width, height, class: name });
}
