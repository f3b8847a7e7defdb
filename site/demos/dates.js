"use strict";
// The transformer of 2017 writes a date in any of twenty languages as ISO 8601.
(() => {
  const { transformer } = S5;

  const KINDS = { cross: "from the ISO date to the text", encoder: "within the text", decoder: "within the ISO date" };
  const MOST = 50; // characters
  const STYLE = `
.dates { display: grid; gap: 0.9rem; grid-template-columns: minmax(0, 1fr); }
.dates .name-row { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.dates .name-row input { flex: 1 1 14rem; min-width: 0; font-size: 1.1rem; }
.dates .written { display: flex; gap: 2px; flex-wrap: wrap; min-height: 3rem; align-items: center; }
.dates .written button { font: 600 1.5rem/1.2 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; padding: 0.2rem 0.35rem; min-width: 1.9rem; }
.dates .written .end { font-size: 0.8rem; color: var(--muted); }
.dates .written button:disabled { color: transparent; border-color: var(--grid); opacity: 1; }
.dates .matrix { display: grid; width: max-content; gap: 1px; font-size: 0.85rem; line-height: 1; padding: 4px; border-radius: 6px; }
.dates .matrix > * { width: 1.5rem; height: 1.5rem; display: grid; place-items: center; border-radius: 2px; }
.dates .matrix .head { height: 1.6rem; color: var(--ink); font-weight: 600; }
.dates .matrix .side { width: 2.2rem; font-weight: 650; justify-content: end; padding-right: 0.4rem; position: sticky; left: 0; z-index: 2; background: var(--paper); border-radius: 0; }
.dates .matrix .cell { cursor: pointer; font-size: 0.62rem; background: var(--page); }
.dates .matrix .row-now { box-shadow: 0 -1px 0 var(--accent), 0 1px 0 var(--accent); }
.dates .matrix .chosen { outline: 3px solid var(--accent); outline-offset: -1px; z-index: 1; position: relative; }
.dates .matrix .empty { visibility: hidden; }
.dates .scroll { scroll-behavior: auto; }
.dates .next { display: grid; gap: 3px; max-width: 26rem; }
.dates .next div { display: grid; grid-template-columns: 3.2rem 1fr 4rem; gap: 0.6rem; align-items: center; font-size: 0.9rem; line-height: 1.25rem; }
.dates .next .track { display: block; height: 0.85rem; background: var(--page); border: 1px solid var(--grid); border-radius: 3px; overflow: hidden; }
.dates .next .track i { display: block; height: 100%; background: var(--accent); transform-origin: left; }
.dates .next span:last-child { text-align: right; }
.dates .inside { border-left: 3px solid var(--accent); padding-left: 0.8rem; display: grid; gap: 0.5rem; grid-template-columns: minmax(0, 1fr); }
.dates .cells { --cell: 3.05rem; --tall: 1.5rem; }
.dates .many { --cell: 2.75rem; }
.dates .parts { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 1000px) { .dates .parts { grid-template-columns: minmax(0, 1fr) 17rem; } }
`;

  function build(root) {
    const { el, number, button, choice } = S5;
    const file = S5.weights("dates"), net = transformer(file);
    root.append(el("style", {}, STYLE));
    let result = null, at = 0, until = Infinity, kind = "cross", layer = 1, head = 0, cell = [0, 0], text = "";

    // ---- Elements ----
    const input = el("input", { type: "text", maxlength: MOST, spellcheck: "false", autocomplete: "off", "aria-label": "A date, written in words", oninput: () => {
      player.pause();
      setText(input.value);
    } });
    const examples = choice("Example", [["", "your own"], ...file.examples.map(([language], i) => [i, language])], "", (value) => {
      if (value === "") return;
      input.value = file.examples[value][1];
      setText(input.value);
      playFromTheStart();
    });
    const written = el("div", { class: "written", role: "group", "aria-label": "The ISO date, character by character" });
    const told = el("p", { class: "told", role: "status" }), next = el("div", { class: "next" }), nextTitle = el("h3", {});
    const matrix = el("div", { class: "matrix", tabindex: 0, role: "group" }), inside = el("div", { class: "inside" });
    const matrixTitle = el("p", { class: "fine" });
    const player = S5.player((by) => {
      if (!result) return false;
      go(by > 0 && at === result.tokens.length ? 1 : Math.max(1, at + by));
      if (at < Math.min(until, result.tokens.length)) return true;
      until = Infinity;
      return false;
    }, 600);
    const kinds = choice("Attention", Object.entries(KINDS), kind, (value) => {
      kind = value;
      cell = [Math.min(cell[0], rowNames().length - 1), 0];
      pickStrongest();
      draw();
    });
    const layers = choice("Layer", [[0, 1], [1, 2]], layer, (value) => {
      layer = Number(value);
      draw();
      save();
    });
    const heads = choice("Head", Array.from({ length: net.heads }, (_, h) => [h, h + 1]), head, (value) => {
      head = Number(value);
      draw();
      save();
    });

    root.append(el("div", { class: "dates" },
      el("div", { class: "name-row" }, input, examples),
      el("div", { class: "controls" }, written, player.element),
      told,
      el("div", { class: "controls" }, kinds, layers, heads),
      el("div", { class: "parts" },
        el("div", {}, matrixTitle, el("div", { class: "scroll" }, matrix)),
        el("div", {}, nextTitle, next)),
      inside,
      el("p", { class: "fine" }, `${file.parameters.toLocaleString("en")} parameters, 2 + 2 layers of ${net.heads} heads, trained for three epochs; it writes ${(100 * file.accuracy).toFixed(1)} % of 2,000 test dates without an error, of days that it was never shown. It has learned dates from 1950 to 2049, so it makes up something for any other text.`)));

    // ---- What happens ----
    function setText(value) {
      until = Infinity;
      text = value.normalize("NFC").slice(0, MOST);
      result = text.trim() ? net.translate(text) : null;
      const found = file.examples.findIndex(([, one]) => one === text);
      examples.querySelector("select").value = found < 0 ? "" : found;
      written.replaceChildren(...(result?.names ?? []).map((name, i) => button(name, () => {
        player.pause();
        go(i + 1);
      }, { class: name === "end" ? "end" : "", "aria-label": `Character ${i + 1}: ${name}` })));
      if (result) {
        at = result.tokens.length;
        cell = [Math.min(6, at - 1), 0]; // the month's second digit: the network has read a word
        pickStrongest();
      }
      draw();
      save();
    }

    /** Shows the date as it is after so many characters. */
    function go(count) {
      at = Math.max(1, Math.min(result.tokens.length, count));
      cell = [kind === "encoder" ? cell[0] : at - 1, 0];
      pickStrongest();
      draw();
      save();
    }

    /** Writes the date anew, up to where it is now: at once for those who want no motion. */
    function playFromTheStart() {
      player.pause();
      if (S5.isCalm() || !result || at === 1) return;
      until = at;
      go(1);
      player.play();
    }

    /** The column with the greatest weight in the chosen row. */
    function pickStrongest() {
      const rows = result?.attention[kind][layer].rows;
      if (!rows?.length) return;
      cell[0] = Math.min(cell[0], rows.length - 1);
      const weights = rows[cell[0]][head].weights;
      cell[1] = weights.indexOf(Math.max(...weights));
    }

    const visible = (one) => (one === " " ? "␣" : one);
    const sourceNames = () => Array.from(text, visible);
    const rowNames = () => (!result ? [] : kind === "encoder" ? sourceNames() : result.names);
    const columnNames = () => (kind === "decoder" ? ["begin", ...result.names.slice(0, -1)] : sourceNames());
    const short = (name) => ({ begin: "▷", end: "end" })[name] ?? name;

    // ---- Drawing ----
    function draw() {
      if (!result) {
        told.textContent = "Type a date such as “12. März 2020” or “March 12, 2020”.";
        for (const one of [matrix, next, nextTitle, inside, matrixTitle]) one.replaceChildren();
        return;
      }
      [...written.children].forEach((one, i) => {
        one.disabled = i >= at;
        one.setAttribute("aria-pressed", String(i === at - 1));
      });
      const isWhole = at === result.tokens.length, example = file.examples.find(([, one]) => one === text);
      const product = result.tokens.reduce((p, id, t) => p * result.probabilities[t][id], 1);
      told.replaceChildren(isWhole ? el("b", {}, result.text) : el("b", {}, result.names.slice(0, at).join("")),
        isWhole ? ` (probability of the whole: ${(100 * product).toFixed(1)} %).` : " …",
        isWhole && example ? (example[2] === result.text ? ` This is right: ${example[0]}.` : ` It should be ${example[2]}.`) : "");
      drawMatrix();
      drawNext();
      drawInside();
    }

    function drawMatrix() {
      const rows = result.attention[kind][layer].rows, columns = columnNames(), names = rowNames();
      const shownRows = kind === "encoder" ? names.length : at;
      const ground = S5.colors.page, strong = S5.colors.positive;
      matrix.style.gridTemplateColumns = `2.2rem repeat(${columns.length}, 1.5rem)`;
      matrix.replaceChildren(el("span", { class: "side" }), ...columns.map((name) => el("span", { class: "head" }, short(name))),
        ...names.flatMap((name, i) => [
          el("span", { class: `side${i < shownRows ? "" : " empty"}` }, short(name)),
          ...columns.map((_, j) => {
            const weight = rows[i][head].weights[j];
            if (i >= shownRows || weight === undefined) return el("span", { class: "empty" });
            const isChosen = i === cell[0] && j === cell[1];
            return el("span", {
              class: `cell${i === cell[0] ? " row-now" : ""}${isChosen ? " chosen" : ""}`,
              style: `background: ${S5.mix(ground, strong, Math.round(weight * 40) / 40)}`,
              title: `${short(name)} → ${columns[j]}: ${weight.toFixed(4)}`,
              onclick: () => choose(i, j),
            });
          }),
        ]));
      showChosen(matrix.parentElement, matrix.querySelector(".chosen"));
      const chosen = rows[cell[0]][head].weights[cell[1]];
      matrix.setAttribute("aria-label", `Attention weights, ${KINDS[kind]}. Chosen: from ${names[cell[0]]} to ${columns[cell[1]]}, weight ${chosen.toFixed(3)}. Arrow keys choose another cell.`);
      matrixTitle.replaceChildren(kind === "cross"
        ? "Each row: where the network looks in the text while it writes the character on the left. A row adds up to 1. Click a cell."
        : kind === "encoder" ? "Each row: where the character on the left looks in the text. A row adds up to 1. Click a cell."
          : "Each row: where the network looks back in what it has written (▷ begins) while it writes the character on the left. Click a cell.");
    }

    /** Scrolls a box sideways, and nothing else, until the chosen cell is in it. */
    function showChosen(box, chosen) {
      const at = chosen.offsetLeft - box.firstChild.offsetLeft;
      if (at < box.scrollLeft + 60 || at + 60 > box.scrollLeft + box.clientWidth) box.scrollLeft = at - box.clientWidth / 2;
    }

    function choose(i, j) {
      const rows = result.attention[kind][layer].rows, last = kind === "encoder" ? rows.length : at;
      const row = Math.max(0, Math.min(last - 1, i));
      cell = [row, Math.max(0, Math.min(rows[row][head].weights.length - 1, j))];
      drawMatrix();
      drawNext();
      drawInside();
    }
    S5.keys(matrix, { arrows: (dx, dy) => result && choose(cell[0] + dy, cell[1] + dx) });

    function drawNext() {
      const row = kind === "encoder" ? at - 1 : cell[0], p = result.probabilities[row];
      nextTitle.textContent = `Character ${row + 1}`;
      const order = [...p.keys()].filter((id) => id > 0).sort((a, b) => p[b] - p[a]).slice(0, 4);
      next.replaceChildren(...order.map((id) => el("div", {}, el("b", {}, result.name(id)),
        el("span", { class: "track" }, el("i", { style: `transform: scaleX(${p[id]})` })), el("span", {}, `${(100 * p[id]).toFixed(2)} %`))));
    }

    function drawInside() {
      const [i, j] = cell, columns = columnNames(), of = net.explain(result, kind, layer, head, i, j);
      const [from, to] = [rowNames()[i], columns[j]];
      const grid = (label, rows, many) => el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label },
        el("div", { class: `cells${many ? " many" : ""}`, style: `--columns: ${rows[0][1].length + 1}` },
          ...rows.flatMap(([name, values, draw]) => [el("span", { class: "row-name" }, name), ...values.map(draw)])));
      const plain = (value) => el("span", {}, number(value, 2));
      const tinted = (scale) => (value) => el("span", { style: `background: ${S5.tint(value / scale)}` }, number(value, 2));
      const largest = Math.max(...of.products.map(Math.abs));
      inside.replaceChildren(
        el("h3", {}, kind === "encoder" ? `“${from}” looks at “${to}”` : `While writing “${from}”, it looks at “${to}”`),
        el("p", { class: "fine" }, `1. The query q and the key k, ${net.width} numbers each, multiplied one by one; the sum says how well they match.`),
        grid("Query, key and their products", [["q", of.q, plain], ["k", of.k, plain], ["product", of.products, tinted(largest)]]),
        el("p", { class: "formula" }, "sum = ", el("b", {}, number(of.sum, 3)), `, divided by √${net.width} = ${of.scale}: score `, el("b", {}, number(of.scores[j], 3))),
        el("p", { class: "fine" }, "2. The softmax turns the scores of the row into weights that add up to 1."),
        grid("Scores and weights of the row", [
          ["", columns.slice(0, of.scores.length), (name, at2) => el("span", { style: "font-weight: 650", class: at2 === j ? "lit" : "" }, short(name))],
          ["score", of.scores, (value, at2) => el("span", { class: at2 === j ? "lit" : "" }, number(value, 2))],
          ["weight", of.weights, (value, at2) => el("span", { class: at2 === j ? "lit" : "", style: `background: ${S5.tint(value)}` }, number(value, 3))],
        ], true),
        el("p", { class: "formula" }, `weight = e^${number(of.scores[j], 2)} / (sum of e^score over the row) = `, el("b", {}, number(of.weights[j], 4)), kind === "cross" ? `: so much of the value of “${to}” goes into this head's answer.` : "."));
      showChosen(inside.lastChild.previousSibling, inside.querySelector(".lit"));
    }

    // ---- The state in the address ----
    let isLoading = true;
    function save() {
      if (!isLoading) S5.params.set("dates", [layer + 1, head + 1, at, text].join("*"));
    }
    function load(given) {
      const [l, h, count, ...rest] = given.split("*");
      if (![1, 2].includes(Number(l)) || !(Number(h) >= 1 && Number(h) <= net.heads)) return;
      [layer, head] = [Number(l) - 1, Number(h) - 1];
      layers.querySelector("select").value = layer;
      heads.querySelector("select").value = head;
      input.value = rest.join("*").slice(0, MOST);
      setText(input.value);
      if (result) go(Number(count) || 1);
    }
    input.value = file.examples.find(([language]) => language === "German")[1];
    setText(input.value);
    S5.onAddress("dates", (given) => {
      load(given);
      if (S5.params.station() === "dates") playFromTheStart();
    });
    isLoading = false;
    S5.onTheme(draw);

    return {
      state: () => ({ text, at, kind, layer, head, cell, written: result?.text }),
      test: { translate: net.translate, explain: net.explain, setText, go, choose, load },
    };
  }

  S5.station({
    id: "dates",
    title: "A transformer writes",
    year: "2017",
    sentence: "Type a date in one of twenty languages: the blue cells show where the network looks while it writes each character of year-month-day.",
    inAddress: true,
    lesson: "11_transformer",
    keyboard: "Type a date; Tab to the characters or to Back, Play and Step; in the matrix, arrow keys choose a cell.",
    build,
  });
})();
