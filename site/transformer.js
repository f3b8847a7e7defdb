"use strict";
// The transformer of 2017: greedy decoding with cached keys and values, and every number of an attention.
(() => {
  // Matrices are flat and in Keras's order. A sequence is an array of rows, one Float64Array for each position.

  const UNKNOWN = 1, FIRST = 2; // ids: 0 is padding, an unknown character is 1, the alphabet follows
  const EPSILON = 1e-5, LONGEST = 11; // of the layer normalisations; of a target with its end mark

  const encode = (text, alphabet) =>
    Array.from(text.normalize("NFC"), (one) => (alphabet.includes(one) ? alphabet.indexOf(one) + FIRST : UNKNOWN));

  function dense(x, kernel, bias) {
    const out = Float64Array.from(bias), wide = out.length;
    for (let i = 0; i < x.length; i++) {
      const value = x[i];
      if (value === 0) continue;
      for (let j = 0, at = i * wide; j < wide; j++, at++) out[j] += value * kernel[at];
    }
    return out;
  }

  function softmax(scores) {
    const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const e = scores.map((one) => Math.exp(one - most)), total = e.reduce((a, b) => a + b, 0);
    return e.map((one) => one / total);
  }

  /** The transformer from its tensors. */
  function transformer({ tensors, alphabet, target_alphabet: isoAlphabet }) {
    const data = (path) => tensors[path].data;
    const [heads, width] = tensors["encoder_block1_attention/query/kernel"].shape.slice(1), embed = heads * width;
    const END = FIRST + isoAlphabet.length, BEGIN = END + 1;

    const layer = (path) => ({ kernel: data(`${path}/kernel`), bias: data(`${path}/bias`) });
    const attention = (path) => ({
      query: layer(`${path}/query`), key: layer(`${path}/key`), value: layer(`${path}/value`), output: layer(`${path}/attention_output`),
    });
    const norm = (path) => ({ gamma: data(`${path}/gamma`), beta: data(`${path}/beta`) });
    const block = (name, isDecoder) => ({
      attention: attention(isDecoder ? `${name}_attention/attention` : `${name}_attention`), attentionNorm: norm(`${name}_attention_norm`),
      cross: isDecoder ? attention(`${name}_cross`) : null, crossNorm: isDecoder ? norm(`${name}_cross_norm`) : null,
      first: layer(`${name}_mlp_1`), second: layer(`${name}_mlp_2`), mlpNorm: norm(`${name}_mlp_norm`),
    });
    const encoderBlocks = [1, 2].map((i) => block(`encoder_block${i}`, false));
    const decoderBlocks = [1, 2].map((i) => block(`decoder_block${i}`, true));
    const sourceEmbedding = data("source_embedding/embeddings"), targetEmbedding = data("target_embedding/embeddings");
    const logits = layer("logits");

    const apply = (x, { kernel, bias }) => dense(x, kernel, bias);

    /** The vector of a token, times the root of its width, plus the sines and cosines of its position. */
    function embedToken(table, id, position) {
      return Float64Array.from({ length: embed }, (_, i) => {
        const angle = position / 10000 ** ((i - (i % 2)) / embed);
        return table[id * embed + i] * Math.sqrt(embed) + (i % 2 ? Math.cos(angle) : Math.sin(angle));
      });
    }

    /** norm(x + y): zero mean and unit variance over the vector, then a factor and a summand for each number. */
    function addAndNorm(x, y, { gamma, beta }) {
      const sum = x.map((one, i) => one + y[i]), mean = sum.reduce((a, b) => a + b, 0) / embed;
      const variance = sum.reduce((a, b) => a + (b - mean) ** 2, 0) / embed, scale = 1 / Math.sqrt(variance + EPSILON);
      return sum.map((one, i) => (one - mean) * scale * gamma[i] + beta[i]);
    }

    /** Attention of one query over all keys, head by head: the output, and what `explain` shows. */
    function attend(x, keys, values, weights) {
      const query = apply(x, weights.query), mixed = new Float64Array(embed), rows = [];
      for (let h = 0; h < heads; h++) {
        const part = (vector) => vector.subarray(h * width, (h + 1) * width);
        const q = part(query);
        const products = keys.map((key) => part(key).reduce((sum, one, i) => sum + one * q[i], 0));
        const shares = softmax(products.map((one) => one / Math.sqrt(width)));
        shares.forEach((share, t) => part(values[t]).forEach((one, i) => (mixed[h * width + i] += share * one)));
        rows.push({ q, products, weights: shares });
      }
      return { output: apply(mixed, weights.output), rows };
    }

    const feedForward = (x, { first, second, mlpNorm }) =>
      addAndNorm(x, apply(apply(x, first).map((one) => Math.max(0, one)), second), mlpNorm);

    /** Kept of one attention: `rows[query][head]` and the keys of all positions. */
    function encodeSource(ids) {
      let x = ids.map((id, position) => embedToken(sourceEmbedding, id, position));
      const kept = encoderBlocks.map((one) => {
        const keys = x.map((row) => apply(row, one.attention.key)), values = x.map((row) => apply(row, one.attention.value));
        const answers = x.map((row) => attend(row, keys, values, one.attention));
        x = x.map((row, t) => feedForward(addAndNorm(row, answers[t].output, one.attentionNorm), one));
        return { keys, rows: answers.map(({ rows }) => rows) };
      });
      return { memory: x, kept };
    }

    /** Writes the target greedily, one token after the other, with cached keys and values. */
    function translate(text) {
      const source = encode(text, alphabet);
      if (!source.length) return null;
      const { memory, kept } = encodeSource(source);
      const cross = decoderBlocks.map(({ cross: of }) => ({
        keys: memory.map((row) => apply(row, of.key)), values: memory.map((row) => apply(row, of.value)), rows: [],
      }));
      const self = decoderBlocks.map(() => ({ keys: [], values: [], rows: [] }));
      const tokens = [BEGIN], probabilities = [];
      while (tokens.length <= LONGEST && tokens.at(-1) !== END) {
        let y = embedToken(targetEmbedding, tokens.at(-1), tokens.length - 1);
        decoderBlocks.forEach((one, b) => {
          self[b].keys.push(apply(y, one.attention.key));
          self[b].values.push(apply(y, one.attention.value));
          const own = attend(y, self[b].keys, self[b].values, one.attention);
          self[b].rows.push(own.rows);
          y = addAndNorm(y, own.output, one.attentionNorm);
          const other = attend(y, cross[b].keys, cross[b].values, one.cross);
          cross[b].rows.push(other.rows);
          y = feedForward(addAndNorm(y, other.output, one.crossNorm), one);
        });
        const p = softmax(apply(y, logits));
        probabilities.push(p);
        let best = 1; // never padding
        for (let i = 2; i < p.length; i++) if (p[i] > p[best]) best = i;
        tokens.push(best);
      }
      const written = tokens.slice(1);
      const name = (id) => (id === END ? "end" : id === BEGIN ? "begin" : id < FIRST ? "?" : isoAlphabet[id - FIRST]);
      return {
        source, tokens: written, names: written.map(name), probabilities, name,
        text: written.filter((id) => id !== END).map(name).join(""), attention: { cross, encoder: kept, decoder: self },
      };
    }

    /** One cell of an attention: q, k, their products, the score, and the whole row after the softmax. */
    function explain(result, kind, block, head, row, column) {
      const { keys, rows } = result.attention[kind][block], { q, products, weights } = rows[row][head];
      const k = keys[column].subarray(head * width, (head + 1) * width);
      return { q: [...q], k: [...k], products: [...q].map((one, i) => one * k[i]), sum: products[column], scale: Math.sqrt(width),
        scores: products.map((one) => one / Math.sqrt(width)), weights: [...weights] };
    }
    return { translate, explain, heads, width };
  }

  S5.transformer = transformer;
})();
