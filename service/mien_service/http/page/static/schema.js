/** From the JSON schema of a task's parameters to the controls that a form needs. */

/** Parameters that every task has: they matter less than its own. */
const COMMON = new Set(["face", "output", "landmarks", "label"]);

/** The page asks for JSON, which carries pictures one by one: it has no use for a strip of them. */
const UNUSED = new Set(["layout"]);

/** More steps than this are no good on a slider. */
const MOST_STEPS = 1000;

/**
 * Return the parameters of a task, in order, each with
 * `name`, `description`, `default` (null for none), `required`, `advanced` and `control`:
 * {kind: "choice" | "buttons", options} | {kind: "switch"} | {kind: "number", low, high, whole, slides} |
 * {kind: "text", suggestions}.
 */
export function parametersOf(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !UNUSED.has(name))
    .map(([name, property]) => parameterOf(name, property, required.has(name), schema.$defs ?? {}));
}

function parameterOf(name, property, required, definitions) {
  const kinds = alternatives(property, definitions).filter((kind) => kind.type !== "null");
  const plain = controlOf(kinds);
  const control = property["x-buttons"] && plain.kind === "choice" ? { ...plain, kind: "buttons" } : plain;
  return {
    name,
    required,
    control,
    description: property.description ?? kinds[0]?.description ?? "",
    default: property.default ?? null,
    advanced: !required && (property["x-advanced"] ?? (COMMON.has(name) || !isSimple(control))),
  };
}

/** Return what a schema may be, with references put in place and nested choices laid flat. */
function alternatives(part, definitions) {
  const { $ref, ...own } = part;
  const whole = $ref ? { ...definitions[$ref.split("/").at(-1)], ...own } : own;
  const inner = whole.anyOf ?? whole.oneOf ?? whole.allOf;
  return inner ? inner.flatMap((one) => alternatives(one, definitions)) : [whole];
}

function controlOf(kinds) {
  const options = kinds.flatMap((kind) => optionsOf(kind) ?? []);
  if (kinds.length && kinds.every(optionsOf)) return { kind: "choice", options };
  if (kinds.length === 1 && kinds[0].type === "boolean") return { kind: "switch" };
  if (kinds.length === 1 && ["number", "integer"].includes(kinds[0].type)) return numberOf(kinds[0]);
  return { kind: "text", suggestions: options };
}

function optionsOf(kind) {
  return kind.enum ?? ("const" in kind ? [kind.const] : null);
}

function numberOf(kind) {
  const whole = kind.type === "integer";
  const low = kind.minimum ?? beyond(kind.exclusiveMinimum, whole ? 1 : 0);
  const high = kind.maximum ?? beyond(kind.exclusiveMaximum, whole ? -1 : 0);
  const span = high === null || low === null ? Infinity : high - low;
  const step = whole ? 1 : span > 2 ? 0.1 : span > 0.5 ? 0.05 : 0.01;
  return { kind: "number", low, high, whole, step, slides: span / step <= MOST_STEPS };
}

function beyond(limit, by) {
  return limit === undefined ? null : limit + by;
}

function isSimple(control) {
  if (control.options) return control.options.length > 1;
  return control.kind === "switch" || (control.kind === "number" && control.slides);
}
