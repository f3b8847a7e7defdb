"use strict";
// Draw a digit: LeNet-5 in plain JavaScript, every number of it to look at.
(() => {
  // ==== The network, without a page ===========================================================================
  // All arrays are flat and in Keras's order: (row, column, map) of a layer, (row, column, map below, map) of a
  // kernel. `from` is the layer below.

  const LAYERS = [
    { name: "image", kind: "image", side: 28, maps: 1 },
    { name: "c1", kind: "convolution", from: "scale", side: 28, maps: 6, size: 5, border: 2 },
    { name: "s2", kind: "pooling", from: "c1", side: 14, maps: 6, size: 2 },
    { name: "c3", kind: "convolution", from: "s2", side: 10, maps: 16, size: 5, border: 0 },
    { name: "s4", kind: "pooling", from: "c3", side: 5, maps: 16, size: 2 },
    { name: "c5", kind: "convolution", from: "s4", side: 1, maps: 120, size: 5, border: 0 },
    { name: "f6", kind: "dense", from: "c5", side: 1, maps: 84 },
    { name: "output", kind: "softmax", from: "f6", side: 1, maps: 10, keras: "probabilities" },
  ];
  const LAYER = Object.fromEntries(LAYERS.map((layer) => [layer.name, layer]));
  LAYER.scale = { name: "scale", side: 28, maps: 1 };
  for (const layer of LAYERS) layer.below = LAYER[layer.from];

  const scaled = (pixel) => pixel * (1.275 / 255) - 0.1; // the paper's range: ground -0.1, ink 1.175

  /** One layer with weights before its activation: a convolution, or a dense layer as one of size 1. */
  function weightedSums(x, { side, maps, size = 1, border = 0, below }, { kernel, bias }, sums) {
    const depth = below.maps, wide = below.side;
    const total = new Float64Array(maps);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        total.set(bias);
        for (let u = 0; u < size; u++) {
          const i = row + u - border;
          if (i < 0 || i >= wide) continue; // the border is zero
          for (let v = 0; v < size; v++) {
            const j = column + v - border;
            if (j < 0 || j >= wide) continue;
            for (let d = 0; d < depth; d++) {
              const value = x[(i * wide + j) * depth + d];
              const first = ((u * size + v) * depth + d) * maps;
              for (let m = 0; m < maps; m++) total[m] += value * kernel[first + m];
            }
          }
        }
        sums.set(total, (row * side + column) * maps);
      }
    }
  }

  function pool(x, { side, maps, below }, out) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        for (let m = 0; m < maps; m++) {
          const at = (2 * row * below.side + 2 * column) * maps + m, down = below.side * maps;
          out[(row * side + column) * maps + m] = Math.max(x[at], x[at + maps], x[at + down], x[at + down + maps]);
        }
      }
    }
  }

  function softmax(z, out) {
    const most = Math.max(...z);
    let total = 0;
    for (let k = 0; k < z.length; k++) total += Math.exp(z[k] - most);
    for (let k = 0; k < z.length; k++) out[k] = Math.exp(z[k] - most) / total;
  }

  /** LeNet-5 from its tensors. `run(pixels)` fills `outputs`, and `sums` before the activations, of each layer. */
  function lenet5(tensors) {
    const outputs = {}, sums = {}, weights = {};
    for (const { name, side, maps } of [...LAYERS, LAYER.scale]) outputs[name] = new Float32Array(side * side * maps);
    for (const { name, kind, side, maps, keras = name } of LAYERS) {
      if (kind === "image" || kind === "pooling") continue;
      sums[name] = new Float32Array(side * side * maps);
      // As float64, in which JavaScript computes: nothing is converted in the loops.
      weights[name] = { kernel: Float64Array.from(tensors[`${keras}/kernel`].data), bias: Float64Array.from(tensors[`${keras}/bias`].data) };
    }
    function run(pixels) {
      outputs.image.set(pixels);
      outputs.scale.set(outputs.image.map(scaled));
      for (const layer of LAYERS.slice(1)) {
        const x = outputs[layer.from], out = outputs[layer.name], z = sums[layer.name];
        if (layer.kind === "pooling") {
          pool(x, layer, out);
          continue;
        }
        weightedSums(x, layer, weights[layer.name], z);
        if (layer.kind === "softmax") softmax(z, out);
        else for (let i = 0; i < z.length; i++) out[i] = Math.tanh(z[i]);
      }
      return outputs.output;
    }
    return { outputs, sums, weights, run };
  }

  /** All that goes into one number: for each map below the window, the kernel on it, and their products. */
  function explain(net, { name, map, row, column }) {
    const layer = LAYER[name], { below, kind, size = 1, border = 0, maps } = layer;
    const value = net.outputs[name][(row * layer.side + column) * maps + map];
    if (kind === "image") return { kind, value, scaled: net.outputs.scale[row * 28 + column] };
    const at = (i, j, d) =>
      i < 0 || j < 0 || i >= below.side || j >= below.side ? 0 : net.outputs[below.name][(i * below.side + j) * below.maps + d];
    if (kind === "pooling") {
      const window = [0, 1, 2, 3].map((k) => at(2 * row + (k >> 1), 2 * column + (k & 1), map));
      return { kind, value, window, chosen: window.indexOf(value) };
    }
    const { kernel, bias } = net.weights[name];
    const isDense = kind !== "convolution";
    // A dense layer has one window, the row of all numbers below; a convolution has a window on each map below.
    const channels = Array.from({ length: isDense ? 1 : below.maps }, (_, d) => {
      const length = isDense ? below.maps : size * size;
      const place = (k) => (isDense ? [0, 0, k] : [row - border + Math.floor(k / size), column - border + (k % size), d]);
      const window = Float64Array.from({ length }, (_, k) => at(...place(k)));
      const weights = Float64Array.from({ length }, (_, k) => kernel[(isDense ? k : k * below.maps + d) * maps + map]);
      const products = window.map((x, k) => x * weights[k]);
      return { window, kernel: weights, products, sum: products.reduce((a, b) => a + b, 0) };
    });
    const sum = channels.reduce((total, channel) => total + channel.sum, 0);
    return { kind, value, channels, sum, bias: bias[map], z: sum + bias[map], all: isDense && name === "output" ? net.sums.output : null };
  }

  // ==== Framing: from a drawing to an image like the training digits, as the exported model's graph does it ========

  const BOX = 24, CELLS = 8; // the training digits fill 24 x 24 pixels; their ink was measured in 8 x 8 cells

  /** Ink (side, side), 0..255, on a ground -> 28 x 28 pixels, 0..255; null if nothing is drawn. */
  function frameDigit(drawing, side) {
    const border = [];
    for (let i = 0; i < side; i++) border.push(drawing[i], drawing[(side - 1) * side + i], drawing[i * side], drawing[i * side + side - 1]);
    const ground = border.sort((a, b) => a - b)[border.length >> 1];
    let strongest = 0;
    for (const value of drawing) strongest = Math.max(strongest, Math.abs(value - ground));
    if (strongest <= 16) return null;

    // The contrast is sharpened, and the digit cut out.
    const digit = new Float32Array(side * side);
    let top = side, bottom = 0, left = side, right = 0;
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        const ink = Math.abs(drawing[i * side + j] - ground) / strongest;
        const value = (digit[i * side + j] = Math.min(1, Math.max(0, (ink - 0.1) / 0.8)));
        if (value > 0.25) {
          top = Math.min(top, i);
          bottom = Math.max(bottom, i + 1);
          left = Math.min(left, j);
          right = Math.max(right, j + 1);
        }
      }
    }
    const height = bottom - top, width = right - left, size = Math.max(height, width);
    const above = (size - height) >> 1, before = (size - width) >> 1;
    const inSquare = (i, j) =>
      i < above || j < before || i >= above + height || j >= before + width ? 0 : digit[(top + i - above) * side + left + j - before];

    const cells = shrink(inSquare, size, CELLS);
    const most = Math.max(...cells);
    const enlarged = enlarge(cells.map((cell) => cell / most), CELLS, BOX);
    const pixels = new Float32Array(28 * 28), margin = (28 - BOX) / 2;
    for (let i = 0; i < BOX; i++) {
      for (let j = 0; j < BOX; j++) pixels[(i + margin) * 28 + j + margin] = Math.round(255 * enlarged[i * BOX + j]);
    }
    return pixels;
  }

  /** A square (size, size) -> the means of cells x cells parts of it; pixels on an edge count in part. */
  function shrink(at, size, cells) {
    const means = new Float64Array(cells * cells), step = size / cells;
    const ranges = Array.from({ length: cells }, (_, k) => {
      const found = [];
      for (let i = Math.floor(k * step); i < Math.min(size, Math.ceil((k + 1) * step)); i++) {
        found.push([i, Math.min(i + 1, (k + 1) * step) - Math.max(i, k * step)]);
      }
      return found;
    });
    ranges.forEach((rows, r) => ranges.forEach((columns, c) => {
      let sum = 0;
      for (const [i, high] of rows) for (const [j, wide] of columns) sum += high * wide * at(i, j);
      means[r * cells + c] = sum / (step * step);
    }));
    return means;
  }

  /** Bilinear interpolation from (from, from) to (to, to), where pixels are squares that keep their places. */
  function enlarge(values, from, to) {
    const places = Array.from({ length: to }, (_, k) => {
      const at = ((k + 0.5) * from) / to - 0.5, low = Math.floor(at);
      return [Math.max(low, 0), Math.min(low + 1, from - 1), at - low];
    });
    const out = new Float64Array(to * to);
    places.forEach(([top, bottom, down], i) => places.forEach(([left, right, over], j) => {
      const above = values[top * from + left] * (1 - over) + values[top * from + right] * over;
      const below = values[bottom * from + left] * (1 - over) + values[bottom * from + right] * over;
      out[i * to + j] = above * (1 - down) + below * down;
    }));
    return out;
  }

  // ==== The page ==============================================================================================

  const SHEET = 280, PEN = 26; // pixels of the drawing, and of the pen's width
  // How each layer's maps are shown: pixels for each number, maps in a row, gap.
  const SHOWN = {
    image: { zoom: 4, perRow: 1, gap: 4 }, c1: { zoom: 4, perRow: 6, gap: 5 }, s2: { zoom: 8, perRow: 6, gap: 5 },
    c3: { zoom: 4, perRow: 16, gap: 5 }, s4: { zoom: 8, perRow: 16, gap: 5 }, c5: { zoom: 11, perRow: 60, gap: 1 },
    f6: { zoom: 16, perRow: 42, gap: 1 }, output: { zoom: 28, perRow: 10, gap: 3 },
  };
  const ABOUT = {
    image: ["28 × 28", "The drawing as the network gets it: cut out, centred, made as coarse as the training digits."],
    c1: ["6 × 28 × 28", "Convolution: six kernels of 5 × 5 weights glide over the image, each makes a map."],
    s2: ["6 × 14 × 14", "Max pooling: of every 2 × 2 numbers the largest stays."],
    c3: ["16 × 10 × 10", "Convolution: sixteen kernels, each sees 5 × 5 numbers of all six maps at once."],
    s4: ["16 × 5 × 5", "Max pooling again."],
    c5: ["120", "Each of 120 units sees all of the sixteen maps."],
    f6: ["84", "84 units, each connected with all 120."],
    output: ["10", "Ten sums, one for each digit; softmax makes probabilities of them."],
  };
  const isFlat = (layer) => layer.side === 1;

  function build(root, S5) {
    const { el, button, number, colors } = S5;
    const file = S5.weights("lenet5");
    const net = lenet5(file.tensors);
    const examples = file.tensors.examples.data;
    const state = {
      pixels: null, // 28 x 28, or null while nothing is drawn
      example: null, // the example digit that lies on the sheet
      unit: { name: "c1", map: 0, row: 14, column: 14 },
      product: null, // [channel, place] of the product that is spelled out
      ms: 0, // of the last forward pass
    };

    // ---- The sheet -----------------------------------------------------------------------------------------------
    const ink = document.createElement("canvas"); // white on nothing: its opacity is the drawing
    ink.width = ink.height = SHEET;
    const inkPen = ink.getContext("2d", { willReadFrequently: true });
    const sheet = S5.canvas(SHEET, SHEET, { class: "sheet", tabindex: 0, role: "img", "aria-describedby": "digit-answer" });
    const sheetPen = sheet.getContext("2d");
    const cursor = { x: 140, y: 60, isDown: false };

    function showSheet() {
      sheetPen.clearRect(0, 0, SHEET, SHEET);
      sheetPen.imageSmoothingQuality = "high";
      sheetPen.drawImage(ink, 0, 0);
      sheetPen.globalCompositeOperation = "source-in"; // the ink in the theme's colour
      sheetPen.fillStyle = colors.ink;
      sheetPen.fillRect(0, 0, SHEET, SHEET);
      sheetPen.globalCompositeOperation = "source-over";
      if (document.activeElement === sheet && sheet.matches(":focus-visible")) {
        sheetPen.beginPath();
        sheetPen.arc(cursor.x, cursor.y, PEN / 2, 0, 2 * Math.PI);
        sheetPen.lineWidth = 3;
        sheetPen.strokeStyle = colors.accent;
        sheetPen.stroke();
        if (cursor.isDown) {
          sheetPen.fillStyle = colors.accent;
          sheetPen.fill();
        }
      }
    }

    function stroke(from, to) {
      inkPen.strokeStyle = "#fff";
      inkPen.lineWidth = PEN;
      inkPen.lineCap = inkPen.lineJoin = "round";
      inkPen.beginPath();
      inkPen.moveTo(...from);
      inkPen.lineTo(to[0] + 0.01, to[1]); // a canvas draws no line of length zero
      inkPen.stroke();
    }

    function clear() {
      inkPen.clearRect(0, 0, SHEET, SHEET);
      state.example = null;
      read();
    }

    /** Ink of the sheet, 0..255, (SHEET, SHEET). */
    function readInk() {
      const rgba = inkPen.getImageData(0, 0, SHEET, SHEET).data, found = new Uint8Array(SHEET * SHEET);
      for (let i = 0; i < found.length; i++) found[i] = rgba[4 * i + 3];
      return found;
    }

    const read = S5.onFrame(readNow);
    function readNow() {
      showSheet();
      hint.textContent = state.example === null ? "It answers while you draw." : "A digit of the test set. Draw on it: a sheet of your own begins.";
      compute(state.example === null ? frameDigit(readInk(), SHEET) : examples.subarray(state.example * 784, (state.example + 1) * 784));
    }

    function showExample(which) {
      state.example = which;
      const small = document.createElement("canvas");
      small.width = small.height = 28;
      const image = small.getContext("2d").createImageData(28, 28);
      for (let i = 0; i < 784; i++) image.data.set([255, 255, 255, examples[which * 784 + i]], 4 * i);
      small.getContext("2d").putImageData(image, 0, 0);
      inkPen.clearRect(0, 0, SHEET, SHEET);
      inkPen.imageSmoothingQuality = "high";
      inkPen.drawImage(small, 0, 0, SHEET, SHEET);
      read();
    }

    /** Whoever draws on an example begins a sheet of his own. */
    function begin() {
      if (state.example !== null) inkPen.clearRect(0, 0, SHEET, SHEET);
      state.example = null;
    }

    let last = null;
    S5.pointer(sheet, [SHEET, SHEET], {
      down(x, y) {
        begin();
        stroke([x, y], [x, y]);
        last = [x, y];
        read();
      },
      move(x, y) {
        stroke(last, [x, y]);
        last = [x, y];
        read();
      },
      up: read,
    });
    const pressed = new Set(); // two arrow keys at once move the pen slantwise
    sheet.addEventListener("keyup", (event) => pressed.delete(event.key));
    sheet.addEventListener("blur", () => {
      pressed.clear();
      cursor.isDown = false;
      read();
    });
    sheet.addEventListener("focus", read);
    S5.keys(sheet, {
      arrows(_dx, _dy, event) {
        pressed.add(event.key);
        const dx = pressed.has("ArrowRight") - pressed.has("ArrowLeft"), dy = pressed.has("ArrowDown") - pressed.has("ArrowUp");
        const by = event.shiftKey ? 2 : 10;
        const to = [cursor.x + by * dx, cursor.y + by * dy].map((one) => Math.min(SHEET - 14, Math.max(14, one)));
        if (cursor.isDown) stroke([cursor.x, cursor.y], to);
        [cursor.x, cursor.y] = to;
        read();
      },
      " "(event) {
        if (event.repeat) return;
        cursor.isDown = !cursor.isDown;
        if (cursor.isDown) {
          begin();
          stroke([cursor.x, cursor.y], [cursor.x, cursor.y]);
        }
        read();
      },
      Delete: clear,
      Backspace: clear,
      Escape: clear,
    });

    // ---- The answer ----------------------------------------------------------------------------------------------
    const answer = el("p", { class: "answer", id: "digit-answer", role: "status" });
    const bars = Array.from({ length: 10 }, (_, digit) => {
      const bar = el("i"), share = el("span", { class: "share" });
      return { bar, share, row: el("div", { class: "bar" }, el("b", {}, digit), el("div", { class: "track" }, bar), share) };
    });

    function showAnswer() {
      const probabilities = net.outputs.output;
      const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const [first, second] = order, percent = Math.round(100 * probabilities[first]);
      const text = !state.pixels ? "Nothing is drawn yet, so there is no answer. Draw a digit from 0 to 9."
        : probabilities[first] >= 0.9 ? `It reads ${first}.`
        : probabilities[first] >= 0.5 ? `It reads ${first}, but could take it for ${second}.`
        : `It is not sure: ${first} or ${second}?`;
      if (answer.textContent !== text) answer.textContent = text;
      bars.forEach(({ bar, share, row }, digit) => {
        const p = state.pixels ? probabilities[digit] : 0;
        bar.style.transform = `scaleX(${p})`;
        share.textContent = state.pixels ? `${number(100 * p, 1)} %` : "–";
        row.classList.toggle("most", Boolean(state.pixels) && digit === first);
      });
      sheet.setAttribute("aria-label", `Sheet to draw on. ${text}${state.pixels ? ` ${percent} percent.` : ""} Pen ${cursor.isDown ? "down" : "up"}.`);
    }

    // ---- The maps ------------------------------------------------------------------------------------------------
    let signed, grey;
    function readTheme() {
      signed = S5.ramp(colors.negative, colors.paper, colors.positive);
      grey = S5.ramp(colors.paper, S5.mix(colors.paper, colors.ink, 0.5), colors.ink);
    }

    const views = Object.fromEntries(LAYERS.map((layer) => [layer.name, makeView(layer)]));

    /** A layer's small picture in the architecture, and its strip of maps. */
    function makeView(layer) {
      const { zoom, perRow, gap } = SHOWN[layer.name];
      const cell = layer.side * zoom + gap, rows = Math.ceil(layer.maps / perRow);
      const width = perRow * cell - gap + 6, height = rows * cell - gap + 6;
      const strip = S5.canvas(width, height, { class: "strip", tabindex: 0, role: "img" });
      const small = document.createElement("canvas"); // one number a pixel, the maps side by side
      small.width = layer.side * layer.maps;
      small.height = layer.side;
      const image = small.getContext("2d").createImageData(small.width, small.height);
      const picture = S5.canvas(84, 84, { "aria-hidden": "true" });
      const [shape, about] = ABOUT[layer.name];
      const box = button("", () => select(layer.name), { class: "box", "aria-pressed": "false", title: about });
      box.append(picture, el("b", {}, layer.name), el("span", {}, shape));
      const details = el("div", { class: "unit", hidden: true });
      const row = el("div", { class: "layer" },
        el("h3", {}, layer.name, el("span", {}, about)),
        el("div", { class: "scroll" }, strip), details);
      const place = (map) => [3 + (map % perRow) * cell, 3 + Math.floor(map / perRow) * cell];
      const view = { layer, strip, small, image, picture, box, row, details, place, zoom, perRow };

      S5.pointer(strip, [width, height], {
        down(x, y) {
          const map = Math.floor((y - 3) / cell) * perRow + Math.floor((x - 3) / cell);
          const [left, top] = place(map);
          const column = Math.floor((x - left) / zoom), row = Math.floor((y - top) / zoom);
          if (map < layer.maps && column >= 0 && row >= 0 && column < layer.side && row < layer.side) {
            choose({ name: layer.name, map, row, column });
          }
        },
      });
      const move = (dx, dy) => {
        const unit = state.unit.name === layer.name ? state.unit : firstUnit(layer);
        let { map, row, column } = unit;
        if (isFlat(layer)) map = Math.min(layer.maps - 1, Math.max(0, map + dx + dy * perRow));
        else {
          row = Math.min(layer.side - 1, Math.max(0, row + dy));
          column = Math.min(layer.side - 1, Math.max(0, column + dx));
        }
        choose({ name: layer.name, map, row, column });
      };
      const turn = (by) => () => {
        const unit = state.unit.name === layer.name ? state.unit : firstUnit(layer);
        choose({ ...unit, map: (unit.map + by + layer.maps) % layer.maps });
      };
      S5.keys(strip, { arrows: move, PageDown: turn(1), PageUp: turn(-1), Enter: () => select(layer.name), " ": () => select(layer.name) });
      const key = (text, label, fn) => button(text, fn, { "aria-label": label, title: label });
      view.pad = el("div", { class: "pad" }, isFlat(layer)
        ? [key("◀", "the unit before", () => move(-1, 0)), key("▶", "the next unit", () => move(1, 0))]
        : [key("←", "one column left", () => move(-1, 0)), key("↑", "one row up", () => move(0, -1)), key("↓", "one row down", () => move(0, 1)),
          key("→", "one column right", () => move(1, 0)), layer.maps > 1 ? [key("◀", "the map before", turn(-1)), key("▶", "the next map", turn(1))] : []].flat());
      return view;
    }

    /** The strongest number of a layer: the one that is opened first. */
    function firstUnit(layer) {
      const values = net.outputs[layer.name];
      let most = 0;
      if (state.pixels) for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[most])) most = i;
      const place = Math.floor(most / layer.maps);
      return { name: layer.name, map: most % layer.maps, row: Math.floor(place / layer.side), column: place % layer.side };
    }

    function paintMaps({ layer, small, image }) {
      const values = net.outputs[layer.name], pixels = new Uint32Array(image.data.buffer);
      const { side, maps } = layer, wide = side * maps;
      const blank = !state.pixels;
      const [colours, scale, zero] = layer.name === "image" ? [grey, 1, 0] : [signed, 127.5, 128];
      for (let row = 0, i = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          for (let m = 0; m < maps; m++, i++) {
            pixels[row * wide + m * side + column] = blank ? colours[zero] : colours[Math.max(0, Math.min(255, Math.round(zero + scale * values[i])))];
          }
        }
      }
      small.getContext("2d").putImageData(image, 0, 0);
    }

    /** What the chosen number sees: in which layer, and the part of each map there. */
    function seen() {
      const { name, map, row, column } = state.unit, { kind, below, border } = LAYER[name];
      if (kind === "image") return null;
      const on = below.name === "scale" ? "image" : below.name;
      if (kind === "pooling") return { on, map, row: 2 * row, column: 2 * column, size: 2 };
      if (kind === "convolution") return { on, row: row - border, column: column - border, size: 5 };
      return { on, row: 0, column: 0, size: 1 };
    }

    function paintStrip(view) {
      const { layer, strip, small, place, zoom } = view, { side, maps } = layer;
      const pen = strip.getContext("2d");
      pen.clearRect(0, 0, strip.width, strip.height);
      pen.imageSmoothingEnabled = false;
      pen.lineWidth = 1;
      pen.strokeStyle = colors.grid;
      pen.font = "600 14px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      const framed = seen();
      for (let m = 0; m < maps; m++) {
        const [x, y] = place(m);
        pen.drawImage(small, m * side, 0, side, side, x, y, side * zoom, side * zoom);
        pen.strokeRect(x - 0.5, y - 0.5, side * zoom + 1, side * zoom + 1);
        if (layer.name === "output") {
          pen.fillStyle = state.pixels && net.outputs.output[m] > 0.5 ? colors.paper : colors.ink;
          pen.fillText(m, x + zoom / 2, y + zoom / 2 + 1);
        }
      }
      for (let m = 0; m < maps; m++) {
        const [x, y] = place(m);
        if (framed?.on === layer.name && !(framed.map >= 0 && framed.map !== m)) {
          const { row, column, size } = framed;
          outline(pen, x + column * zoom, y + row * zoom, size * zoom, side > 1 ? 1.5 : 1);
        }
        if (state.unit.name === layer.name && state.unit.map === m) {
          outline(pen, x + state.unit.column * zoom, y + state.unit.row * zoom, zoom, 2);
        }
      }
    }

    function outline(pen, x, y, side, width) {
      pen.lineWidth = width + 1.5;
      pen.strokeStyle = colors.paper;
      pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
      pen.lineWidth = width;
      pen.strokeStyle = colors.accent;
      pen.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
    }

    /** The layer as LeNet-5's figure draws it: sheets behind each other. */
    function paintPicture({ layer, small, picture }) {
      const pen = picture.getContext("2d"), { side, maps } = layer;
      pen.clearRect(0, 0, 84, 84);
      pen.imageSmoothingEnabled = false;
      pen.lineWidth = 1;
      pen.strokeStyle = colors.edge;
      if (isFlat(layer)) {
        const columns = { c5: 10, f6: 7, output: 1 }[layer.name], rows = maps / columns;
        const size = Math.min(76 / rows, 9), left = (84 - columns * size) / 2, top = (84 - rows * size) / 2;
        for (let m = 0; m < maps; m++) pen.drawImage(small, m, 0, 1, 1, left + (m % columns) * size, top + Math.floor(m / columns) * size, size - 0.5, size - 0.5);
        pen.strokeRect(left - 1, top - 1, columns * size + 1.5, rows * size + 1.5);
        return;
      }
      const wide = { image: 62, c1: 50, s2: 40, c3: 32, s4: 26 }[layer.name];
      const step = maps > 6 ? 2.6 : 4.2, span = wide + (maps - 1) * step;
      const first = (84 - span) / 2;
      for (let m = maps - 1; m >= 0; m--) {
        const at = first + m * step, down = 84 - first - wide - m * step;
        pen.drawImage(small, m * side, 0, side, side, at, down, wide, wide);
        pen.strokeRect(at, down, wide, wide);
      }
    }

    // ---- One number ----------------------------------------------------------------------------------------------
    let panel = null; // the open layer's elements

    function select(name) {
      choose(firstUnit(LAYER[name]));
      views[name].row.scrollIntoView({ block: "nearest" });
    }

    function choose(unit) {
      const view = views[unit.name], isSame = panel?.name === unit.name;
      const before = view.strip.getBoundingClientRect().top;
      if (!isSame || unit.map !== state.unit.map) state.product = null;
      state.unit = unit;
      if (!isSame) openPanel(unit.name);
      paint();
      const [left] = view.place(unit.map), over = view.strip.parentElement;
      const at = left + unit.column * view.zoom;
      if (at < over.scrollLeft || at + view.zoom > over.scrollLeft + over.clientWidth) over.scrollLeft = at - over.clientWidth / 2;
      // What is opened or closed above must not move what was clicked.
      const moved = view.strip.getBoundingClientRect().top - before;
      if (!isSame && moved) window.scrollBy({ top: moved, behavior: "instant" });
    }

    function cells(columns, count, make = () => el("span")) {
      const parts = Array.from({ length: count }, (_, k) => make(k));
      return { parts, element: el("div", { class: "cells", style: `--columns:${columns}` }, parts) };
    }

    /** Writes numbers and their colours into cells. */
    function fill({ parts }, values, scale, decimals = 2) {
      parts.forEach((part, k) => {
        const text = number(values[k], decimals), ground = S5.tint(values[k] / scale);
        if (part.textContent !== text) part.textContent = text;
        if (part.ground !== ground) part.style.background = part.ground = ground;
      });
    }

    function openPanel(name) {
      for (const view of Object.values(views)) {
        view.details.hidden = view.layer.name !== name;
        view.details.replaceChildren();
        view.box.setAttribute("aria-pressed", String(view.layer.name === name));
        view.row.classList.toggle("open", view.layer.name === name);
      }
      const { layer, details } = views[name], { kind, below, side } = layer;
      const title = el("h4"), code = el("code"), formula = el("p", { class: "formula" }), words = el("p", { class: "words", role: "status" });
      panel = { name, title, code, formula, words };
      details.append(el("div", { class: "unit-head" }, title, code, views[name].pad));
      if (kind === "pooling") {
        panel.window = cells(2, 4, (k) => button("", () => spell(0, k)));
        details.append(el("div", { class: "channels window" }, labelled("four numbers of the map below", panel.window.element)));
      } else if (kind !== "image") {
        const isDense = kind !== "convolution", count = isDense ? 1 : below.maps;
        const columns = isDense ? below.maps : 5, length = isDense ? below.maps : 25;
        panel.channels = Array.from({ length: count }, (_, c) => {
          const made = {
            window: cells(columns, length),
            kernel: cells(columns, length),
            products: cells(columns, length, (k) => button("", () => spell(c, k), {
              tabindex: k ? -1 : 0, onmouseenter: () => light(c, k), onmouseleave: () => light(...(state.product ?? [-1])), onfocus: () => light(c, k),
            })),
            sum: el("p", { class: "channel-sum" }),
          };
          S5.keys(made.products.element, {
            arrows(dx, dy) {
              const at = made.products.parts.indexOf(document.activeElement);
              const to = at + dx + dy * columns;
              if (to < 0 || to >= length) return;
              made.products.parts[at].tabIndex = -1;
              made.products.parts[to].tabIndex = 0;
              made.products.parts[to].focus();
            },
          });
          const below_ = below.name === "scale" ? "image" : below.name;
          made.element = el("div", { class: "channel" },
            labelled(isDense ? `${below_}, all ${below.maps}` : count > 1 ? `${below_}, map ${c}` : `${below_}, 5 × 5`, made.window.element),
            el("span", { class: "sign" }, "×"),
            labelled(isDense ? "weights" : "kernel", made.kernel.element),
            el("span", { class: "sign" }, "="),
            labelled("products", made.products.element),
            made.sum);
          return made;
        });
        details.append(el("div", { class: `scroll channels ${count > 1 ? "many" : isDense ? "long" : "one"}`, tabindex: count > 1 || isDense ? 0 : null,
          role: "group", "aria-label": "windows, kernels and products" }, panel.channels.map((channel) => channel.element)));
      }
      if (kind === "convolution" || name === "f6") panel.squash = squash();
      details.append(el("div", { class: "result" }, formula, panel.squash?.element), words);
      if (side === 1 && name === "output") {
        panel.softmax = cells(10, 40);
        details.append(el("div", { class: "scroll softmax", tabindex: 0, role: "group", "aria-label": "softmax" },
          labelled("softmax: the digit, its sum z, exp z, and its share of the ten exp z", panel.softmax.element)));
      }
    }

    /** The curve of tanh, with the point of the chosen number. */
    function squash() {
      const x = (z) => 75 + 18 * Math.max(-4, Math.min(4, z)), y = (value) => 42 - 32 * value;
      const points = Array.from({ length: 81 }, (_, k) => (k - 40) / 10).map((z) => `${x(z)},${y(Math.tanh(z))}`);
      const path = el("path", { class: "to" }), dot = el("circle", { r: 4 });
      const element = el("svg", { class: "squash", viewBox: "0 0 150 84", role: "img", "aria-label": "The curve of tanh: it squashes any sum to between −1 and 1." },
        el("path", { class: "axis", d: `M3 42H147M75 4V80` }), el("polyline", { class: "curve", points: points.join(" ") }),
        el("text", { x: 79, y: 13 }, "1"), el("text", { x: 58, y: 79 }, "−1"), el("text", { x: 118, y: 54 }, "sum"), el("text", { x: 3, y: 13 }, "tanh"), path, dot);
      return {
        element,
        show(z) {
          const [at, value] = [x(z), y(Math.tanh(z))];
          path.setAttribute("d", `M${at} 42V${value}H75`);
          dot.setAttribute("cx", at);
          dot.setAttribute("cy", value);
        },
      };
    }

    function labelled(text, element) {
      return el("figure", {}, el("figcaption", {}, text), element);
    }

    function light(channel, k) {
      panel.channels?.forEach(({ window, kernel, products }, c) => {
        for (const grid of [window, kernel, products]) grid.parts.forEach((part, i) => part.classList.toggle("lit", c === channel && i === k));
      });
    }

    function spell(channel, k) {
      state.product = [channel, k];
      showPanel();
    }

    function showPanel() {
      if (!panel) return;
      const { unit } = state, layer = LAYER[unit.name], found = explain(net, unit);
      const { map, row, column } = unit, { kind, below, side } = layer;
      panel.title.textContent = side > 1
        ? `${kind === "image" ? "Pixel in" : `Map ${map},`} row ${row}, column ${column}`
        : layer.name === "output" ? `Output ${map}` : `Unit ${map}`;
      panel.code.textContent = `${layer.keras ?? layer.name}[0, ${side > 1 || layer.name === "c5" ? `${row}, ${column}, ${map}` : map}] = ${number(found.value, kind === "image" ? 0 : 4)}`;
      if (!state.pixels) {
        panel.code.textContent = "";
        panel.formula.textContent = "Draw a digit first: its numbers appear here.";
        panel.words.textContent = "";
        return;
      }
      if (kind === "image") {
        panel.formula.textContent = `The pixel is ${found.value} of 255. The network begins by bringing it into the paper's range: ${found.value} × 1.275 / 255 − 0.1 = ${number(found.scaled, 4)}.`;
        return;
      }
      if (kind === "pooling") {
        fill(panel.window, found.window, 1, 4);
        panel.window.parts.forEach((part, k) => part.classList.toggle("lit", k === found.chosen));
        panel.formula.textContent = `The largest of ${found.window.map((x) => number(x, 4)).join(", ")} is ${number(found.value, 4)}.`;
        const at = state.product?.[1];
        panel.words.textContent = at === undefined ? "" :
          `${number(found.window[at], 4)} stands in map ${map} of ${below.name}, row ${2 * row + (at >> 1)}, column ${2 * column + (at & 1)}. ${at === found.chosen ? "It is the largest and stays." : "It is not the largest: the network forgets it."}`;
        return;
      }
      const scale = (key) => Math.max(1e-9, ...found.channels.map((channel) => Math.max(...channel[key].map(Math.abs))));
      const scales = { window: 1, kernel: scale("kernel"), products: scale("products") };
      found.channels.forEach((channel, c) => {
        const shown = panel.channels[c];
        for (const key of ["window", "kernel", "products"]) fill(shown[key], channel[key], scales[key]);
        shown.sum.textContent = `sum ${number(channel.sum, 4)}`;
      });
      const sums = found.channels.length > 1 ? `${found.channels.map(({ sum }) => number(sum, 2)).join(" + ").replaceAll("+ −", "− ")} = ${number(found.sum, 4)}; ` : "";
      const count = found.channels.length * found.channels[0].window.length;
      panel.formula.replaceChildren(
        `The ${count} products add up to ${sums || `${number(found.sum, 4)}; `}with the bias `, el("b", {}, number(found.bias, 4)), " that is ", el("b", {}, number(found.z, 4)),
        layer.name === "output" ? `. Softmax: exp(${number(found.z, 4)}) divided by the sum of all ten exp z is ` : `, and tanh(${number(found.z, 4)}) = `, el("b", {}, number(found.value, 4)), ".");
      panel.squash?.show(found.z);
      if (panel.softmax) {
        const z = [...found.all], powers = z.map(Math.exp);
        const power = (x) => (x < 1000 ? x.toPrecision(3) : Math.round(x).toLocaleString("en"));
        const texts = [...z.keys(), ...z.map((x) => number(x, 4)), ...powers.map(power), ...[...net.outputs.output].map((x) => number(x, 4))];
        panel.softmax.parts.forEach((part, k) => {
          part.textContent = texts[k];
          part.classList.toggle("lit", k % 10 === map);
        });
      }
      panel.words.textContent = state.product ? inWords(found, layer) : "Choose a product to read it in words.";
      light(...(state.product ?? [-1]));
    }

    function inWords({ channels }, { kind, below, name }) {
      const [c, k] = state.product, { window, kernel, products } = channels[c];
      const [x, w, product] = [window[k], kernel[k], products[k]];
      const { row, column } = state.unit, border = LAYER[name].border ?? 0;
      const i = row - border + Math.floor(k / 5), j = column - border + (k % 5);
      const isOutside = kind === "convolution" && (i < 0 || j < 0 || i >= below.side || j >= below.side);
      const where = kind !== "convolution" ? `Unit ${k} of ${below.name} says ${number(x, 4)}`
        : isOutside ? "This place lies outside of the image, where the border counts as 0"
        : below.name === "scale" ? `The pixel in row ${i}, column ${j} is ${x > 0.5 ? "ink" : x > 0 ? "the edge of the ink" : "ground"}, ${number(x, 4)}`
        : `Map ${c} of ${below.name} has ${number(x, 4)} in row ${i}, column ${j}`;
      const effect = Math.abs(product) < 0.005 ? "It hardly counts in the sum." : product > 0 ? "It pushes the sum up." : "It pulls the sum down.";
      return `${where}. Its weight is ${number(w, 4)}: ${number(x, 4)} × ${number(w, 4).replace(/^−.*/, "($&)")} = ${number(product, 4)}. ${effect}`;
    }

    // ---- All together --------------------------------------------------------------------------------------------
    function compute(pixels) {
      state.pixels = pixels;
      if (pixels) {
        const before = performance.now();
        net.run(pixels);
        state.ms = performance.now() - before;
      }
      for (const view of Object.values(views)) paintMaps(view);
      paint();
    }

    function paint() {
      showAnswer();
      for (const view of Object.values(views)) {
        paintStrip(view);
        paintPicture(view);
        const { name, map, row, column } = state.unit;
        const at = name !== view.layer.name ? "" : isFlat(view.layer) ? ` Chosen: unit ${map}.` : ` Chosen: map ${map}, row ${row}, column ${column}.`;
        view.strip.setAttribute("aria-label", `${name === view.layer.name ? "The open layer " : "Layer "}${view.layer.name}, ${ABOUT[view.layer.name][0]}.${at}`);
      }
      showPanel();
    }

    const next = () => showExample(state.example === null ? 3 : (state.example + 1) % 10);
    const hint = el("p", { class: "note" }, "Draw on it: a sheet of your own begins.");
    const controls = el("div", { class: "controls" }, button("Clear", clear), button("Example digit", next));
    root.classList.add("digit");
    root.append(
      el("div", { class: "draw" },
        el("div", { class: "sheet-frame" }, sheet), controls, hint, answer,
        el("div", { class: "bars" }, bars.map(({ row }) => row))),
      el("div", { class: "inside" },
        el("p", { class: "note" }, "The network, left to right as the paper draws it. Choose a layer, then a pixel of its maps."),
        el("div", { class: "architecture", role: "group", "aria-label": "The layers of LeNet-5" }, LAYERS.map(({ name }) => views[name].box)),
        el("p", { class: "legend note" }, [["negative", "−1"], ["zero", "0"], ["positive", "1"], ["chosen", "the chosen number, and what it sees"]]
          .map(([name, text]) => el("span", {}, el("i", { class: name }), text))),
        LAYERS.map(({ name }) => views[name].row)));

    readTheme();
    showExample(3);
    readNow();
    choose(firstUnit(LAYER.c1));
    S5.onTheme(() => {
      readTheme();
      for (const view of Object.values(views)) paintMaps(view);
      showSheet();
      if (panel) openPanel(panel.name);
      paint();
    });

    return {
      state: () => ({ ...state }),
      test: {
        /** Probabilities of 784 pixels. */
        predict: (pixels) => [...lenet5(file.tensors).run(pixels)],
        /** Every layer's outputs for 784 pixels, by Keras's names. */
        layers(pixels) {
          const other = lenet5(file.tensors);
          other.run(pixels);
          return Object.fromEntries(Object.entries(other.outputs).map(([name, values]) => [LAYER[name].keras ?? name, [...values]]));
        },
        frame: (drawing, side) => frameDigit(drawing, side),
        ink: () => [...readInk()],
        pixels: () => state.pixels && [...state.pixels],
        example: showExample,
        clear,
        choose: (name, map, row, column) => choose({ name, map, row, column }),
        unit: () => JSON.parse(JSON.stringify(explain(net, state.unit), (_, value) => (ArrayBuffer.isView(value) ? [...value] : value))),
        /** Milliseconds of one forward pass, the mean of `count`. */
        time(count) {
          const before = performance.now();
          for (let i = 0; i < count; i++) net.run(state.pixels);
          return (performance.now() - before) / count;
        },
      },
    };
  }

  S5.station({
    id: "digit",
    title: "Draw a digit",
    year: "1998",
    sentence: "LeNet-5 answers while you draw: follow your strokes through every map, down to a single multiplication.",
    lesson: "08_lenet5",
    keyboard: "on the sheet, arrow keys move the pen (with Shift in small steps), Space lowers or lifts it, Delete clears; on a layer's maps, arrow keys choose a number and Page Up or Down another map; Tab reaches the products.",
    build,
  });
})();
