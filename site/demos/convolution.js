"use strict";
// Convolution and pooling on the course's numbers, and on a photograph.
(() => {
  // ==== The arithmetic, without a page ========================================================================

  // The example of the course's slides, as in keras_session5/by_hand/convolution.py.
  const IMAGE = [[3, 5, 2, 8, 1], [9, 7, 5, 4, 3], [2, 0, 6, 1, 6], [6, 3, 7, 9, 2], [1, 4, 9, 5, 1]];
  const KERNEL = [[1, 0, 0], [1, 1, 0], [0, 0, 1]];
  const POOLED = [[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]];
  const KERNELS = {
    edge: ["edges", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]],
    upright: ["upright edges", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]],
    level: ["level edges", [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]],
    blur: ["blur", [[0.11, 0.11, 0.11], [0.11, 0.12, 0.11], [0.11, 0.11, 0.11]]],
    sharpen: ["sharpen", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]],
    nothing: ["change nothing", [[0, 0, 0], [0, 1, 0], [0, 0, 0]]],
  };

  /** Outputs along one axis, and the zeros that "same" puts before the first pixel, as Keras does. */
  function geometry(size, kernel, stride, padding) {
    if (padding === "valid") return { outputs: Math.floor((size - kernel) / stride) + 1, before: 0, zeros: 0 };
    const outputs = Math.ceil(size / stride), zeros = Math.max(0, (outputs - 1) * stride + kernel - size);
    return { outputs, before: zeros >> 1, zeros };
  }

  /** Rows of numbers in a border of zeros. */
  function pad(image, { before: above, zeros: vertical }, { before, zeros }) {
    const rows = image.length, columns = image[0].length;
    return Array.from({ length: rows + vertical }, (_, i) =>
      Float64Array.from({ length: columns + zeros }, (_, j) => image[i - above]?.[j - before] ?? 0));
  }

  /** The feature map of an image (rows of numbers): a convolution as networks have it, the kernel not flipped. */
  function convolve(image, kernel, stride = 1, padding = "valid") {
    const down = geometry(image.length, kernel.length, stride, padding);
    const over = geometry(image[0].length, kernel[0].length, stride, padding);
    const padded = pad(image, down, over);
    return Array.from({ length: down.outputs }, (_, i) => Float64Array.from({ length: over.outputs }, (_, j) => {
      let sum = 0;
      kernel.forEach((weights, u) => {
        const line = padded[i * stride + u];
        for (let v = 0; v < weights.length; v++) sum += weights[v] * line[j * stride + v];
      });
      return sum;
    }));
  }

  /** The largest or the mean of every size x size numbers. */
  function pool(image, size, mode) {
    const rows = Math.floor(image.length / size), columns = Math.floor(image[0].length / size);
    return Array.from({ length: rows }, (_, i) => Float64Array.from({ length: columns }, (_, j) => {
      const lines = image.slice(i * size, (i + 1) * size);
      const window = lines.flatMap((line) => [...line.slice(j * size, (j + 1) * size)]);
      return mode === "max" ? Math.max(...window) : window.reduce((a, b) => a + b, 0) / window.length;
    }));
  }

  // ==== The page ==============================================================================================

  const plain = (x) => String(Math.round(x * 1e4) / 1e4).replace("-", "−");
  const bracketed = (x) => (x < 0 ? `(${plain(x)})` : plain(x));

  /** "3·1 + 5·0 + ...": the products of a window and a kernel. */
  function writtenOut(kernel, window) {
    const products = kernel.map((line, u) => line.map((weight, v) => `${plain(window[u][v])}·${bracketed(weight)}`));
    return products.flat().join(" + ");
  }

  function build(root, S5) {
    const { el, choice, colors } = S5;

    /** A grid of numbers in which a frame glides over windows. */
    function grid(rows, columns, make) {
      const parts = Array.from({ length: rows * columns }, (_, k) => make(Math.floor(k / columns), k % columns));
      const glider = el("div", { class: "glider" });
      const cells = el("div", { class: "cells", style: `--columns:${columns}` }, parts);
      const element = el("div", { class: "board" }, cells, glider);
      /** Lays the frame over `size` cells from (row, column) on; hides it without a size. */
      function glide(row, column, size) {
        glider.hidden = !size;
        if (!size) return;
        const cell = "(var(--cell) + 1px)", tall = "(var(--tall) + 1px)"; // with the line between two
        glider.style.transform = `translate(calc(${column} * ${cell}), calc(${row} * ${tall}))`;
        glider.style.width = `calc(${size} * ${cell} + 1px)`;
        glider.style.height = `calc(${size} * ${tall} + 1px)`;
      }
      return { element, parts, glide, at: (row, column) => parts[row * columns + column] };
    }

    const note = (text) => el("p", { class: "note" }, text);
    const sign = (text) => el("span", { class: "sign" }, text);
    const titled = (text, ...children) => el("figure", {}, el("figcaption", {}, text), ...children);

    /** Nine inputs for the weights of a kernel. */
    function kernelEditor(label, values, onchange) {
      const read = () => inputs.every((one) => one.value !== "") && onchange(); // not while a field is being written
      const inputs = values.flat().map((value, k) => el("input", {
        type: "number", step: "any", value, oninput: read,
        "aria-label": `${label}, row ${Math.floor(k / 3)}, column ${k % 3}`,
      }));
      const show = () => inputs.forEach((one) => (one.style.background = S5.tint(Number(one.value) / 2)));
      return {
        element: el("div", { class: "cells editor", style: "--columns:3" }, inputs), inputs, show,
        get: () => [0, 1, 2].map((i) => [0, 1, 2].map((j) => Number(inputs[3 * i + j].value))),
        set(kernel) {
          kernel.flat().forEach((value, k) => (inputs[k].value = value));
          onchange();
        },
      };
    }

    // ---- The slides' 5 x 5 ---------------------------------------------------------------------------------------
    const slides = makeSlides();
    function makeSlides() {
      const state = { padding: "valid", stride: 1, place: 0 };
      const boards = el("div", { class: "boards" }), formula = el("p", { class: "formula", role: "status" });
      const editor = kernelEditor("weight of the kernel", KERNEL, () => show());
      let map, sizes, image, result;

      function rebuild() {
        sizes = geometry(5, 3, state.stride, state.padding);
        const padded = pad(IMAGE, sizes, sizes), side = padded.length, n = sizes.outputs;
        state.place = Math.min(state.place, n * n - 1);
        image = grid(side, side, (i, j) => {
          const isZero = !(IMAGE[i - sizes.before]?.[j - sizes.before] >= 0);
          return el("span", { class: isZero ? "zero" : null }, plain(padded[i][j]), el("sub", {}));
        });
        result = grid(n, n, (i, j) => el("button", { type: "button", onclick: () => go(i * n + j) }));
        boards.classList.toggle("bordered", side > 5);
        boards.replaceChildren(
          titled(side > 5 ? "the image in a border of zeros" : "the image, 5 × 5", image.element), sign("∗"),
          titled("the kernel, editable", editor.element), sign("="),
          titled(`the feature map, ${n} × ${n}`, result.element));
        show();
      }

      function go(place) {
        state.place = place;
        show();
      }

      function found() {
        const n = sizes.outputs, row = Math.floor(state.place / n), column = state.place % n;
        const kernel = editor.get(), padded = pad(IMAGE, sizes, sizes);
        const top = row * state.stride, left = column * state.stride;
        const window = kernel.map((line, u) => line.map((_, v) => padded[top + u][left + v]));
        return { row, column, top, left, kernel, window, sum: map[row][column] };
      }

      function show() {
        map = convolve(IMAGE, editor.get(), state.stride, state.padding);
        editor.show();
        const { row, column, top, left, kernel, window, sum } = found();
        image.parts.forEach((part) => {
          part.lastChild.textContent = "";
          part.style.background = "";
        });
        kernel.forEach((line, u) => line.forEach((weight, v) => {
          const part = image.at(top + u, left + v);
          part.lastChild.textContent = `×${plain(weight)}`;
          part.style.background = S5.tint(weight / 2);
        }));
        image.glide(top, left, 3);
        result.parts.forEach((part, k) => {
          const i = Math.floor(k / sizes.outputs), j = k % sizes.outputs;
          part.textContent = k <= state.place ? plain(map[i][j]) : "";
          part.setAttribute("aria-label", `row ${i}, column ${j}: ${plain(map[i][j])}`);
        });
        result.glide(row, column, 1);
        formula.replaceChildren(`${writtenOut(kernel, window)} = `, el("b", {}, plain(sum)));
      }

      function step(by) {
        const count = sizes.outputs ** 2, next = (state.place + by + count) % count;
        go(next);
        return by < 0 || next < count - 1;
      }
      const player = S5.player((by) => step(by), 900);
      const label = "The kernel on the slides' image. Arrow keys move it.";
      const element = el("div", { class: "part", tabindex: 0, role: "group", "aria-label": label },
        el("h3", {}, "One kernel, many places"),
        note("Lay the kernel on a window, multiply what lies on each other, add up: one number of the map. Move on, "
          + "with the same nine weights."),
        el("div", { class: "controls" }, player.element,
          choice("padding", [["valid", "valid: none"], ["same", "same: zeros"]], "valid", (value) => {
            state.padding = value;
            rebuild();
          }),
          choice("stride", [["1", "1"], ["2", "2"], ["3", "3"]], "1", (value) => {
            state.stride = Number(value);
            rebuild();
          })),
        boards, formula);
      arrowKeys(element, player, (dx, dy) => step(dx + dy * sizes.outputs));
      rebuild();
      return { element, state, show };
    }

    /** Arrow keys and Space on a part itself; not in its inputs and buttons, which have keys of their own. */
    function arrowKeys(element, player, move) {
      S5.keys(element, {
        arrows(dx, dy, event) {
          if (event.target.matches("input, select")) return;
          player.pause();
          move(dx, dy);
        },
      });
    }

    // ---- Pooling -------------------------------------------------------------------------------------------------
    const pooling = makePooling();
    function makePooling() {
      const state = { mode: "max", place: 0 };
      const formula = el("p", { class: "formula", role: "status" });
      const image = grid(4, 4, (i, j) => el("span", {}, POOLED[i][j]));
      const result = grid(2, 2, (i, j) => el("button", { type: "button", onclick: () => go(2 * i + j) }));
      let map;
      function go(place) {
        state.place = place;
        show();
      }
      function show() {
        map = pool(POOLED, 2, state.mode);
        const row = state.place >> 1, column = state.place & 1;
        const window = [0, 1, 2, 3].map((k) => POOLED[2 * row + (k >> 1)][2 * column + (k & 1)]);
        image.parts.forEach((part) => (part.style.background = ""));
        window.forEach((value, k) => {
          const isUsed = state.mode === "average" || value === map[row][column];
          image.at(2 * row + (k >> 1), 2 * column + (k & 1)).style.background = S5.tint(isUsed ? 0.8 : 0);
        });
        image.glide(2 * row, 2 * column, 2);
        result.parts.forEach((part, k) => {
          part.textContent = k <= state.place ? plain(map[k >> 1][k & 1]) : "";
          part.setAttribute("aria-label", `row ${k >> 1}, column ${k & 1}: ${plain(map[k >> 1][k & 1])}`);
        });
        result.glide(row, column, 1);
        const isMax = state.mode === "max";
        const text = isMax ? `The largest of ${window.join(", ")} is ` : `(${window.join(" + ")}) / 4 = `;
        formula.replaceChildren(text, el("b", {}, plain(map[row][column])));
      }
      function step(by) {
        go((state.place + by + 4) % 4);
        return by < 0 || state.place < 3;
      }
      const player = S5.player(step, 900);
      const label = "Pooling. Arrow keys move the window.";
      const element = el("div", { class: "part", tabindex: 0, role: "group", "aria-label": label },
        el("h3", {}, "Pooling"),
        note("Of every 2 × 2 numbers one stays: a quarter of the numbers, and a stroke may move a little."),
        el("div", { class: "controls" }, player.element,
          choice("keep", [["max", "the largest"], ["average", "the mean"]], "max", (value) => {
            state.mode = value;
            show();
          })),
        el("div", { class: "boards" },
          titled("the map, 4 × 4", image.element), sign("→"), titled("pooled, 2 × 2", result.element)),
        formula);
      arrowKeys(element, player, (dx, dy) => step(dx + 2 * dy));
      show();
      return { element, state, show };
    }

    // ---- A photograph --------------------------------------------------------------------------------------------
    const photo = makePhoto();
    function makePhoto() {
      const file = S5.weights("photograph"), { shape: [height, width], data } = file.tensors.pixels;
      const pixels = Array.from({ length: height }, (_, i) => data.subarray(i * width, (i + 1) * width));
      const state = { row: 40, column: 60 };
      const views = ["the photograph", "its feature map"].map((label) => {
        const picture = el("canvas", { width, height, tabindex: label === "the photograph" ? 0 : null, role: "img" });
        const mark = el("div", { class: "mark" });
        const frame = el("div", { class: "photo" }, picture, mark);
        return { picture, mark, frame, figure: titled(label, frame) };
      });
      const [before, after] = views;
      const formula = el("p", { class: "formula", role: "status" }), legend = el("p", { class: "note" });
      const editor = kernelEditor("weight", KERNELS.edge[1], () => {
        const written = String(editor.get());
        const known = Object.keys(KERNELS).find((key) => String(KERNELS[key][1]) === written);
        picker.querySelector("select").value = known ?? "own";
        show();
      });
      const options = Object.entries(KERNELS).map(([key, [name]]) => [key, name]);
      const picker = choice("kernel", [...options, ["own", "your own"]], "edge",
        (key) => key !== "own" && editor.set(KERNELS[key][1]));
      let map;

      function paint({ picture }, rows, colours, offset, scale) {
        picture.width = rows[0].length;
        picture.height = rows.length;
        const pen = picture.getContext("2d"), image = pen.createImageData(picture.width, picture.height);
        const out = new Uint32Array(image.data.buffer);
        rows.forEach((line, i) => line.forEach((value, j) => {
          out[i * picture.width + j] = colours[Math.max(0, Math.min(255, Math.round(offset + scale * value)))];
        }));
        pen.putImageData(image, 0, 0);
      }

      function show() {
        const kernel = editor.get(), sum = kernel.flat().reduce((a, b) => a + b, 0);
        editor.show();
        map = convolve(pixels, kernel);
        const grey = S5.ramp("#000000", "#808080", "#ffffff");
        paint(before, pixels, grey, 0, 1);
        const isPicture = Math.abs(sum - 1) < 0.05; // such a kernel keeps flat parts as bright as they are
        if (isPicture) {
          paint(after, map, grey, 0, 1);
          legend.textContent = "The nine weights add up to 1: the result is a picture again, as bright as before.";
        } else {
          const most = Math.max(1, ...map.map((line) => line.reduce((a, b) => Math.max(a, Math.abs(b)), 0))) / 2;
          paint(after, map, S5.ramp(colors.negative, colors.paper, colors.positive), 128, 127 / most);
          const isFlat = Math.abs(sum) < 1e-9;
          legend.textContent = "Blue: positive sums. Orange: negative ones."
            + (isFlat ? " The nine weights add up to 0, so flat parts of the picture vanish." : "");
        }
        mark();
      }

      function mark() {
        const { row, column } = state, kernel = editor.get(), sum = plain(map[row][column]);
        const place = (element, size, high, wide) => {
          const share = (length, whole) => `${(100 * length) / whole}%`;
          element.style.cssText = `left: ${share(column, wide)}; top: ${share(row, high)}; `
            + `width: ${share(size, wide)}; height: ${share(size, high)}`;
        };
        place(before.mark, 3, height, width);
        place(after.mark, 1, height - 2, width - 2);
        const window = kernel.map((line, u) => line.map((_, v) => pixels[row + u][column + v]));
        formula.replaceChildren(`Row ${row}, column ${column}: ${writtenOut(kernel, window)} = `, el("b", {}, sum));
        before.picture.setAttribute("aria-label", `A photograph of a Chinese pavilion. The window is at row ${row}, `
          + `column ${column}: the sum is ${sum}. Arrow keys move it.`);
        after.picture.setAttribute("aria-label", "The feature map of the photograph.");
      }

      function go(row, column) {
        state.row = Math.max(0, Math.min(height - 3, Math.floor(row)));
        state.column = Math.max(0, Math.min(width - 3, Math.floor(column)));
        mark();
      }
      for (const { frame } of views) {
        const to = (x, y) => go(y - 1, x - 1);
        S5.pointer(frame, [width, height], { down: to, move: to, hover: to });
      }
      S5.keys(before.picture, {
        arrows(dx, dy, event) {
          const by = event.shiftKey ? 10 : 1;
          go(state.row + by * dy, state.column + by * dx);
        },
      });
      const element = el("div", { class: "part wide" },
        el("h3", {}, "The same on a photograph"),
        note("Choose a kernel, or write your own. Move over the photograph: a window of 3 × 3 pixels shows its sum."),
        el("div", { class: "controls" }, picker),
        el("div", { class: "boards" },
          before.figure, sign("∗"), titled("the kernel, editable", editor.element), sign("="), after.figure),
        formula, legend,
        note(`Photograph: ${file.source}.`));
      show();
      return { element, state, show, pixels, map: () => map };
    }

    root.classList.add("convolution");
    root.append(slides.element, pooling.element, photo.element);
    S5.onTheme(() => {
      slides.show();
      pooling.show();
      photo.show();
    });

    const numbers = (rows) => rows.map((line) => [...line]);
    return {
      state: () => ({ slides: { ...slides.state }, pooling: { ...pooling.state }, photo: { ...photo.state } }),
      test: {
        photograph: () => numbers(photo.pixels),
        map: () => numbers(photo.map()),
      },
    };
  }

  S5.station({
    id: "convolution",
    title: "Convolution",
    year: "1989",
    sentence: "A kernel glides over an image and writes a sum at every place, and "
      + "the right one finds the edges of a photograph.",
    lesson: "07_convolution",
    keyboard: "Tab to a part, then arrow keys move its window, on the photograph ten pixels with Shift; "
      + "the weights are ordinary fields.",
    build,
  });
})();
