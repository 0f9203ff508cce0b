/** Entries of the tasks: summary, what has to be told, and a form made from the schema of the parameters. */

import { element, prose, told, words } from "./dom.js";
import { fieldOf, reveal } from "./fields.js";
import { parametersOf } from "./schema.js";

/** The second picture that some tasks take: no parameter of theirs, and shown as one. */
const MASK = {
  name: "mask",
  required: false,
  control: { kind: "file", accept: "image/png,image/jpeg,image/webp" },
  description:
    "A picture of the photo's size, white where it is to be filled. Without one the service looks for the mask itself.",
  default: null,
  advanced: false,
};

/**
 * Return the entry of the task on `card`: its `element`, and `mark(name, message)`, which tells whether the
 * form has that field. `submit(values)` is called with the parameters that differ from the defaults.
 */
export function taskEntry(card, { open, submit }) {
  const task = card.path.slice(1);
  const parameters = [...parametersOf(card.parameters), ...(card.takes_mask ? [MASK] : [])];
  const fields = parameters.map((parameter) => fieldOf(task, parameter));
  const advanced = new Set(parameters.filter((one) => one.advanced).map((one) => one.name));
  const form = taskForm(fields, advanced, card.reads ? "Read the photo" : "Edit the photo");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fields.forEach((field) => field.unmark());
    if (isComplete(form)) submit(valuesOf(fields));
  });
  // The event comes before the reset: sliders follow their boxes after it.
  form.addEventListener("reset", () => setTimeout(() => fields.forEach(settle)));
  const title = element("span", { class: "task-title" }, words(task));
  const summary = element("summary", {}, title, element("span", { class: "hint" }, ...prose(card.summary)));
  return {
    element: element("details", { class: "task", name: "task", open }, summary, ...told(card), form),
    mark: (name, message) => mark(fields, name, message),
  };
}

function taskForm(fields, advanced, verb) {
  const [folded, plain] = [fields.filter((f) => advanced.has(f.name)), fields.filter((f) => !advanced.has(f.name))];
  const more = element(
    "details",
    { class: "more" },
    element("summary", {}, "More settings"),
    ...folded.map((field) => field.element),
  );
  const buttons = element(
    "div",
    { class: "buttons" },
    element("button", { class: "button", type: "submit" }, verb),
    element("button", { class: "button plain", type: "reset" }, "Reset"),
  );
  // Checked by hand: a browser refuses in silence where the field at fault is folded away.
  const form = element("form", { novalidate: true }, ...plain.map((field) => field.element));
  form.append(...(folded.length ? [more] : []), buttons);
  return form;
}

function isComplete(form) {
  const wrong = form.querySelector("input:invalid, select:invalid");
  if (!wrong) return true;
  reveal(wrong);
  return wrong.reportValidity();
}

function valuesOf(fields) {
  const pairs = fields.map((field) => [field.name, field.value()]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== null));
}

function settle(field) {
  field.unmark();
  field.control.dispatchEvent(new Event("input", { bubbles: true }));
}

function mark(fields, name, message) {
  const field = fields.find((one) => one.name === name);
  field?.mark(message);
  return field !== undefined;
}
