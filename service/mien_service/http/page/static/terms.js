/** The terms of the service: the notice about its weights, and the licence of each. */

import { element, prose } from "./dom.js";

/** Return the view of what /models says about terms. */
export function termsView({ notice, models }) {
  const rows = models.map(({ name, version, licence, commercial_use: commercial }) => {
    const cells = [`${name} ${version}`, licence, commercial ? "yes" : "no"];
    return element("tr", {}, ...cells.map((text) => element("td", {}, text)));
  });
  const heads = ["Model", "Licence", "Commercial use"].map((text) => element("th", { scope: "col" }, text));
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
  const scroll = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Licences" }, table);
  const all = element("details", {}, element("summary", {}, "Licence of each model"), scroll);
  return element("section", { "aria-label": "Terms" }, element("p", {}, ...prose(notice)), all);
}
