/** Making elements. */

/** Return a new element; a boolean property is an attribute that is there or not. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Return nodes for a text whose `code` stands in backticks, as the service's descriptions do. */
export function prose(text) {
  return text.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));
}

/** Return the paragraphs of what has to be told: of a task, or of an answer. */
export function told({ notice, help_line: help }, properties = {}) {
  const made = notice ? [element("p", { class: "notice", ...properties }, notice)] : [];
  return help ? [...made, element("p", { class: "help" }, help)] : made;
}

/** Return a name such as `eye_colour` or `edit-attribute` as words. */
export function words(name) {
  const spaced = name.replaceAll(/[-_]/g, " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
