/** Picking a photo: from a file, dropped, pasted, or the sample. It stays in this page until it is sent. */

const $ = (id) => document.getElementById(id);

/** Call `picked(file)` whenever a photo is picked. */
export function watchPhoto(picked) {
  const input = $("photo");
  const take = (files) => files?.length && picked(files[0]);
  input.addEventListener("change", () => {
    take(input.files);
    // Else choosing the same file again would be no change.
    input.value = "";
  });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files));
  watchDrop(take);
  $("sample").addEventListener("click", async () => picked(await sample()));
}

/** Take a drop anywhere: a browser would leave the page to show a file that missed a small target. */
function watchDrop(take) {
  const drop = $("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer?.files);
  });
}

async function sample() {
  const answer = await fetch(new URL("sample.jpg", import.meta.url));
  return new File([await answer.blob()], "sample.jpg", { type: "image/jpeg" });
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
