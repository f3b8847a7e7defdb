"use strict";
// A multilayer perceptron with one hidden layer: answers, gradients, optimizers, data, and its Keras code.
(() => {
  // weights = {w: [2][h], b: [h], v: [h], c: number}: hidden = activation(x w + b), output = sigmoid(hidden v + c).
  // Training is Keras's: binary cross-entropy, averaged over all points, and SGD with momentum or Adam.

  const ACTIVATIONS = {
    tanh: { of: Math.tanh, slope: (h) => 1 - h * h },
    sigmoid: { of: (z) => 1 / (1 + Math.exp(-z)), slope: (h) => h * (1 - h) },
    relu: { of: (z) => Math.max(0, z), slope: (h) => (h > 0 ? 1 : 0) },
  };

  /** Keras's initial weights: Glorot's uniform distribution, biases of zero. */
  function initialWeights(units, seed) {
    const random = S5.uniform(seed * 7919 + units), draw = (limit) => (2 * random() - 1) * limit;
    const below = Math.sqrt(6 / (2 + units)), above = Math.sqrt(6 / (units + 1));
    const row = (limit) => Array.from({ length: units }, () => draw(limit));
    return { w: [row(below), row(below)], b: Array(units).fill(0), v: row(above), c: 0 };
  }

  /** The hidden numbers and the output for one point. */
  function forward({ w, b, v, c }, activation, [x1, x2]) {
    const { of } = ACTIVATIONS[activation];
    const hidden = b.map((bias, j) => of(x1 * w[0][j] + x2 * w[1][j] + bias));
    const z = hidden.reduce((sum, h, j) => sum + h * v[j], c);
    return { hidden, z, output: 1 / (1 + Math.exp(-z)) };
  }

  /** Mean loss and its gradient, by back-propagation; points are {x: [x1, x2], target}. */
  function gradients(weights, activation, points) {
    const { v } = weights, { slope } = ACTIVATIONS[activation], units = v.length;
    const g = { w: [Array(units).fill(0), Array(units).fill(0)], b: Array(units).fill(0), v: Array(units).fill(0), c: 0 };
    let loss = 0;
    for (const { x, target } of points) {
      const { hidden, z, output } = forward(weights, activation, x);
      loss += Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
      const delta = (output - target) / points.length; // the loss by z
      g.c += delta;
      for (let j = 0; j < units; j++) {
        g.v[j] += delta * hidden[j];
        const back = delta * v[j] * slope(hidden[j]); // the loss by the hidden sum
        g.b[j] += back;
        g.w[0][j] += back * x[0];
        g.w[1][j] += back * x[1];
      }
    }
    return { loss: loss / points.length, gradient: g };
  }

  const flat = ({ w, b, v, c }) => [...w[0], ...w[1], ...b, ...v, c];
  const shaped = (values) => {
    const units = (values.length - 1) / 4, part = (i) => values.slice(i * units, (i + 1) * units);
    return { w: [part(0), part(1)], b: part(2), v: part(3), c: values[4 * units] };
  };

  /** An optimizer: step(values, gradient) returns the new values; it remembers what it must. */
  const OPTIMIZERS = {
    sgd: (rate) => ({ step: (values, g) => values.map((one, i) => one - rate * g[i]) }),
    momentum: (rate) => {
      let velocity = null;
      return {
        step(values, g) {
          velocity = g.map((one, i) => 0.9 * (velocity?.[i] ?? 0) - rate * one);
          return values.map((one, i) => one + velocity[i]);
        },
      };
    },
    adam: (rate) => {
      let m = null, v = null, t = 0;
      return {
        step(values, g) {
          t += 1;
          m = g.map((one, i) => 0.9 * (m?.[i] ?? 0) + 0.1 * one);
          v = g.map((one, i) => 0.999 * (v?.[i] ?? 0) + 0.001 * one * one);
          const now = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
          return values.map((one, i) => one - (now * m[i]) / (Math.sqrt(v[i]) + 1e-7));
        },
      };
    },
  };

  /** A training run: `step(count)` trains, `weights`, `loss` and `losses` show where it is. */
  function training({ points, units, activation, optimizer, rate, seed }) {
    const update = OPTIMIZERS[optimizer](rate);
    const run = { weights: initialWeights(units, seed), steps: 0, losses: [], loss: 0 };
    run.loss = gradients(run.weights, activation, points).loss;
    run.losses.push(run.loss);
    run.step = (count) => {
      for (let i = 0; i < count; i++) {
        const { gradient } = gradients(run.weights, activation, points);
        run.weights = shaped(update.step(flat(run.weights), flat(gradient)));
        run.steps += 1;
        if (run.steps % 10 === 0) run.losses.push(gradients(run.weights, activation, points).loss);
      }
      run.loss = gradients(run.weights, activation, points).loss;
    };
    return run;
  }

  // ---- Data: points in the plane of two classes ----

  const onCircle = (angle, radius) => [radius * Math.cos(angle), radius * Math.sin(angle)];
  const DATA = {
    xor: { name: "XOR", ticks: [0, 1], box: [-0.5, 1.5, -0.5, 1.5] },
    clouds: { name: "XOR with noise", ticks: [-1, 0, 1], box: [-1.4, 1.4, -1.4, 1.4] },
    circle: { name: "circle in a ring", ticks: [-1, 0, 1], box: [-1.4, 1.4, -1.4, 1.4] },
    moons: { name: "two moons", ticks: [-1, 0, 1], box: [-1.4, 1.4, -1.4, 1.4] },
    spirals: { name: "two spirals", ticks: [-1, 0, 1], box: [-1.4, 1.4, -1.4, 1.4] },
  };

  function makePoints(name, perClass = 40) {
    if (name === "xor") return [[0, 0], [0, 1], [1, 0], [1, 1]].map((x) => ({ x, target: x[0] ^ x[1] }));
    const random = S5.uniform(11), noise = S5.normal(random);
    return Array.from({ length: 2 * perClass }, (_, i) => {
      const target = i % 2, t = (i >> 1) / (perClass - 1), sign = target ? -1 : 1;
      let x;
      if (name === "circle") x = target ? onCircle(2 * Math.PI * random(), 0.45 * Math.sqrt(random())) : onCircle(2 * Math.PI * t, 1);
      else if (name === "moons") x = [onCircle(Math.PI * t, 0.8)].map(([a, b]) => [sign * (a - 0.4), sign * (b - 0.25)])[0];
      else if (name === "spirals") x = onCircle(3 * Math.PI * t ** 0.7, 0.12 + 0.95 * t).map((one) => sign * one);
      else x = [i & 2 ? 0.7 : -0.7, (i & 2 ? 0.7 : -0.7) * (target ? -1 : 1)];
      const spread = name === "clouds" ? 0.22 : name === "spirals" ? 0.03 : 0.07;
      return { x: x.map((one) => Math.round((one + spread * noise()) * 1000) / 1000), target };
    });
  }

  /** The network as a Keras program that sets the weights and asks it. */
  function kerasCode({ weights, activation, optimizer, rate, steps, points }) {
    const units = weights.b.length, numbers = (row) => `[${row.map((one) => Number(one.toPrecision(8))).join(", ")}]`;
    const made = { sgd: `SGD(${rate})`, momentum: `SGD(${rate}, momentum=0.9)`, adam: `Adam(${rate})` }[optimizer];
    return `import keras
import numpy as np
from keras import layers

inputs = keras.Input((2,), name="inputs")
x = layers.Dense(${units}, activation="${activation}", name="hidden")(inputs)
# (B, ${units})    2*${units} + ${units} = ${3 * units}
x = layers.Dense(1, activation="sigmoid", name="probability")(x)
# (B, 1)    ${units}*1 + 1 = ${units + 1}
model = keras.Model(inputs, x, name="mlp")

points = np.array(${`[${points.map(({ x }) => numbers(x)).join(", ")}]`})
labels = np.array([${points.map(({ target }) => target).join(", ")}])

# To train it yourself, from random weights:
# model.compile(keras.optimizers.${made}, loss="binary_crossentropy")
# model.fit(points, labels, batch_size=len(points), epochs=${Math.max(1, steps)})

# The weights from the page: a matrix and the biases of each layer.
weights = [
    [${numbers(weights.w[0])}, ${numbers(weights.w[1])}],
    ${numbers(weights.b)},
    [${weights.v.map((one) => numbers([one])).join(", ")}],
    ${numbers([weights.c])},
]
model.set_weights([np.array(w) for w in weights])
probabilities = model.predict(points, verbose=0)[:, 0]
print(probabilities.round(4))
`;
  }

  S5.mlp = { ACTIVATIONS, OPTIMIZERS, DATA, initialWeights, forward, gradients, training, makePoints, kerasCode };
})();
