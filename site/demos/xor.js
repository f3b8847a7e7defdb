"use strict";
// A multilayer perceptron that learns XOR: two inputs, some hidden units, one output.
(() => {
  const { ACTIVATIONS, OPTIMIZERS, DATA, initialWeights, forward, gradients, training, makePoints, kerasCode } = S5.mlp;

  const CELLS = 72, LINES = 13, STEPS = 60;
  const RATES = ["0.01", "0.03", "0.1", "0.3", "1"];
  const DEFAULTS = { data: "xor", units: 2, activation: "tanh", optimizer: "adam", rate: 0.03, seed: 1 };
  const STYLE = `
.xor { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.xor .settings { display: flex; flex-wrap: wrap; gap: 0.5rem 0.8rem; }
.xor .planes { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
.xor .planes h3 { margin-bottom: 0.3rem; }
.xor h3 span { display: block; color: var(--muted); font-weight: 400; font-size: 0.88rem; }
.xor .unit { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 7 5; }
.xor .cut { stroke: var(--ink); stroke-width: 3; }
.xor .mesh { fill: none; stroke: var(--edge); stroke-width: 1; opacity: 0.55; }
.xor .plane .point { stroke-width: 1.5; }
.xor .unit-name { fill: var(--ink); font-size: calc(14px * var(--text)); font-weight: 650; text-anchor: middle; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.xor .curve { display: block; width: 100%; height: 110px; border: 1px solid var(--edge); border-radius: 4px; }
.xor .curve path { fill: none; stroke: var(--accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
.xor .curve line { stroke: var(--grid); vector-effect: non-scaling-stroke; }
.xor .scale { display: flex; justify-content: space-between; color: var(--muted); font-size: 0.82rem; }
.xor pre { margin: 0.5rem 0 0; padding: 0.75rem; max-height: 20rem; overflow: auto; background: var(--page); border: 1px solid var(--grid); border-radius: 8px; font-size: 0.82rem; }
.xor summary { cursor: pointer; }
.xor .told { font-size: 1.02rem; }
.xor table { border-collapse: collapse; font-size: 0.84rem; }
.xor .net { display: block; width: 100%; max-width: 20rem; height: auto; }
.xor .net circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }
.xor .net text { fill: var(--ink); font-size: 13px; text-anchor: middle; }
.xor .net line { stroke: var(--muted); }
.xor .net .minus { stroke-dasharray: 5 4; }
.xor th, .xor td { padding: 0.1rem 0.45rem 0.1rem 0; text-align: right; font-weight: 400; }
.xor th { color: var(--muted); }
.xor .more { display: grid; gap: 0.4rem; align-content: start; min-width: 0; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 800px) { .xor .planes { grid-template-columns: repeat(2, minmax(0, 460px)); } .xor .more { grid-column: 1 / -1; } }
@media (min-width: 1100px) { .xor .planes { grid-template-columns: repeat(2, minmax(0, 1fr)) 16.5rem; } .xor .more { grid-column: auto; } }
`;

  function build(root) {
    const { el, number, button, choice, subscript } = S5;
    root.append(el("style", {}, STYLE));
    let settings = { ...DEFAULTS }, points = makePoints(settings.data), run = null, timer = null, frames = 0, shown = [0, 1], speed = 3;

    // ---- Elements ----
    const input = S5.plane({ box: DATA.xor.box, names: ["x₁", "x₂"], label: "The plane of the inputs with the network's answer", cells: CELLS });
    const hidden = S5.plane({ box: [-1.1, 1.1, -1.1, 1.1], names: ["h₁", "h₂"], ticks: [-1, 0, 1], label: "The plane of two hidden units" });
    const unitLines = el("g", {}), inputMarks = el("g", {});
    input.front.append(unitLines, inputMarks);
    const half = el("polygon", { class: "fires" }), mesh = el("path", { class: "mesh" }), cut = el("line", { class: "cut" });
    const hiddenMarks = el("g", {});
    hidden.front.append(half, mesh, cut, hiddenMarks);

    const told = el("p", { class: "told", role: "status" });
    const path = el("path", { d: "" });
    const curve = el("svg", { class: "curve", viewBox: "0 0 400 100", preserveAspectRatio: "none", role: "img" },
      ...[25, 50, 75].map((y) => el("line", { x1: 0, x2: 400, y1: y, y2: y })), path);
    const scale = el("div", { class: "scale" }), table = el("div", { class: "scroll" }), code = el("code", {});
    const net = el("svg", { class: "net", role: "img", "aria-label": "The network and its weights" });
    const hiddenNote = el("p", { class: "fine" }), hiddenHead = el("span", {});
    const selects = {
      data: choice("Data", Object.entries(DATA).map(([key, { name }]) => [key, name]), settings.data, (value) => change({ data: value })),
      units: choice("Hidden units", [1, 2, 3, 4, 6, 8].map((n) => [n, n]), settings.units, (value) => change({ units: Number(value) })),
      activation: choice("Activation", Object.keys(ACTIVATIONS).map((name) => [name, name]), settings.activation, (value) => change({ activation: value })),
      optimizer: choice("Optimizer", [["sgd", "SGD"], ["momentum", "momentum 0.9"], ["adam", "Adam"]], settings.optimizer, (value) => change({ optimizer: value })),
      rate: choice("Learning rate", RATES.map((rate) => [Number(rate), rate]), settings.rate, (value) => change({ rate: Number(value) })),
    };
    const seedInput = el("input", { type: "number", min: 0, max: 999, step: 1, value: settings.seed, style: "width: 4.2rem",
      onchange: () => change({ seed: Math.max(0, Math.round(Number(seedInput.value)) || 0) }) });
    const toggle = button("▶ Train", () => (timer ? pause() : play()), { class: "primary" });
    const axes = [0, 1].map((k) => choice(k ? "upwards" : "to the right", [], "", (value) => {
      shown[k] = Number(value);
      draw();
    }));
    const axesRow = el("div", { class: "controls" }, axes);
    const details = el("details", { ontoggle: () => draw() }, el("summary", {}, "This network as Keras code"),
      S5.copyButton("Copy", () => code.textContent), el("pre", { tabindex: 0, "aria-label": "Keras code" }, code));

    root.append(el("div", { class: "xor" },
      el("div", { class: "settings" }, ...Object.values(selects)),
      el("div", { class: "controls" }, toggle,
        button("One step", () => {
          pause();
          run.step(1);
          draw();
          save();
        }),
        button("Reset", () => change({})),
        el("label", { class: "choice" }, "Seed", seedInput),
        button("New seed", () => change({ seed: (settings.seed + 1) % 1000 })),
        choice("Speed", [[1, "slow"], [3, "medium"], [20, "fast"]], speed, (value) => (speed = Number(value)))),
      told,
      el("div", { class: "planes" },
        el("div", {}, el("h3", {}, "What goes in ", el("span", {}, "each hidden unit draws one dashed line")), input.element,
          el("p", { class: "fine" }, "Orange: class 1, and where the network predicts 1. Blue: class 0, and where it predicts 0. A cross is a mistake.")),
        el("div", {}, el("h3", {}, "What the hidden units make of it ", hiddenHead), hidden.element, axesRow, hiddenNote),
        el("div", { class: "more" }, el("h3", {}, "Loss", el("span", {}, "binary cross-entropy, mean over all points")), curve, scale,
          el("h3", {}, "Weights", el("span", {}, "dashed: negative; the wider, the larger")), net, table)),
      details));

    // ---- What happens ----
    function change(changes) {
      pause();
      Object.assign(settings, changes);
      for (const [key, label] of Object.entries(selects)) label.querySelector("select").value = settings[key];
      seedInput.value = settings.seed;
      points = makePoints(settings.data);
      run = training({ points, ...settings });
      shown = [0, Math.min(1, settings.units - 1)];
      axes.forEach((label, k) => label.querySelector("select").replaceChildren(
        ...run.weights.b.map((_, j) => el("option", { value: j, selected: j === shown[k] }, `h${subscript(j + 1)}`))));
      axesRow.hidden = settings.units < 3;
      axesRow.style.display = settings.units < 3 ? "none" : "";
      input.frame(DATA[settings.data].box, DATA[settings.data].ticks);
      makeMarks();
      draw();
      save();
    }

    function play() {
      if (S5.isCalm()) { // without motion: many steps, then one picture
        run.step(500);
        draw();
        save();
        return;
      }
      toggle.textContent = "❚❚ Pause";
      const frame = () => {
        run.step(speed);
        draw();
        timer = requestAnimationFrame(frame);
        if (run.steps >= 20000) pause();
      };
      timer = requestAnimationFrame(frame);
    }

    function pause() {
      if (timer) {
        cancelAnimationFrame(timer);
        timer = null;
        draw();
        save();
      }
      toggle.textContent = S5.isCalm() ? "Train 500 steps" : "▶ Train";
    }

    // ---- Drawing ----
    let inputDots = [], hiddenDots = [];
    function makeMarks() {
      const radius = points.length > 4 ? 6 : 12;
      const dot = ({ target }) => ({ circle: el("circle", { class: `point class-${target}`, r: radius }), cross: S5.cross(radius) });
      inputDots = points.map(dot);
      hiddenDots = points.map(dot);
      for (const [marks, dots] of [[inputMarks, inputDots], [hiddenMarks, hiddenDots]]) {
        marks.replaceChildren(...dots.flatMap(({ circle, cross }) => [cross, circle]));
      }
      points.forEach(({ x }, i) => place(inputDots[i], input, x));
    }
    const place = ({ circle, cross }, plane, [x, y]) => {
      const [cx, cy] = [plane.X(x).toFixed(1), plane.Y(y).toFixed(1)];
      circle.setAttribute("cx", cx);
      circle.setAttribute("cy", cy);
      cross.setAttribute("transform", `translate(${cx} ${cy})`);
    };

    const sums = new Float64Array(CELLS * CELLS);
    function drawSurface() {
      const context = input.raster.getContext("2d"), picture = context.createImageData(CELLS, CELLS);
      const pixels = new Uint32Array(picture.data.buffer), [x0, x1, y0, y1] = input.box;
      const paper = S5.colors.paper;
      const colors = S5.ramp(S5.mix(paper, S5.colors.class0, 0.55), paper, S5.mix(paper, S5.colors.class1, 0.55));
      const { w, b, v, c } = run.weights, { of } = ACTIVATIONS[settings.activation];
      sums.fill(c);
      for (let j = 0; j < b.length; j++) { // one unit after the other: `forward` for each pixel would take too long
        for (let row = 0; row < CELLS; row++) {
          const fromRow = b[j] + w[1][j] * (y1 - ((row + 0.5) / CELLS) * (y1 - y0));
          for (let column = 0; column < CELLS; column++) {
            sums[row * CELLS + column] += v[j] * of(fromRow + w[0][j] * (x0 + ((column + 0.5) / CELLS) * (x1 - x0)));
          }
        }
      }
      for (let i = 0; i < sums.length; i++) pixels[i] = colors[Math.round(255 / (1 + Math.exp(-sums[i])))];
      context.putImageData(picture, 0, 0);
    }

    function setLine(line, plane, found) {
      line.style.display = found ? "" : "none";
      if (!found) return;
      const [[xa, ya], [xb, yb]] = found;
      for (const [key, value] of [["x1", plane.X(xa)], ["y1", plane.Y(ya)], ["x2", plane.X(xb)], ["y2", plane.Y(yb)]]) {
        line.setAttribute(key, value.toFixed(1));
      }
    }

    /** A unit's name beside its line, near the end of it that is higher. */
    function unitName(j, found) {
      const [[xa, ya], [xb, yb]] = found.map(([x, y]) => [input.X(x), input.Y(y)]).sort(([, a], [, b]) => a - b);
      const length = Math.hypot(xb - xa, yb - ya) || 1, [dx, dy] = [(xb - xa) / length, (yb - ya) / length];
      const side = xa > 200 ? 1 : -1; // towards the middle
      const [x, y] = [xa + 24 * dx - side * 15 * dy, ya + 24 * dy + side * 15 * dx];
      return el("text", { class: "unit-name", x: Math.min(386, Math.max(14, x)).toFixed(1), y: (Math.min(390, Math.max(12, y)) + 5).toFixed(1) }, `h${subscript(j + 1)}`);
    }

    function draw() {
      const { weights } = run, { activation, units } = settings;
      drawSurface();
      unitLines.replaceChildren(...weights.b.flatMap((b, j) => {
        const found = S5.ends(input.box, weights.w[0][j], weights.w[1][j], b);
        if (!found) return [];
        const line = el("line", { class: "unit" });
        setLine(line, input, found);
        return units > 4 ? [line] : [line, unitName(j, found)];
      }));

      // The plane of the hidden units: its box holds all points, for relu too.
      const [p, q] = shown, answers = points.map(({ x }) => forward(weights, activation, x));
      const tops = shown.map((j) => (activation === "relu" ? niceTop(Math.max(0.5, ...answers.map(({ hidden: h }) => h[j]))) : 1));
      const box = tops.flatMap((top) => (activation === "tanh" ? [-1.15, 1.15] : [-0.08 * top, 1.08 * top]));
      const [ticks, rowTicks] = tops.map((top) => (activation === "tanh" ? [-1, 0, 1] : [0, top]));
      const key = [...box, ...shown].join();
      if (hidden.key !== key) {
        hidden.key = key;
        hidden.frame(box, ticks, rowTicks);
        hidden.rename([`h${subscript(p + 1)}`, units > 1 ? `h${subscript(q + 1)}` : ""]);
      }
      answers.forEach(({ hidden: h, output }, i) => {
        place(hiddenDots[i], hidden, [h[p], units > 1 ? h[q] : 0]);
        const isMissed = output >= 0.5 !== (points[i].target === 1);
        for (const { cross } of [inputDots[i], hiddenDots[i]]) cross.style.display = isMissed ? "" : "none";
      });
      drawMesh(p, q);
      const isWhole = units === 2 && p !== q;
      setLine(cut, hidden, isWhole ? S5.ends(hidden.box, weights.v[p], weights.v[q], weights.c) : null);
      half.setAttribute("points", isWhole ? hidden.polygon(S5.clip(hidden.corners(), weights.v[p], weights.v[q], weights.c)) : "");
      // Words, table and diagram are for the eye between the frames: not in each of them, and read out at the end.
      told.setAttribute("aria-live", timer ? "off" : "polite");
      frames += 1;
      if (!timer || frames % 6 === 0) drawWords(answers, isWhole);
    }

    function drawWords(answers, isWhole) {
      const { weights } = run, { units } = settings;
      hiddenHead.textContent = isWhole ? "the output unit cuts with one straight line" : units === 1 ? "one unit: a line, no plane" : `two of ${units} units`;
      hiddenNote.textContent = isWhole ? "The grey mesh is the grid of the input plane, bent by the hidden layer." :
        units === 1 ? "One hidden unit can only order the points along a line." : "The output unit cuts the space of all units with one plane; here you look at two of its directions.";

      const right = answers.filter(({ output }, i) => output >= 0.5 === (points[i].target === 1)).length;
      const then = run.losses.at(-51); // 500 steps ago
      const isStuck = right < points.length && then !== undefined && run.loss > 0.99 * then;
      told.replaceChildren(el("b", {}, `${right} of ${points.length} right`), ` after ${run.steps.toLocaleString("en")} steps, loss ${run.loss.toFixed(4)}.`,
        right === points.length && run.steps ? " One straight cut through the hidden units' answers is enough now." :
        isStuck ? " It is stuck: try another seed, more units, or another rate." : "");
      drawNet();
      drawCurve();
      table.replaceChildren(points.length > 4 ? "" : el("table", {},
        el("tr", {}, ["x₁", "x₂", ...weights.b.map((_, j) => `h${subscript(j + 1)}`), "output", "target"].map((name) => el("th", { scope: "col" }, name))),
        answers.map(({ hidden: h, output }, i) => el("tr", {},
          [...points[i].x, ...h.map((one) => number(one, 3)), number(output, 4), points[i].target].map((value) => el("td", {}, String(value)))))));
      if (details.open && !timer) code.textContent = kerasCode({ ...settings, weights, steps: run.steps, points });
    }

    function niceTop(most) {
      const tens = 10 ** Math.floor(Math.log10(most));
      return [1, 2, 5, 10].map((one) => one * tens).find((one) => one >= most);
    }

    /** The grid of the input plane as it lies in the hidden plane. */
    function drawMesh(p, q) {
      const [x0, x1, y0, y1] = input.box, parts = [], { w, b } = run.weights, { of } = ACTIVATIONS[settings.activation];
      const answer = (j, x, y) => of(b[j] + w[0][j] * x + w[1][j] * y);
      for (const isRow of [true, false]) {
        for (let i = 0; i < LINES; i++) {
          for (let k = 0; k <= STEPS; k++) {
            const [s, t] = isRow ? [k / STEPS, i / (LINES - 1)] : [i / (LINES - 1), k / STEPS];
            const x = x0 + s * (x1 - x0), y = y0 + t * (y1 - y0);
            const place = [hidden.X(answer(p, x, y)), hidden.Y(settings.units > 1 ? answer(q, x, y) : 0)];
            parts.push(`${k ? "L" : "M"}${place.map((one) => Math.round(one * 10) / 10).join(" ")}`);
          }
        }
      }
      mesh.setAttribute("d", parts.join(""));
    }

    /** Inputs, hidden units and output, each weight a line. */
    function drawNet() {
      const { w, v } = run.weights, units = v.length, gap = units > 4 ? 25 : 36, tall = Math.max(2, units) * gap + 4;
      const most = Math.max(4, ...[...w[0], ...w[1], ...v].map(Math.abs));
      const column = (x, names) => names.map((name, i) => ({ x, y: tall / 2 + (i - (names.length - 1) / 2) * gap, name }));
      const inputs = column(16, ["x₁", "x₂"]), middle = column(130, v.map((_, j) => `h${subscript(j + 1)}`)), [output] = column(244, ["ŷ"]);
      const edge = (from, to, weight) => el("line", {
        class: weight < 0 ? "minus" : "plus", x1: from.x, y1: from.y, x2: to.x, y2: to.y, "stroke-width": (0.5 + (8 * Math.abs(weight)) / most).toFixed(1),
      }, el("title", {}, `${from.name} to ${to.name}: ${number(weight, 3)}`));
      net.setAttribute("viewBox", `0 0 260 ${tall}`);
      net.replaceChildren(
        ...inputs.flatMap((from, i) => middle.map((to, j) => edge(from, to, w[i][j]))), ...middle.map((from, j) => edge(from, output, v[j])),
        ...[...inputs, ...middle, output].map(({ x, y, name }) => el("g", {}, el("circle", { cx: x, cy: y, r: 11.5 }), el("text", { x, y: y + 4 }, name))));
    }

    function drawCurve() {
      const { losses } = run, most = Math.max(0.75, losses[0]);
      const keep = Math.max(1, Math.ceil(losses.length / 400));
      const kept = losses.filter((_, i) => i % keep === 0 || i === losses.length - 1), last = Math.max(1, kept.length - 1);
      path.setAttribute("d", kept.map((loss, i) => `${i ? "L" : "M"}${((400 * i) / last).toFixed(1)} ${(98 - 96 * Math.min(1, loss / most)).toFixed(1)}`).join(""));
      curve.setAttribute("aria-label", `Loss from ${losses[0].toFixed(3)} to ${run.loss.toFixed(3)} over ${run.steps} steps`);
      scale.replaceChildren(el("span", {}, `step 0: ${losses[0].toFixed(3)}`), el("span", {}, `step ${run.steps.toLocaleString("en")}: ${run.loss.toFixed(4)}`));
    }

    // ---- The state in the address: settings and steps; the same steps give the same weights ----
    const KEYS = ["data", "units", "activation", "optimizer", "rate", "seed"];
    let isLoading = true;
    function save() {
      if (!isLoading) S5.params.set("xor", [...KEYS.map((key) => settings[key]), run.steps].join("*"));
    }
    function load(text) {
      const [data, units, activation, optimizer, rate, seed, steps] = text.split("*");
      const isKnown = data in DATA && [1, 2, 3, 4, 6, 8].includes(Number(units)) && activation in ACTIVATIONS
        && optimizer in OPTIMIZERS && RATES.some((one) => Number(one) === Number(rate)) && Number.isInteger(Number(seed));
      if (!isKnown) return;
      change({ data, units: Number(units), activation, optimizer, rate: Number(rate), seed: Number(seed) });
      run.step(Math.min(20000, Math.max(0, Math.floor(Number(steps)) || 0)));
      draw();
      save();
    }
    change({});
    S5.onAddress("xor", load);
    isLoading = false;
    S5.onTheme(draw);

    return {
      state: () => ({ ...settings, steps: run.steps, loss: run.loss, weights: run.weights }),
      test: {
        initialWeights, forward, gradients, training, makePoints, load, change,
        train: (count) => {
          run.step(count);
          draw();
          save();
        },
        code: () => kerasCode({ ...settings, weights: run.weights, steps: run.steps, points }),
        answers: () => points.map(({ x }) => forward(run.weights, settings.activation, x).output),
        isPlaying: () => timer !== null,
      },
    };
  }

  S5.station({
    id: "xor",
    title: "A layer bends the plane",
    year: "1986",
    sentence: "No line separates XOR: press Train, and two hidden units move the four points until one straight line is enough.",
    inAddress: true,
    lesson: "05_xor",
    keyboard: "All settings are menus and buttons: Tab to Train and press Enter.",
    build,
  });
})();
