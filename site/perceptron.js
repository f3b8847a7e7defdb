"use strict";
// A threshold unit and the perceptron's rule: the sums, the steps, the bound on the mistakes.
(() => {
  // A state is [w1, w2, b]; the unit fires where w1 x1 + w2 x2 + b >= 0, its threshold being -b. A point is
  // {x, y, target}. Numbers are float32, as in Keras.

  const f = Math.fround;
  const ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]];
  const GATES = {
    and: [0, 0, 0, 1], or: [0, 1, 1, 1], nand: [1, 1, 1, 0], nor: [1, 0, 0, 0],
    a_and_not_b: [0, 0, 1, 0], a_implies_b: [1, 1, 0, 1], xor: [0, 1, 1, 0], xnor: [1, 0, 0, 1],
  };

  const weightedSum = ([w1, w2, b], { x, y }) => f(f(f(w1 * f(x)) + f(w2 * f(y))) + b);
  const fires = (state, point) => (weightedSum(state, point) >= 0 ? 1 : 0);

  /** Rosenblatt's rule on one point: {state, prediction, change}. */
  function learn(state, point, rate = 1) {
    const prediction = fires(state, point), change = f(rate * (point.target - prediction));
    const [w1, w2, b] = state;
    return { prediction, change, state: [f(w1 + f(change * f(point.x))), f(w2 + f(change * f(point.y))), f(b + change)] };
  }

  /** Novikoff's bound (R / gamma)^2: infinite if no line separates the classes. */
  function novikoffBound(points) {
    // gamma is the distance from the origin to the convex hull of the signed points. The nearest place lies on a
    // corner, an edge or a triangle of it, and all of them are tried: there are few points.
    const z = points.map(({ x, y, target }) => [x, y, 1].map((one) => (target ? one : -one)));
    const longest = Math.max(...z.map((one) => dot(one, one)));
    let best = null, least = Infinity;
    const consider = (place) => {
      const length = dot(place, place);
      if (length < least) [best, least] = [place, length];
    };
    for (let i = 0; i < z.length; i++) {
      consider(z[i]);
      for (let j = 0; j < i; j++) {
        const edge = minus(z[j], z[i]), share = -dot(z[i], edge) / dot(edge, edge);
        if (share > 0 && share < 1) consider(along(z[i], share, edge));
        for (let k = 0; k < j; k++) {
          const place = nearestInTriangle(z[i], z[j], z[k]);
          if (place) consider(place);
        }
      }
    }
    const isSeparable = best && least > 1e-12 && z.every((one) => dot(best, one) > least * (1 - 1e-6));
    return isSeparable ? longest / least : Infinity;
  }

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const along = (a, share, d) => [a[0] + share * d[0], a[1] + share * d[1], a[2] + share * d[2]];

  /** The place of a triangle's plane that is nearest to the origin, if it lies inside the triangle. */
  function nearestInTriangle(a, b, c) {
    const u = minus(b, a), v = minus(c, a);
    const uu = dot(u, u), uv = dot(u, v), vv = dot(v, v), au = dot(a, u), av = dot(a, v);
    const determinant = uu * vv - uv * uv;
    if (determinant < 1e-12) return null;
    const s = (uv * av - vv * au) / determinant, t = (uv * au - uu * av) / determinant;
    return s > 0 && t > 0 && s + t < 1 ? along(along(a, s, u), t, v) : null;
  }

  /** Training from zero weights, point after point: steps until an epoch has no mistake, or to a limit. */
  function train(points, epochs = 60) {
    const steps = [];
    let state = [0, 0, 0];
    for (let epoch = 0; epoch < epochs; epoch++) {
      let mistakes = 0;
      for (const point of points) {
        const step = learn(state, point);
        state = step.state;
        mistakes += step.change !== 0;
        steps.push(step);
      }
      if (!mistakes) break;
    }
    return steps;
  }

  /** Two clouds of ten points with a gap between them, of about this width. */
  function clouds(gap, seed) {
    const random = S5.uniform(seed), points = [];
    const angle = Math.PI * (0.15 + 0.2 * random()), across = [Math.cos(angle), Math.sin(angle)];
    while (points.length < 20) {
      const target = points.length % 2;
      const [x, y] = [1.8 * random() - 0.4, 1.8 * random() - 0.4].map((one) => Math.round(one * 100) / 100);
      const side = (x - 0.5) * across[0] + (y - 0.5) * across[1];
      const isFree = points.every((one) => Math.hypot(one.x - x, one.y - y) > 0.13);
      if (isFree && (target ? side : -side) > gap / 2) points.push({ x, y, target });
    }
    return points;
  }

  const gatePoints = (gate) => ROWS.map(([x, y], i) => ({ x, y, target: GATES[gate][i] }));

  S5.perceptron = { f, GATES, weightedSum, fires, learn, novikoffBound, train, clouds, gatePoints };
})();
