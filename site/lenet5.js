"use strict";
// LeNet-5 without a page: the forward pass, what goes into each number, and the framing of a drawing.
S5.lenet5 = (() => {
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
  function network(tensors) {
    const outputs = {}, sums = {}, weights = {};
    for (const { name, side, maps } of [...LAYERS, LAYER.scale]) {
      outputs[name] = new Float32Array(side * side * maps);
    }
    for (const { name, kind, side, maps, keras = name } of LAYERS) {
      if (kind === "image" || kind === "pooling") continue;
      sums[name] = new Float32Array(side * side * maps);
      // As float64, in which JavaScript computes: nothing is converted in the loops.
      const read = (part) => Float64Array.from(tensors[`${keras}/${part}`].data);
      weights[name] = { kernel: read("kernel"), bias: read("bias") };
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
    const isInside = (i, j) => i >= 0 && j >= 0 && i < below.side && j < below.side;
    const at = (i, j, d) => (isInside(i, j) ? net.outputs[below.name][(i * below.side + j) * below.maps + d] : 0);
    if (kind === "pooling") {
      const window = [0, 1, 2, 3].map((k) => at(2 * row + (k >> 1), 2 * column + (k & 1), map));
      return { kind, value, window, chosen: window.indexOf(value) };
    }
    const { kernel, bias } = net.weights[name];
    const isDense = kind !== "convolution";
    // A dense layer has one window, the row of all numbers below; a convolution has a window on each map below.
    const channels = Array.from({ length: isDense ? 1 : below.maps }, (_, d) => {
      const length = isDense ? below.maps : size * size;
      const window = Float64Array.from({ length }, (_, k) =>
        isDense ? at(0, 0, k) : at(row - border + Math.floor(k / size), column - border + (k % size), d));
      const weights = Float64Array.from({ length }, (_, k) => kernel[(isDense ? k : k * below.maps + d) * maps + map]);
      const products = window.map((x, k) => x * weights[k]);
      return { window, kernel: weights, products, sum: products.reduce((a, b) => a + b, 0) };
    });
    const sum = channels.reduce((total, channel) => total + channel.sum, 0);
    return { kind, value, channels, sum, bias: bias[map], z: sum + bias[map] };
  }

  // ---- Framing: from a drawing to an image like the training digits, as the exported model's graph does it ------

  const BOX = 24, CELLS = 8; // the training digits fill 24 x 24 pixels; their ink was measured in 8 x 8 cells

  /** Ink (side, side), 0..255, on a ground -> 28 x 28 pixels, 0..255; null if nothing is drawn. */
  function frameDigit(drawing, side) {
    const border = [];
    for (let i = 0; i < side; i++) {
      border.push(drawing[i], drawing[(side - 1) * side + i], drawing[i * side], drawing[i * side + side - 1]);
    }
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
    const inSquare = (i, j) => {
      const row = i - above, column = j - before;
      const isInside = row >= 0 && column >= 0 && row < height && column < width;
      return isInside ? digit[(top + row) * side + left + column] : 0;
    };

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

  return { LAYERS, LAYER, network, explain, frameDigit };
})();
