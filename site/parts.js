"use strict";
// What the demonstrations on planes share: a plane with axes, points that can be dragged, random numbers with a seed.
(() => {
  const { el } = S5;
  const SIDE = 400, LEFT = 52, BOTTOM = 44, EDGE = 8; // of the drawing, in its own units

  /** Random numbers in 0..1 that depend on the seed alone (mulberry32). */
  function uniform(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  /** Normal random numbers (Box and Muller). */
  function normal(random) {
    return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }

  /** The part of a polygon where a x + b y + c >= 0 (Sutherland and Hodgman), as [x, y] corners. */
  function clip(polygon, a, b, c) {
    const side = ([x, y]) => a * x + b * y + c;
    return polygon.flatMap((corner, i) => {
      const next = polygon[(i + 1) % polygon.length], here = side(corner), there = side(next);
      const share = here / (here - there);
      const crossing = here >= 0 !== there >= 0 ? [[0, 1].map((k) => corner[k] + share * (next[k] - corner[k]))] : [];
      return here >= 0 ? [corner, ...crossing] : crossing;
    });
  }

  /** The ends of the line a x + b y + c = 0 inside a box [x0, x1, y0, y1]; null if it is outside. */
  function ends([x0, x1, y0, y1], a, b, c) {
    const found = [];
    const add = (x, y) => {
      if (x < x0 - 1e-9 || x > x1 + 1e-9 || y < y0 - 1e-9 || y > y1 + 1e-9) return;
      if (!found.some(([u, v]) => Math.hypot(u - x, v - y) < 1e-9)) found.push([x, y]);
    };
    if (b) for (const x of [x0, x1]) add(x, -(a * x + c) / b);
    if (a) for (const y of [y0, y1]) add(-(b * y + c) / a, y);
    return found.length < 2 ? null : found.slice(0, 2);
  }

  /**
   * A plane with axes. `front` is an SVG group that is clipped to the box [x0, x1, y0, y1]; `raster` is a canvas
   * behind it. `X`, `Y` turn numbers into places in the drawing, `at(event)` a pointer's place into numbers.
   */
  function plane({ box, names, ticks = [0, 1], label, cells = 0 }) {
    let rowTicks = ticks;
    const front = el("g", {}), axes = el("g", { class: "axes" });
    const inner = el("svg", { x: LEFT, y: EDGE, width: SIDE, height: SIDE, viewBox: `0 0 ${SIDE} ${SIDE}` }, front);
    const svg = el("svg", {
      viewBox: `0 0 ${LEFT + SIDE + EDGE} ${EDGE + SIDE + BOTTOM}`, role: "group", "aria-label": label,
    }, axes, inner);
    const raster = cells ? el("canvas", { width: cells, height: cells, "aria-hidden": "true" }) : null;
    const element = el("div", { class: "plane" }, raster, svg);
    const made = { element, svg, inner, front, raster, box, side: SIDE };

    made.X = (x) => ((x - made.box[0]) / (made.box[1] - made.box[0])) * SIDE;
    made.Y = (y) => SIDE - ((y - made.box[2]) / (made.box[3] - made.box[2])) * SIDE;
    made.place = (event) => {
      const to = svg.getBoundingClientRect(), scale = (LEFT + SIDE + EDGE) / to.width;
      const x = ((event.clientX - to.left) * scale - LEFT) / SIDE;
      const y = 1 - ((event.clientY - to.top) * scale - EDGE) / SIDE;
      const [x0, x1, y0, y1] = made.box;
      return [x0 + x * (x1 - x0), y0 + y * (y1 - y0)];
    };
    made.polygon = (corners) => corners.map(([x, y]) => `${made.X(x).toFixed(2)},${made.Y(y).toFixed(2)}`).join(" ");
    made.corners = () => {
      const [x0, x1, y0, y1] = made.box;
      return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    };
    made.rename = (newNames) => {
      names = newNames;
      made.frame(made.box, ticks, rowTicks);
    };
    made.frame = (newBox, newTicks, newRowTicks = newTicks) => {
      made.box = newBox;
      ticks = newTicks;
      rowTicks = newRowTicks;
      const text = (x, y, content, extra) => el("text", { x, y, ...extra }, content);
      axes.replaceChildren(
        el("rect", { class: "ground", x: LEFT, y: EDGE, width: SIDE, height: SIDE }),
        ...ticks.flatMap((tick) => [
          el("line", { x1: LEFT + made.X(tick), x2: LEFT + made.X(tick), y1: EDGE + SIDE, y2: EDGE + SIDE + 5 }),
          text(LEFT + made.X(tick), EDGE + SIDE + 19, S5.number(tick, Number.isInteger(tick) ? 0 : 1), { "text-anchor": "middle" }),
        ]),
        ...rowTicks.flatMap((tick) => [
          el("line", { x1: LEFT - 5, x2: LEFT, y1: EDGE + made.Y(tick), y2: EDGE + made.Y(tick) }),
          text(LEFT - 8, EDGE + made.Y(tick) + 5, S5.number(tick, Number.isInteger(tick) ? 0 : 1), { "text-anchor": "end" }),
        ]),
        text(LEFT + SIDE / 2, EDGE + SIDE + 38, names[0], { "text-anchor": "middle", class: "name" }),
        text(15, EDGE + SIDE / 2, names[1], {
          "text-anchor": "middle", class: "name", transform: names[1].length > 3 ? `rotate(-90 15 ${EDGE + SIDE / 2})` : null,
        }));
    };
    made.frame(box, ticks);
    return made;
  }

  /** Lets a pointer drag an element of a plane: `move` gets the place in the plane's numbers. */
  function draggable(element, plane, { down, move, up }) {
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      element.setPointerCapture(event.pointerId);
      down?.(plane.place(event));
      const follow = (one) => move(plane.place(one));
      const end = () => {
        element.removeEventListener("pointermove", follow);
        for (const name of ["pointerup", "pointercancel"]) element.removeEventListener(name, end);
        up?.();
      };
      element.addEventListener("pointermove", follow);
      for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end);
    });
  }

  /** The cross that marks a mistake: it sticks out of a point of radius `r` at (0, 0), whose number stays readable. */
  function cross(r) {
    const from = 0.71 * (r - 1), to = 0.71 * (1.25 * r + 5);
    const arms = [[1, 1], [1, -1], [-1, 1], [-1, -1]].map(([x, y]) => `M${x * from} ${y * from}L${x * to} ${y * to}`);
    return el("path", { class: "mistake", d: arms.join("") });
  }

  /** 12 -> "₁₂". */
  const subscript = (n) => String(n).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

  /** Gives `load` the state in the address, if there is one: now, and when someone changes the address. */
  function onAddress(name, load) {
    const read = () => {
      const given = S5.params.get(name);
      if (given) load(given);
    };
    read();
    addEventListener("hashchange", read);
  }

  /** A slider with its name and its value in words: {element, input, show(value)}. */
  function slider(label, { min, max, step, value, decimals = 2 }, oninput) {
    const output = el("output", {});
    const input = el("input", { type: "range", min, max, step, value, oninput: () => {
      output.textContent = S5.number(Number(input.value), decimals);
      oninput(Number(input.value));
    } });
    const show = (number) => {
      input.value = number;
      output.textContent = S5.number(number, decimals);
    };
    show(value);
    return { element: el("label", { class: "slider" }, el("span", {}, label), input, output), input, show };
  }

  const STYLE = `
.plane { position: relative; width: 100%; max-width: 460px; --text: 1; }
.plane svg { display: block; width: 100%; height: auto; overflow: hidden; }
.plane > svg { position: relative; }
.plane > canvas { position: absolute; left: ${(100 * LEFT) / (LEFT + SIDE + EDGE)}%; top: ${(100 * EDGE) / (EDGE + SIDE + BOTTOM)}%;
  width: ${(100 * SIDE) / (LEFT + SIDE + EDGE)}%; height: ${(100 * SIDE) / (EDGE + SIDE + BOTTOM)}%; }
.plane text { fill: var(--muted); font-size: calc(14px * var(--text)); }
.plane .name { fill: var(--ink); font-style: italic; font-size: calc(15px * var(--text)); }
.plane .axes line { stroke: var(--edge); }
.plane .ground { fill: none; stroke: var(--edge); }
.plane .fires { fill: var(--class1); opacity: 0.18; }
.plane .class-0 { fill: var(--class0); }
.plane .class-1 { fill: var(--class1); }
.plane .point { stroke: var(--paper); stroke-width: 2; }
.plane .mistake { fill: none; stroke: var(--ink); stroke-width: 3.5; stroke-linecap: round; pointer-events: none; }
.plane [tabindex]:focus-visible { outline: none; stroke: var(--accent); stroke-width: 4; }
.slider { display: grid; grid-template-columns: 7.5rem 1fr 3.2rem; gap: 0.5rem; align-items: center; font-size: 0.92rem; }
.slider input { padding: 0; min-height: 1.6rem; width: 100%; accent-color: var(--accent); }
.slider output { text-align: right; }
.two { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
.two > div { display: grid; gap: 0.75rem; align-content: start; min-width: 0; grid-template-columns: minmax(0, 1fr); }
.told { min-height: 1.5rem; }
.told b { font-weight: 650; }
.fine { color: var(--muted); font-size: 0.88rem; }
@media (max-width: 500px) { .plane { --text: 1.3; } } /* a telephone shows the drawing at seven tenths of its size */
@media (min-width: 860px) { .two { grid-template-columns: 460px minmax(0, 1fr); gap: 2rem; } }
`;
  document.head.append(el("style", {}, STYLE));

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  Object.assign(S5, { isCalm: () => calm.matches, uniform, normal, clip, ends, plane, cross, draggable, slider, onAddress, subscript });
})();
