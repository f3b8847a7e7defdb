"use strict";
// Draw a digit: the sheet, the answer, and the maps of LeNet-5.
(() => {
  const { LAYERS, LAYER, network, explain, frameDigit } = S5.lenet5;

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
  const LEGEND = { negative: "−1", zero: "0", positive: "1", chosen: "the chosen number, and what it sees" };
  const isFlat = (layer) => layer.side === 1;

  function build(root, S5) {
    const { el, button, number, colors } = S5;
    const file = S5.weights("lenet5");
    const net = network(file.tensors);
    const examples = file.tensors.examples.data;
    const state = {
      pixels: null, // 28 x 28, or null while nothing is drawn
      example: null, // the example digit that lies on the sheet
      unit: { name: "c1", map: 0, row: 14, column: 14 },
      ms: 0, // of the last forward pass
    };

    // ---- The sheet -----------------------------------------------------------------------------------------------
    const ink = document.createElement("canvas"); // white on nothing: its opacity is the drawing
    ink.width = ink.height = SHEET;
    const inkPen = ink.getContext("2d", { willReadFrequently: true });
    const about = { class: "sheet", tabindex: 0, role: "img", "aria-describedby": "digit-answer" };
    const sheet = S5.canvas(SHEET, SHEET, about);
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
      const isExample = state.example !== null;
      hint.textContent = isExample ? "A digit of the test set. Draw on it: a sheet of your own begins."
        : "It answers while you draw.";
      compute(isExample ? example(state.example) : frameDigit(readInk(), SHEET));
    }

    const example = (which) => examples.subarray(which * 784, (which + 1) * 784);

    function showExample(which) {
      state.example = which;
      const small = document.createElement("canvas");
      small.width = small.height = 28;
      const image = small.getContext("2d").createImageData(28, 28);
      example(which).forEach((pixel, i) => image.data.set([255, 255, 255, pixel], 4 * i));
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
        const dx = pressed.has("ArrowRight") - pressed.has("ArrowLeft");
        const dy = pressed.has("ArrowDown") - pressed.has("ArrowUp");
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
      const row = el("div", { class: "bar" }, el("b", {}, digit), el("div", { class: "track" }, bar), share);
      return { bar, share, row };
    });

    function showAnswer() {
      const probabilities = net.outputs.output;
      const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const [first, second] = order, percent = Math.round(100 * probabilities[first]);
      const text = !state.pixels ? "Nothing is drawn yet. Draw a digit from 0 to 9."
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
      const certainty = state.pixels ? ` ${percent} percent.` : "";
      sheet.setAttribute("aria-label", `Sheet to draw on. ${text}${certainty} Pen ${cursor.isDown ? "down" : "up"}.`);
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
      const view = { layer, strip, small, image, picture, box, row, details, place, zoom, perRow, isInView: true };
      new IntersectionObserver(([{ isIntersecting }]) => {
        view.isInView = isIntersecting;
        if (isIntersecting) paintStrip(view);
      }, { rootMargin: "100px" }).observe(strip);

      // A click, which a finger that scrolls the page is not.
      strip.addEventListener("click", ({ offsetX: x, offsetY: y }) => {
        const map = Math.floor((y - 3) / cell) * perRow + Math.floor((x - 3) / cell);
        const [left, top] = place(map);
        const column = Math.floor((x - left) / zoom), row = Math.floor((y - top) / zoom);
        if (map < layer.maps && column >= 0 && row >= 0 && column < layer.side && row < layer.side) {
          choose({ name: layer.name, map, row, column });
        }
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
      const open = () => select(layer.name);
      S5.keys(strip, { arrows: move, PageDown: turn(1), PageUp: turn(-1), Enter: open, " ": open });
      const key = (text, label, fn) => button(text, fn, { "aria-label": label, title: label });
      view.pad = el("div", { class: "pad" },
        isFlat(layer) ? [
          key("◀", "the unit before", () => move(-1, 0)), key("▶", "the next unit", () => move(1, 0)),
        ] : [
          key("←", "one column left", () => move(-1, 0)), key("↑", "one row up", () => move(0, -1)),
          key("↓", "one row down", () => move(0, 1)), key("→", "one column right", () => move(1, 0)),
          layer.maps > 1 && key("◀", "the map before", turn(-1)),
          layer.maps > 1 && key("▶", "the next map", turn(1)),
        ]);
      return view;
    }

    /** The strongest number of a layer: the one that is opened first. */
    function firstUnit(layer) {
      const values = net.outputs[layer.name];
      let most = 0;
      for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[most])) most = i;
      const { name, maps, side } = layer, place = Math.floor(most / maps);
      return { name, map: most % maps, row: Math.floor(place / side), column: place % side };
    }

    function paintMaps({ layer, small, image }) {
      const values = net.outputs[layer.name], pixels = new Uint32Array(image.data.buffer);
      const { side, maps } = layer, wide = side * maps;
      const [colours, factor, zero] = layer.name === "image" ? [grey, 1, 0] : [signed, 127.5, 128];
      const scale = state.pixels ? factor : 0; // nothing is shown of what was drawn before
      for (let row = 0, i = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          for (let m = 0; m < maps; m++, i++) {
            const shade = Math.max(0, Math.min(255, Math.round(zero + scale * values[i])));
            pixels[row * wide + m * side + column] = colours[shade];
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
        for (let m = 0; m < maps; m++) {
          const x = left + (m % columns) * size, y = top + Math.floor(m / columns) * size;
          pen.drawImage(small, m, 0, 1, 1, x, y, size - 0.5, size - 0.5);
        }
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

    // ---- One number ---------------------------------------------------------------------------------------
    const panel = S5.digitUnit(S5, net);
    let open = null; // the layer whose numbers are shown

    function select(name) {
      choose(firstUnit(LAYER[name]));
      views[name].row.scrollIntoView({ block: "nearest" });
    }

    function choose(unit) {
      const view = views[unit.name], isSame = open === unit.name;
      const before = view.strip.getBoundingClientRect().top;
      state.unit = unit;
      if (!isSame) openPanel(unit.name);
      paint();
      const [left] = view.place(unit.map), over = view.strip.parentElement;
      const at = left + unit.column * view.zoom, shownTo = over.scrollLeft + over.clientWidth;
      if (at < over.scrollLeft || at + view.zoom > shownTo) over.scrollLeft = at - over.clientWidth / 2;
      // What is opened or closed above must not move what was clicked.
      const moved = view.strip.getBoundingClientRect().top - before;
      if (!isSame && moved) window.scrollBy({ top: moved, behavior: "instant" });
    }

    /** Opens the place for one number under a layer's maps. */
    function openPanel(name) {
      open = name;
      for (const { layer, details, box, row, pad } of Object.values(views)) {
        const isOpen = layer.name === name;
        details.hidden = !isOpen;
        if (isOpen) panel.open(name, details, pad);
        else details.replaceChildren();
        box.setAttribute("aria-pressed", String(isOpen));
        row.classList.toggle("open", isOpen);
      }
    }

    // ---- All together --------------------------------------------------------------------------------------------
    function compute(pixels) {
      state.pixels = pixels;
      if (pixels) net.run(pixels);
      for (const view of Object.values(views)) paintMaps(view);
      paint();
    }

    function paint() {
      showAnswer();
      for (const view of Object.values(views)) {
        if (view.isInView) paintStrip(view); // the others when they come into view
        paintPicture(view);
        const { name, map, row, column } = state.unit;
        const chosen = isFlat(view.layer) ? `unit ${map}` : `map ${map}, row ${row}, column ${column}`;
        const at = name === view.layer.name ? ` Chosen: ${chosen}.` : "";
        view.strip.setAttribute("aria-label", `Layer ${view.layer.name}, ${ABOUT[view.layer.name][0]}.${at}`);
      }
      if (open) panel.show(state.unit, !state.pixels);
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
        el("p", { class: "note" },
          "The network, left to right as the paper draws it. Choose a layer, then a pixel of its maps."),
        el("div", { class: "architecture", role: "group", "aria-label": "The layers of LeNet-5" },
          LAYERS.map(({ name }) => views[name].box)),
        el("p", { class: "legend note" }, Object.entries(LEGEND)
          .map(([name, text]) => el("span", {}, el("i", { class: name }), text))),
        LAYERS.map(({ name }) => views[name].row)));

    addEventListener("beforeprint", () => Object.values(views).forEach(paintStrip));

    readTheme();
    showExample(3);
    readNow();
    choose(firstUnit(LAYER.c1));
    S5.onTheme(() => {
      readTheme();
      for (const view of Object.values(views)) paintMaps(view);
      showSheet();
      openPanel(open);
      paint();
    });

    return {
      state: () => ({ ...state }),
      test: {
        /** Probabilities of 784 pixels. */
        predict: (pixels) => [...network(file.tensors).run(pixels)],
        /** Every layer's outputs for 784 pixels, by Keras's names. */
        layers(pixels) {
          const other = network(file.tensors), named = {};
          other.run(pixels);
          for (const [name, values] of Object.entries(other.outputs)) named[LAYER[name].keras ?? name] = [...values];
          return named;
        },
        frame: (drawing, side) => frameDigit(drawing, side),
        ink: () => [...readInk()],
        pixels: () => state.pixels && [...state.pixels],
        example: showExample,
        clear,
        choose: (name, map, row, column) => choose({ name, map, row, column }),
        /** What `explain` says of the chosen number, in plain arrays. */
        unit() {
          const plain = (_, value) => (ArrayBuffer.isView(value) ? [...value] : value);
          return JSON.parse(JSON.stringify(explain(net, state.unit), plain));
        },
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
    keyboard: "on the sheet, arrow keys move the pen (with Shift in small steps), Space lowers or lifts it, "
      + "Delete clears; on a layer's maps, arrow keys choose a number and Page Up or Down another map; "
      + "Tab reaches the products.",
    build,
  });
})();
