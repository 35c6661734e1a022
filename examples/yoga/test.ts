import { Row } from './layout';

function widest(width: number): number {
  const row = new Row(2);
  const boxes = row.layOut(width);
  // This frees the row alone. The two boxes stay in linear memory.
  row.node.free();
  return Math.max(...boxes.map((box) => box.width));
}

export function test(n: number): void {
  for (let i = 0; i < n; i++) widest(100 + (i % 10));
}
