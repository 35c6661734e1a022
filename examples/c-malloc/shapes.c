// Polygons, in linear memory that this file gives out by itself: blocks of 16 bytes and their
// multiples, with a list of free blocks for each size.

#define EXPORT __attribute__((visibility("default")))
// Not inlined, so that blocks are seen.
#define HIDDEN __attribute__((visibility("hidden"), noinline))

typedef unsigned long size;

#define UNIT 16
#define SIZES 64
#define PAGE 65536

extern unsigned char __heap_base;

typedef struct Block {
  struct Block *next;
} Block;

static Block *unused[SIZES];
static size top;

static size units_of(size bytes) {
  size units = (bytes + UNIT - 1) / UNIT;
  return units ? units : 1;
}

HIDDEN void *malloc(size bytes) {
  size units = units_of(bytes);
  if (units >= SIZES) return 0;
  Block *block = unused[units];
  if (block) {
    unused[units] = block->next;
    return block;
  }
  if (!top) top = ((size)&__heap_base + UNIT - 1) / UNIT * UNIT;
  size end = top + units * UNIT;
  size pages = (end + PAGE - 1) / PAGE;
  size there = __builtin_wasm_memory_size(0);
  if (pages > there && __builtin_wasm_memory_grow(0, pages - there) == (size)-1) return 0;
  block = (Block *)top;
  top = end;
  return block;
}

HIDDEN void free_sized(void *at, size bytes) {
  Block *block = at;
  block->next = unused[units_of(bytes)];
  unused[units_of(bytes)] = block;
}

typedef struct Polygon {
  int count;
  double points[];
} Polygon;

static size size_of(int count) { return sizeof(Polygon) + 2 * (size)count * sizeof(double); }

EXPORT Polygon *polygon_new(int count) {
  if (count < 0 || count > 32) return 0;
  Polygon *polygon = malloc(size_of(count));
  if (polygon) polygon->count = count;
  return polygon;
}

EXPORT void polygon_set(Polygon *polygon, int index, double x, double y) {
  if (index < 0 || index >= polygon->count) return;
  polygon->points[2 * index] = x;
  polygon->points[2 * index + 1] = y;
}

EXPORT double polygon_area(const Polygon *polygon) {
  double twice = 0;
  for (int i = 0; i < polygon->count; i++) {
    int next = i + 1 < polygon->count ? i + 1 : 0;
    const double *a = &polygon->points[2 * i], *b = &polygon->points[2 * next];
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return (twice < 0 ? -twice : twice) / 2;
}

EXPORT void polygon_free(Polygon *polygon) { free_sized(polygon, size_of(polygon->count)); }
