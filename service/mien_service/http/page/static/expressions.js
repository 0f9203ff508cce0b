/** What faces show: a bar for each expression. */

import { element, words } from "./dom.js";

/** Return the views of the faces whose expression was read; none for tasks that read none. */
export function expressionViews(faces) {
  return faces.filter((face) => face.expression).map(expressionView);
}

function expressionView({ index, expression: { label, probabilities } }) {
  const likeliestFirst = Object.entries(probabilities).sort(([, one], [, other]) => other - one);
  const bars = element("dl", { class: "bars" }, ...likeliestFirst.map(([name, share]) => bar(name, share)));
  const title = element("h3", {}, `Face ${index}: ${words(label).toLowerCase()}`);
  return element("section", { class: "expression", "aria-label": `What face ${index} shows` }, title, bars);
}

function bar(name, share) {
  const percent = `${Math.round(100 * share)} %`;
  const meter = element("meter", { min: 0, max: 1, value: share, "aria-label": words(name) }, percent);
  return element("div", {}, element("dt", {}, words(name)), element("dd", {}, meter, element("span", {}, percent)));
}
