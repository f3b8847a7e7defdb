"use strict";
// A simple recurrent network on letters: its states, step by step.
(() => {
  // h = tanh(x W_x + h W_h + b), x being the letter's vector; probabilities = softmax(h V + c).

  const UNKNOWN = 1, FIRST = 2; // ids: 0 is padding, an unknown letter is 1, the alphabet follows

  const encode = (text, alphabet) =>
    Array.from(text.normalize("NFC"), (letter) => (alphabet.includes(letter) ? alphabet.indexOf(letter) + FIRST : UNKNOWN));

  /** A network from its tensors, by the names that Keras gives them. */
  function recurrentNetwork(tensors, name, { units, languages }, alphabet) {
    const data = (path) => tensors[`${name}/${path}`].data, classes = languages.length;
    const embeddings = data("embedding/embeddings"), width = tensors[`${name}/embedding/embeddings`].shape[1];
    const wx = data("rnn/simple_rnn_cell/kernel"), wh = data("rnn/simple_rnn_cell/recurrent_kernel"), b = data("rnn/simple_rnn_cell/bias");
    const v = data("probabilities/kernel"), c = data("probabilities/bias");

    function probabilities(h) {
      const z = Array.from({ length: classes }, (_, k) => h.reduce((sum, one, j) => sum + one * v[j * classes + k], c[k]));
      const most = Math.max(...z), e = z.map((one) => Math.exp(one - most)), total = e.reduce((a, one) => a + one, 0);
      return e.map((one) => one / total);
    }

    /** All steps over a text; step 0 is the state of zeros before the first letter. */
    function read(text) {
      const steps = [{ h: Array(units).fill(0) }];
      steps[0].probabilities = probabilities(steps[0].h);
      for (const id of encode(text, alphabet)) {
        const before = steps.at(-1).h, x = [...embeddings.slice(id * width, (id + 1) * width)];
        const fromLetter = before.map((_, j) => x.reduce((sum, one, i) => sum + one * wx[i * units + j], 0));
        const fromState = before.map((_, j) => before.reduce((sum, one, i) => sum + one * wh[i * units + j], 0));
        const z = before.map((_, j) => fromLetter[j] + fromState[j] + b[j]), h = z.map(Math.tanh);
        steps.push({ id, x, before, fromLetter, fromState, z, h, probabilities: probabilities(h) });
      }
      return steps;
    }

    /** What goes into one unit: the letter's numbers, the state before, and a weight for each. */
    const unit = (step, j) => ({
      x: step.x, wx: step.x.map((_, i) => wx[i * units + j]),
      before: step.before, wh: step.before.map((_, i) => wh[i * units + j]),
      fromLetter: step.fromLetter[j], fromState: step.fromState[j], b: b[j], z: step.z[j], h: step.h[j],
    });

    // Two units are a plane; more are projected on the two directions that tell the languages apart best.
    const mean = units > 2 ? data("plane/mean") : null, axes = units > 2 ? data("plane/axes") : null;
    const project = (h) => (mean ? [0, 1].map((k) => h.reduce((sum, one, j) => sum + (one - mean[j]) * axes[2 * j + k], 0)) : h);
    return { read, probabilities, unit, project, units, width };
  }

  S5.recurrentNetwork = recurrentNetwork;
})();
