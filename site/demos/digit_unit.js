"use strict";
// One number of LeNet-5: its window, kernel, products and sum, down to one multiplication in words.
S5.digitUnit = (S5, net) => {
  const { el, button, number } = S5;
  const { LAYER, explain } = S5.lenet5;
  let panel = null; // the elements of the open layer
  let unit = null;
  let chosen = null; // [channel, place] of the product that is spelled out

  const labelled = (text, element) => el("figure", {}, el("figcaption", {}, text), element);

  function cells(columns, count, make = () => el("span")) {
    const parts = Array.from({ length: count }, (_, k) => make(k));
    return { parts, element: el("div", { class: "cells", style: `--columns:${columns}` }, parts) };
  }

  /** Writes numbers and their colours into cells; nothing where there is no number. */
  function fill({ parts }, values, scale, decimals = 2) {
    parts.forEach((part, k) => {
      const text = values ? number(values[k], decimals) : "", ground = S5.tint(values ? values[k] / scale : 0);
      if (part.textContent !== text) part.textContent = text;
      if (part.ground !== ground) part.style.background = part.ground = ground;
    });
  }

  /** Marks the same place in a channel's window, kernel and products. */
  function light([channel, k] = [-1, -1]) {
    panel.channels.forEach(({ grids }, c) => {
      for (const { parts } of Object.values(grids)) {
        parts.forEach((part, i) => part.classList.toggle("lit", c === channel && i === k));
      }
    });
  }

  function spell(channel, k) {
    chosen = [channel, k];
    show(unit, panel.isEmpty);
  }

  // ---- The elements of a layer -------------------------------------------------------------------------------

  /** Fills `details` with the elements for a layer's numbers; `pad` has the buttons that move to others. */
  function open(name, details, pad) {
    const { kind, below } = LAYER[name];
    const text = (tag, attributes) => el(tag, attributes);
    panel = {
      title: text("h4"), code: text("code"), formula: text("p", { class: "formula" }),
      words: text("p", { class: "words", role: "status" }), channels: [],
    };
    details.replaceChildren(el("div", { class: "unit-head" }, panel.title, panel.code, pad));
    if (kind === "pooling") {
      panel.window = cells(2, 4, (k) => button("", () => spell(0, k)));
      const figure = labelled("four numbers of the map below", panel.window.element);
      details.append(el("div", { class: "channels window" }, figure));
    } else if (kind !== "image") {
      const isDense = kind !== "convolution", count = isDense ? 1 : below.maps;
      panel.channels = Array.from({ length: count }, (_, c) => openChannel(c, isDense, below, count));
      const shape = count > 1 ? "many" : isDense ? "long" : "one";
      details.append(el("div", {
        class: `scroll channels ${shape}`, tabindex: shape === "one" ? null : 0,
        role: "group", "aria-label": "windows, kernels and products",
      }, panel.channels.map(({ element }) => element)));
    }
    if (kind === "convolution" || kind === "dense") panel.squash = squash();
    details.append(el("div", { class: "result" }, panel.formula, panel.squash?.element), panel.words);
    if (kind === "softmax") {
      panel.softmax = cells(10, 40);
      details.append(el("div", { class: "scroll softmax", tabindex: 0, role: "group", "aria-label": "softmax" },
        labelled("softmax: the digit, its sum z, exp z, and its share of the ten exp z", panel.softmax.element)));
    }
  }

  /** A window, a kernel and their products, one under or beside the other. */
  function openChannel(c, isDense, below, count) {
    const columns = isDense ? below.maps : 5, length = isDense ? below.maps : 25;
    const grids = {
      window: cells(columns, length),
      kernel: cells(columns, length),
      products: cells(columns, length, (k) => button("", () => spell(c, k), {
        tabindex: k ? -1 : 0, // Tab enters the products once; arrow keys go on from there
        onmouseenter: () => light([c, k]), onmouseleave: () => light(chosen ?? undefined), onfocus: () => light([c, k]),
      })),
    };
    const { parts } = grids.products;
    S5.keys(grids.products.element, {
      arrows(dx, dy) {
        const at = parts.indexOf(document.activeElement), to = at + dx + dy * columns;
        if (to < 0 || to >= length) return;
        parts[at].tabIndex = -1;
        parts[to].tabIndex = 0;
        parts[to].focus();
      },
    });
    const sum = el("p", { class: "channel-sum" });
    const source = below.name === "scale" ? "image" : below.name;
    const seen = isDense ? `all ${below.maps}` : count > 1 ? `map ${c}` : "5 × 5";
    const element = el("div", { class: "channel" },
      labelled(`${source}, ${seen}`, grids.window.element), el("span", { class: "sign" }, "×"),
      labelled(isDense ? "weights" : "kernel", grids.kernel.element), el("span", { class: "sign" }, "="),
      labelled("products", grids.products.element), sum);
    return { grids, sum, element };
  }

  /** The curve of tanh, with the point of the chosen number. */
  function squash() {
    const x = (z) => 75 + 18 * Math.max(-4, Math.min(4, z)), y = (value) => 42 - 32 * value;
    const points = Array.from({ length: 81 }, (_, k) => (k - 40) / 10).map((z) => `${x(z)},${y(Math.tanh(z))}`);
    const path = el("path", { class: "to" }), dot = el("circle", { r: 4 });
    const label = "The curve of tanh: it squashes any sum to between −1 and 1.";
    const element = el("svg", { class: "squash", viewBox: "0 0 150 84", role: "img", "aria-label": label },
      el("path", { class: "axis", d: "M3 42H147M75 4V80" }),
      el("polyline", { class: "curve", points: points.join(" ") }),
      el("text", { x: 79, y: 13 }, "1"), el("text", { x: 58, y: 79 }, "−1"),
      el("text", { x: 118, y: 54 }, "sum"), el("text", { x: 3, y: 13 }, "tanh"),
      path, dot);
    return {
      element,
      /** Moves the point to a sum; null: there is none. */
      show(z) {
        for (const mark of [path, dot]) mark.setAttribute("visibility", z === null ? "hidden" : "visible");
        if (z === null) return;
        const [at, value] = [x(z), y(Math.tanh(z))];
        path.setAttribute("d", `M${at} 42V${value}H75`);
        dot.setAttribute("cx", at);
        dot.setAttribute("cy", value);
      },
    };
  }

  // ---- Its numbers -------------------------------------------------------------------------------------------

  /** Shows one number, {name, map, row, column}, of the layer that is open; `isEmpty`: nothing is drawn. */
  function show(newUnit, isEmpty) {
    if (newUnit.name !== unit?.name || newUnit.map !== unit.map) chosen = null;
    unit = newUnit;
    panel.isEmpty = isEmpty;
    const { map, row, column } = unit, layer = LAYER[unit.name], { kind, side } = layer;
    panel.title.textContent = side === 1 ? `${kind === "softmax" ? "Output" : "Unit"} ${map}`
      : `${kind === "image" ? "Pixel in" : `Map ${map},`} row ${row}, column ${column}`;
    if (isEmpty) {
      panel.code.textContent = panel.words.textContent = "";
      panel.formula.textContent = "Draw a digit first: its numbers appear here.";
      const grids = [panel.window, panel.softmax, ...panel.channels.flatMap((channel) => Object.values(channel.grids))];
      for (const grid of grids) if (grid) fill(grid, null);
      for (const { sum } of panel.channels) sum.textContent = "";
      panel.squash?.show(null);
      light();
      return;
    }
    const found = explain(net, unit);
    const index = side > 1 || kind === "convolution" ? `${row}, ${column}, ${map}` : map;
    const value = number(found.value, kind === "image" ? 0 : 4);
    panel.code.textContent = `${layer.keras ?? layer.name}[0, ${index}] = ${value}`;
    if (kind === "image") {
      panel.formula.textContent = `The pixel is ${value} of 255. The network first brings it into the paper's `
        + `range: ${value} × 1.275 / 255 − 0.1 = ${number(found.scaled, 4)}.`;
    } else if (kind === "pooling") showPooling(found, layer);
    else showSum(found, layer);
  }

  function showPooling({ window, chosen: largest, value }, { below }) {
    const { map, row, column } = unit, texts = [...window].map((x) => number(x, 4));
    fill(panel.window, window, 1, 4);
    panel.window.parts.forEach((part, k) => part.classList.toggle("lit", k === largest));
    panel.formula.textContent = `The largest of ${texts.join(", ")} is ${number(value, 4)}.`;
    if (!chosen) {
      panel.words.textContent = "";
      return;
    }
    const at = chosen[1];
    const fate = at === largest ? "It is the largest and stays." : "It is not the largest: the network forgets it.";
    panel.words.textContent = `${texts[at]} stands in map ${map} of ${below.name}, row ${2 * row + (at >> 1)}, `
      + `column ${2 * column + (at & 1)}. ${fate}`;
  }

  function showSum(found, layer) {
    const { channels, sum, bias, z, value } = found;
    const largest = (key) => Math.max(1e-9, ...channels.map((channel) => Math.max(...channel[key].map(Math.abs))));
    const scales = { window: 1, kernel: largest("kernel"), products: largest("products") };
    channels.forEach((channel, c) => {
      const { grids, sum: total } = panel.channels[c];
      for (const [key, grid] of Object.entries(grids)) fill(grid, channel[key], scales[key]);
      total.textContent = `sum ${number(channel.sum, 4)}`;
    });

    const terms = channels.map((channel) => number(channel.sum, 2)).join(" + ").replaceAll("+ −", "− ");
    const count = channels.length * channels[0].window.length;
    const bold = (x) => el("b", {}, number(x, 4));
    panel.formula.replaceChildren(
      `The ${count} products add up to ${channels.length > 1 ? `${terms} = ` : ""}${number(sum, 4)}; with the bias `,
      bold(bias), " that is ", bold(z),
      layer.kind === "softmax" ? `. Softmax: exp(${number(z, 4)}) divided by the sum of all ten exp z is `
        : `, and tanh(${number(z, 4)}) = `,
      bold(value), ".");
    panel.squash?.show(z);
    if (panel.softmax) showSoftmax();
    panel.words.textContent = chosen ? inWords(found, layer) : "Choose a product to read it in words.";
    light(chosen ?? undefined);
  }

  function showSoftmax() {
    const sums = [...net.sums.output], shares = [...net.outputs.output];
    const power = (x) => (x < 1000 ? x.toPrecision(3) : Math.round(x).toLocaleString("en"));
    const exact = (x) => number(x, 4);
    const rows = [[...sums.keys()], sums.map(exact), sums.map(Math.exp).map(power), shares.map(exact)];
    rows.flat().forEach((text, k) => {
      panel.softmax.parts[k].textContent = text;
      panel.softmax.parts[k].classList.toggle("lit", k % 10 === unit.map);
    });
  }

  /** The chosen product as a sentence. */
  function inWords({ channels }, { kind, below, border = 0 }) {
    const [c, k] = chosen;
    const [x, weight, product] = ["window", "kernel", "products"].map((key) => channels[c][key][k]);
    const i = unit.row - border + Math.floor(k / 5), j = unit.column - border + (k % 5);
    const isInside = i >= 0 && j >= 0 && i < below.side && j < below.side;
    const ink = x > 0.5 ? "ink" : x > 0 ? "the edge of the ink" : "ground";
    const where = kind !== "convolution" ? `Unit ${k} of ${below.name} says ${number(x, 4)}`
      : !isInside ? "This place lies outside of the image, where the border counts as 0"
      : below.name === "scale" ? `The pixel in row ${i}, column ${j} is ${ink}, ${number(x, 4)}`
      : `Map ${c} of ${below.name} has ${number(x, 4)} in row ${i}, column ${j}`;
    const effect = Math.abs(product) < 0.005 ? "It hardly counts in the sum."
      : product > 0 ? "It pushes the sum up." : "It pulls the sum down.";
    const factor = weight < 0 ? `(${number(weight, 4)})` : number(weight, 4);
    const multiplication = `${number(x, 4)} × ${factor} = ${number(product, 4)}`;
    return `${where}. Its weight is ${number(weight, 4)}: ${multiplication}. ${effect}`;
  }

  return { open, show };
};
