/** The curl command for what the page did. */

/** Return the command that sends the same request; `several` pictures come as JSON. */
export function curlCommand({ address, photo, values, saveAs, several }) {
  const parts = ["curl", file("image", photo)];
  for (const [name, value] of Object.entries(values)) parts.push(field(name, value));
  if (several) parts.push(`-H ${quoted("Accept: application/json")}`);
  return [...parts, `-o ${quoted(saveAs)}`, quoted(address)].join(" \\\n  ");
}

function field(name, value) {
  if (value instanceof File) return file(name, value.name);
  // Not -F: there a value that begins with @ or < names a file.
  return `--form-string ${quoted(`${name}=${value}`)}`;
}

function file(name, saved) {
  return `-F ${quoted(`${name}=@${fileName(saved)}`)}`;
}

/** Return a file's name as curl reads it after an @, where commas and semicolons mean something. */
function fileName(name) {
  return /[",;\\]/.test(name) ? `"${name.replaceAll(/(["\\])/g, "\\$1")}"` : name;
}

/** Return the text as one word of a shell. */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
