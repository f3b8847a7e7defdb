// A field to draw in, white on black like the training digits, and what a network answers to the drawing.
//
// `props.examples` are drawings, each a list of strokes, each a list of places; `props.pen` is the width of the pen
// and the form of its ends; `props.palettes` has 256 colours of three bytes for each name. `server.classify_drawing` gets the
// network and the drawing, and returns {error, label, saliency, maps}; `grids.py` describes the groups of the last
// two. It is called directly, not through Gradio's queue, which takes longer than the network.
const find = (selector) => element.querySelector(selector);
const canvas = find("canvas"), pen = canvas.getContext("2d"), answer = find(".answer");
let last = null, example = 0; // the place of the pen while it draws, and the number of the next example

// ---- The answer ------------------------------------------------------------------------------------------------

// The newest drawing, the newest that was sent, the one whose answer is shown, and the requests on their way.
let drawn = 0, sent = 0, shown = 0, busy = 0;

/** Marks the answer as that of an older drawing, until the new one is there. */
function change() {
  drawn++;
  answer.classList.add("pending");
}

/** Asks for the answer to the drawing, now or, unless it is `urgent`, after the request that is on its way. */
async function ask(urgent) {
  if (sent === drawn || (busy && !urgent)) return;
  const number = (sent = drawn);
  busy++;
  let found;
  try {
    found = await server.classify_drawing(find("select").value, canvas.toDataURL("image/png"));
  } catch {
    found = { error: "The page does not answer. Is `session5 playground` still running?", label: [], saliency: [], maps: [] };
  }
  busy--;
  if (number >= shown) {
    shown = number;
    show(found);
  }
  if (shown === drawn) answer.classList.remove("pending");
  else ask(false);
}

function show({ error, label, saliency, maps }) {
  find(".warning").textContent = error && `⚠ ${error}`;
  find(".guess").replaceChildren(...label.map(([name, probability], i) => {
    const row = document.createElement("div"), percent = `${Math.round(100 * probability)}%`;
    row.style.setProperty("--share", percent);
    row.append(i ? name : Object.assign(document.createElement("strong"), { textContent: name }), ` ${percent}`);
    return row;
  }));
  find(".saliency").replaceChildren(...saliency.map(draw));
  find(".maps").replaceChildren(...maps.map(draw));
}

const read = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const palettes = Object.fromEntries(Object.entries(props.palettes).map(([name, text]) => [name, read(text)]));

/** One array as a canvas. */
function paint(pixels, { width, height, colours, side }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.style.width = `${side}px`;
  const image = new ImageData(width, height), palette = palettes[colours];
  for (let i = 0; i < width * height; i++) {
    const color = palette ? palette.subarray(3 * pixels[i], 3 * pixels[i] + 3) : pixels.subarray(3 * i, 3 * i + 3);
    image.data.set(color, 4 * i);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** One group of arrays with its title. */
function draw(group) {
  const pixels = read(group.pixels), size = group.width * group.height * (palettes[group.colours] ? 1 : 3);
  const figure = document.createElement("figure"), caption = document.createElement("figcaption");
  caption.textContent = group.title;
  const arrays = document.createElement("div");
  arrays.setAttribute("role", "img");
  arrays.setAttribute("aria-label", group.description);
  for (let at = 0; at < pixels.length; at += size) arrays.append(paint(pixels.subarray(at, at + size), group));
  arrays.append(group.value);
  figure.append(caption, arrays);
  return figure;
}

// ---- The field -------------------------------------------------------------------------------------------------

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
function stroke(from, to) {
  pen.strokeStyle = "white";
  pen.lineWidth = props.pen[0];
  pen.lineCap = props.pen[1];
  pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(to[0] + 0.01, to[1]); // canvases do not draw lines of length zero, as from a click
  pen.stroke();
}
function clear() {
  pen.fillStyle = "black";
  pen.fillRect(0, 0, canvas.width, canvas.height);
}
function finish() {
  change();
  ask(true);
}
function drawExample() {
  clear();
  const strokes = props.examples[example++ % props.examples.length];
  for (const places of strokes) places.forEach((to, i) => stroke(places[Math.max(0, i - 1)], to));
  finish();
}
async function drawFile(file) {
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    find(".status").textContent = "This file is not an image that the browser can read.";
    return;
  }
  find(".status").textContent = "";
  const scale = Math.min(canvas.width / image.width, canvas.height / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  // The corner's colour surrounds an image that is not square.
  pen.drawImage(image, 0, 0, 1, 1, 0, 0, canvas.width, canvas.height);
  pen.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  finish();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = place(event);
  stroke(last, last);
  change();
  ask(false);
});
canvas.addEventListener("pointermove", (event) => {
  if (last === null) return;
  const next = place(event);
  stroke(last, next);
  last = next;
  change();
  ask(false);
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (last === null) return;
    last = null;
    ask(true);
  });
}
find(".clear").addEventListener("click", () => {
  clear();
  finish();
});
find(".example").addEventListener("click", drawExample);
find("input").addEventListener("change", (event) => {
  if (event.target.files.length) drawFile(event.target.files[0]);
  event.target.value = ""; // so that the same file can be chosen again
});
find("select").addEventListener("change", finish);
watch("refresh", finish); // a network may have come
drawExample();
