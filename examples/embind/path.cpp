// A class of C++ that embind gives to JavaScript.
#include <emscripten/bind.h>
#include <vector>

class Path {
public:
  void to(double x, double y) {
    points.push_back(x);
    points.push_back(y);
  }
  size_t size() const { return points.size() / 2; }

private:
  std::vector<double> points;
};

EMSCRIPTEN_BINDINGS(path) {
  emscripten::class_<Path>("Path")
      .constructor<>()
      .function("to", &Path::to)
      .property("size", &Path::size);
}
