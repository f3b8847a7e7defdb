"use strict";
// A threshold unit and the perceptron's rule: a line that one drags, or that learns.
(() => {
  const { f, GATES, weightedSum, fires, learn, novikoffBound, train, clouds, gatePoints } = S5.perceptron;

  const BOX = [-0.75, 1.75, -0.75, 1.75];
  const NAMES = {
    and: "AND", or: "OR", nand: "NAND", nor: "NOR", a_and_not_b: "x₁ AND NOT x₂", a_implies_b: "x₁ implies x₂",
    xor: "XOR", xnor: "same (XNOR)", wide: "two clouds", narrow: "two clouds, narrow gap",
  };
  const MOST = 40; // points

  const STYLE = `
.threshold .line { stroke: var(--ink); stroke-width: 3; }
.threshold .grip { stroke: transparent; stroke-width: 26; cursor: move; }
.threshold .arrow { stroke: var(--accent); stroke-width: 3; }
.threshold .tip { fill: var(--accent); stroke: var(--paper); stroke-width: 2; }
.threshold .tip-name { fill: var(--accent); font-weight: 650; pointer-events: none; }
.threshold .handle { cursor: grab; }
.plane .touch { fill: transparent; } /* a finger needs 24 pixels */
.threshold .now { fill: none; stroke: var(--accent); stroke-width: 3; pointer-events: none; }
.threshold .target { fill: var(--paper); font-size: calc(12px * var(--text)); font-weight: 700; text-anchor: middle; pointer-events: none; }
.threshold .handle, .threshold .tip, .threshold .grip { touch-action: none; }
.threshold .empty { fill: transparent; }
.threshold .side { font-size: calc(13px * var(--text)); }
.threshold .tally { display: grid; gap: 0.25rem; }
.threshold .bar { height: 0.9rem; background: var(--page); border: 1px solid var(--edge); border-radius: 4px; overflow: hidden; }
.threshold .bar i { display: block; height: 100%; background: var(--accent); transform-origin: left; transform: scaleX(0); }
.threshold .last { border-left: 3px solid var(--accent); padding-left: 0.8rem; min-height: 4.6rem; }
.threshold .fold summary { cursor: pointer; color: var(--muted); font-size: 0.92rem; }
`;

  function build(root) {
    const { el, number, button } = S5;
    root.append(el("style", {}, STYLE));
    let data = "and", points = gatePoints("and"), state = [1, 1, -0.75].map(f);
    let at = 0, mistakes = 0, rounds = 0, inRound = 0, current = -1, bound = 51, seed = 1, timer = null, animation = null;
    let isLearning = false, isDone = false, cycle = null, starts = new Map(), selected = null;

    // ---- Elements ----
    const plane = S5.plane({ box: BOX, names: ["x₁", "x₂"], ticks: [0, 1], label: "The plane of the two inputs" });
    const empty = el("rect", { class: "empty", width: 400, height: 400 });
    const halfPlane = el("polygon", { class: "fires" }), line = el("line", { class: "line" });
    const grip = el("line", { class: "grip" }), arrow = el("line", { class: "arrow" });
    const tip = el("g", { class: "handle" }, el("circle", { class: "touch", r: 19 }), el("circle", { class: "tip", r: 9 }));
    const tipName = el("text", { class: "tip-name" }, "w");
    const now = el("circle", { class: "now", r: 18 }), marks = el("g", {});
    const sideName = el("text", { class: "side" }, "fires here");
    plane.front.append(empty, halfPlane, sideName, line, grip, marks, now, arrow, tip, tipName);

    const formula = el("p", { class: "formula" }), told = el("p", { class: "told", role: "status" });
    const last = el("p", { class: "last" }), tally = el("p", {}), filled = el("i", {});
    const bar = el("div", { class: "bar", "aria-hidden": "true" }, filled);
    const range = { min: -5, max: 5, step: 0.05 };
    const sliders = ["weight w₁", "weight w₂", "threshold θ"].map((name, i) =>
      S5.slider(name, { ...range, value: 0 }, (value) => {
        pause();
        const next = [...state];
        next[i] = f(i === 2 ? -value : value);
        setByHand(next);
      }));
    const options = Object.entries(NAMES);
    const select = S5.choice("Data", [...options, ["own", "my own points"]], data, (value) => choose(value));
    const run = button("▶ Learn", () => (timer ? pause() : play()), { class: "primary" });
    const step = button("One example", () => {
      pause();
      if (isDone) restart(); // and learn anew
      next();
    });

    root.append(el("div", { class: "two threshold" },
      el("div", {}, plane.element,
        el("p", { class: "fine" }, "Drag the line, the tip of w, or a point; tap an empty place for a new point. "
          + "Orange points (1) should make the unit fire, blue ones (0) should not; a cross is a mistake."),
        el("div", { class: "controls" },
          button("Add a point", () => addPoint()),
          button("Change class", () => selected !== null && toggle(selected)),
          button("Remove point", () => selected !== null && remove(selected)))),
      el("div", {},
        el("div", { class: "controls" }, select, button("New clouds", () => {
          seed += 1;
          choose(data === "narrow" ? "narrow" : "wide");
        })),
        el("h3", {}, "By hand"), ...sliders.map((one) => one.element), formula, told,
        el("h3", {}, "By Rosenblatt's rule"),
        el("div", { class: "controls" }, run, step, button("From zero", () => {
          pause();
          restart();
          swing([0, 0, 0]);
        })),
        last, el("div", { class: "tally" }, tally, bar))));

    // ---- What happens ----
    function choose(name) {
      pause();
      data = name;
      select.querySelector("select").value = name;
      if (name in GATES) points = gatePoints(name);
      else if (name === "wide" || name === "narrow") points = clouds(name === "wide" ? 0.5 : 0.12, seed);
      changed();
    }

    /** The points have changed: mistakes and bound begin anew. */
    function changed() {
      bound = points.length ? novikoffBound(points) : 0;
      selected = selected !== null && selected < points.length ? selected : null;
      restart();
      drawPoints();
      draw();
      save();
    }

    function restart() {
      at = mistakes = rounds = inRound = 0;
      current = -1;
      isLearning = isDone = false;
      cycle = null;
      starts = new Map();
      last.textContent = "The rule begins with zero weights and shows the points one after the other.";
    }

    function setByHand(next) {
      stopSwing();
      state = next;
      if (isLearning) restart();
      draw();
      save();
    }

    function next() {
      if (!points.length || isDone) return false;
      if (!isLearning) {
        restart();
        isLearning = true;
        state = [0, 0, 0];
      }
      if (at === 0) {
        const key = state.join();
        if (starts.has(key) && !cycle) cycle = [starts.get(key) + 1, rounds + 1];
        starts.set(key, rounds);
        inRound = 0;
      }
      current = at;
      const point = points[at], { prediction, change, state: after } = learn(state, point);
      if (change) {
        mistakes += 1;
        inRound += 1;
      }
      at = (at + 1) % points.length;
      if (at === 0) {
        rounds += 1;
        isDone = inRound === 0;
      }
      explain(point, prediction, change, after);
      swing(after);
      return !isDone;
    }

    function explain(point, prediction, change, after) {
      const shown = (one) => number(one, Number.isInteger(one) ? 0 : 2);
      const place = `(${shown(point.x)}, ${shown(point.y)})`;
      const sum = weightedSum(state, point);
      last.replaceChildren(
        `Round ${isDone || at === 0 ? rounds : rounds + 1}, example ${place}: the sum is ${shown(sum)}, so the unit `,
        prediction ? "fires" : "stays silent", " and ", point.target ? "should fire. " : "should be silent. ",
        change ? el("b", {}, `Mistake: the example is ${change > 0 ? "added to" : "taken from"} the weights: `) : "Right: nothing changes. ",
        change ? `w = (${shown(after[0])}, ${shown(after[1])}), θ = ${shown(-after[2])}.` : "");
    }

    function play() {
      if (isDone) restart();
      if (S5.isCalm()) { // all at once, without motion
        for (let i = 0; i < 400 * points.length && next(); i++);
        return;
      }
      const wait = Math.max(60, Math.min(500, 2400 / points.length));
      timer = setInterval(() => next() || pause(), wait);
      run.textContent = "❚❚ Pause";
      next();
    }

    function pause() {
      if (timer) save();
      clearInterval(timer);
      timer = null;
      run.textContent = "▶ Learn";
    }

    // ---- The line swings to its new place ----
    let drawn = state;
    function stopSwing() {
      cancelAnimationFrame(animation);
      animation = null;
    }
    function swing(to) {
      stopSwing();
      const from = drawn, begin = performance.now(), length = timer ? Math.min(200, 2000 / points.length) : 300;
      state = to;
      draw();
      if (S5.isCalm() || from.every((one, i) => one === to[i])) return;
      const frame = (time) => {
        const share = Math.min(1, Math.max(0, (time - begin) / length)), eased = share * (2 - share);
        drawLine(from.map((one, i) => one + eased * (to[i] - one)));
        if (share < 1) animation = requestAnimationFrame(frame);
      };
      frame(begin);
    }

    // ---- Drawing ----
    function drawLine(shown) {
      drawn = shown;
      const [w1, w2, b] = shown;
      const found = w1 || w2 ? S5.ends(BOX, w1, w2, b) : null;
      halfPlane.setAttribute("points", plane.polygon(S5.clip(plane.corners(), w1, w2, b)));
      for (const one of [line, grip]) {
        one.style.display = found ? "" : "none";
        if (found) {
          const [[x1, y1], [x2, y2]] = found;
          for (const [key, value] of Object.entries({ x1: plane.X(x1), y1: plane.Y(y1), x2: plane.X(x2), y2: plane.Y(y2) })) {
            one.setAttribute(key, value);
          }
        }
      }
      // The arrow w stands on the line where the line is nearest to the middle, and points to the side that fires.
      const length = Math.hypot(w1, w2), [fx, fy] = foot(shown);
      const tall = length ? 0.2 + 0.12 * Math.min(length, 4) : 0; // long weights would leave the picture
      const [tx, ty] = length ? [fx + (w1 / length) * tall, fy + (w2 / length) * tall] : [0.5, 0.5];
      for (const [key, value] of Object.entries({ x1: plane.X(fx), y1: plane.Y(fy), x2: plane.X(tx), y2: plane.Y(ty) })) {
        arrow.setAttribute(key, value);
      }
      arrow.style.display = length && found ? "" : "none";
      tip.setAttribute("transform", `translate(${plane.X(tx)} ${plane.Y(ty)})`);
      tipName.setAttribute("x", plane.X(tx) + 12);
      tipName.setAttribute("y", plane.Y(ty) - 8);
      for (const one of [tip, tipName]) one.style.display = !length || found ? "" : "none";
      sideName.textContent = found || b < 0 ? "fires here" : "fires everywhere";
      sideName.style.display = !found && b < 0 ? "none" : "";
      const corner = S5.clip(plane.corners(), w1, w2, b);
      if (corner.length) {
        const far = corner.reduce((best, one) => (w1 * one[0] + w2 * one[1] > w1 * best[0] + w2 * best[1] ? one : best));
        sideName.setAttribute("x", far[0] > 0.5 ? 392 : 8);
        sideName.setAttribute("y", far[1] > 0.5 ? 18 : 392);
        sideName.setAttribute("text-anchor", far[0] > 0.5 ? "end" : "start");
      }
    }

    /** The place of the line that is nearest to the middle of the picture. */
    function foot([w1, w2, b]) {
      const length = w1 * w1 + w2 * w2;
      if (!length) return [0.5, 0.5];
      const away = (0.5 * w1 + 0.5 * w2 + b) / length;
      return [0.5 - away * w1, 0.5 - away * w2];
    }

    const circles = [], crosses = [], targets = [];
    let hasMoved = false;
    function drawPoints() {
      circles.length = crosses.length = targets.length = 0;
      marks.replaceChildren(...points.map((point, i) => {
        const circle = el("circle", {
          class: `place point class-${point.target}`, r: 11, tabindex: 0, role: "button",
          onfocus: () => (selected = i),
        });
        const cross = S5.cross(11);
        const text = el("text", { class: "target" }, String(point.target));
        const group = el("g", { class: "handle" }, el("circle", { class: "touch", r: 19 }), cross, circle, text);
        S5.draggable(group, plane, {
          down: () => {
            hasMoved = false;
            circle.focus({ preventScroll: true });
          },
          move: (place) => {
            hasMoved = true;
            movePoint(i, place);
          },
          up: () => {
            if (!hasMoved) return;
            changed();
            circles[i].focus({ preventScroll: true });
          },
        });
        S5.keys(circle, {
          arrows: (dx, dy) => {
            movePoint(i, [point.x + 0.05 * dx, point.y - 0.05 * dy]);
            bound = novikoffBound(points);
            draw();
            save();
          },
          Enter: () => toggle(i), " ": () => toggle(i), Delete: () => remove(i), Backspace: () => remove(i),
        });
        circles.push(circle);
        crosses.push(cross);
        targets.push(group.firstChild);
        return group;
      }));
      placePoints();
    }

    function placePoints() {
      points.forEach((point, i) => {
        const [x, y] = [plane.X(point.x), plane.Y(point.y)], text = circles[i].nextSibling;
        circles[i].setAttribute("cx", x);
        circles[i].setAttribute("cy", y);
        circles[i].setAttribute("aria-label", `Point ${i + 1} at (${number(point.x)}, ${number(point.y)}), class ${point.target}`);
        crosses[i].setAttribute("transform", `translate(${x} ${y})`);
        targets[i].setAttribute("cx", x);
        targets[i].setAttribute("cy", y);
        text.setAttribute("x", x);
        text.setAttribute("dy", "0.35em");
        text.setAttribute("y", y);
      });
    }

    const inBox = (value) => Math.min(1.7, Math.max(-0.7, Math.round(value * 100) / 100));
    function movePoint(i, [x, y]) {
      pause();
      own();
      points[i].x = inBox(x);
      points[i].y = inBox(y);
      if (isLearning) restart();
      placePoints();
      draw();
    }
    function own() {
      data = "own";
      select.querySelector("select").value = "own";
    }
    function toggle(i) {
      own();
      points[i].target = 1 - points[i].target;
      changed();
      circles[i].focus();
    }
    function remove(i) {
      own();
      points.splice(i, 1);
      changed();
      circles[Math.min(i, points.length - 1)]?.focus();
    }
    function addPoint(place) {
      if (points.length >= MOST) return;
      own();
      const random = Math.random;
      const [x, y] = place ?? [2 * random() - 0.5, 2 * random() - 0.5];
      const point = { x: inBox(x), y: inBox(y), target: 0 };
      point.target = fires(state, point); // a new point agrees with the unit; change its class to disagree
      points.push(point);
      selected = points.length - 1;
      changed();
      circles[selected].focus({ preventScroll: true });
    }

    function draw() {
      if (!animation) drawLine(state);
      state.forEach((value, i) => sliders[i].show(i === 2 ? -value : value));
      const [w1, w2, b] = state;
      formula.replaceChildren(
        "Fires if ", el("b", {}, `${number(w1)} · x₁ ${w2 < 0 ? "−" : "+"} ${number(Math.abs(w2))} · x₂ ≥ ${number(-b)}`),
        S5.ends(BOX, w1, w2, b) ? "" : w1 || w2 ? " (the line is outside the picture)" : " (no line yet: both weights are zero)");
      let right = 0;
      points.forEach((point, i) => {
        const isRight = fires(state, point) === point.target;
        right += isRight;
        crosses[i].style.display = isRight ? "none" : "";
      });
      const parts = [el("b", {}, `${right} of ${points.length} right. `)];
      if (!points.length) parts.push("Add some points.");
      else if (bound === Infinity) parts.push("No line separates these points, whatever the weights: one unit is not enough.");
      else if (right < points.length) parts.push("Some line separates them all.");
      told.replaceChildren(...parts);

      now.style.display = current >= 0 && isLearning ? "" : "none";
      if (current >= 0 && points[current]) {
        now.setAttribute("cx", plane.X(points[current].x));
        now.setAttribute("cy", plane.Y(points[current].y));
      }
      const isBounded = bound !== Infinity;
      tally.replaceChildren(
        el("b", {}, `${mistakes} mistake${mistakes === 1 ? "" : "s"}`),
        isBounded ? ` so far; Novikoff's theorem allows at most (R/γ)² = ${number(bound, bound < 1000 ? 1 : 0)}. ` : " so far; no bound, because no line separates the classes. ",
        isDone ? el("b", {}, `A whole round without a mistake: learned after round ${rounds}.`) : "",
        cycle ? el("b", {}, `Round ${cycle[1]} begins with the same weights as round ${cycle[0]}: it goes round for ever.`) : "");
      bar.style.visibility = isBounded ? "" : "hidden";
      filled.style.transform = `scaleX(${isBounded && bound ? Math.min(1, mistakes / bound) : 0})`;
    }

    // ---- Dragging the line and its arrow ----
    let grabbed = null;
    S5.draggable(grip, plane, {
      down: (place) => {
        pause();
        grabbed = place;
      },
      move: ([x, y]) => {
        const [w1, w2, b] = state;
        setByHand([w1, w2, f(b - w1 * (x - grabbed[0]) - w2 * (y - grabbed[1]))]);
        grabbed = [x, y];
      },
    });
    let pivot = null;
    S5.draggable(tip, plane, {
      down: () => {
        pause();
        pivot = foot(state);
      },
      move: ([x, y]) => {
        // The arrow turns about its foot; its length on the picture stands for that of w.
        const [dx, dy] = [x - pivot[0], y - pivot[1]], tall = Math.hypot(dx, dy);
        if (tall < 0.02) return;
        const length = Math.min(5, Math.max(0.25, (tall - 0.2) / 0.12));
        const [w1, w2] = [(dx / tall) * length, (dy / tall) * length].map((one) => Math.round(one * 100) / 100);
        setByHand([f(w1), f(w2), f(-(w1 * pivot[0] + w2 * pivot[1]))]);
      },
    });
    for (const one of [empty, halfPlane]) one.addEventListener("click", (event) => addPoint(plane.place(event)));

    // ---- The state in the address: the data or the points, and the weights ----
    let isLoading = true;
    function save() {
      if (isLoading) return;
      const more = data === "own" ? points.map(({ x, y, target }) => `${x}_${y}_${target}`) : data in GATES ? [] : [seed];
      S5.params.set("threshold", [data, ...state.map((one) => Number(one.toFixed(3))), ...more].join("*"));
    }
    function load(text) {
      const [name, w1, w2, b, ...more] = text.split("*"), weights = [w1, w2, b].map(Number);
      if (!weights.every(Number.isFinite)) return;
      if (name === "own") {
        const read = more.map((one) => one.split("_").map(Number)).filter((one) => one.length === 3 && one.every(Number.isFinite));
        own();
        points = read.slice(0, MOST).map(([x, y, target]) => ({ x: inBox(x), y: inBox(y), target: target ? 1 : 0 }));
        changed();
      } else if (name in NAMES) {
        seed = Number(more[0]) || 1;
        choose(name);
      } else return;
      setByHand(weights.map(f));
    }
    restart();
    drawPoints();
    draw();
    S5.onAddress("threshold", load);
    isLoading = false;
    return {
      state: () => ({ data, points, weights: state, mistakes, rounds, bound, isDone, cycle }),
      test: { train, novikoffBound, learn, gatePoints, clouds, fires, choose, next, setByHand, load },
    };
  }

  S5.station({
    id: "threshold",
    title: "A neuron that learns",
    year: "1943–1958",
    sentence: "A threshold unit cuts the plane in two with a line, and Rosenblatt's rule turns the line at every mistake.",
    inAddress: true,
    lesson: "03_perceptron",
    keyboard: "Tab to a slider or a point. Arrow keys move it; on a point, Enter changes its class and Delete removes it.",
    build,
  });
})();
