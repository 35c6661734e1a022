// The wrapper of a polygon in linear memory. It has no finalizer: who makes one has to free it.

const url = new URL('shapes.wasm', import.meta.url);
const { instance } = await WebAssembly.instantiateStreaming(fetch(url));
const wasm = instance.exports;

export class Polygon {
  constructor(points) {
    this.address = wasm.polygon_new(points.length);
    points.forEach(([x, y], index) => wasm.polygon_set(this.address, index, x, y));
  }

  get area() {
    return wasm.polygon_area(this.address);
  }

  free() {
    wasm.polygon_free(this.address);
    this.address = 0;
  }
}
