import { Polygon } from './polygon.js';

let total = 0;

export function test(n) {
  for (let i = 0; i < n; i++) {
    const square = new Polygon([[0, 0], [2, 0], [2, 2], [0, 2]]);
    total += square.area;
    // `square.free()` is forgotten here: JavaScript's object goes, its block stays.
  }
}
