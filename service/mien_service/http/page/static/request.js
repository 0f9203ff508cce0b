/** Talking to the service. Addresses are relative to the page, which may be served below a prefix. */

/** A request that was refused: `title`, `detail`, `field` and `requestId` of its problem (RFC 9457). */
export class Refused extends Error {
  constructor({ title, detail = "", field = null, request_id = null }) {
    super(title);
    Object.assign(this, { title, detail, field, requestId: request_id });
  }
}

/** Return the address of a path of the service. */
export function addressOf(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

/** Return what /models says. Throws Refused. */
export async function fetchModels() {
  return answered(addressOf("/models"), {});
}

/** Return the JSON answer of the task at `path` to a photo; values are text or files. Throws Refused, or AbortError. */
export async function send(path, photo, values, signal) {
  const body = new FormData();
  body.append("image", photo);
  for (const [name, value] of Object.entries(values)) body.append(name, value);
  return answered(addressOf(path), { method: "POST", body, signal });
}

async function answered(address, options) {
  const response = await reached(address, { ...options, headers: { Accept: "application/json" } });
  const isJson = /[/+]json\b/.test(response.headers.get("Content-Type") ?? "");
  if (response.ok && isJson) return response.json();
  if (isJson) throw new Refused(await response.json());
  throw new Refused({ title: "The service gave an unexpected answer", detail: `Status ${response.status}.` });
}

async function reached(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ title: "The service cannot be reached", detail: "Check the connection and try again." });
  }
}
