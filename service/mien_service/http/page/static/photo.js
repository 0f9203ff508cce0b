/** Picking a photo: from a file, dropped, pasted, or a sample. It stays in this page until it is sent. */

const $ = (id) => document.getElementById(id);

/** Call `picked(file)` whenever a photo is picked. */
export function watchPhoto(picked) {
  const input = $("photo");
  let latest = null;
  const take = (files) => {
    if (!files?.length) return;
    latest = files[0];
    picked(latest);
  };
  const takeSample = async (name) => {
    latest = name;
    const file = await sample(name);
    // Another photo may have been picked while this one was on its way.
    if (latest === name) picked(file);
  };
  input.addEventListener("change", () => {
    take(input.files);
    // Else choosing the same file again would be no change.
    input.value = "";
  });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files));
  watchDrop(take);
  document.querySelectorAll("[data-sample]").forEach((button) => {
    button.addEventListener("click", () => takeSample(button.dataset.sample));
  });
}

/**
 * Take a drop anywhere: a browser would leave the page to show a file that missed a small target. Only a file
 * field of a task takes its own.
 */
function watchDrop(take) {
  const drop = $("drop");
  const isOnField = (event) => event.target.type === "file";
  document.addEventListener("dragover", (event) => {
    drop.classList.toggle("over", !isOnField(event));
    if (!isOnField(event)) event.preventDefault();
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (isOnField(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer?.files);
  });
}

async function sample(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  return new File([await answer.blob()], name, { type: "image/jpeg" });
}

/** Say which photo is picked; `size` is null for a file that the browser cannot show. */
export function namePhoto(file, size) {
  const name = $("photo-name");
  name.textContent = size ? `${file.name}, ${size.width} × ${size.height}` : file.name;
  name.hidden = false;
}

/** Mark the photo as what is wrong, or as fine again with an empty message. */
export function markPhoto(message) {
  const error = $("photo-error");
  error.textContent = message;
  error.hidden = !message;
  $("photo").setAttribute("aria-invalid", String(Boolean(message)));
  if (message) $("photo").focus();
}
