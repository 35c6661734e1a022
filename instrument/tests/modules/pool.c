// A guest with an allocator of its own: free lists of blocks of 16 times a power of two bytes, with a header.
// One source for several modules; the command that made each is in tests/modules/README.md.

typedef __SIZE_TYPE__ size_t;

typedef struct Block {
  size_t class;
  struct Block *next;
} Block;

static Block *lists[20];
extern unsigned char __heap_base;
static size_t top;

static void *memcpy_(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}

static size_t class_of(size_t size) {
  size_t class = 0;
  while (((size_t)16 << class) < size) class++;
  return class;
}

__attribute__((noinline)) static Block *carve(size_t class) {
  size_t bytes = sizeof(Block) + ((size_t)16 << class);
  if (!top) top = ((size_t)&__heap_base + 15) & ~(size_t)15;
  size_t end = top + bytes;
  size_t pages = __builtin_wasm_memory_size(0);
  if (end > pages * 65536 && __builtin_wasm_memory_grow(0, (end - pages * 65536 + 65535) / 65536) == (size_t)-1) return 0;
  Block *block = (Block *)top;
  top = end;
  return block;
}

__attribute__((noinline)) void *malloc(size_t size) {
  size_t class = class_of(size);
  if (class >= 20) return 0;
  Block *block = lists[class];
  if (block) lists[class] = block->next;
  else block = carve(class);
  if (!block) return 0;
  block->class = class;
  return block + 1;
}

__attribute__((noinline)) void free(void *pointer) {
  if (!pointer) return;
  Block *block = (Block *)pointer - 1;
  block->next = lists[block->class];
  lists[block->class] = block;
}

__attribute__((noinline)) void *calloc(size_t count, size_t size) {
  char *pointer = malloc(count * size);
  for (size_t i = 0; pointer && i < count * size; i++) pointer[i] = 0;
  return pointer;
}

// It calls the other two, by way of a helper.
__attribute__((noinline)) static void *moved(void *pointer, size_t size) {
  Block *block = (Block *)pointer - 1;
  size_t had = (size_t)16 << block->class;
  void *new = malloc(size);
  if (!new) return 0;
  memcpy_(new, pointer, had < size ? had : size);
  free(pointer);
  return new;
}

__attribute__((noinline)) void *realloc(void *pointer, size_t size) {
  if (!pointer) return malloc(size);
  if (((size_t)16 << ((Block *)pointer - 1)->class) >= size) return pointer;
  return moved(pointer, size);
}

__attribute__((noinline)) int posix_memalign(void **out, size_t alignment, size_t size) {
  if (alignment > 16) return 22;
  void *pointer = malloc(size);
  if (!pointer) return 12;
  *out = pointer;
  return 0;
}

// What it is used for.

typedef struct Widget {
  struct Widget *child;
  char *name;
} Widget;

static inline __attribute__((always_inline)) char *label(size_t bytes) {
  return calloc(bytes, 1);
}

__attribute__((noinline)) Widget *widget_new(size_t bytes) {
  Widget *widget = malloc(sizeof(Widget));
  widget->child = 0;
  widget->name = label(bytes);
  return widget;
}

void widget_rename(Widget *widget, size_t bytes) {
  widget->name = realloc(widget->name, bytes);
}

void widget_free(Widget *widget) {
  free(widget->name);
  free(widget);
}

// Forgets the name.
void widget_free_badly(Widget *widget) {
  free(widget);
}

void *aligned(size_t alignment, size_t size) {
  void *out = 0;
  posix_memalign(&out, alignment, size);
  return out;
}

void crash(void) {
  __builtin_trap();
}
