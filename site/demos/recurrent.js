"use strict";
// A small recurrent network that reads a name letter by letter and guesses its language.
(() => {
  const { recurrentNetwork } = S5;

  const CELLS = 80, LONGEST = 40, OPENING = "Schweden";
  const STYLE = `
.recurrent .path { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.recurrent .later { fill: none; stroke: var(--edge); stroke-width: 1.5; stroke-dasharray: 4 4; }
.recurrent .step { fill: var(--ink); }
.recurrent .letter { fill: var(--ink); font-size: calc(15px * var(--text)); font-weight: 650; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.recurrent .state { fill: var(--accent); stroke: var(--paper); stroke-width: 3; transition: transform 0.35s ease; }
.recurrent .other { opacity: 0.55; }
.recurrent .other.called { fill: var(--class1); opacity: 0.9; }
.recurrent .region { fill: var(--ink); font-size: calc(15px * var(--text)); font-weight: 650; text-anchor: middle; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.recurrent .region.small { font-size: calc(13px * var(--text)); fill: var(--muted); }
.recurrent .region.small.called { fill: var(--ink); font-size: calc(15px * var(--text)); }
.recurrent .name-row { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
.recurrent .name-row input { flex: 1 1 12rem; min-width: 0; font-size: 1.1rem; }
.recurrent .letters { display: flex; flex-wrap: wrap; gap: 3px; }
.recurrent .letters button { min-width: 2rem; padding: 0.2rem 0.4rem; min-height: 2rem; font-weight: 600; }
.recurrent .letters button.unread { color: var(--muted); font-weight: 400; }
.recurrent .bars { display: grid; gap: 3px; }
.recurrent .bar { display: grid; grid-template-columns: 6rem 1fr 4rem; gap: 0.6rem; align-items: center; font-size: 0.9rem; line-height: 1.3rem; }
.recurrent .track { height: 0.9rem; background: var(--page); border: 1px solid var(--grid); border-radius: 3px; overflow: hidden; }
.recurrent .track i { display: block; height: 100%; background: var(--edge); transform-origin: left; transition: transform 0.35s ease; }
.recurrent .bar.most { font-weight: 650; }
.recurrent .bar.most i { background: var(--accent); }
.recurrent .bar span:last-child { text-align: right; }
.recurrent .inside { border-left: 3px solid var(--accent); padding-left: 0.8rem; display: grid; gap: 0.5rem; grid-template-columns: minmax(0, 1fr); }
.recurrent .cells { --cell: 3.1rem; --tall: 1.5rem; }
.recurrent > .fine { grid-column: 1 / -1; }
@media (prefers-reduced-motion: reduce) { .recurrent .state, .recurrent .track i { transition: none; } }
`;

  function build(root) {
    const { el, number, button, choice, subscript } = S5;
    const file = S5.weights("recurrent"), made = {};
    root.append(el("style", {}, STYLE));
    const network = (name) => (made[name] ??= recurrentNetwork(file.tensors, name, file.networks[name], file.alphabet));
    let which = "two", net = network("two"), about = file.networks.two, text = "", steps = [], at = 0, truth = null, unit = 0, next = 0;

    // ---- Elements ----
    const plane = S5.plane({ box: [-1.1, 1.1, -1.1, 1.1], names: ["h₁", "h₂"], ticks: [-1, 0, 1], label: "The plane of the hidden state", cells: CELLS });
    const others = el("g", {}), regions = el("g", {}), later = el("path", { class: "later" }), path = el("path", { class: "path" });
    const dots = el("g", {}), state = el("circle", { class: "state", r: 10 }), letters = el("g", {});
    plane.front.append(others, later, path, dots, regions, letters, state);
    const planeNote = el("p", { class: "fine" }), told = el("p", { class: "told", role: "status" });
    const input = el("input", { type: "text", maxlength: LONGEST, spellcheck: "false", autocomplete: "off", "aria-label": "A name", oninput: () => {
      player.pause();
      setText(input.value, null);
    } });
    const row = el("div", { class: "letters", role: "group", "aria-label": "Letters: choose a step" });
    const bars = el("div", { class: "bars" }), inside = el("div", { class: "inside" });
    const player = S5.player((by) => {
      if (by > 0 && at === steps.length - 1) go(0);
      else go(at + by);
      return at < steps.length - 1;
    }, 700);
    const select = choice("Network", Object.entries(file.networks).map(([name, { units, languages }]) =>
      [name, `${units} units, ${languages.length} languages`]), which, (value) => use(value));

    root.append(el("div", { class: "two recurrent" },
      el("div", {}, plane.element),
      el("div", {},
        el("div", { class: "controls" }, select, button("Another name", () => {
          player.pause();
          another();
        })),
        el("div", { class: "name-row" }, input), row, player.element, told, bars,
        inside),
      planeNote));

    // ---- What happens ----
    function use(name) {
      player.pause();
      which = name;
      [net, about, unit, next] = [network(name), file.networks[name], 0, 0];
      select.querySelector("select").value = name;
      const names = net.units > 2 ? ["first direction", "second direction"] : ["h₁", "h₂"];
      plane.rename(names);
      bars.replaceChildren(...about.languages.map((language) => el("div", { class: "bar" },
        el("span", {}, language), el("div", { class: "track" }, el("i", {})), el("span", {}))));
      const share = (value) => `${(100 * value).toFixed(0)} %`;
      planeNote.replaceChildren(
        net.units > 2
          ? `The ${net.units} units do not fit on paper: you see the two directions in which the ends of names differ most between the languages (${share(about.variance)} of that variance). A language's name stands near the mean of its dots; orange dots are those of the language that the network would say now. `
          : "The two units are the two axes: nothing is left out. Colours show which language the network would name in each place. ",
        `Faint dots are where ${about.examples.flat().length} other names end. ${about.parameters.toLocaleString("en")} parameters; right for ${share(about.accuracy.test)} of the ${about.test_names} test names, none of which it was trained on; guessing would reach ${share(1 / about.languages.length)}.`);
      drawOthers();
      openWith();
    }

    /** The first name is a fine one of the test names; those that follow come as they are. */
    function openWith() {
      next = 0;
      input.value = OPENING;
      setText(OPENING, "German");
    }

    /** A test name, each time of the next language. */
    function another() {
      const language = next % about.languages.length, names = about.examples[language];
      const name = names[Math.floor(next / about.languages.length) % names.length];
      next += 1;
      input.value = name;
      setText(name, about.languages[language]);
    }

    function setText(value, language) {
      text = value.normalize("NFC").slice(0, LONGEST);
      truth = language;
      steps = net.read(text);
      row.replaceChildren(...Array.from(text, (letter, i) => button(letter === " " ? "␣" : letter, () => {
        player.pause();
        go(i + 1);
      }, { "aria-label": `Step ${i + 1}: ${letter === " " ? "space" : letter}` })));
      drawNames();
      drawTicks();
      go(steps.length - 1);
    }

    function go(step) {
      at = Math.max(0, Math.min(steps.length - 1, step));
      draw();
      if (!isLoading) S5.params.set("recurrent", [which, at, text].join("*"));
    }

    // ---- Drawing ----
    const place = (h) => {
      const [x, y] = net.project(h);
      return [plane.X(x), plane.Y(y)];
    };
    const languageColor = (k) => [S5.colors.positive, S5.colors.negative, S5.colors.accent][k];

    let means = []; // where each language's name would stand if nothing were in its way
    function drawOthers() {
      const ends = about.examples.map((names) => names.map((name) => net.read(name).at(-1).h));
      if (net.units > 2) { // a box that holds the states on the way, too
        const all = about.examples.flat().flatMap((name) => net.read(name).map(({ h }) => net.project(h)));
        const ranges = [0, 1].map((k) => [Math.min(...all.map((one) => one[k])), Math.max(...all.map((one) => one[k]))]);
        const span = 1.08 * Math.max(...ranges.map(([low, high]) => high - low));
        const box = ranges.flatMap(([low, high]) => [(low + high - span) / 2, (low + high + span) / 2]);
        const ticks = (low, high) => [-6, -4, -2, 0, 2, 4, 6].filter((tick) => tick > low && tick < high);
        plane.frame(box, ticks(box[0], box[1]), ticks(box[2], box[3]));
      } else plane.frame([-1.1, 1.1, -1.1, 1.1], [-1, 0, 1]);
      others.replaceChildren(...ends.flatMap((states, k) => states.map((h) => {
        const [cx, cy] = place(h);
        return el("circle", { class: "other", "data-language": k, cx: cx.toFixed(1), cy: cy.toFixed(1), r: 3.5, fill: net.units > 2 ? S5.colors.edge : languageColor(k) });
      })));
      drawRaster();
      means = about.languages.map((_, k) => (net.units > 2 ? meanPlace(ends[k]) : regionPlace(k)));
      drawNames();
    }

    const textSize = () => Number(getComputedStyle(plane.element).getPropertyValue("--text"));

    /** The languages' names, each in the nearest place where it covers no other name and nothing of the path. */
    function drawNames() {
      const states = steps.map(({ h }) => place(h)), taken = [], grow = textSize();
      const path = states.flatMap(([x, y], i) => [0.25, 0.5, 0.75, 1].map((s) =>
        [x, y].map((one, k) => one + s * ((states[i + 1] ?? states[i])[k] - one))));
      regions.replaceChildren(...about.languages.map((language, k) => {
        const wide = 4.4 * grow * language.length, inside = ([x, y]) => [Math.min(396 - wide, Math.max(4 + wide, x)), Math.min(385, Math.max(18, y))];
        const isFree = ([x, y]) => taken.every(([u, v, w]) => Math.abs(u - x) > w + wide + 6 || Math.abs(v - y) > 17 * grow)
          && path.every(([u, v]) => Math.abs(u - x) > wide + 12 || Math.abs(v - y + 5) > 18);
        const around = Array.from({ length: 300 }, (_, n) => [means[k][0] + 0.5 * n * Math.cos(n), means[k][1] + 0.4 * n * Math.sin(n)]).map(inside);
        const [x, y] = around.find(isFree) ?? around[0];
        taken.push([x, y, wide]);
        return el("text", { class: net.units > 2 ? "region small" : "region", x: x.toFixed(1), y: y.toFixed(1) }, language);
      }));
    }
    const meanPlace = (states) => [0, 1].map((k) => states.reduce((sum, h) => sum + place(h)[k], 0) / states.length);

    /** The middle of the places where the network would name language k. */
    function regionPlace(k) {
      const found = [];
      for (let x = -1; x <= 1; x += 0.1) {
        for (let y = -1; y <= 1; y += 0.1) {
          const p = net.probabilities([x, y]);
          if (p[k] > 0.7 && p[k] === Math.max(...p)) found.push([plane.X(x), plane.Y(y)]);
        }
      }
      return found.length ? [0, 1].map((i) => found.reduce((sum, one) => sum + one[i], 0) / found.length) : [200, 200];
    }

    function drawRaster() {
      const context = plane.raster.getContext("2d");
      context.clearRect(0, 0, CELLS, CELLS);
      if (net.units > 2) return;
      const picture = context.createImageData(CELLS, CELLS), [x0, x1, y0, y1] = plane.box;
      const inks = about.languages.map((_, k) => S5.rgb(languageColor(k))), paper = S5.rgb(S5.colors.paper);
      for (let i = 0; i < CELLS; i++) {
        for (let j = 0; j < CELLS; j++) {
          const p = net.probabilities([x0 + ((j + 0.5) / CELLS) * (x1 - x0), y1 - ((i + 0.5) / CELLS) * (y1 - y0)]);
          for (let k = 0; k < 3; k++) {
            const mixed = inks.reduce((sum, ink, n) => sum + p[n] * ink[k], 0);
            picture.data[4 * (i * CELLS + j) + k] = Math.round(paper[k] + 0.28 * (mixed - paper[k]));
          }
          picture.data[4 * (i * CELLS + j) + 3] = 255;
        }
      }
      context.putImageData(picture, 0, 0);
    }

    /** The letters along the path; where two are close, the later one moves. */
    function drawTicks() {
      const taken = [], names = [...regions.children].map((one) => [Number(one.getAttribute("x")), Number(one.getAttribute("y"))]);
      const states = steps.map(({ h }) => place(h)), grow = textSize();
      letters.replaceChildren(...Array.from(text, (letter, i) => {
        const [x, y] = states[i + 1];
        const places = [[12, -10], [-14, -10], [12, 20], [-14, 20], [0, -18], [0, 26], [24, 4], [-26, 4], [22, -20], [-24, -20], [22, 28], [-24, 28]]
          .map(([a, b]) => [Math.min(392, Math.max(8, x + a)), Math.min(396, Math.max(14, y + b))]);
        const found = places.find(([a, b]) => taken.every(([u, v]) => Math.hypot(u - a, v - b) > 15 * grow)
          && states.every(([u, v]) => Math.hypot(u - a, v - b + 5) > 14)
          && names.every(([u, v]) => Math.abs(u - a) > 42 * grow || Math.abs(v - b) > 16 * grow)) ?? places[0];
        taken.push(found);
        return el("text", { class: "letter", "text-anchor": "middle", x: found[0], y: found[1] }, letter === " " ? "␣" : letter);
      }));
    }

    function draw() {
      const places = steps.map(({ h }) => place(h));
      const line = (part) => part.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      path.setAttribute("d", line(places.slice(0, at + 1)));
      later.setAttribute("d", line(places.slice(at)));
      dots.replaceChildren(...places.slice(0, at + 1).map(([cx, cy], i) => el("circle", { class: "step", cx, cy, r: i ? 4 : 5 })));
      [...letters.children].forEach((one, i) => (one.style.visibility = i < at ? "" : "hidden"));
      state.style.transform = `translate(${places[at][0].toFixed(1)}px, ${places[at][1].toFixed(1)}px)`;
      [...row.children].forEach((one, i) => {
        one.setAttribute("aria-pressed", String(i + 1 === at));
        one.classList.toggle("unread", i >= at);
      });
      const p = steps[at].probabilities, best = p.indexOf(Math.max(...p));
      [...regions.children].forEach((one, k) => one.classList.toggle("called", k === best && at > 0));
      for (const one of others.children) one.classList.toggle("called", net.units > 2 && at > 0 && Number(one.dataset.language) === best);
      [...bars.children].forEach((bar, k) => {
        bar.classList.toggle("most", k === best && at > 0);
        bar.querySelector("i").style.transform = `scaleX(${p[k]})`;
        bar.lastChild.textContent = `${(100 * p[k]).toFixed(1)} %`;
      });
      told.replaceChildren(at === 0 ? (text ? "Nothing read yet: the state is zero." : "Type a name.") : "After “", at ? el("b", {}, Array.from(text).slice(0, at).join("")) : "",
        at ? `” it would say ${about.languages[best]}.` : "",
        truth && at === steps.length - 1 ? ` The name is ${truth}${truth === about.languages[best] ? ": right." : ": wrong."}` : "");
      drawInside();
    }

    /** The sum of one unit at this step, term by term. */
    function drawInside() {
      const letter = Array.from(text)[at - 1], names = Array.from({ length: net.units }, (_, j) => [j, `h${subscript(j + 1)}`]);
      if (!at) {
        inside.replaceChildren(el("p", { class: "fine" }, "Choose a letter to see how the state moves."));
        return;
      }
      const { x, wx, before, wh, fromLetter, fromState, b, z, h } = net.unit(steps[at], unit);
      const grid = (label, numbers, weights) => el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label },
        el("div", { class: "cells", style: `--columns: ${numbers.length + 1}` },
          ...[[label, numbers], ["weight", weights], ["product", numbers.map((one, i) => one * weights[i])]].flatMap(([name, values], r) => [
            el("span", { class: "row-name" }, name),
            ...values.map((value) => el("span", { style: r === 2 ? `background: ${S5.tint(value)}` : "" }, number(value, 2)))])));
      inside.replaceChildren(
        el("div", { class: "controls" }, el("h3", {}, "How "), choice("unit", names, unit, (value) => {
          unit = Number(value);
          drawInside();
          inside.querySelector("select").focus();
        }), el("span", {}, `answers the letter “${letter}”`)),
        grid("letter x", x, wx), grid("state h", before, wh),
        el("p", { class: "formula" }, "W", el("sub", {}, "x"), " x + W", el("sub", {}, "h"), " h + b = ", `${number(fromLetter, 4)} + ${signed(fromState)} + ${signed(b)} = `, el("b", {}, number(z, 4)),
          ", and tanh of it is ", el("b", {}, number(h, 4)), "."));
    }
    const signed = (value) => (value < 0 ? `(${number(value, 4)})` : number(value, 4));

    // ---- The state in the address ----
    function load(given) {
      const [name, step, ...rest] = given.split("*");
      if (!(name in file.networks)) return;
      if (name !== which) use(name);
      input.value = rest.join("*").slice(0, LONGEST);
      setText(input.value, null);
      go(Number(step) || 0);
    }
    let isLoading = true;
    use("two");
    S5.onAddress("recurrent", load);
    isLoading = false;
    S5.onTheme(() => {
      drawOthers();
      draw();
    });

    return {
      state: () => ({ which, text, at, unit }),
      test: { read: (name, value) => network(name).read(value), project: (name, h) => network(name).project(h), use, go, setText, load },
    };
  }

  S5.station({
    id: "recurrent",
    title: "A memory that moves",
    year: "1990",
    sentence: "A recurrent network keeps what it has read in its state, here a point: every letter pushes it on, and where it ends decides the language.",
    inAddress: true,
    lesson: "09_recurrent_networks",
    keyboard: "Type a name; Tab to the letters and press Enter on one, or use Back, Play and Step.",
    build,
  });
})();
