/** The page: a photo, the tasks of the service, and what they answer. */

import { element, prose } from "./dom.js";
import { markPhoto, namePhoto, watchPhoto } from "./photo.js";
import { Refused, fetchModels, send } from "./request.js";
import { answerView, photoView, picturesOf, shown } from "./result.js";
import { taskEntry } from "./tasks.js";
import { termsView } from "./terms.js";

const $ = (id) => document.getElementById(id);

/** The photo as {file, before}; `before` is null where the browser cannot show it. */
let photo = null;
let pictures = [];
let inFlight = new AbortController();

/** Start something that replaces what was under way; return its signal. */
function startAnew() {
  inFlight.abort();
  inFlight = new AbortController();
  $("problem").hidden = true;
  markPhoto("");
  return inFlight.signal;
}

function forget(shownPictures) {
  shownPictures.forEach((one) => one && URL.revokeObjectURL(one.address));
}

function showPictures(made, view) {
  forget(pictures);
  pictures = made;
  $("picture").replaceChildren(view);
}

function showPhoto() {
  const text = "This file cannot be shown here; the service will say whether it can be edited.";
  showPictures([], photo.before ? photoView(photo.before) : element("p", { class: "empty" }, text));
}

async function pick(file) {
  const signal = startAnew();
  forget([photo?.before]);
  // Set at once, so that it can be sent while the browser still decodes it.
  const picked = { file, before: null };
  photo = picked;
  const before = await shown(file);
  if (photo !== picked) return forget([before]);
  picked.before = before;
  namePhoto(file, before);
  if (signal.aborted) return;
  showPhoto();
  busy(false, "");
}

function busy(on, text) {
  $("stage").setAttribute("aria-busy", String(on));
  $("status").textContent = text;
}

async function edit(card, entry, values) {
  const signal = startAnew();
  if (!photo) return markPhoto("Choose a photo first.");
  busy(true, "Working…");
  comeIntoView($("stage"));
  const output = values.output ?? card.parameters.properties.output?.default;
  const request = { path: card.path, task: card.path.slice(1), photo: photo.file, values, output };
  const start = performance.now();
  try {
    const answer = await send(card.path, photo.file, values, signal);
    await showAnswer(answer, request, performance.now() - start, signal);
  } catch (error) {
    // The request that took this one's place has the page now.
    if (!signal.aborted) showProblem(error, entry);
  }
}

async function showAnswer(answer, request, wait, signal) {
  const made = await picturesOf(answer, request);
  if (signal.aborted) return forget(made);
  showPictures(made, answerView({ before: photo.before, pictures: made, answer, request, wait }));
  const shownPictures = made.length ? [counted(made.length, "picture")] : [];
  busy(false, `Done: ${[...shownPictures, counted(answer.faces.length, "face")].join(", ")}.`);
}

/** Scroll to an element that begins below the fold, as the picture does on a phone. */
function comeIntoView(shownLow) {
  if (shownLow.getBoundingClientRect().top > window.innerHeight / 2) shownLow.scrollIntoView();
}

function counted(number, name) {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}

function showProblem(error, entry) {
  busy(false, "");
  showPhoto();
  const { title, detail, field, requestId } = asRefused(error);
  const id = requestId ? [element("p", { class: "hint" }, `Request ${requestId}`)] : [];
  $("problem").replaceChildren(element("strong", {}, `${title}.`), element("p", {}, ...prose(detail)), ...id);
  $("problem").hidden = false;
  if (field === "image") markPhoto(detail);
  else if (field) entry.mark(field, detail);
}

function asRefused(error) {
  if (error instanceof Refused) return error;
  console.error(error);
  return new Refused({ title: "Something went wrong in this page", detail: "Reload it and try again." });
}

async function start() {
  watchPhoto(pick);
  try {
    const models = await fetchModels();
    $("terms").replaceChildren(termsView(models));
    const first = models.tasks.find((card) => !card.notice) ?? models.tasks[0];
    $("tasks").replaceChildren(...models.tasks.map((card) => makeEntry(card, card === first)));
  } catch (error) {
    const { title, detail } = asRefused(error);
    $("tasks").replaceChildren(element("p", { class: "problem", role: "alert" }, `${title}. ${detail}`));
  }
}

/** Return a task's entry; the one that begins open is the first that needs no notice. */
function makeEntry(card, open) {
  const entry = taskEntry(card, { open, submit: (values) => edit(card, entry, values) });
  return entry.element;
}

start();
