/** Controls of a form, one field for each parameter. */

import { element, prose, words } from "./dom.js";

/**
 * Return a field: its `element`, `control` (what takes the focus), `value()` (the text or file to send, or
 * null where the service's default does), `mark(message)` and `unmark()`.
 */
export function fieldOf(task, parameter) {
  const id = `${task}-${parameter.name}`;
  const hint = element("p", { class: "hint", id: `${id}-hint` }, ...prose(parameter.description));
  const error = element("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const described = { "aria-describedby": `${id}-hint ${id}-error` };
  const properties = { id, name: parameter.name, required: parameter.required, ...described };
  const { control, parts, chosen } = MAKERS[parameter.control.kind](parameter, properties);
  // Of several buttons each has a label of its own, and this one is the group's.
  const label = element(...(chosen ? ["span", { id: `${id}-label` }] : ["label", { for: id }]), words(parameter.name));
  return {
    name: parameter.name,
    element: element("div", { class: `field ${parameter.control.kind}` }, label, ...parts, hint, error),
    control,
    value: () => changed(parameter, chosen?.() ?? control),
    mark: (message) => mark(control, error, message),
    unmark: () => unmark(control, error),
  };
}

const MAKERS = { choice, buttons, switch: toggle, number, text, file };

function choice({ control, default: standard, required }, properties) {
  const listed = control.options.map((option) =>
    element("option", { value: option, selected: option === standard }, words(String(option))),
  );
  const none = element("option", { value: "" }, required ? "Choose…" : "Not set");
  const select = element("select", properties, ...(standard === null ? [none] : []), ...listed);
  return { control: select, parts: [select] };
}

/** Return one button for each choice; `chosen()` is the one that is pressed. */
function buttons({ control, default: standard }, { id, name, "aria-describedby": described }) {
  const options = control.options.map((value, i) =>
    element("input", { type: "radio", name, value, checked: value === standard, ...(i ? {} : { id }) }),
  );
  const labels = options.map((option) => element("label", {}, option, element("span", {}, words(option.value))));
  const aria = { role: "radiogroup", "aria-labelledby": `${id}-label`, "aria-describedby": described };
  const group = element("div", { class: "segments", ...aria }, ...labels);
  return { control: options[0], parts: [group], chosen: () => options.find((option) => option.checked) };
}

function toggle({ default: standard }, properties) {
  // A box to tick is never required: leaving it empty is an answer.
  const made = { ...properties, type: "checkbox", required: false, checked: standard === true };
  const control = element("input", made);
  return { control, parts: [control] };
}

function number(parameter, properties) {
  const { low, high, whole, step, slides } = parameter.control;
  const limits = { ...(low === null ? {} : { min: low }), ...(high === null ? {} : { max: high }) };
  const box = element("input", {
    ...properties,
    ...limits,
    type: "number",
    step: whole ? 1 : "any",
    value: parameter.default ?? "",
    placeholder: "auto",
  });
  if (!slides) return { control: box, parts: [box] };
  const slider = element("input", {
    ...limits,
    type: "range",
    step,
    value: parameter.default ?? (low + high) / 2,
    "aria-label": `${words(parameter.name)}, slider`,
  });
  tie(slider, box, (low + high) / 2);
  return { control: box, parts: [element("div", { class: "slider" }, slider, box)] };
}

/** Keep slider and box alike; an empty box leaves the choice to the service, and the slider pale. */
function tie(slider, box, middle) {
  const follow = () => {
    slider.value = box.value === "" ? middle : box.value;
    slider.classList.toggle("unset", box.value === "");
  };
  slider.addEventListener("input", () => {
    box.value = slider.value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  box.addEventListener("input", follow);
  follow();
}

function text({ control, default: standard }, properties) {
  const list = `${properties.id}-list`;
  const input = element("input", {
    ...properties,
    type: "text",
    value: standard === null ? "" : written(standard),
    autocomplete: "off",
    spellcheck: "false",
    ...(control.suggestions.length ? { list } : {}),
  });
  const options = control.suggestions.map((value) => element("option", { value }));
  return { control: input, parts: options.length ? [input, element("datalist", { id: list }, ...options)] : [input] };
}

function file({ control: { accept } }, properties) {
  const control = element("input", { ...properties, type: "file", accept });
  return { control, parts: [control] };
}

function written(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function changed(parameter, control) {
  if (control.type === "file") return control.files[0] ?? null;
  const value = control.type === "checkbox" ? String(control.checked) : control.value.trim();
  const standard = parameter.default ?? (control.type === "checkbox" ? false : "");
  return value === written(standard) || value === "" ? null : value;
}

function mark(control, error, message) {
  control.setAttribute("aria-invalid", "true");
  error.textContent = message;
  error.hidden = false;
  reveal(control);
  control.focus();
}

function unmark(control, error) {
  control.removeAttribute("aria-invalid");
  error.hidden = true;
  error.textContent = "";
}

/** Unfold what `control` is folded into: a browser cannot focus what it does not show. */
export function reveal(control) {
  for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}
