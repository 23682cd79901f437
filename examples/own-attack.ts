import { attack, type Example, loadDomain, type Search, trainSource } from "carryover";

const eps = 1;

/** An attack of one's own: steps against the gradient of the log-odds, twice as short each time, from the clean image. */
function* halving({ image }: Example): Search {
  let point = image;
  for (let step = eps; step > eps / 32; step /= 2) {
    const { gradient } = yield { image: point, loss: "log-odds" };
    const length = Math.hypot(...gradient);
    if (length === 0) return;
    // Steps of eps, eps / 2, ... could leave the ball; half of each adds up to less than eps.
    point = point.map((pixel, i) => Math.min(1, Math.max(0, pixel + (step / 2 / length) * (gradient[i] ?? 0))));
  }
  yield { image: point };
}

const { train, test } = await loadDomain("cifar10", { train: 400, validation: 50, test: 100 });
const trained = await trainSource(train, {
  model: "small-cnn",
  schedule: { epochs: 3, batch: 50, learningRate: 0.02 },
});
for (const [name, each] of Object.entries({ halving, pgd: "pgd" as const })) {
  const { clean, robust, health } = await attack(trained, test, { attack: each, eps, health: 20 });
  console.log(`${name}: clean ${clean.value}, robust ${robust.value}, ${health?.verdict}`);
}
