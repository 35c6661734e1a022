import init, { Counter } from '../wasm-bindgen-closure/crate/pkg/counter.js';
import { Clock } from '../wasm-bindgen-closure/clock.js';

await init();
const clock = new Clock();

export function test(n) {
  for (let i = 0; i < n; i++) {
    const counter = new Counter(clock);
    clock.tick(i);
    counter.stop();
  }
}
