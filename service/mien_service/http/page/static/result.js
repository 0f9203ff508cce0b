/** What a task answered: pictures, what is known of them, and how to ask for the same with curl. */

import { comparison } from "./compare.js";
import { curlCommand } from "./curl.js";
import { element, told, words } from "./dom.js";
import { expressionViews } from "./expressions.js";
import { addressOf } from "./request.js";

/** Return the photo as it was picked: before any task, unless `caption` says else. */
export function photoView({ address, width, height }, caption = "Before") {
  const img = element("img", { src: address, alt: "The photo you chose", width, height });
  return element("figure", { class: "photo" }, img, element("figcaption", {}, caption));
}

/** Return the pictures of an answer as {blob, address, width, height, caption, fileName}; free the addresses. */
export async function picturesOf(answer, request) {
  const withImage = answer.results.filter((result) => result.image);
  const names = differing(withImage);
  return Promise.all(withImage.map((result) => pictureOf(result, request, names)));
}

/** Return the members that tell results apart, whatever the task calls them. */
function differing(results) {
  const names = Object.keys(results[0] ?? {}).filter((name) => !["image", "media_type"].includes(name));
  return names.filter((name) => results.some((result) => result[name] !== results[0][name]));
}

async function pictureOf(result, request, names) {
  const bytes = Uint8Array.from(atob(result.image), (letter) => letter.charCodeAt(0));
  const blob = new Blob([bytes], { type: result.media_type });
  const suffix = names.map((name) => `-${name}-${result[name]}`).join("");
  const kind = result.media_type.split("/")[1].replace("jpeg", "jpg");
  return {
    ...(await shown(blob)),
    caption: names.map((name) => `${words(name)} ${result[name]}`).join(", "),
    fileName: `${stem(request.photo.name)}-${request.task}${suffix}.${kind}`,
  };
}

/** Return a blob's address, to be revoked by the caller, and size; null for what is no picture. */
export async function shown(blob) {
  const address = URL.createObjectURL(blob);
  const img = new Image();
  img.src = address;
  try {
    await img.decode();
  } catch {
    URL.revokeObjectURL(address);
    return null;
  }
  return { address, width: img.naturalWidth, height: img.naturalHeight };
}

function stem(name) {
  return name.replace(/\.[^.]*$/, "");
}

/** Return the view of an answer: the comparison, what has to be told of it, the row to choose from, the facts and the command. */
export function answerView({ before, pictures, answer, request, wait }) {
  const views = pictures.length ? gallery(before, pictures, request.output !== "face") : unchanged(before);
  const [chosen, ...others] = views;
  return element(
    "div",
    { class: "answer" },
    chosen,
    // Right under the picture it is about: a row of others would push it out of sight.
    ...told(answer, { role: "note" }),
    ...expressionViews(answer.faces),
    ...others,
    facts(answer, wait),
    command(request, pictures),
  );
}

/** Return the photo of which something was read, where the browser can show it. */
function unchanged(before) {
  return before ? [photoView(before, "The photo, as it was")] : [element("p", { class: "empty" }, "This file cannot be shown here.")];
}

/** Return the chosen picture beside the photo, and a row to choose from where there are several. */
function gallery(before, pictures, sameFrame) {
  const stage = element("div", { class: "comparison" });
  const show = (picture) => {
    const { views, viewSwitch } = comparison(before, picture, sameFrame);
    const download = element("a", { class: "button", href: picture.address, download: picture.fileName }, "Download");
    const tools = viewSwitch ? [viewSwitch, download] : [download];
    stage.replaceChildren(element("div", { class: "bar" }, ...tools), ...views);
  };
  show(pictures[0]);
  return pictures.length > 1 ? [stage, row(pictures, show)] : [stage];
}

function row(pictures, show) {
  const choose = (chosen) => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(pictures[i] === chosen)));
    show(chosen);
  };
  const buttons = pictures.map((picture, i) => {
    const { address, width, height, caption } = picture;
    const img = element("img", { src: address, alt: caption, width, height });
    const button = element("button", { type: "button", "aria-pressed": String(i === 0) }, img);
    button.addEventListener("click", () => choose(picture));
    return button;
  });
  const figures = buttons.map((button, i) =>
    element("figure", {}, button, element("figcaption", {}, pictures[i].caption)),
  );
  return element("div", { class: "row", role: "group", "aria-label": "Pictures" }, ...figures);
}

function facts(answer, wait) {
  const list = element("dl", { class: "facts" });
  const add = (name, value) => list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  for (const [stage, time] of Object.entries(answer.timings)) add(words(stage), milliseconds(time));
  add("Round trip", milliseconds(wait));
  for (const face of answer.faces) add(`Face ${face.index}`, faceText(face));
  add("Model", `${answer.model.name} ${answer.model.version}`);
  return list;
}

function faceText({ box: [left, top, right, bottom], pose, pose_after: after, score }) {
  const size = `${Math.round(right - left)} × ${Math.round(bottom - top)} px`;
  const turned = after ? `, afterwards ${poseText(after)}` : "";
  return `${size}; ${poseText(pose)}${turned}; score ${score}`;
}

function poseText({ yaw, pitch, roll }) {
  return `yaw ${yaw}°, pitch ${pitch}°, roll ${roll}°`;
}

function milliseconds(time) {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
}

function command({ path, task, photo, values }, pictures) {
  const several = pictures.length !== 1;
  const saveAs = several ? `${stem(photo.name)}-${task}.json` : pictures[0].fileName;
  const text = curlCommand({ address: addressOf(path), photo: photo.name, values, saveAs, several });
  const code = element("pre", { tabindex: 0, role: "region", "aria-label": "Command" }, text);
  const section = element("section", { class: "command" }, element("h3", {}, "The same with curl"), code);
  // There is no clipboard where the page comes over plain HTTP from another machine.
  if (navigator.clipboard) section.append(copyButton(text));
  return section;
}

function copyButton(text) {
  const button = element("button", { class: "button plain", type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  return button;
}
